"""Lost and mistracked pellets: coils that never move, screening of spikes, interpolation of short gaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.types import Trajectories

#: A gap up to this long is bridged; half a closing gesture may hide in a longer one.
LONGEST_GAP_S = 0.05
#: A spike is further than this from the running median: no articulator moves so far and back so fast.
SPIKE_MM = 5.0
SPIKE_WINDOW_S = 0.035
#: A coil that has not moved at all in a recording of this length is dead, or was never plugged in.
STILL_S = 0.3


def without_still_coils(trajectories: Trajectories) -> Trajectories:
    """Mark coils as invalid that stay in one and the same place, (0, 0) or another, throughout a recording.

    Args:
        trajectories: Coordinates in pairs named ..._x and ..._y, at a raw rate; values that no living
            articulator repeats exactly.

    Returns:
        The same values; coils with fewer than `STILL_S` of valid frames are left alone.
    """
    valid = trajectories.valid.copy()
    column = {name: i for i, name in enumerate(trajectories.names)}
    for name, x in column.items():
        if not name.endswith("_x") or (y := column.get(f"{name[:-2]}_y")) is None:
            continue
        seen = np.flatnonzero(trajectories.valid[:, x] & trajectories.valid[:, y])
        if len(seen) < STILL_S * trajectories.rate_hz:
            continue
        along_x, along_y = trajectories.values[:, x], trajectories.values[:, y]
        if (along_x[seen] == along_x[seen[0]]).all() and (along_y[seen] == along_y[seen[0]]).all():
            valid[:, [x, y]] = False
    return Trajectories(trajectories.values, trajectories.rate_hz, trajectories.names, valid)


def screen_spikes(trajectories: Trajectories) -> Trajectories:
    """Mark frames as invalid that lie more than `SPIKE_MM` from the median over `SPIKE_WINDOW_S` around them.

    Args:
        trajectories: Coordinates in mm at a raw rate.

    Returns:
        The same values with fewer valid frames.
    """
    half = max(1, round(SPIKE_WINDOW_S * trajectories.rate_hz / 2))
    if len(trajectories.values) < 2 * half + 1:
        return trajectories
    filled = bridge(trajectories.values, trajectories.valid)
    padded = np.pad(filled, ((half, half), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1, axis=0)
    # Only what moves by more than a spike's height within the window can be that far from its median.
    frame, channel = np.nonzero(trajectories.valid & _moves(padded, half, SPIKE_MM))
    median = np.median(windows[frame, channel], axis=1)
    valid = trajectories.valid.copy()
    valid[frame, channel] = np.abs(filled[frame, channel] - median) <= SPIKE_MM
    return Trajectories(trajectories.values, trajectories.rate_hz, trajectories.names, valid)


def _moves(padded: NDArray[np.float64], half: int, most: float) -> NDArray[np.bool_]:
    """Whether a value within `half` frames differs by more than `most`; of shape (frames, channels).

    Args:
        padded: Values with `half` more frames at both ends, shape (half + frames + half, channels).
        half: How many frames to each side are looked at.
        most: In the unit of the values.
    """
    found = np.zeros((len(padded) - 2 * half, padded.shape[1]), bool)
    for step in range(1, half + 1):
        apart = np.abs(padded[step:] - padded[:-step]) > most
        found |= apart[half : half + len(found)] | apart[half - step : half - step + len(found)]
    return found


def fill_short_gaps(trajectories: Trajectories, longest_s: float = LONGEST_GAP_S) -> Trajectories:
    """Interpolate linearly over gaps that are short and lie between valid frames; longer ones stay invalid.

    Args:
        trajectories: Any channels.
        longest_s: Longest gap that is filled, in seconds.
    """
    valid = trajectories.valid | _short_gaps(trajectories.valid, int(longest_s * trajectories.rate_hz + 1e-9))
    filled = np.where(valid, bridge(trajectories.values, trajectories.valid), trajectories.values)
    return Trajectories(filled.astype(np.float32), trajectories.rate_hz, trajectories.names, valid)


def bridge(values: NDArray[np.floating], valid: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Values with every invalid frame interpolated (held at the ends), so that a filter can run over them.

    Args:
        values: Shape (frames, channels).
        valid: bool, same shape.

    Returns:
        float64, same shape; a channel without any valid frame is 0.
    """
    bridged = np.array(values, np.float64)
    channel, start, end = _gaps(valid)
    if not channel.size:
        return bridged
    frames = len(bridged)
    before, after = bridged[np.maximum(start - 1, 0), channel], bridged[np.minimum(end, frames - 1), channel]
    before, after = np.where(start > 0, before, after), np.where(end < frames, after, before)
    never = (start == 0) & (end == frames)
    before[never] = after[never] = 0.0
    slope = (after - before) / (end - start + 1)
    lengths = end - start
    step = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    bridged[np.repeat(start, lengths) + step, np.repeat(channel, lengths)] = np.repeat(slope, lengths) * (
        step + 1
    ) + np.repeat(before, lengths)
    return bridged


def _short_gaps(valid: NDArray[np.bool_], longest: int) -> NDArray[np.bool_]:
    """Frames of runs of at most `longest` invalid frames with valid frames on both sides."""
    short = np.zeros_like(valid)
    runs = zip(*_gaps(valid), strict=True)
    for channel, start, end in runs:
        if start > 0 and end < len(valid) and end - start <= longest:
            short[start:end, channel] = True
    return short


def _gaps(valid: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Channel, first frame and frame after the last of every run of invalid frames."""
    # One channel after the other, each with a valid frame before and after, so that gaps end where they lie.
    around = np.ones((valid.shape[1], len(valid) + 2), bool)
    around[:, 1:-1] = valid.T
    in_a_row = around.ravel()
    start, end = np.flatnonzero(in_a_row[1:] != in_a_row[:-1]).reshape(-1, 2).T
    channel, first = np.divmod(start, around.shape[1])
    return channel, first, first + end - start
