"""Lost and mistracked pellets: coils that never move, screening of spikes, interpolation of short gaps."""

from __future__ import annotations

import numpy as np
import scipy
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
        seen = trajectories.valid[:, x] & trajectories.valid[:, y]
        places = trajectories.values[seen][:, [x, y]]
        if len(places) >= STILL_S * trajectories.rate_hz and not np.ptp(places, axis=0).any():
            valid[:, [x, y]] = False
    return Trajectories(trajectories.values, trajectories.rate_hz, trajectories.names, valid)


def screen_spikes(trajectories: Trajectories) -> Trajectories:
    """Mark frames as invalid that lie more than `SPIKE_MM` from the median over `SPIKE_WINDOW_S` around them.

    Args:
        trajectories: Coordinates in mm at a raw rate.

    Returns:
        The same values with fewer valid frames.
    """
    window = max(3, 2 * round(SPIKE_WINDOW_S * trajectories.rate_hz / 2) + 1)
    if len(trajectories.values) < window:
        return trajectories
    filled = bridge(trajectories.values, trajectories.valid)
    median = scipy.ndimage.median_filter(filled, size=(window, 1), mode="nearest")
    valid = trajectories.valid & (np.abs(filled - median) <= SPIKE_MM)
    return Trajectories(trajectories.values, trajectories.rate_hz, trajectories.names, valid)


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
    for channel in np.flatnonzero(~valid.all(axis=0)):
        column, seen = bridged[:, channel], valid[:, channel]
        known, lost = np.flatnonzero(seen), np.flatnonzero(~seen)
        column[lost] = np.interp(lost, known, column[known]) if known.size else 0.0
    return bridged


def _short_gaps(valid: NDArray[np.bool_], longest: int) -> NDArray[np.bool_]:
    """Frames of runs of at most `longest` invalid frames with valid frames on both sides."""
    short = np.zeros_like(valid)
    for channel in np.flatnonzero(~valid.all(axis=0)):
        edges = np.diff(valid[:, channel].astype(np.int8))
        starts, ends = np.flatnonzero(edges == -1) + 1, np.flatnonzero(edges == 1) + 1
        ends = ends[ends > starts[0]] if starts.size else ends[:0]
        for start, end in zip(starts, ends, strict=False):
            if end - start <= longest:
                short[start:end, channel] = True
    return short
