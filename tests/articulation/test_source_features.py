from __future__ import annotations

import numpy as np
import pytest

from benchmark.articulation.source_features import source_features
from benchmark.types import Clip

RATE = 16_000


def buzz(f0: float | np.ndarray, seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(f0, int(seconds * rate))) / rate
    top = int(7000 / np.max(f0))
    return 0.1 * sum(np.sin(k * phase) / k for k in range(1, top))  # type: ignore[return-value]


def clip(samples: np.ndarray, rate: int = RATE) -> Clip:
    return Clip(samples.astype(np.float32), rate)


@pytest.mark.parametrize("f0", [70.0, 100.0, 145.0, 200.0, 280.0, 380.0])
@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100])
def test_the_pitch_of_a_buzz(f0: float, rate: int) -> None:
    found = source_features(clip(buzz(f0, 1.0, rate), rate), 100.0, 100)
    inside = slice(5, 95)
    assert found.voiced[inside].all()
    np.testing.assert_allclose(found.pitch_hz[inside], f0, rtol=0.01)


def test_a_glide_is_followed() -> None:
    f0 = np.linspace(90, 220, RATE)
    found = source_features(clip(buzz(f0)), 100.0, 100)
    truth = np.interp(np.arange(100) / 100, np.arange(RATE) / RATE, f0)
    np.testing.assert_allclose(found.pitch_hz[5:95], truth[5:95], rtol=0.02)


def test_a_buzz_is_periodic_noise_is_not_and_silence_is_neither() -> None:
    noise = 0.1 * np.random.default_rng(1).standard_normal(RATE)
    for samples, periodic, aperiodic in (
        (buzz(120.0), 1.0, 0.0),
        (noise, 0.0, 1.0),
        (np.zeros(RATE), 0.0, 0.0),
    ):
        found = source_features(clip(samples), 100.0, 100)
        assert found.periodicity[5:95].mean() == pytest.approx(periodic, abs=0.15)
        assert found.aperiodicity[5:95].mean() == pytest.approx(aperiodic, abs=0.15)


def test_a_noisy_voice_is_in_between() -> None:
    noise = np.random.default_rng(1).standard_normal(RATE)
    shares = [
        source_features(clip(buzz(120.0) + level * noise), 100.0, 100).periodicity[5:95].mean()
        for level in (0.001, 0.01, 0.04)
    ]
    assert shares[0] > shares[1] + 0.1 > shares[2] + 0.2


def test_a_pause_is_unvoiced() -> None:
    samples = buzz(120.0)
    samples[6000:10000] = 1e-5 * np.random.default_rng(0).standard_normal(4000)
    found = source_features(clip(samples), 100.0, 100)
    assert not found.voiced[42:58].any()
    assert found.voiced[5:33].all()
    assert (found.pitch_hz[~found.voiced] == 0).all()


@pytest.mark.parametrize("gain", [0.01, 1.0, 3.0])
def test_loudness_does_not_matter(gain: float) -> None:
    one, other = (source_features(clip(g * buzz(120.0)), 100.0, 100) for g in (1.0, gain))
    np.testing.assert_allclose(one.periodicity, other.periodicity, atol=0.02)
    np.testing.assert_allclose(one.pitch_hz, other.pitch_hz, rtol=1e-3)


def test_shares_stay_within_bounds_and_lengths_are_as_asked() -> None:
    for frames in (0, 1, 30, 250):
        found = source_features(clip(buzz(100.0)), 100.0, frames)
        assert all(len(feature) == frames for feature in found)
        assert ((found.periodicity >= 0) & (found.periodicity + found.aperiodicity <= 1 + 1e-9)).all()


def test_the_same_audio_gives_the_same_numbers() -> None:
    first, second = (source_features(clip(buzz(100.0)), 100.0, 100) for _ in range(2))
    for one, two in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, two)
