from __future__ import annotations

import numpy as np
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from benchmark.articulation.gaps import (
    LONGEST_GAP_S,
    SPIKE_MM,
    SPIKE_WINDOW_S,
    bridge,
    fill_short_gaps,
    screen_spikes,
)
from benchmark.articulation.smooth import frames_covered, low_pass, to_rate
from benchmark.types import Trajectories

RATE = 145.645


def wave(frames: int = 300, hertz: float = 3.0, rate: float = RATE) -> Trajectories:
    times = np.arange(frames) / rate
    values = np.stack([8 * np.sin(2 * np.pi * hertz * times), 5 * np.cos(2 * np.pi * hertz * times)], axis=1)
    return Trajectories(values.astype(np.float32), rate, ("T1_x", "T1_y"), np.ones(values.shape, bool))


def without(trajectories: Trajectories, frames: slice, garbage: float = 1e4) -> Trajectories:
    values, valid = trajectories.values.copy(), trajectories.valid.copy()
    values[frames], valid[frames] = garbage, False
    return Trajectories(values, trajectories.rate_hz, trajectories.names, valid)


def test_a_short_gap_is_bridged_and_a_long_one_stays_open() -> None:
    whole = wave()
    longest = int(LONGEST_GAP_S * RATE)
    short = fill_short_gaps(without(whole, slice(100, 100 + longest)))
    assert short.valid.all()
    assert np.abs(short.values - whole.values).max() < 1.5
    assert not fill_short_gaps(without(whole, slice(100, 101 + longest))).valid[100 : 101 + longest].any()


def test_gaps_at_the_ends_stay_open() -> None:
    whole = wave()
    for frames in (slice(0, 2), slice(298, 300)):
        filled = fill_short_gaps(without(whole, frames))
        assert not filled.valid[frames].any()
        assert filled.valid.sum() == 2 * 298


@given(st.lists(st.booleans(), min_size=1, max_size=80))
def test_filling_never_loses_a_frame_and_never_invents_an_end(pattern: list[bool]) -> None:
    valid = np.array(pattern)[:, None]
    values = np.arange(len(pattern), dtype=np.float32)[:, None]
    filled = fill_short_gaps(Trajectories(values, 100.0, ("a",), valid))
    assert (filled.valid | ~valid).all()
    known = np.flatnonzero(valid)
    inside = np.zeros(len(valid), bool)
    if known.size:
        inside[known[0] : known[-1] + 1] = True
    assert not filled.valid[~inside].any()
    np.testing.assert_allclose(filled.values[filled.valid[:, 0], 0], np.flatnonzero(filled.valid), atol=1e-5)
    runs = "".join("x" if flag else "." for flag in filled.valid[inside, 0]).split("x")
    assert all(len(run) == 0 or len(run) > 5 for run in runs)


def test_a_spike_is_screened_and_fast_speech_is_not() -> None:
    whole = wave(hertz=6.0)
    assert screen_spikes(whole).valid.all()
    values = whole.values.copy()
    values[150:152, 0] += 12
    screened = screen_spikes(Trajectories(values, RATE, whole.names, whole.valid))
    assert not screened.valid[150:152, 0].any()
    assert screened.valid.sum() == whole.valid.size - 2


def test_bridge_holds_the_ends_and_zeroes_what_was_never_seen() -> None:
    values = np.array([[9.0, 9.0], [1.0, 9.0], [9.0, 9.0], [3.0, 9.0], [9.0, 9.0]])
    valid = np.array([[0, 0], [1, 0], [0, 0], [1, 0], [0, 0]], bool)
    np.testing.assert_array_equal(bridge(values, valid), [[1, 0], [1, 0], [2, 0], [3, 0], [3, 0]])


@given(st.integers(0, 2**32 - 1))
def test_bridging_says_what_numpy_interpolates(seed: int) -> None:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(generator.integers(1, 40), 3))
    valid = generator.random(values.shape) < generator.choice([0.1, 0.5, 0.9])
    values[~valid] = np.nan
    for channel, found in enumerate(bridge(values, valid).T):
        known = np.flatnonzero(valid[:, channel])
        if known.size:
            np.testing.assert_array_equal(
                found, np.interp(np.arange(len(values)), known, values[known, channel])
            )


