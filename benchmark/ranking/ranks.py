"""Where ranks are decided: the order of models in a table, and which of them share a place.

Models are ordered by the headline, the mean over noise. A failure is charged, but a charge can be milder than
a poor answer where a measure has no worst value: two standard deviations of error stand for nothing at all,
and a wild prediction can be further off. So that nobody gains by failing, comparisons between models take a
failure for no better than the poorest answer that any of the ranked models gave to the same item
(`no_better_than_answers`). The means that are shown stay as charged.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmark.metrics import Measure
from benchmark.ranking.compare import difference
from benchmark.ranking.score_array import Array, ScoreArray
from benchmark.scoring.results import Card


def is_ranked(card: Card, lacking: int, measure: Measure) -> bool:
    """Whether a model can have a rank: oracles hear the clean speech, incomplete models avoided something."""
    return measure.ranked and card.hears != "clean" and not lacking


def no_better_than_answers(scores: ScoreArray, ranked: Sequence[int], higher_is_better: bool) -> Array:
    """The values that models are compared by: a failure never counts as better than an answer.

    It counts as its charge or as the poorest answer, whichever is worse.

    Args:
        scores: All scores.
        ranked: Positions of the models whose answers count.
        higher_is_better: Direction of quality.

    Returns:
        Shape of `scores.values`, which it is where nothing failed.
    """
    if not scores.failures.any():
        return scores.values
    worse, nothing = (np.minimum, np.inf) if higher_is_better else (np.maximum, -np.inf)
    answers = np.where(scores.failures | np.isnan(scores.values), nothing, scores.values)[list(ranked)]
    poorest = worse.reduce(answers, axis=0, initial=nothing)
    return np.where(scores.failures, worse(scores.values, poorest), scores.values)


def order(cards: Sequence[Card], scores: ScoreArray, quality: Array) -> list[int]:
    """Models in the order of the table: complete ones by quality loss, incomplete ones, oracles.

    Args:
        cards: Of the models.
        scores: All scores.
        quality: Shape (models,); the higher the better, NaN where there is none.
    """

    def place(model: int) -> tuple[bool, bool, float, int, str]:
        return (
            cards[model].hears == "clean",
            scores.lacking[model] > 0,
            float("inf") if np.isnan(quality[model]) else -float(quality[model]),
            int(scores.failures[model].sum()),
            cards[model].model,
        )

    return sorted(range(len(cards)), key=place)


def ranks(point: Array, replicates: Array, speakers: int, higher_is_better: bool) -> list[int]:
    """Places of models, of which those that cannot be told from the best of their group share one.

    From the best model down, a model joins the group above it unless its paired interval from the first of
    that group leaves zero out; then it opens a group, whose rank is one more than the number of models above
    it.

    Args:
        point: Shape (models,); NaN comes last.
        replicates: Shape (replicates, models).
        speakers: How many speakers were resampled.
        higher_is_better: Direction of quality.
    """
    sign = 1.0 if higher_is_better else -1.0
    order = np.argsort(-sign * point, kind="stable")
    found = [0] * len(point)
    first = rank = -1
    for place, model in enumerate(order):
        apart = difference(point[first] - point[model], replicates[:, first] - replicates[:, model], speakers)
        if place == 0 or apart.sure or np.isnan(point[model]):
            first, rank = model, place + 1
        found[model] = rank
    return found
