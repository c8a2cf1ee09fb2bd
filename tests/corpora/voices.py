"""Invented speakers: pellets that move smoothly in a plausible mouth, and speech-like sound."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Resting places of the pellets in mm, x towards the lips, y upwards, origin at the upper incisors.
RESTS = {
    "UL": (10.0, 14.0),
    "LL": (9.0, -12.0),
    "T1": (-10.0, -2.0),
    "T2": (-24.0, 5.0),
    "T3": (-38.0, 7.0),
    "T4": (-52.0, 3.0),
    "MNI": (0.0, -9.0),
    "MNM": (-40.0, -14.0),
}
#: How far each moves, mm, x and y.
REACH = {
    "UL": (1.5, 2.0),
    "LL": (2.5, 6.0),
    "T1": (6.0, 6.0),
    "T2": (5.0, 6.0),
    "T3": (5.0, 6.0),
    "T4": (5.0, 5.0),
    "MNI": (1.0, 4.0),
    "MNM": (0.5, 2.0),
}
PALATE = np.array([(-4.0, 4.0), (-12.0, 10.0), (-22.0, 16.0), (-34.0, 19.0), (-46.0, 18.0), (-58.0, 14.0)])
PHARYNX = np.array([(-82.0, 14.0), (-82.0, -30.0)])


def pellet_paths(seed: int, seconds: float, rate_hz: float) -> dict[str, NDArray[np.float64]]:
    """Pellet to path, mm, shape (frames, 2): sums of slow sinusoids, none above 6 Hz."""
    generator = np.random.default_rng(seed)
    times = np.arange(int(seconds * rate_hz)) / rate_hz
    paths = {}
    for name, rest in RESTS.items():
        cycles = generator.uniform(0.7, 6.0, (3, 2))
        phases = generator.uniform(0, 2 * np.pi, (3, 2))
        wave = np.sin(2 * np.pi * times[:, None, None] * cycles + phases).mean(axis=1)
        paths[name] = np.asarray(rest) + wave * REACH[name]
    return paths


def speech(seed: int, seconds: float, rate_hz: int, f0_hz: float = 120.0) -> NDArray[np.float64]:
    """A buzz with syllables, a hiss between them, and a pause at both ends; peak about 0.3."""
    generator = np.random.default_rng(seed)
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    pitch = f0_hz * (1 + 0.08 * np.sin(2 * np.pi * 0.9 * times))
    phase = 2 * np.pi * np.cumsum(pitch) / rate_hz
    buzz = sum(np.sin(k * phase) / k for k in range(1, 21))
    syllables = np.clip(np.sin(2 * np.pi * 3.1 * times), 0, None)
    hiss = generator.standard_normal(len(times)) * np.clip(-np.sin(2 * np.pi * 3.1 * times), 0, None)
    inside = (times > 0.1) & (times < seconds - 0.1)
    return (0.15 * buzz * syllables + 0.02 * hiss) * inside + 1e-4 * generator.standard_normal(len(times))
