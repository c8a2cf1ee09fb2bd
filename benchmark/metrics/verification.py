"""Measures of speaker verification: equal error rate and minimum detection cost, from the scores of trials.

A trial asks whether two recordings are of one speaker; the higher its score, the more so. *Target* trials are
of one speaker, *impostor* trials of two. A threshold accepts the trials that score at least as high.

These measures belong to a set of trials, never to one recording, so they are no `Measure` and stand in no
table of scores; `benchmark.verify_speakers` computes them.

Example:
    >>> EER()([0.9, 0.8, 0.4], [0.1, 0.3, 0.5])
    0.3333333333333333
    >>> MinDCF(0.05)([2.0, 3.0], [0.0, 1.0])
    0.0
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.errors import MeasureError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TrialMeasure(ABC):
    """A measure of a set of trials, and the facts that it states about itself.

    A failure is charged by its trial, see `benchmark.scoring.speaker_trials`.

    Attributes:
        unit: Unit of the value.
        range: Least and greatest value.
        higher_is_better: Direction of quality.
        version: Changes whenever a value could change.
        source: Citation of the definition.
    """

    unit: ClassVar[str] = "1"
    range: ClassVar[tuple[float, float]] = (0.0, 1.0)
    higher_is_better: ClassVar[bool] = False
    version: ClassVar[str] = "1"
    source: ClassVar[str]

    @property
    @abstractmethod
    def name(self) -> str:
        """As in tables."""

    @abstractmethod
    def weighted(self, curve: ErrorCurve) -> Array:
        """The value for every set of weights of a curve, shape (sets,)."""

    def __call__(self, targets: ArrayLike, impostors: ArrayLike) -> float:
        """The value for the scores of target and impostor trials.

        Args:
            targets: Shape (trials,).
            impostors: Shape (trials,).

        Raises:
            MeasureError: There are none of one kind, or a score is NaN.
        """
        return float(self.weighted(error_curve(targets, impostors))[0])


@dataclass(frozen=True)
class EER(TrialMeasure):
    """Equal error rate: where the rates of missed targets and of accepted impostors are equal.

    Between two thresholds the error rates are joined by a straight line, as is usual for ROC curves; so equal
    scores of all trials, and a coin, give 0.5.
    """

    source: ClassVar[str] = "ISO/IEC 19795-1:2021; linear between thresholds"

    @property
    def name(self) -> str:
        """As in tables."""
        return "EER"

    def weighted(self, curve: ErrorCurve) -> Array:
        """The value for each set of weights, shape (sets,); NaN where a kind of trial is missing."""
        miss, accepted = curve.miss, curve.accepted
        # From accepting nothing (miss 1, accepted 0) to accepting all; the difference only falls.
        apart = miss - accepted
        after = np.argmax(apart <= 0, axis=1)
        rows = np.arange(len(miss))
        high, low = apart[rows, after - 1], apart[rows, after]
        share = high / (high - low)
        start = accepted[rows, after - 1]
        return np.asarray(start + share * (accepted[rows, after] - start))


@dataclass(frozen=True)
class MinDCF(TrialMeasure):
    """Minimum of the detection cost over thresholds, divided by the cost of deciding without listening.

    Both kinds of error cost 1. NIST uses target priors of .01 and .05: an impostor who is let in weighs 99,
    or 19, times as much as a target who is refused.

    Attributes:
        p_target: Prior probability that a trial is of one speaker, 0 < p < 1.
    """

    p_target: float
    source: ClassVar[str] = "NIST Speaker Recognition Evaluation Plan, 2016 and later; C_miss = C_fa = 1"

    def __post_init__(self) -> None:
        if not 0 < self.p_target < 1:
            raise MeasureError(f"MinDCF needs a prior between 0 and 1, got {self.p_target}")

    @property
    def name(self) -> str:
        """As in tables."""
        return f"MinDCF(p_target={self.p_target:g})"

    def weighted(self, curve: ErrorCurve) -> Array:
        """The value for each set of weights, shape (sets,); NaN where a kind of trial is missing."""
        cost = self.p_target * curve.miss + (1 - self.p_target) * curve.accepted
        return np.asarray(cost.min(axis=1) / min(self.p_target, 1 - self.p_target))


#: Those that are computed for every set of trials.
TRIAL_MEASURES: tuple[TrialMeasure, ...] = (EER(), MinDCF(0.05), MinDCF(0.01))


@dataclass(frozen=True, eq=False)
class ErrorCurve:
    """Error rates at all thresholds, from one that accepts nothing to one that accepts everything.

    Attributes:
        miss: float64, shape (sets, thresholds): share of the target trials below the threshold.
        accepted: float64, same shape: share of the impostor trials that reach it.
    """

    miss: Array
    accepted: Array


def error_curve(
    targets: ArrayLike,
    impostors: ArrayLike,
    target_weights: ArrayLike | None = None,
    impostor_weights: ArrayLike | None = None,
) -> ErrorCurve:
    """The error rates of a set of trials, or of several that differ in how much each trial weighs.

    Args:
        targets: Scores of target trials, shape (targets,).
        impostors: Scores of impostor trials, shape (impostors,).
        target_weights: Shape (sets, targets); None for one set in which all weigh the same.
        impostor_weights: Shape (sets, impostors).

    Raises:
        MeasureError: There are none of one kind, or a score is NaN.
    """
    there = np.asarray(targets, np.float64).ravel()
    others = np.asarray(impostors, np.float64).ravel()
    if not len(there) or not len(others):
        raise MeasureError(f"{len(there)} target and {len(others)} impostor trials; both kinds are needed")
    if np.isnan(there).any() or np.isnan(others).any():
        raise MeasureError("a trial has the score NaN")
    own = np.ones((1, len(there))) if target_weights is None else np.asarray(target_weights, np.float64)
    foreign = np.ones((1, len(others))) if impostor_weights is None else np.asarray(impostor_weights, float)
    scores = np.concatenate([there, others])
    order = np.argsort(-scores, kind="stable")
    # Trials of one score are accepted together.
    last = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    hits = np.concatenate([own, np.zeros((len(own), len(others)))], axis=1)[:, order].cumsum(axis=1)[:, last]
    alarms = np.concatenate([np.zeros((len(foreign), len(there))), foreign], axis=1)[:, order]
    alarms = alarms.cumsum(axis=1)[:, last]
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.pad(hits / hits[:, -1:], ((0, 0), (1, 0)))
        accepted = np.pad(alarms / alarms[:, -1:], ((0, 0), (1, 0)))
    return ErrorCurve(1 - found, accepted)
