"""The ear's frequency scale, its threshold in quiet, and loudness, from the published formulas."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Powers = NDArray[np.floating[Any]]


def hertz_to_bark(frequency_hz: Array | float) -> Array:
    """Critical-band rate in Bark.

    Source:
        Traunmüller, Analytical expressions for the tonotopic sensory scale, JASA 88(1):97, 1990, eq. 6.
    """
    frequency = np.asarray(frequency_hz, dtype=np.float64)
    return 26.81 * frequency / (1960.0 + frequency) - 0.53


def bark_to_hertz(rate_bark: Array | float) -> Array:
    """Frequency in Hz of a critical-band rate, the inverse of `hertz_to_bark`."""
    rate = np.asarray(rate_bark, dtype=np.float64) + 0.53
    return 1960.0 * rate / (26.81 - rate)


def threshold_in_quiet_db(frequency_hz: Array) -> Array:
    """Threshold of hearing in dB SPL.

    Source:
        Terhardt, Calculating virtual pitch, Hearing Research 1:155, 1979, eq. 1.
    """
    khz = np.asarray(frequency_hz, dtype=np.float64) / 1000.0
    threshold: Array = 3.64 * khz**-0.8 - 6.5 * np.exp(-0.6 * (khz - 3.3) ** 2) + 1e-3 * khz**4
    return threshold


class Bands(NamedTuple):
    """Bands of equal width on the Bark scale.

    Attributes:
        weights: shape (bins, bands): the share of each FFT bin's power that falls into each band; rows sum to
            1 at most.
        bark: Centres in Bark, shape (bands,).
        threshold: Power at the threshold in quiet, shape (bands,), re 0 dB SPL.
    """

    weights: Array
    bark: Array
    threshold: Array


@cache
def bark_bands(rate_hz: int, fft: int, count: int, low_hz: float, high_hz: float) -> Bands:
    """`count` adjoining bands between two frequencies."""
    edges = np.linspace(float(hertz_to_bark(low_hz)), float(hertz_to_bark(high_hz)), count + 1)
    bins, half = np.arange(fft // 2 + 1) * rate_hz / fft, rate_hz / fft / 2
    left, right = hertz_to_bark(np.maximum(bins - half, 0.0))[:, None], hertz_to_bark(bins + half)[:, None]
    overlap = np.minimum(right, edges[None, 1:]) - np.maximum(left, edges[None, :-1])
    centres = (edges[1:] + edges[:-1]) / 2
    threshold = 10 ** (threshold_in_quiet_db(bark_to_hertz(centres)) / 10)
    return Bands(np.clip(overlap, 0.0, None) / (right - left), centres, threshold)


def loudness(power: Powers, threshold: Powers, exponent: Powers) -> Powers:
    """Specific loudness, in arbitrary units, of a power above a threshold (both re 0 dB SPL); 0 below it.

    Source:
        Zwicker & Fastl, Psychoacoustics, 2nd ed. 1999, eq. 8.7: N' ~ E_TQ^0.23 [(0.5 + 0.5 E / E_TQ)^0.23 -
        1]. The exponent is an argument, for it grows towards low frequencies (ibid., fig. 8.1; Moore,
        Glasberg & Baer 1997).
    """
    sones: Powers = threshold**exponent * (np.maximum(0.5 + 0.5 * power / threshold, 1.0) ** exponent - 1.0)
    return sones
