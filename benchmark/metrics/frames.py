"""Short-time frames of clean speech and estimate, for measures that average over speech frames."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.checks import UnscorableReference
from benchmark.metrics.measure import Waveforms

FRAME_S = 0.032
DYNAMIC_RANGE_DB = 40.0

Array = NDArray[np.float64]


class FramePair(NamedTuple):
    """Hann-windowed frames (frames, samples) of the clean signal and of the estimate at the same times."""

    clean: Array
    estimate: Array


def speech_frames(reference: Waveforms, estimate: Array) -> FramePair:
    """Frames of 32 ms, half overlapping, in which the clean signal lies within 40 dB of its loudest frame.

    Raises:
        UnscorableReference: The clean signal is shorter than one frame.
    """
    size = round(FRAME_S * reference.rate_hz)
    if len(reference.samples) < size or size < 2:
        raise UnscorableReference(
            f"the clean signal has {len(reference.samples)} samples, one frame of {FRAME_S * 1000:g} "
            f"ms has {max(size, 2)}"
        )
    window = np.hanning(size + 2)[1:-1]
    clean, other = (_cut(signal, size) * window for signal in (reference.samples, estimate))
    energy = np.einsum("ij,ij->i", clean, clean)
    if energy.max() == 0:
        raise UnscorableReference("the clean signal is silent in every whole frame of 32 ms")
    speech = energy > energy.max() * 10 ** (-DYNAMIC_RANGE_DB / 10)
    return FramePair(clean[speech], other[speech])


def _cut(signal: Array, size: int) -> Array:
    frames: Array = np.lib.stride_tricks.sliding_window_view(signal, size)[:: size // 2]
    return frames
