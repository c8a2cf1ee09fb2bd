"""Pearson correlation of many channels over many stretches, and who is to blame where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import MeasureError
from benchmark.metrics.checks import check_trajectories
from benchmark.metrics.measure import ParameterScore, ParameterScores, TrajectoryPair
from benchmark.types import Trajectories

MIN_FRAMES = 10
MIN_DELIVERED = 0.9
#: What a failure is charged: the correlation of a trajectory that knows nothing of the other.
WORST = 0.0
_RELATIVE_EPS = 1e-6

LEFT_OUT_SHORT = f"fewer than {MIN_FRAMES} valid frames"
LEFT_OUT_CONSTANT = "the target does not move"
FAILED_CONSTANT = "the prediction does not move"
FAILED_NOT_FINITE = "the prediction is missing or not finite"
FAILED_WITHHELD = f"the prediction marks more than {1 - MIN_DELIVERED:.0%} of the target's frames as invalid"
FAILURES = (FAILED_CONSTANT, FAILED_NOT_FINITE, FAILED_WITHHELD)
LEFT_OUT = (LEFT_OUT_SHORT, LEFT_OUT_CONSTANT)

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Stretches(NamedTuple):
    """Stretches of trajectories laid end to end.

    Attributes:
        names: The channels.
        target: float64, shape (frames, channels).
        estimate: Same shape, 0 where not finite.
        asked: bool, same shape: valid in the target.
        counted: bool, same shape: valid on both sides.
        starts: First frame of each stretch, ascending from 0; no stretch is empty.
        not_finite: bool, shape (stretches, channels): a prediction that counts is NaN or infinite.
    """

    names: tuple[str, ...]
    target: Array
    estimate: Array
    asked: Mask
    counted: Mask
    starts: NDArray[np.int64]
    not_finite: Mask


class Moments(NamedTuple):
    """Sums over each stretch, shape (stretches, channels): frames, squares and products about the means."""

    frames: Array
    target: Array
    estimate: Array
    product: Array
    target_mean: Array
    estimate_mean: Array


def lay_out(pairs: Sequence[TrajectoryPair]) -> Stretches:
    """Checked pairs as one stretch each; None, for a prediction that does not exist, is nowhere finite.

    Raises:
        MeasureError: Names, rates or lengths of a pair do not agree (see `check_trajectories`), or names
        change between pairs.
    """
    checked = [check_trajectories(t, _nowhere(t) if e is None else e) for t, e in pairs]
    names = checked[0][0].names
    other = next((t.names for t, _ in checked if t.names != names), None)
    if other is not None:
        raise MeasureError(
            f"targets have different parameters: {', '.join(names)} and {', '.join(other)}; score them apart"
        )
    target = np.concatenate([t.values for t, _ in checked]).astype(np.float64)
    estimate = np.concatenate([e.values for _, e in checked]).astype(np.float64)
    asked = np.concatenate([t.valid for t, _ in checked])
    counted = asked & np.concatenate([e.valid for _, e in checked])
    starts = np.concatenate([[0], np.cumsum([len(t.values) for t, _ in checked])[:-1]])
    finite = np.isfinite(estimate)
    if finite.all():
        not_finite = np.zeros((len(starts), len(names)), dtype=np.bool_)
    else:
        not_finite = np.logical_or.reduceat(counted & ~finite, starts)
        estimate = np.where(finite, estimate, 0.0)
    return Stretches(names, target, estimate, asked, counted, starts, not_finite)


def _nowhere(target: Trajectories) -> Trajectories:
    return Trajectories(np.full_like(target.values, np.nan), target.rate_hz, target.names, target.valid)


def moments(stretches: Stretches) -> Moments:
    """Means first, then squares about them: one pass is wrong by more than 1 for channels far from 0."""
    starts = stretches.starts
    frames, t, t_mean = _centre(stretches.target, stretches.counted, starts)
    _, e, e_mean = _centre(stretches.estimate, stretches.counted, starts)
    add = np.add.reduceat
    return Moments(frames, add(t * t, starts), add(e * e, starts), add(t * e, starts), t_mean, e_mean)


def _centre(values: Array, counted: Mask, starts: NDArray[np.int64]) -> tuple[Array, Array, Array]:
    """Counted frames of each stretch, values about their mean (0 where not counted), and that mean."""
    lengths = np.diff(starts, append=len(values))
    everywhere = bool(counted.all())
    if everywhere:
        frames = np.repeat(lengths[:, None], values.shape[1], axis=1).astype(np.float64)
    else:
        frames = np.add.reduceat(counted, starts, dtype=np.float64)
        values = np.where(counted, values, 0.0)
    mean = np.add.reduceat(values, starts) / np.maximum(frames, 1)
    centred = values - (mean if len(starts) == 1 else np.repeat(mean, lengths, axis=0))
    if not everywhere:
        centred *= counted
    return frames, centred, mean


def target_deviation(stretches: Stretches) -> Array:
    """Standard deviation of the target over its own valid frames, shape (stretches, channels)."""
    frames, centred, _ = _centre(stretches.target, stretches.asked, stretches.starts)
    deviation: Array = np.sqrt(np.add.reduceat(centred * centred, stretches.starts) / np.maximum(frames, 1))
    return deviation


def is_constant(squares: Array, mean: Array, frames: Array) -> Mask:
    """Whether what moves is no more than the rounding of float32."""
    return squares <= frames * (_RELATIVE_EPS * np.abs(mean)) ** 2


def pearson(m: Moments) -> Array:
    """Correlation of each stretch and channel, NaN where either side is constant."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.clip(m.product / np.sqrt(m.target * m.estimate), -1.0, 1.0)


