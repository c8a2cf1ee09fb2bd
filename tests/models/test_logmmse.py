from __future__ import annotations

import numpy as np
import pytest

from benchmark.metrics import parse
from benchmark.models.logmmse import LogMmse
from benchmark.randomness import gaussian
from tests.speechlike import speech


def mixture(snr_db):
    clean = speech("clean", 4.0).samples
    noise = gaussian("noise", len(clean))
    noise *= np.sqrt(np.mean(clean**2) / np.mean(noise**2)) * 10 ** (-snr_db / 20)
    return clean, (clean + noise).astype(np.float32)


@pytest.mark.parametrize("snr_db", [-5, 0, 5, 10])
def test_white_noise_is_reduced(snr_db):
    clean, noisy = mixture(snr_db)
    measure = parse("SISDR")
    enhanced = LogMmse().enhance(noisy)
    assert measure(clean, enhanced, 16000) > measure(clean, noisy, 16000) + 2


def test_clean_speech_is_left_nearly_as_it_is():
    clean = speech("clean", 3.0).samples
    assert parse("SISDR")(clean, LogMmse().enhance(clean), 16000) > 15


@pytest.mark.parametrize("length", [1, 100, 511, 512, 513, 1600, 16001])
def test_any_length_comes_back(length):
    enhanced = LogMmse().enhance(gaussian("x", length).astype(np.float32))
    assert enhanced.shape == (length,)
    assert enhanced.dtype == np.float32
    assert np.isfinite(enhanced).all()


def test_silence_stays_silent_and_there_is_no_delay():
    assert not LogMmse().enhance(np.zeros(4000, np.float32)).any()
    click = np.zeros(8000, np.float32)
    click[4000] = 1.0
    assert np.argmax(np.abs(LogMmse().enhance(click))) == 4000
