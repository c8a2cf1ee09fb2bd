"""One global delay between two signals, by cross-correlation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def global_lag(clean: Array, estimate: Array, max_lag: int) -> int:
    """Delay of the estimate in samples, at most `max_lag` either way: where the cross-correlation is of greatest magnitude.

    Magnitude, so that inverted polarity changes nothing; of equals the smallest delay wins.
    """
    size = 1 << int(np.ceil(np.log2(len(clean) + len(estimate))))
    product = np.fft.rfft(estimate, size) * np.conj(np.fft.rfft(clean, size))
    correlation = np.abs(np.fft.irfft(product, size))
    lags = np.arange(-max_lag, max_lag + 1)
    strength = correlation[lags]
    best = strength >= strength.max() * (1 - 1e-9)
    candidates = lags[best]
    return int(candidates[np.abs(candidates).argmin()])


def shift(signal: Array, lag: int) -> Array:
    """The signal moved `lag` samples earlier, zeros where nothing is known; same length."""
    moved = np.zeros_like(signal)
    if lag >= 0:
        moved[: len(signal) - lag] = signal[lag:]
    else:
        moved[-lag:] = signal[:lag]
    return moved
