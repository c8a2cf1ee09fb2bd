"""Levels as the mixer takes them: without DC, and none where only the last bit of 16 moves."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from benchmark.audio import FULL_SCALE

Samples = NDArray[np.float64]

#: What is no louder than a dithered or noisy last bit (1.5 steps of 16 bits, RMS) counts as silence:
#: amplified to an audible level it would be the noise of the converter, not what was recorded.
SILENT_BELOW_DBFS = 20.0 * math.log10(1.5 / FULL_SCALE)


def without_dc(samples: Samples) -> Samples:
    """The samples about their mean: a constant offset is not heard and must not count as level."""
    return samples - samples.mean() if len(samples) else samples


def rms_db(samples: Samples) -> float:
    """RMS level without DC, dB re full scale 1.0; minus infinity for a constant."""
    power = float(np.var(samples)) if len(samples) else 0.0
    return 10.0 * math.log10(power) if power > 0 else -math.inf


def factor(gain_db: float) -> float:
    """The factor of a gain in decibels."""
    return float(10.0 ** (gain_db / 20.0))
