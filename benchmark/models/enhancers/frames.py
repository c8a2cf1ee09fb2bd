"""Frame by frame processing that comes out where it went in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmark.models.contract import Audio


def streamed(noisy: Audio, frame: int, delay: int, process: Callable[[Audio], NDArray[np.float32]]) -> Audio:
    """Feeds a streaming system whole frames and takes its delay off.

    Args:
        noisy: Shape (samples,).
        frame: Samples that the system takes at a time.
        delay: By how many samples its output lags.
        process: Takes a frame and gives one.

    Returns:
        float32, same shape.
    """
    frames = -(-(len(noisy) + delay) // frame)
    padded = np.zeros(frames * frame, np.float32)
    padded[: len(noisy)] = noisy
    out = np.concatenate([process(part) for part in padded.reshape(frames, frame)])
    return np.asarray(out[delay : delay + len(noisy)], np.float32)


def windows(noisy: Audio, size: int, hop: int) -> NDArray[np.float32]:
    """Overlapping frames that cover every sample equally often.

    Args:
        noisy: Shape (samples,).
        size: Samples in a frame, a multiple of `hop`.
        hop: From one frame to the next.

    Returns:
        float32, shape (frames, size); the first frame starts `size - hop` before the first sample.
    """
    lead = size - hop
    frames = -(-(len(noisy) + lead) // hop)
    padded = np.zeros(lead + frames * hop, np.float32)
    padded[lead : lead + len(noisy)] = noisy
    return np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]


def overlap_add(frames: NDArray[np.floating], hop: int, length: int) -> Audio:
    """Sums frames of `windows` back into a signal of `length` samples."""
    count, size = frames.shape
    out = np.zeros((count + size // hop - 1) * hop)
    for i, part in enumerate(frames):
        out[i * hop : i * hop + size] += part
    lead = size - hop
    return np.asarray(out[lead : lead + length], np.float32)
