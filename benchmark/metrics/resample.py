"""Rational resampling by one matrix product.

Over a block of input samples a polyphase filter is a small matrix. Written so it runs several times faster
than a polyphase loop over samples and gives the same.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, gcd
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.arithmetic import product

_REJECTION_DB = 60.0
_BLOCK = 64
# Beyond this (21739 to 16000 Hz, say) the matrices would fill the memory; the loop over samples does it then.
_LARGEST_RATIO = 500_000


@lru_cache(maxsize=32)
def _kaiser_lowpass(up: int, down: int) -> NDArray[np.float64]:
    """Windowed sinc for the ratio up/down in lowest terms: 60 dB, transition of a tenth of the pass band.

    Source: Kaiser, Nonrecursive digital filter design using the I0-sinh window, 1974; with these parameters
    it is the filter that GNU Octave's `resample` designs, which the reference implementations of STOI rest
    on.
    """
    cutoff = 1.0 / (2 * max(up, down))
    half = ceil((_REJECTION_DB - 8) / (28.714 * cutoff / 10))
    beta = 0.1102 * (_REJECTION_DB - 8.7)
    t = np.arange(-half, half + 1)
    taps: NDArray[np.float64] = np.kaiser(2 * half + 1, beta) * (2 * up * cutoff * np.sinc(2 * cutoff * t))
    taps /= taps.sum()
    return taps


class _Plan(NamedTuple):
    """A ratio made ready.

    Attributes:
        matrices: shape (parts, block, outputs): from `parts` adjoining blocks of input to the outputs of the
            first.
        lead: Zeros that go in front of the signal.
    """

    matrices: NDArray[np.float64]
    lead: int


@lru_cache(maxsize=32)
def _plan(up: int, down: int) -> _Plan:
    """Matrices for blocks of 64 or more input samples: a compromise between overhead and zeros."""
    repeats = ceil(_BLOCK / down)
    block, outputs = repeats * down, repeats * up
    taps = up * _kaiser_lowpass(up, down)
    half = (len(taps) - 1) // 2
    lead = ceil(half / up)
    parts = ceil((2 * lead + block + 1) / block)
    # On the grid of the common multiple of both rates output m lies at m * down and input j at (j - lead) *
    # up.
    offset = np.arange(outputs)[None, :] * down - (np.arange(parts * block)[:, None] - lead) * up + half
    inside = (offset >= 0) & (offset < len(taps))
    matrix = np.where(inside, taps[np.clip(offset, 0, len(taps) - 1)], 0.0)
    return _Plan(matrix.reshape(parts, block, outputs), lead)


def resample(signal: NDArray[np.float64], rate_hz: int, new_rate_hz: int) -> NDArray[np.float64]:
    """The signal at another rate, by a linear-phase low-pass of 60 dB; ceil(n * new / old) samples.

    Beyond its ends the signal counts as zero.

    Args:
        signal: float64, shape (samples,).
        rate_hz: Its rate.
        new_rate_hz: The rate wanted.
    """
    common = gcd(rate_hz, new_rate_hz)
    up, down = new_rate_hz // common, rate_hz // common
    if up == down:
        return signal
    if up * down > _LARGEST_RATIO:
        from scipy.signal import resample_poly

        filtered: NDArray[np.float64] = resample_poly(signal, up, down, window=_kaiser_lowpass(up, down))
        return filtered
    matrices, lead = _plan(up, down)
    parts, block, outputs = matrices.shape
    length = -(-len(signal) * up // down)
    count = -(-length // outputs)
    padded = np.zeros((count + parts - 1) * block)
    stop = min(len(signal), len(padded) - lead)
    padded[lead : lead + stop] = signal[:stop]
    blocks = padded.reshape(-1, block)
    resampled = product(blocks[:count], matrices[0])
    for part in range(1, parts):
        resampled += product(blocks[part : part + count], matrices[part])
    samples: NDArray[np.float64] = resampled.reshape(-1)[:length]
    return samples
