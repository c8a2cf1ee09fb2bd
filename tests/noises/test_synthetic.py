from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from benchmark.noises.synthetic import LTASS, SYNTHETIC
from benchmark.types import RATE_HZ


def band_db(samples, low_hz, high_hz):
    frequency, power = signal.welch(samples, RATE_HZ, nperseg=4096)
    return 10 * np.log10(power[(frequency >= low_hz) & (frequency < high_hz)].mean())


@pytest.mark.parametrize("category", SYNTHETIC)
def test_a_seed_means_one_noise_and_seeds_differ(category):
    first = SYNTHETIC[category]("seed", 8000)
    assert np.array_equal(first, SYNTHETIC[category]("seed", 8000))
    assert first.shape == (8000,)
    assert np.isfinite(first).all()
    other = SYNTHETIC[category]("other", 8000)
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.5


@pytest.mark.parametrize("category", SYNTHETIC)
@pytest.mark.parametrize("frames", [1, 160, 1600])
def test_short_noise_is_never_silent(category, frames):
    assert np.square(SYNTHETIC[category]("short", frames)).sum() > 0


def test_white_is_flat():
    x = SYNTHETIC["white"]("w", 20 * RATE_HZ)
    assert max(abs(band_db(x, f, 2 * f) - band_db(x, 1000, 2000)) for f in (125, 250, 500, 2000, 3900)) < 0.3


def test_pink_falls_by_three_decibels_an_octave():
    x = SYNTHETIC["pink"]("p", 60 * RATE_HZ)
    octaves = [band_db(x, f, 2 * f) for f in (62.5, 125, 250, 500, 1000, 2000)]
    assert np.allclose(np.diff(octaves), -3.01, atol=0.6)


def test_speech_shaped_follows_the_published_spectrum():
    x = SYNTHETIC["speech_shaped"]("s", 60 * RATE_HZ)
    levels = dict(LTASS)

    def third_octave(centre):
        low, high = centre * 2 ** (-1 / 6), centre * 2 ** (1 / 6)
        return band_db(x, low, high) + 10 * np.log10(high - low)

    reference = third_octave(1000) - levels[1000]
    for centre in (200, 315, 500, 800, 1600, 2500, 4000, 6300):
        assert abs(third_octave(centre) - reference - levels[centre]) < 1.5, centre


def test_modulated_wanders_and_the_others_do_not():
    def spread_db(category):
        x = SYNTHETIC[category]("m", 30 * RATE_HZ).reshape(-1, RATE_HZ // 20)
        return np.std(10 * np.log10(np.mean(x**2, axis=1)))

    assert spread_db("speech_shaped") < 1.5
    assert 4.0 < spread_db("modulated") < 8.0


def test_machine_is_tonal_and_hammers_and_rain_drips():
    machine, rain, white = (SYNTHETIC[name]("m", 10 * RATE_HZ) for name in ("machine", "rain", "white"))

    def crest_db(x):
        return 20 * np.log10(np.abs(x).max() / x.std())

    assert crest_db(machine) > crest_db(white) + 3
    assert crest_db(rain) > crest_db(white) + 3
    assert band_db(machine, 25, 500) > band_db(machine, 500, 1000) + 6
    assert band_db(rain, 1000, 6000) > band_db(rain, 100, 500) + 10
