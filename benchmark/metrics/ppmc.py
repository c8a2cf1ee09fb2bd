"""Pearson's correlation of trajectories; each convention of the literature has its own name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from benchmark.errors import MeasureError
from benchmark.metrics.correlation import (
    WORST,
    Array,
    Mask,
    Stretches,
    correlations,
    faults,
    lay_out,
    moments,
    score_stretches,
)
from benchmark.metrics.measure import (
    ParameterScores,
    TrajectoryMeasure,
    TrajectoryPair,
    mean_scores,
)

PAD_S = 2.0


@dataclass(frozen=True, repr=False)
class PPMC(TrajectoryMeasure):
    """Correlation between target and predicted trajectories, per parameter.

    Identical predictions score differently by convention, most of all at low SNR, so each has its name:

    * ``PPMC``: within each utterance, unpadded, only frames valid on both sides; then the mean over
      utterances. The standings go on to average over a speaker's utterances, speakers and parameters. The
      only convention that is ranked.
    * ``PPMC(pool='corpus')``: all utterances end to end, one correlation. An utterance without a usable
      prediction enters as a constant at the mean of the other predictions.
    * ``PPMC(pool='padded2s')``: mean over segments of 2 s, the last one of an utterance filled up with zeros,
      invalid frames set to 0. Meant for z-scored trajectories.
    * ``PPMC(pool='fisher_z')``: within each utterance; the mean is taken of arctanh(r) and turned back.

    A prediction that is constant, not finite, missing, or marks over 10 % of the target's frames invalid is
    "failed" and charged 0, as the field does; the leaderboard ranks every answer above a failure, also one
    that correlates the wrong way round (`benchmark.ranking.ranks`). A target that is constant or has fewer
    than 10 valid frames is "left_out".

    Attributes:
        pool: "utterance", "corpus", "padded2s" or "fisher_z".
    """

    pool: str = "utterance"

    unit: ClassVar[str] = "1"
    range: ClassVar[tuple[float, float]] = (-1.0, 1.0)
    place: ClassVar[int] = 1
    variants: ClassVar[tuple[str, ...]] = ("pool='corpus'", "pool='fisher_z'", "pool='padded2s'")
    source: ClassVar[str] = "K. Pearson, Proc. R. Soc. London 58:240, 1895; conventions of this benchmark"

    def __post_init__(self) -> None:
        if self.pool not in _POOLS:
            raise MeasureError(f"PPMC has no pool {self.pool!r}; there are {', '.join(map(repr, _POOLS))}")

    @property
    def worst(self) -> float:
        """No correlation."""
        return WORST

    @property
    def pooled(self) -> bool:
        """All but the primary convention belong to a set of utterances."""
        return self.pool != "utterance"

    @property
    def ranked(self) -> bool:
        """Only the primary convention is ranked."""
        return self.pool == "utterance"

    def batch(self, pairs: Sequence[TrajectoryPair]) -> list[ParameterScores]:
        """Each pair by itself; with a pooled convention, as if it were the whole corpus."""
        return [self.aggregate([pair]) for pair in pairs] if self.pooled else correlations(pairs)

    def aggregate(self, items: Iterable[TrajectoryPair]) -> ParameterScores:
        """The score of a set of utterances in this convention."""
        pairs = list(items)
        return _POOLS[self.pool](pairs) if pairs else {}


def _over_utterances(pairs: Sequence[TrajectoryPair]) -> ParameterScores:
    return mean_scores(correlations(pairs))


def _fisher_z(pairs: Sequence[TrajectoryPair]) -> ParameterScores:
    # A perfect correlation has no finite arctanh; float32 trajectories do not tell 1 from this limit.
    limit = 1 - 1e-7
    rows = [
        {
            name: s._replace(value=float(np.arctanh(np.clip(s.value, -limit, limit))))
            for name, s in row.items()
        }
        for row in correlations(pairs)
    ]
    return {name: s._replace(value=float(np.tanh(s.value))) for name, s in mean_scores(rows).items()}


def _corpus(pairs: Sequence[TrajectoryPair]) -> ParameterScores:
    """Failed utterances keep their targets in the denominator and add nothing to the numerator."""
    each = lay_out(pairs)
    m = moments(each)
    failed, _ = faults(each, m)
    lengths = np.diff(each.starts, append=len(each.target))
    sums = np.where(failed, 0.0, m.estimate_mean * m.frames).sum(axis=0)
    fill = sums / np.maximum(np.where(failed, 0.0, m.frames).sum(axis=0), 1)
    lost = np.repeat(failed, lengths, axis=0)
    counted = np.where(lost, each.asked, each.counted)
    whole = each._replace(
        estimate=np.where(lost, fill, each.estimate),
        asked=counted,
        counted=counted,
        starts=np.zeros(1, dtype=np.int64),
        not_finite=np.atleast_2d(failed.all(axis=0)),
    )
    return score_stretches(whole)[0]


def _padded(pairs: Sequence[TrajectoryPair]) -> ParameterScores:
    """Scores zero-padded segments, all with equal weight.

    Utterances that cannot be scored are treated as in the other conventions.
    """
    each = lay_out(pairs)
    size = round(PAD_S * pairs[0][0].rate_hz)
    if any(round(PAD_S * target.rate_hz) != size for target, _ in pairs):
        raise MeasureError("targets have different frame rates; score them apart")
    failed, left_out = faults(each, moments(each))
    lengths = np.diff(each.starts, append=len(each.target))
    segments = -(-lengths // size)
    first = np.concatenate([[0], np.cumsum(segments)[:-1]])
    place = np.arange(len(each.target)) + np.repeat(first * size - each.starts, lengths)
    frames = int(segments.sum()) * size

    def pad(values: Array, keep: Mask) -> Array:
        padded = np.zeros((frames, values.shape[1]))
        padded[place] = np.where(keep, values, 0.0)
        return padded

    scored = ~np.repeat(left_out, segments * size, axis=0)
    padded = Stretches(
        names=each.names,
        target=pad(each.target, each.asked),
        estimate=pad(each.estimate, each.counted),
        asked=scored,
        counted=scored,
        starts=np.arange(0, frames, size),
        not_finite=np.repeat(failed, segments, axis=0),
    )
    return mean_scores(score_stretches(padded))


_POOLS: Mapping[str, Callable[[Sequence[TrajectoryPair]], ParameterScores]] = MappingProxyType(
    {"utterance": _over_utterances, "corpus": _corpus, "padded2s": _padded, "fisher_z": _fisher_z}
)
