from __future__ import annotations

import numpy as np

from benchmark.models.features import BANDS, CONTEXT, log_mel, stacked
from tests.speechlike import speech


def test_frames_are_ten_milliseconds_and_centred():
    click = np.zeros(16000, np.float32)
    click[8000] = 1.0
    frames = log_mel(click + 1e-4 * speech("x", 1.0).samples)
    assert frames.shape == (101, BANDS)
    assert abs(np.argmax(frames.sum(axis=1)) - 50) <= 0


def test_level_and_channel_gain_do_not_matter():
    samples = speech("x", 1.0).samples
    assert np.allclose(log_mel(samples), log_mel(10 * samples), atol=1e-3)


def test_context_repeats_the_edges():
    frames = np.arange(30, dtype=np.float32)[:, None] * np.ones(BANDS, np.float32)
    rows = stacked(frames)
    assert rows.shape == (30, BANDS * len(CONTEXT) + 1)
    centre = rows[:, :-1].reshape(30, len(CONTEXT), BANDS)[:, :, 0]
    assert np.array_equal(centre[15], 15 + np.array(CONTEXT))
    assert centre[0].min() == 0
    assert centre[29].max() == 29
    assert (rows[:, -1] == 1).all()
