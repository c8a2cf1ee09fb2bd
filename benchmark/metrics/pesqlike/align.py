"""One global delay between two signals, by cross-correlation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class AlignReference(NamedTuple):
    """Spectrum of the clean signal, ready for correlation with any estimate of the same length.

    Attributes:
        spectrum: Conjugate spectrum of `size` points.
        size: Length of the transform: no lag up to `max_lag` wraps around.
        max_lag: Greatest delay considered, either way, in samples.
    """

    spectrum: NDArray[np.complex128]
    size: int
    max_lag: int


def align_reference(clean: Array, max_lag: int) -> AlignReference:
    """Prepares the clean signal."""
    most = min(max_lag, len(clean) - 1)
    size = _fast_size(len(clean) + most)
    return AlignReference(np.conj(np.fft.rfft(clean, size)), size, most)


def global_lag(reference: AlignReference, estimate: Array) -> int:
    """Delay of the estimate in samples: the lag at which the magnitude of the cross-correlation is greatest.

    Of the magnitude, so that inverted polarity changes nothing; of equal ones the smallest lag wins.
    """
    correlation = np.abs(
        np.fft.irfft(np.fft.rfft(estimate, reference.size) * reference.spectrum, reference.size)
    )
    lags = np.arange(-reference.max_lag, reference.max_lag + 1)
    strength = correlation[lags]
    candidates = lags[strength >= strength.max() * (1 - 1e-9)]
    return int(candidates[np.abs(candidates).argmin()])


def shift(signal: Array, lag: int) -> Array:
    """The signal moved `lag` samples earlier, zeros where nothing is known; same length."""
    moved = np.zeros_like(signal)
    if lag >= 0:
        moved[: len(signal) - lag] = signal[lag:]
    else:
        moved[-lag:] = signal[:lag]
    return moved


def _fast_size(least: int) -> int:
    """The least 2^a 3^b 5^c that is not below `least`, among those with small b and c."""
    return min(odd << max(0, int(np.ceil(np.log2(least / odd)))) for odd in (1, 3, 5, 9, 15, 25, 27, 45))
