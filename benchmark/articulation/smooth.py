"""Zero-phase smoothing and resampling of trajectories that carry a validity mask."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from benchmark.articulation.gaps import bridge
from benchmark.types import Trajectories

#: Articulators move below this; above it lies the noise of tracking.
CUTOFF_HZ = 20.0
_ORDER = 4
_PERIODS_OF_PADDING = 8
_HIGHEST_RELATIVE_CUTOFF = 0.45


def low_pass(trajectories: Trajectories, cutoff_hz: float = CUTOFF_HZ) -> Trajectories:
    """Zero-phase low-pass, with the response of a 4th-order Butterworth run forwards and backwards.

    The filter is applied to the spectrum, so that its response at a frequency does not depend on the rate at
    which a corpus was sampled, as that of a recursive digital filter does. Invalid stretches are bridged
    while the filter runs, so that their arbitrary values do not leak into valid frames; the mask stays as it
    was.

    Args:
        trajectories: Any channels; a rate too low for the cutoff returns them as they are.
        cutoff_hz: Frequency that loses 6 dB.
    """
    frames = len(trajectories.values)
    if cutoff_hz >= _HIGHEST_RELATIVE_CUTOFF * trajectories.rate_hz or frames < 2:
        return trajectories
    # The filter's memory fades within a few periods of the cutoff; beyond them the two ends cannot touch.
    padding = int(_PERIODS_OF_PADDING * trajectories.rate_hz / cutoff_hz)
    bridged = bridge(trajectories.values, trajectories.valid)
    padded = np.pad(bridged, ((padding, padding), (0, 0)), mode="reflect", reflect_type="odd")
    length = scipy.fft.next_fast_len(len(padded), real=True)
    hertz = np.fft.rfftfreq(length, 1.0 / trajectories.rate_hz)
    gain = 1.0 / (1.0 + (hertz / cutoff_hz) ** (2 * _ORDER))
    # A line from end to end is taken out and put back, so that the spectrum sees no jump between them.
    slope = np.linspace(0.0, 1.0, len(padded))[:, None]
    line = padded[:1] * (1.0 - slope) + padded[-1:] * slope
    spectrum = scipy.fft.rfft(padded - line, length, axis=0) * gain[:, None]
    smooth = scipy.fft.irfft(spectrum, length, axis=0)[: len(padded)] + line
    values = smooth[padding : padding + frames].astype(np.float32)
    return Trajectories(values, trajectories.rate_hz, trajectories.names, trajectories.valid)


def to_rate(trajectories: Trajectories, rate_hz: float, frames: int | None = None) -> Trajectories:
    """Resample by cubic spline; low-pass first if the new rate is lower.

    Frame k of the result is at k / rate_hz seconds. It is valid where the frames around it (or the frame at
    that very time) are valid.

    Args:
        trajectories: Smooth channels.
        rate_hz: Rate wanted.
        frames: Number of frames; None for as many as the source covers. Frames past the source are invalid.
    """
    source = len(trajectories.values)
    covered = frames_covered(source, trajectories.rate_hz, rate_hz)
    frames = covered if frames is None else frames
    position = np.arange(frames) * (trajectories.rate_hz / rate_hz)
    nearest = np.rint(position)
    position = np.where(np.abs(position - nearest) < 1e-6, nearest, position)
    valid = _valid_at(trajectories.valid, position)
    inside = np.clip(position, 0, source - 1)
    if np.array_equal(inside, np.rint(inside)):
        values = trajectories.values[inside.astype(np.intp)]
    else:
        bridged = bridge(trajectories.values, trajectories.valid)
        values = scipy.interpolate.make_interp_spline(
            np.arange(source), bridged, k=min(3, source - 1), axis=0
        )(inside)
    return Trajectories(np.asarray(values, np.float32), rate_hz, trajectories.names, valid)


def frames_covered(source_frames: int, source_rate_hz: float, rate_hz: float) -> int:
    """How many frames at `rate_hz` lie between the first and the last source frame, both included."""
    return int(np.floor((source_frames - 1) * rate_hz / source_rate_hz + 1e-6)) + 1


def _valid_at(valid: NDArray[np.bool_], position: NDArray[np.floating]) -> NDArray[np.bool_]:
    last = len(valid) - 1
    before = np.floor(position).astype(np.intp)
    after = np.ceil(position).astype(np.intp)
    known: NDArray[np.bool_] = valid[np.minimum(before, last)] & valid[np.minimum(after, last)]
    known[after > last] = False
    return known
