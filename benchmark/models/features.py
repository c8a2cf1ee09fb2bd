"""Log-mel features at the frame rate of the targets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.types import RATE_HZ

HOP = 160
BANDS = 40
#: Neighbouring frames that are stacked, in frames of 10 ms: 200 ms around each frame.
CONTEXT = (-10, -8, -6, -4, -2, -1, 0, 1, 2, 4, 6, 8, 10)


def mel_power(
    samples: NDArray[np.floating], *, fft: int, window: int, bands: int, lowest_hz: float = 0.0
) -> NDArray[np.float64]:
    """Power in mel bands (Slaney's scale and areas) of a short-time spectrum, 100 frames a second.

    It is what `librosa.feature.melspectrogram` gives, whose first call compiles for half a minute wherever it
    was newly installed.

    Args:
        samples: Shape (samples,), at 16 kHz; silence is assumed to either side.
        fft: Length of the Fourier transform, in samples.
        window: Length of the Hann window, whose middle stands on sample 160 k in frame k.
        bands: How many, up to 8 kHz.
        lowest_hz: Where they begin.

    Returns:
        Shape (bands, 1 + samples // 160).
    """
    from librosa.filters import mel
    from scipy.signal.windows import hann

    count = 1 + len(samples) // HOP
    padded = np.pad(np.asarray(samples, np.float64), window // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::HOP][:count]
    spectrum = np.fft.rfft(frames * hann(window, sym=False), fft)
    power = (spectrum.real**2 + spectrum.imag**2).T
    return np.asarray(mel(sr=RATE_HZ, n_fft=fft, n_mels=bands, fmin=lowest_hz) @ power, np.float64)


def log_mel(samples: NDArray[np.floating]) -> NDArray[np.float32]:
    """Log-mel spectrum: 40 bands from 50 Hz to 8 kHz, 25-ms Hann windows, 100 frames a second.

    Frame 0 is centred on sample 0.

    The mean over the recording is taken off each band, which removes level and microphone.

    Args:
        samples: Shape (samples,), at 16 kHz.

    Returns:
        float32, shape (1 + samples // 160, 40).
    """
    power = mel_power(samples, fft=512, window=400, bands=BANDS, lowest_hz=50.0)
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
