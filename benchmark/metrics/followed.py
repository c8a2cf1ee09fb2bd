"""Whom a prediction follows in babble: the target, one of the other talkers, or nobody.

A diagnostic, never ranked. In overlapping windows the prediction is correlated with the articulation of the
target and with that of every talker in the noise. The source with the highest correlation is followed, unless
the correlation is one that voices would reach which are not in the mixture at all.

Correlation in a window: each parameter is divided by its standard deviation over the utterance and centred in
the window, then all parameters together give one Pearson coefficient, so that a parameter counts for as much
as it moves there.

Threshold: short windows correlate by chance, and the best of many sources does so more often. So it is
calibrated by a mismatched control, the same predictions against voices that are not in the mixture: the
threshold for n sources is the value that the best of n unrelated ones exceeds in `CHANCE` of the windows,
taken as the quantile (1 - CHANCE) ** (1 / n) of the control's correlations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from benchmark.types import Trajectories

#: Chosen on `ridge_noisy` and the 24 babbling voices of the embedded corpus (8 talkers): on clean speech a
#: window of 0.5 s names the target in 42 % of the time, 1 s in 77 %, 1.5 s in 92 %, 2 s in 99 %; longer ones
#: see fewer changes in sentences of four seconds.
WINDOW_S = 1.5
STEP_S = 0.1
CHANCE = 0.05
#: The states of a window besides the number of the talker that is followed, from 1.
TARGET, NOBODY = 0, -1
_LEAST_VALID = 0.5


class Followed(NamedTuple):
    """Whom one prediction followed.

    Attributes:
        on_target: Share of the windows in which it followed the target, 0..1.
        on_another: Share in which it followed a talker of the noise.
        on_none: Share in which it followed nobody. The three add up to 1.
        switches_per_s: How often it went from one source to another, per second; windows in which it followed
            nobody are passed by.
        windows: How many windows could be told.
    """

    on_target: float
    on_another: float
    on_none: float
    switches_per_s: float
    windows: int


def window_correlations(
    prediction: Trajectories,
    sources: Sequence[Trajectories],
    window_s: float = WINDOW_S,
    step_s: float = STEP_S,
) -> NDArray[np.float64]:
    """Correlation of a prediction with each source in each window.

    Args:
        prediction: What a model gave.
        sources: On the same time axis with the same parameters; frames that are not known are not valid.
            Longer ones are cut, shorter ones are not known at their end.
        window_s: Length of a window, seconds.
        step_s: From one window to the next, seconds.

    Returns:
        Shape (windows, sources). NaN where less than half of a source is known; 0 where either does not move.
    """
    frames, channels = prediction.values.shape
    length = min(round(window_s * prediction.rate_hz), frames)
    step = max(1, round(step_s * prediction.rate_hz))
    if length == 0:
        return np.zeros((0, len(sources)))
    columns = []
    for source in sources:
        known = np.zeros((frames, channels), dtype=bool)
        values = np.zeros((frames, channels))
        overlap = min(frames, len(source.values))
        known[:overlap] = source.valid[:overlap] & prediction.valid[:overlap]
        values[:overlap] = source.values[:overlap]
        columns.append(_correlate(prediction.values.astype(np.float64), values, known, length, step))
    return np.stack(columns, axis=1) if columns else np.zeros((len(range(0, frames - length + 1, step)), 0))


def _correlate(
    first: NDArray[np.float64], second: NDArray[np.float64], known: NDArray[np.bool_], length: int, step: int
) -> NDArray[np.float64]:
    weights = _windows(known.astype(np.float64), length, step)
    one = _centred(_windows(_scaled(first, known), length, step), weights)
    other = _centred(_windows(_scaled(second, known), length, step), weights)
    covariance = (one * other).sum(axis=(1, 2))
    power = np.sqrt((one**2).sum(axis=(1, 2)) * (other**2).sum(axis=(1, 2)))
    found: NDArray[np.float64] = np.divide(
        covariance, power, out=np.zeros_like(covariance), where=power > 1e-9
    )
    found[weights.mean(axis=(1, 2)) < _LEAST_VALID] = np.nan
    return found


def _windows(values: NDArray[np.float64], length: int, step: int) -> NDArray[np.float64]:
    """Shape (windows, channels, length)."""
    windows: NDArray[np.float64] = sliding_window_view(values, length, axis=0)[::step]
    return windows


def _scaled(values: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Divides channels by their standard deviation over known frames; constant channels become 0."""
    counts = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0.0).sum(axis=0) / counts
    deviation = np.sqrt((np.where(known, values - mean, 0.0) ** 2).sum(axis=0) / counts)
    moving = deviation > 1e-6 * (1.0 + np.abs(mean))
    return np.where(moving, (values - mean) / np.where(moving, deviation, 1.0), 0.0)


def _centred(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    mean = (values * weights).sum(axis=2) / np.maximum(weights.sum(axis=2), 1.0)
    centred: NDArray[np.float64] = (values - mean[:, :, None]) * weights
    return centred


def threshold(control: NDArray[np.float64], sources: int, chance: float = CHANCE) -> float:
    """The correlation that the best of so many unrelated sources exceeds in a share `chance` of the windows.

    Args:
        control: Correlations with voices that are not in the mixture, any shape; NaN is passed by.
        sources: How many sources there are, the target among them.
        chance: Accepted share of windows that follow somebody by chance.

    Raises:
        ValueError: The control is empty.
    """
    known = control[np.isfinite(control)]
    if not len(known):
        raise ValueError("a threshold needs a control")
    return float(np.quantile(known, (1.0 - chance) ** (1.0 / sources)))


def states(correlations: NDArray[np.float64], least: float) -> NDArray[np.int64]:
    """Whom each window follows: `TARGET`, the number of a talker from 1, or `NOBODY`.

    Args:
        correlations: Shape (windows, sources), the target first; a NaN is never followed.
        least: The threshold; only what lies above it is followed.
    """
    known = np.where(np.isfinite(correlations), correlations, -np.inf)
    best = known.argmax(axis=1)
    return np.where(known.max(axis=1) > least, best, NOBODY)


def followed(correlations: NDArray[np.float64], least: float, step_s: float = STEP_S) -> Followed | None:
    """Sums up the windows of one prediction; None if the target is not known in any of them.

    Args:
        correlations: Of `window_correlations`, the target first, then the talkers.
        least: Of `threshold`, for as many sources.
        step_s: As in `window_correlations`.
    """
    told = states(correlations[np.isfinite(correlations[:, 0])], least)
    if not len(told):
        return None
    sure = told[told != NOBODY]
    switches = int(np.count_nonzero(sure[1:] != sure[:-1]))
    return Followed(
        float(np.mean(told == TARGET)),
        float(np.mean(told > TARGET)),
        float(np.mean(told == NOBODY)),
        switches / (len(told) * step_s),
        len(told),
    )
