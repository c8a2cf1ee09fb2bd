"""Root-mean-square error of trajectories, by utterance or speaker, in own units or in deviations.

Deviations are the standard deviations of a speaker's target.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark.errors import MeasureError
from benchmark.metrics.correlation import faults, judged, lay_out, moments, target_deviation, verdicts
from benchmark.metrics.measure import ParameterScores, TrajectoryMeasure, TrajectoryPair

#: What a failure is charged, in standard deviations of the target.
MOST_SD = 10.0


@dataclass(frozen=True, repr=False)
class RMSE(TrajectoryMeasure):
    """Root-mean-square error over the frames valid on both sides, each convention under its own name.

    * ``RMSE``: in the unit of the parameter (mm, Hz, 1), by utterance.
    * ``RMSE(scale='sd')``: divided by the standard deviation of the target in that utterance: a prediction
      stuck at the target's mean scores 1. The only one that may be averaged over parameters of an utterance,
      hence the only one that is ranked.
    * ``RMSE(scale='centred')``: in the unit of the parameter, over all utterances of a speaker, after the
      mean difference between prediction and target was taken out. Where a speaker's head lay in the machine
      cannot be heard: two speakers whose pellets have their origins 50 mm apart have an RMSE of some 25 mm
      each for the best prediction, and this one is comparable.
    * ``RMSE(scale='z')``: the same divided by the standard deviation of the speaker's target, as if both had
      been z-scored by it.

    A prediction that is missing, not finite or marks over 10 % of the target's frames invalid is "failed" and
    charged ten standard deviations of the target. An answer that is further off has its own error; the
    leaderboard ranks it above a failure all the same (`benchmark.ranking.ranks`). A constant prediction is an
    ordinary one here. Over several utterances failed ones are charged so frame by frame.

    Attributes:
        scale: "own", "sd", "centred" or "z".
    """

    scale: str = "own"

    range: ClassVar[tuple[float, float]] = (0.0, float("inf"))
    higher_is_better: ClassVar[bool] = False
    version: ClassVar[str] = "2"
    place: ClassVar[int] = 3
    variants: ClassVar[tuple[str, ...]] = ("scale='sd'", "scale='centred'", "scale='z'")
    source: ClassVar[str] = "conventions of this benchmark"

    def __post_init__(self) -> None:
        if self.scale not in _SCALES:
            raise MeasureError(f"RMSE has no scale {self.scale!r}; there are {', '.join(map(repr, _SCALES))}")

    @property
    def unit(self) -> str:
        """That of each parameter ("own"), or standard deviations of the target ("SD")."""
        return "own" if self.scale in ("own", "centred") else "SD"

    @property
    def worst(self) -> float:
        """In standard deviations of the target."""
        return MOST_SD

    @property
    def pooled(self) -> bool:
        """Whether it belongs to all utterances of a speaker."""
        return self.scale in ("centred", "z")

    @property
    def ranked(self) -> bool:
        """Only the error in standard deviations of the utterance is ranked."""
        return self.scale == "sd"

    def batch(self, pairs: Sequence[TrajectoryPair]) -> list[ParameterScores]:
        """Each pair by itself; with a pooled convention, as if it were all that the speaker said."""
        if not pairs:
            return []
        if self.pooled:
            return [self.aggregate([pair]) for pair in pairs]
        stretches = lay_out(pairs)
        m = moments(stretches)
        difference = np.where(stretches.counted, stretches.target - stretches.estimate, 0.0)
        squares = np.add.reduceat(difference * difference, stretches.starts)
        error = np.sqrt(squares / np.maximum(m.frames, 1))
        deviation = target_deviation(stretches)
        reasons = verdicts(stretches, m, np.zeros_like(stretches.not_finite))
        if self.scale == "sd":
            with np.errstate(invalid="ignore", divide="ignore"):
                relative = error / deviation
            return judged(stretches.names, relative, reasons, np.full_like(error, MOST_SD))
        return judged(stretches.names, error, reasons, MOST_SD * deviation)

    def aggregate(self, items: Iterable[TrajectoryPair]) -> ParameterScores:
        """The mean over pairs; with a pooled convention, the error over all frames of the pairs."""
        pairs = list(items)
        if not self.pooled or not pairs:
            return super().aggregate(pairs)
        each = lay_out(pairs)
        failed, left_out = faults(each, moments(each))
        lengths = np.diff(each.starts, append=len(each.target))
        lost = np.repeat(failed, lengths, axis=0) & each.asked
        usable = each.counted & ~np.repeat(failed | left_out, lengths, axis=0)
        frames = usable.sum(axis=0)
        difference = np.where(usable, each.estimate - each.target, 0.0)
        difference -= np.where(usable, difference.sum(axis=0) / np.maximum(frames, 1), 0.0)
        asked = each._replace(asked=usable | lost, starts=np.zeros(1, dtype=np.int64))
        deviation = target_deviation(asked)[0]
        squares = (difference**2).sum(axis=0) + lost.sum(axis=0) * (MOST_SD * deviation) ** 2
        with np.errstate(invalid="ignore", divide="ignore"):
            error = np.sqrt(squares / (frames + lost.sum(axis=0)))
            error = error / deviation if self.scale == "z" else error
        whole = asked._replace(
            counted=asked.asked,
            estimate=each.target,
            not_finite=np.atleast_2d(lost.any(axis=0) & (frames == 0)),
        )
        reasons = verdicts(whole, moments(whole), np.zeros_like(whole.not_finite))
        charged = np.full_like(error, MOST_SD) if self.scale == "z" else MOST_SD * deviation
        scores = judged(each.names, error[None], reasons, charged[None])[0]
        return {
            name: score._replace(reason=f"{count} of {len(pairs)} failed")
            if count and score.status == "ok"
            else score
            for (name, score), count in zip(scores.items(), failed.sum(axis=0).tolist(), strict=True)
        }


_SCALES = ("own", "sd", "centred", "z")
