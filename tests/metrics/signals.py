"""Test signals that are the same everywhere and for ever: formulas, and noise from a hash."""

from __future__ import annotations

from hashlib import shake_128

import numpy as np
from numpy.typing import NDArray

from benchmark.types import Trajectories

Array = NDArray[np.float64]
NAMES = ("LA", "LP", "TBCL", "TBCD", "TTCL", "TTCD", "aperiodicity", "periodicity", "pitch")


def noise(size: int, key: str) -> Array:
    """Nearly Gaussian noise of unit variance: four uniform bytes-pairs of a hash summed."""
    words = np.frombuffer(shake_128(key.encode()).digest(8 * size), dtype="<u2").reshape(size, 4)
    return (words.astype(np.float64).sum(axis=1) / 65535 - 2) * np.sqrt(3)


def speech(seconds: float = 2.0, rate_hz: int = 16_000, key: str = "speech") -> Array:
    """Voiced and unvoiced syllables with gliding pitch and formants, and pauses between them."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    knots = np.arange(0, seconds + 0.4, 0.2)
    wobble = np.cumsum(np.interp(t, knots, noise(len(knots), key)))
    phase = 2 * np.pi * (130 * t + 8 * wobble / rate_hz)
    formant = 1000 + 600 * np.sin(2 * np.pi * 1.7 * t)
    voiced = sum(np.sin(k * phase) * np.exp(-(((130 * k - formant) / 700) ** 2)) for k in range(1, 28))
    hiss = noise(len(t), key + "/hiss")
    syllables = np.clip(np.sin(2 * np.pi * 1.9 * t), 0, None) ** 1.5
    fricatives = np.clip(-np.sin(2 * np.pi * 1.9 * t), 0, None) ** 6
    return 0.06 * (voiced * syllables + 0.3 * np.diff(hiss, prepend=0.0) * fricatives)


def noisy(clean: Array, snr_db: float, key: str = "noise") -> Array:
    """The signal plus white noise."""
    extra = noise(len(clean), key)
    return clean + extra * np.sqrt(np.mean(clean**2) / np.mean(extra**2)) * 10 ** (-snr_db / 20)


def tracks(
    values: Array,
    names: tuple[str, ...] = NAMES,
    rate_hz: float = 100.0,
    valid: NDArray[np.bool_] | None = None,
) -> Trajectories:
    """Trajectories of these values."""
    mask = np.ones(values.shape, dtype=np.bool_) if valid is None else valid
    return Trajectories(values.astype(np.float32), rate_hz, names[: values.shape[1]], mask)


def movement(frames: int, key: str, channels: int = 9) -> Array:
    """Smooth random movement, each channel with an offset and a size of its own."""
    raw = noise((frames + 40) * channels, key).reshape(-1, channels)
    kernel = np.hanning(23)[1:-1]
    smooth = np.stack(
        [np.convolve(raw[:, c], kernel / kernel.sum(), "valid")[:frames] for c in range(channels)], axis=1
    )
    return smooth * np.arange(1, channels + 1) + 20 * np.arange(channels)


def pair(frames: int, key: str, error: float = 0.3) -> tuple[Trajectories, Trajectories]:
    """A target and a prediction of it."""
    target = movement(frames, key)
    wrong = movement(frames, key + "/error") - 20 * np.arange(9)
    return tracks(target), tracks(target + error * wrong)
