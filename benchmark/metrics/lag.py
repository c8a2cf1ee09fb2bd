"""Correlation after the best common shift: does a model know the movement but not the moment?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from benchmark.errors import MeasureError
from benchmark.metrics.checks import check_trajectories
from benchmark.metrics.correlation import MIN_FRAMES, WORST, correlations
from benchmark.metrics.measure import ParameterScores, TrajectoryMeasure, TrajectoryPair
from benchmark.types import Trajectories


class BestLag(NamedTuple):
    """The shift at which a prediction fits best.

    Attributes:
        lag_ms: How much later than the target the prediction moves; negative if earlier.
        scores: Correlations by parameter at that shift.
    """

    lag_ms: float
    scores: ParameterScores


def best_lag(target: Trajectories, estimate: Trajectories, max_lag_ms: float = 50.0) -> BestLag:
    """The one shift of whole frames, common to all parameters, with the greatest mean correlation.

    Of equal ones the smallest shift wins.

    Raises:
        MeasureError: Names or rates differ, or lengths differ by more than 50 ms.
    """
    target, estimate = check_trajectories(target, estimate)
    frames = len(target.values)
    most = min(int(max_lag_ms / 1000 * target.rate_hz + 1e-9), max(0, frames - MIN_FRAMES))
    lags = sorted(range(-most, most + 1), key=lambda lag: (abs(lag), lag))
    rows = correlations(
        [
            (
                _cut(target, max(0, -lag), frames - max(0, lag)),
                _cut(estimate, max(0, lag), frames + min(0, lag)),
            )
            for lag in lags
        ]
    )
    means = [_mean(row) for row in rows]
    best = int(np.argmax(means))
    return BestLag(lags[best] * 1000 / target.rate_hz, rows[best])


def _mean(scores: ParameterScores) -> float:
    values = [s.value for s in scores.values() if s.status != "left_out"]
    return float(np.mean(values)) if values else WORST


def _cut(trajectories: Trajectories, start: int, stop: int) -> Trajectories:
    values, valid = trajectories.values[start:stop], trajectories.valid[start:stop]
    return Trajectories(values, trajectories.rate_hz, trajectories.names, valid)


@dataclass(frozen=True, repr=False)
class LagPPMC(TrajectoryMeasure):
    """PPMC after shifting the prediction by the one lag, within `max_lag_ms` either way, that suits it best.

    What it gains over `PPMC` is what a model loses by being early or late; `best_lag` tells by how much. A
    diagnostic, never ranked, for it forgives what an inversion system must not do.

    Attributes:
        max_lag_ms: Greatest shift.
    """

    max_lag_ms: float = 50.0

    unit: ClassVar[str] = "1"
    range: ClassVar[tuple[float, float]] = (-1.0, 1.0)
    place: ClassVar[int] = 2
    source: ClassVar[str] = "conventions of this benchmark"

    def __post_init__(self) -> None:
        if not 0 <= self.max_lag_ms <= 1000:
            raise MeasureError(f"max_lag_ms must lie in 0..1000, got {self.max_lag_ms}")

    @property
    def worst(self) -> float:
        """No correlation."""
        return WORST

    @property
    def ranked(self) -> bool:
        """Never."""
        return False

    def batch(self, pairs: Sequence[TrajectoryPair]) -> list[ParameterScores]:
        """Each pair at its own best lag."""
        return [
            correlations([(t, e)])[0] if e is None else best_lag(t, e, self.max_lag_ms).scores
            for t, e in pairs
        ]
