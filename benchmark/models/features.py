"""Log-mel features at the frame rate of the targets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.types import RATE_HZ

HOP = 160
BANDS = 40
#: Neighbouring frames that are stacked, in frames of 10 ms: 200 ms around each frame.
CONTEXT = (-10, -8, -6, -4, -2, -1, 0, 1, 2, 4, 6, 8, 10)


def log_mel(samples: NDArray[np.floating]) -> NDArray[np.float32]:
    """Log-mel spectrum: 40 bands from 50 Hz to 8 kHz, 25-ms Hann windows, 100 frames a second.

    Frame 0 is centred on sample 0.

    The mean over the recording is taken off each band, which removes level and microphone.

    Args:
        samples: Shape (samples,), at 16 kHz.

    Returns:
        float32, shape (1 + samples // 160, 40).
    """
    import librosa

    power = librosa.feature.melspectrogram(
        y=np.asarray(samples, np.float32),
        sr=RATE_HZ,
        n_fft=512,
        win_length=400,
        hop_length=HOP,
        n_mels=BANDS,
        fmin=50.0,
    )
    # A floor 70 dB below the loudest band, so that digital silence does not dominate the mean.
    floor = max(float(power.max()) * 1e-7, 1e-12)
    logs = np.log(np.maximum(power, floor)).T
    return np.asarray(logs - logs.mean(axis=0), dtype=np.float32)


def stacked(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each frame with its neighbours of `CONTEXT` and a constant; edges repeat.

    Args:
        frames: Shape (frames, bands).

    Returns:
        float32, shape (frames, bands * len(CONTEXT) + 1).
    """
    index = np.arange(len(frames))[:, None] + np.array(CONTEXT)[None, :]
    picked = frames[np.clip(index, 0, len(frames) - 1)].reshape(len(frames), -1)
    return np.concatenate([picked, np.ones((len(frames), 1), np.float32)], axis=1)
