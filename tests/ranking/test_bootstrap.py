"""The bootstrap against a loop that follows its definition, and against what it promises: cover the truth."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.randomness import Randomness
from benchmark.ranking.bootstrap import (
    identity,
    interval,
    resampling,
    resampling_within,
    speaker_means,
    uniform_integers,
)

SEED = Randomness(("standings", "toy", 1))
PINNED = [3.1666666666666665, 1.8333333333333333, 0.5, 4.333333333333333, 4.0, 3.5, 2.8333333333333335, 1.5]


def units(speakers, utterances):
    return [(f"S{s:02d}", f"U{u:02d}") for s in range(speakers) for u in range(utterances)]


def reference(values, names, seed, replicates):
    """Draws speakers, then utterances of each, one by one, and averages what was drawn."""
    speakers = sorted({speaker for speaker, _ in names})
    own = {s: [i for i, (speaker, _) in enumerate(names) if speaker == s] for s in speakers}
    drawn = uniform_integers(seed.token("speakers"), replicates * len(speakers), len(speakers))
    slots = {s: int((drawn == i).sum()) for i, s in enumerate(speakers)}
    choices = {
        s: iter(uniform_integers(seed.token(f"utterances/{s}"), slots[s] * len(own[s]), len(own[s])))
        for s in speakers
    }
    found = []
    for replicate in range(replicates):
        means = []
        for slot in range(len(speakers)):
            s = speakers[drawn[replicate * len(speakers) + slot]]
            sample = [values[own[s][next(choices[s])]] for _ in own[s]]
            counted = [x for x in sample if not np.isnan(x)]
            if counted:
                means.append(sum(counted) / len(counted))
        found.append(sum(means) / len(means) if means else float("nan"))
    return found


@pytest.mark.parametrize("missing", [[], [0, 4, 5, 6, 7], [11]])
def test_replicates_and_intervals_equal_the_reference(missing):
    names = units(5, 4)
    values = np.cos(np.arange(20) ** 1.3)
    values[missing] = np.nan
    expected = reference(values, names, SEED, 200)
    found = speaker_means(values, resampling(names, SEED, 200))
    np.testing.assert_allclose(found, expected, atol=1e-9, rtol=0)
    np.testing.assert_allclose(interval(found), np.quantile(expected, [0.025, 0.975]), atol=1e-9, rtol=0)


def test_speakers_with_different_numbers_of_utterances():
    names = [("A", "1"), ("A", "2"), ("A", "3"), ("B", "1"), ("C", "1"), ("C", "2")]
    values = np.array([0.1, 0.5, 0.9, 0.2, 0.7, 0.3])
    expected = reference(values, names, SEED, 100)
    np.testing.assert_allclose(
        speaker_means(values, resampling(names, SEED, 100)), expected, atol=1e-9, rtol=0
    )
    assert speaker_means(values, identity(names))[0] == pytest.approx((0.5 + 0.2 + 0.5) / 3)


def test_all_models_are_resampled_alike():
    names = units(4, 3)
    values = np.sin(np.arange(12.0))
    found = speaker_means(np.stack([values, values + 0.25]), resampling(names, SEED, 50))
    np.testing.assert_allclose(found[:, 1] - found[:, 0], 0.25, atol=1e-12)


def test_draws_are_the_same_on_every_machine():
    # By hand: the first twelve 32-bit words of SHAKE-128("seed"), times 7, shifted right by 32.
    assert uniform_integers("seed", 12, 7).tolist() == [1, 3, 1, 3, 2, 5, 5, 2, 6, 0, 0, 2]
    names, values = units(3, 2), np.arange(6.0)
    assert speaker_means(values, resampling(names, SEED, 8)).tolist() == PINNED
    assert speaker_means(values, resampling(names, Randomness(("other",)), 8)).tolist() != PINNED


def test_integers_are_uniform():
    counts = np.bincount(uniform_integers("many", 70_000, 7), minlength=7)
    assert len(counts) == 7
    # Chi-squared with 6 degrees of freedom: 22.5 is passed once in a thousand.
    assert ((counts - 10_000) ** 2 / 10_000).sum() < 22.5


def test_one_speaker_keeps_only_the_utterances_to_vary():
    names = units(1, 5)
    low, high = interval(speaker_means(np.arange(5.0), resampling(names, SEED, 200)))
    assert 0.0 <= low < 2.0 < high <= 4.0


def test_within_speakers_every_speaker_is_in_every_replicate():
    names = units(2, 3)
    values = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0])
    assert speaker_means(values, resampling_within(names, SEED, 30)) == pytest.approx(0.5)


def test_a_replicate_without_any_value_is_nothing_and_does_not_reach_the_interval():
    names = units(2, 1)
    found = speaker_means(np.array([0.4, np.nan]), resampling(names, SEED, 100))
    assert np.isnan(found).any()
    assert [float(x) for x in interval(found)] == pytest.approx([0.4, 0.4])
    assert np.isnan(interval(np.full((5, 1), np.nan))).all()


def coverage(speakers, utterances, trials=400):
    generator = np.random.Generator(np.random.PCG64(7))
    names = units(speakers, utterances)
    own = np.repeat(generator.normal(0.5, 0.1, (trials, speakers)), utterances, axis=1)
    values = own + generator.normal(0, 0.2, own.shape)
    low, high = interval(speaker_means(values, resampling(names, SEED, 1000)))
    return float(((low <= 0.5) & (high >= 0.5)).mean())


def test_intervals_cover_the_true_mean_about_95_times_in_100():
    # Binomial standard error of 400 trials: 1.1 points.
    assert 0.92 <= coverage(30, 8) <= 0.98


def test_with_few_speakers_intervals_cover_less_often_as_the_tables_warn():
    assert 0.80 <= coverage(4, 8) <= 0.94
