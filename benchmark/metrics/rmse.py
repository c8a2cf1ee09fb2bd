"""Root-mean-square error of trajectories, in their own units or in standard deviations of the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark.errors import MeasureError
from benchmark.metrics.correlation import judged, lay_out, moments, target_deviation, verdicts
from benchmark.metrics.measure import ParameterScores, TrajectoryMeasure, TrajectoryPair


@dataclass(frozen=True, repr=False)
class RMSE(TrajectoryMeasure):
    """Root-mean-square error over the frames valid on both sides, per utterance and parameter.

    ``RMSE`` is in the unit of the parameter (mm, Hz, 1), so it may be compared but not averaged across
    parameters, and is not ranked. ``RMSE(scale='sd')`` divides by the standard deviation of the target in
    that utterance: a prediction stuck at the target's mean scores 1. A prediction that is missing, not finite
    or marks over 10 % of the target's frames invalid is charged two standard deviations, what the mirrored
    target would score, and is "failed"; a constant prediction is an ordinary one here.

    Attributes:
        scale: "own" (the unit of each parameter) or "sd" (standard deviations of the target).
    """

    scale: str = "own"

    range: ClassVar[tuple[float, float]] = (0.0, float("inf"))
    higher_is_better: ClassVar[bool] = False
    worst: ClassVar[float] = 2.0
    source: ClassVar[str] = "conventions of this benchmark"

    def __post_init__(self) -> None:
        if self.scale not in ("own", "sd"):
            raise MeasureError(f"RMSE has no scale {self.scale!r}; there are 'own', 'sd'")

    @property
    def unit(self) -> str:
        """That of each parameter ("own"), or standard deviations of the target ("SD")."""
        return "own" if self.scale == "own" else "SD"

    @property
    def ranked(self) -> bool:
        """Only the normalised error can be averaged over parameters, hence ranked."""
        return self.scale == "sd"

    def batch(self, pairs: Sequence[TrajectoryPair]) -> list[ParameterScores]:
        """Each pair by itself."""
        if not pairs:
            return []
        stretches = lay_out(pairs)
        m = moments(stretches)
        difference = np.where(stretches.counted, stretches.target - stretches.estimate, 0.0)
        squares = np.add.reduceat(difference * difference, stretches.starts)
        error = np.sqrt(squares / np.maximum(m.frames, 1))
        deviation = target_deviation(stretches)
        reasons = verdicts(stretches, m, np.zeros_like(stretches.not_finite))
        if self.scale == "sd":
            with np.errstate(invalid="ignore", divide="ignore"):
                return judged(stretches.names, error / deviation, reasons, np.full_like(error, self.worst))
        return judged(stretches.names, error, reasons, self.worst * deviation)
