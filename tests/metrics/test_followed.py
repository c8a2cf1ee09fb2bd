from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from benchmark.metrics.followed import NOBODY, followed, states, threshold, window_correlations
from benchmark.types import Trajectories

NAMES = ("LA", "LP", "TBCL", "TBCD", "TTCL", "TTCD")


def moving(seed: int, seconds: float = 6.0) -> Trajectories:
    """Movements of about three turns a second, as articulators make them."""
    steps = np.random.default_rng(seed).standard_normal((round(100 * seconds), 6))
    values = gaussian_filter1d(steps, 6.0, axis=0).astype(np.float32)
    return Trajectories(values, 100.0, NAMES, np.ones(values.shape, bool))


def spliced(*parts: tuple[Trajectories, float, float]) -> Trajectories:
    """Stretches of several trajectories one after the other."""
    values = np.concatenate([item.values[round(100 * a) : round(100 * b)] for item, a, b in parts])
    return Trajectories(values, 100.0, NAMES, np.ones(values.shape, bool))


def noisy(clean: Trajectories, level: float, seed: int) -> Trajectories:
    other = moving(seed, len(clean.values) / 100)
    return Trajectories((clean.values + level * other.values).astype(np.float32), 100.0, NAMES, clean.valid)


@pytest.fixture(scope="module")
def control():
    return np.concatenate(
        [window_correlations(moving(k), [moving(1000 + 10 * k + i) for i in range(8)]) for k in range(30)]
    )


def test_it_is_told_who_is_followed_and_when(control):
    target, talkers = moving(1, 12.0), [moving(seed, 12.0) for seed in (2, 3, 4)]
    prediction = spliced((target, 0, 4), (talkers[1], 4, 8), (moving(98, 12.0), 8, 12))
    found = window_correlations(noisy(prediction, 0.3, 77), [target, *talkers])
    least = threshold(control, 4)
    told = states(found, least)
    starts = np.arange(len(told)) * 0.1
    assert (told[starts <= 2.5] == 0).all()
    assert (told[(starts >= 4.0) & (starts <= 6.5)] == 2).all()
    assert np.mean(told[starts >= 8.0] == NOBODY) > 0.8
    result = followed(found, least)
    assert result.on_target + result.on_another + result.on_none == pytest.approx(1)
    assert result.on_target == pytest.approx(0.32, abs=0.08)
    assert result.on_another == pytest.approx(0.38, abs=0.1)
    assert result.switches_per_s == pytest.approx(1 / 10.6, abs=0.01)


@pytest.mark.parametrize("sources", [2, 9, 33])
def test_nobody_is_followed_more_often_than_by_the_accepted_chance(control, sources):
    least = threshold(control, sources)
    by_chance = [
        followed(
            window_correlations(moving(5000 + k), [moving(9000 + 100 * k + i) for i in range(sources)]),
            least,
        )
        for k in range(20)
    ]
    assert np.mean([1 - item.on_none for item in by_chance]) == pytest.approx(0.05, abs=0.035)
    others = np.mean([item.on_another for item in by_chance]) / np.mean(
        [1 - item.on_none for item in by_chance]
    )
    assert others > 0.4, "by chance it is mostly one of the many"


def test_the_threshold_rises_with_the_number_of_talkers(control):
    values = [threshold(control, n) for n in (1, 2, 9, 33)]
    assert values == sorted(values)
    assert values[0] < values[-1]


def test_scale_offset_and_a_parameter_at_rest_do_not_matter():
    target = moving(1)
    values = target.values * np.array([2, 3, 0.1, 5, 1, 0], np.float32) + 7
    changed = Trajectories(values.astype(np.float32), 100.0, NAMES, target.valid)
    found = window_correlations(changed, [target])
    assert (found > 0.75).all()
    still = Trajectories(np.ones_like(values), 100.0, NAMES, target.valid)
    assert (window_correlations(still, [target]) == 0).all()


def test_what_is_not_known_is_not_followed():
    target, talker = moving(1), moving(2)
    valid = talker.valid.copy()
    valid[:300] = False
    silent_first = Trajectories(talker.values, 100.0, NAMES, valid)
    found = window_correlations(talker, [target, silent_first])
    assert np.isnan(found[:20, 1]).all()
    told = states(found, 0.6)
    assert (told[:20] != 1).all()
    assert (told[30:] == 1).all()
    nowhere = Trajectories(target.values, 100.0, NAMES, np.zeros_like(valid))
    assert followed(window_correlations(talker, [nowhere, talker]), 0.6) is None


def test_against_a_plain_pearson_coefficient():
    one, other = moving(1, 1.0), moving(2, 1.0)
    scaled = [item.values / item.values.std(axis=0) for item in (one, other)]
    a, b = ((item - item.mean(axis=0)).ravel() for item in scaled)
    assert window_correlations(one, [other])[0, 0] == pytest.approx(np.corrcoef(a, b)[0, 1], abs=1e-6)