def correlations(pairs: Sequence[TrajectoryPair]) -> list[ParameterScores]:
    """Correlation of each pair by parameter: left out by the target's fault, -1 by the prediction's."""
    return score_stretches(lay_out(pairs)) if pairs else []


def score_stretches(stretches: Stretches) -> list[ParameterScores]:
    """Correlation of each stretch by parameter."""
    m = moments(stretches)
    frozen = is_constant(m.estimate, m.estimate_mean, m.frames)
    reasons = verdicts(stretches, m, frozen)
    return judged(stretches.names, pearson(m), reasons)


def verdicts(stretches: Stretches, m: Moments, frozen: Mask) -> NDArray[np.object_] | None:
    """Reason by stretch and channel why there is no value, "" where there is one; None where all is well.

    Args:
        stretches: Target and estimate.
        m: Their moments.
        frozen: shape (stretches, channels): the prediction does not move, where that is a failure.
    """
    if stretches.counted is stretches.asked or np.array_equal(stretches.counted, stretches.asked):
        frames, squares, mean = m.frames, m.target, m.target_mean
        withheld = np.zeros_like(frozen)
    else:
        # The target is judged by its own frames, else a model could have hard targets left out by marking
        # them invalid.
        frames, centred, mean = _centre(stretches.target, stretches.asked, stretches.starts)
        squares = np.add.reduceat(centred * centred, stretches.starts)
        withheld = m.frames < MIN_DELIVERED * frames
    short = frames < MIN_FRAMES
    still = is_constant(squares, mean, frames)
    if not (short | still | frozen | withheld | stretches.not_finite).any():
        return None
    reasons = np.full(short.shape, "", dtype=object)
    for where, reason in (
        (frozen, FAILED_CONSTANT),
        (withheld, FAILED_WITHHELD),
        (stretches.not_finite, FAILED_NOT_FINITE),
        (still, LEFT_OUT_CONSTANT),
        (short, LEFT_OUT_SHORT),
    ):
        reasons[where] = reason
    return reasons


def faults(each: Stretches, m: Moments) -> tuple[Mask, Mask]:
    """Which utterances and channels fail or are left out; a constant prediction is not a fault here."""
    reasons = verdicts(each, m, np.zeros_like(each.not_finite))
    if reasons is None:
        return each.not_finite, np.zeros_like(each.not_finite)
    failed = [[reason in FAILURES for reason in row] for row in reasons.tolist()]
    left_out = [[reason in LEFT_OUT for reason in row] for row in reasons.tolist()]
    return np.array(failed, dtype=np.bool_), np.array(left_out, dtype=np.bool_)


def judged(
    names: Sequence[str], values: Array, reasons: NDArray[np.object_] | None, worst: Array | None = None
) -> list[ParameterScores]:
    """Scores by stretch and parameter from values and the reasons against them.

    Args:
        names: The parameters.
        values: shape (stretches, parameters).
        reasons: From `verdicts`.
        worst: What a failure is charged, same shape as `values`; if None `WORST`.
    """
    if reasons is None:
        return [dict(zip(names, map(ParameterScore, row), strict=True)) for row in values.tolist()]
    charged = np.full_like(values, WORST) if worst is None else worst
    rows = zip(values.tolist(), charged.tolist(), reasons.tolist(), strict=True)
    return [
        {name: _judge(v, w, reason) for name, v, w, reason in zip(names, *row, strict=True)} for row in rows
    ]


def _judge(value: float, worst: float, reason: str) -> ParameterScore:
    if not reason:
        return ParameterScore(value)
    if reason in LEFT_OUT:
        return ParameterScore(float("nan"), "left_out", reason)
    return ParameterScore(worst, "failed", reason)
