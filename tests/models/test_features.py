"""Mel spectra against librosa, which everybody uses."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from benchmark.models.features import log_mel, mel_power


@pytest.mark.filterwarnings("ignore:n_fft")
@pytest.mark.parametrize("samples", [1, 159, 160, 400, 12345])
@pytest.mark.parametrize(("fft", "window", "lowest_hz"), [(512, 400, 50.0), (400, 400, 0.0)])
def test_mel_power_is_that_of_librosa(samples: int, fft: int, window: int, lowest_hz: float) -> None:
    noise = np.random.default_rng(samples).standard_normal(samples)
    found = mel_power(noise, fft=fft, window=window, bands=40, lowest_hz=lowest_hz)
    expected = librosa.feature.melspectrogram(
        y=noise, sr=16000, n_fft=fft, win_length=window, hop_length=160, n_mels=40, fmin=lowest_hz
    )
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_log_mel_has_no_mean_and_no_level() -> None:
    noise = np.random.default_rng(1).standard_normal(8000)
    found = log_mel(noise)
    assert found.shape == (51, 40)
    assert np.abs(found.mean(axis=0)).max() < 1e-5
    np.testing.assert_allclose(log_mel(0.01 * noise), found, atol=1e-4)