@given(st.integers(0, 2**32 - 1), st.sampled_from([100.0, 145.645, 400.0]))
def test_screening_agrees_with_the_running_median_of_scipy(seed: int, rate: float) -> None:
    generator = np.random.default_rng(seed)
    frames = int(generator.integers(20, 120))
    values = generator.normal(size=(frames, 2)).cumsum(axis=0) + 9 * (generator.random((frames, 2)) < 0.1)
    valid = generator.random(values.shape) < 0.9
    window = 2 * round(SPIKE_WINDOW_S * rate / 2) + 1
    filled = bridge(values.astype(np.float32), valid)
    median = scipy.ndimage.median_filter(filled, size=(max(3, window), 1), mode="nearest")
    found = screen_spikes(Trajectories(values.astype(np.float32), rate, ("T1_x", "T1_y"), valid))
    np.testing.assert_array_equal(found.valid, valid & (np.abs(filled - median) <= SPIKE_MM))


def test_the_low_pass_keeps_speech_removes_jitter_and_delays_nothing() -> None:
    slow, fast = wave(hertz=4.0), wave(hertz=55.0)
    both = Trajectories(slow.values + fast.values, RATE, slow.names, slow.valid)
    middle = slice(60, 240)
    np.testing.assert_allclose(low_pass(both).values[middle], slow.values[middle], atol=0.05)


def test_garbage_under_the_mask_does_not_leak() -> None:
    whole = wave()
    for garbage in (0.0, 1e6):
        holed = low_pass(without(whole, slice(100, 140), garbage))
        np.testing.assert_array_equal(holed.valid, without(whole, slice(100, 140)).valid)
        if garbage == 0.0:
            first = holed.values
        else:
            np.testing.assert_array_equal(holed.values, first)
    assert np.abs(holed.values[holed.valid] - whole.values[holed.valid]).max() < 2.0


@pytest.mark.parametrize("rate", [100.0, 145.645, 200.0, 250.0, 400.0, 500.0, 1250.0])
def test_resampling_to_100_hz_hits_the_curve(rate: float) -> None:
    source = wave(int(3 * rate), 5.0, rate)
    found = to_rate(source, 100.0)
    times = np.arange(len(found.values)) / 100
    expected = np.stack([8 * np.sin(2 * np.pi * 5 * times), 5 * np.cos(2 * np.pi * 5 * times)], axis=1)
    np.testing.assert_allclose(found.values[3:-3], expected[3:-3], atol=0.02)
    assert found.valid.all()
    assert len(found.values) == frames_covered(len(source.values), rate, 100.0)
    assert abs(found.duration_s - 3) < 0.021


def test_a_resampled_frame_is_valid_only_between_valid_frames() -> None:
    source = without(wave(200, rate=200.0), slice(101, 102))
    found = to_rate(source, 100.0)
    assert found.valid.all(), "frame 101 at 200 Hz lies between two frames at 100 Hz"
    source = without(wave(200, rate=200.0), slice(100, 101))
    assert not to_rate(source, 100.0).valid[50].any()
    assert to_rate(source, 100.0).valid.sum() == 2 * (len(to_rate(source, 100.0).valid) - 1)


def test_frames_past_the_source_are_invalid() -> None:
    found = to_rate(wave(100, rate=100.0), 100.0, 120)
    assert len(found.values) == 120
    assert found.valid[:100].all()
    assert not found.valid[100:].any()


@pytest.mark.parametrize("frames", [1, 2, 3, 5])
def test_very_short_recordings_pass(frames: int) -> None:
    source = wave(frames)
    found = to_rate(low_pass(fill_short_gaps(screen_spikes(source))), 100.0)
    assert found.valid.all()
    assert np.isfinite(found.values).all()
