from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmark.randomness import Randomness
from benchmark.ranking.bootstrap import identity, resampling, speaker_means
from benchmark.ranking.compare import difference, holm
from benchmark.ranking.ranks import ranks


def judged(values, names, replicates=4000):
    point = speaker_means(values, identity(names))[0]
    return difference(
        point,
        speaker_means(values, resampling(names, Randomness(("t",)), replicates)),
        len({s for s, _ in names}),
    )


def test_holm_gives_the_values_of_its_definition():
    # Worked by hand: sorted .005 .01 .03 .04 times 4 3 2 1, then never falling.
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.6, 0.7])).tolist() == [1.0, 1.0]
    mixed = holm(np.array([[0.02, np.nan], [0.03, 0.5]]))
    assert mixed[0, 0] == pytest.approx(0.06)
    assert np.isnan(mixed[0, 1])
    assert np.isnan(holm(np.array([np.nan]))).all()


def test_with_one_utterance_a_speaker_it_is_the_paired_t_test():
    values = np.array([0.11, 0.02, 0.07, -0.01, 0.05, 0.09, 0.03, 0.06])
    names = [(f"S{i}", "U") for i in range(8)]
    found = judged(values, names, 40_000)
    expected = stats.ttest_1samp(values, 0.0)
    reach = expected.confidence_interval(0.95)
    assert float(found.p) == pytest.approx(expected.pvalue, rel=0.1)
    assert float(found.low) == pytest.approx(reach.low, abs=0.001)
    assert float(found.high) == pytest.approx(reach.high, abs=0.001)


def test_of_two_equal_models_nothing_differs_and_of_two_constant_ones_everything():
    names = [(f"S{i}", "U") for i in range(4)]
    same, other = judged(np.zeros(4), names), judged(np.full(4, 0.1), names)
    assert float(same.p) == 1.0
    assert not same.sure
    assert float(other.p) == 0.0
    assert other.sure


def test_from_one_speaker_nothing_can_be_said_about_others():
    found = judged(np.array([0.1, 0.2]), [("S", "1"), ("S", "2")])
    assert float(found.value) == pytest.approx(0.15)
    assert np.isnan([found.low, found.high, found.p]).all()
    assert not found.sure
    assert ranks(np.array([0.9, 0.1]), np.ones((5, 2)), 1, True) == [1, 1]


def test_false_alarms_stay_near_five_per_cent_with_few_speakers():
    generator = np.random.Generator(np.random.PCG64(3))
    names = [(f"S{s}", f"U{u}") for s in range(5) for u in range(6)]
    values = np.repeat(generator.normal(0, 0.1, (500, 5)), 6, axis=1) + generator.normal(0, 0.1, (500, 30))
    assert 0.01 <= float(judged(values, names, 1000).sure.mean()) <= 0.08


def test_models_that_cannot_be_told_apart_share_a_rank():
    noise = np.random.Generator(np.random.PCG64(1)).normal(0, 0.05, (500, 4))
    point = np.array([0.9, 0.89, 0.5, 0.1])
    assert ranks(point, point + noise, 10, True) == [1, 1, 3, 4]
    assert ranks(point, point + noise, 10, False) == [3, 3, 2, 1]


def test_a_group_is_what_cannot_be_told_from_its_best_model():
    generator = np.random.Generator(np.random.PCG64(2))
    noise = generator.normal(0, 0.05, (2000, 5))
    # Neighbours are too close to be told apart (0.06 against 0.16), the first and the fourth are not.
    point = np.array([0.9, 0.84, 0.78, 0.70, 0.64])
    assert ranks(point, point + noise, 10, True) == [1, 1, 1, 4, 4]
    shuffled = [3, 0, 4, 2, 1]
    assert ranks(point[shuffled], (point + noise)[:, shuffled], 10, True) == [4, 1, 4, 1, 1]
    assert ranks(np.array([0.5, np.nan]), np.array([[0.5, np.nan]] * 3), 10, True) == [1, 2]
