"""The ear's frequency scale, its threshold in quiet, and loudness, from the published formulas."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def hertz_to_bark(frequency_hz: Array | float) -> Array:
    """Critical-band rate. Source: Traunmüller, JASA 88(1):97, 1990, eq. 6."""
    frequency = np.asarray(frequency_hz, dtype=np.float64)
    return 26.81 * frequency / (1960.0 + frequency) - 0.53


def threshold_in_quiet_db(frequency_hz: Array) -> Array:
    """Threshold of hearing in dB SPL. Source: Terhardt, Hearing Research 1:155, 1979, eq. 2."""
    khz = np.asarray(frequency_hz, dtype=np.float64) / 1000.0
    threshold: Array = 3.64 * khz**-0.8 - 6.5 * np.exp(-0.6 * (khz - 3.3) ** 2) + 1e-3 * khz**4
    return threshold


def loudness(excitation: Array, threshold: Array) -> Array:
    """Specific loudness in arbitrary units of `excitation` (power) above `threshold` (power).

    Source: Zwicker & Fastl, Psychoacoustics, ch. 8: N' ~ (E_thr)^0.23 [(0.5 + 0.5 E / E_thr)^0.23 - 1].
    """
    ratio = np.maximum(0.5 + 0.5 * excitation / threshold, 1.0)
    sones: Array = threshold**0.23 * (ratio**0.23 - 1.0)
    return sones


class Bands(NamedTuple):
    """Bands of equal width in Bark.

    Attributes:
        weights: shape (bins, bands): share of each FFT bin in each band.
        centres_hz: shape (bands,).
        threshold: Power at the threshold in quiet, shape (bands,), re 0 dB SPL.
        width_bark: Width of one band.
    """

    weights: Array
    centres_hz: Array
    threshold: Array
    width_bark: float


@cache
def bark_bands(rate_hz: int, fft: int, count: int, low_hz: float, high_hz: float) -> Bands:
    """`count` bands between two frequencies, triangles that overlap by half, so that no bin falls between bands."""
    low, high = hertz_to_bark(low_hz), hertz_to_bark(high_hz)
    width = float((high - low) / count)
    centres = low + width * (np.arange(count) + 0.5)
    bins = hertz_to_bark(np.arange(fft // 2 + 1) * rate_hz / fft)
    distance = np.abs(bins[:, None] - centres[None, :]) / width
    weights = np.clip(1.0 - distance, 0.0, None)
    fine = np.linspace(low_hz, high_hz, 4000)
    centres_hz = np.interp(centres, hertz_to_bark(fine), fine)
    return Bands(weights, centres_hz, 10 ** (threshold_in_quiet_db(centres_hz) / 10), width)
