"""Standings of one recipe: scores by condition, their uncertainty, and which model is ahead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from benchmark.errors import StandingsError
from benchmark.formats.phones import CLASSES
from benchmark.metrics import Measure, TrajectoryMeasure, available, parse
from benchmark.models.entry import TRACKS
from benchmark.randomness import Randomness
from benchmark.ranking.averages import DROP, NOISY, Key, condition_means, headline, intervals, with_averages
from benchmark.ranking.bootstrap import (
    REPLICATES,
    Resampling,
    identity,
    resampling,
    speaker_means,
)
from benchmark.ranking.ranks import is_ranked, no_better_than_answers, order, ranks
from benchmark.ranking.score_array import (
    Array,
    Condition,
    PackedResult,
    ScoreArray,
    Unit,
    laid_out,
    packed,
    score_array,
)
from benchmark.scoring.results import Card, Result

#: With fewer speakers than this the tables say that intervals are rough.
FEW_SPEAKERS = 10


class Estimate(NamedTuple):
    """A mean and its 95 % bootstrap interval; NaN where there is no score."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Line:
    """One model and one measure.

    Attributes:
        card: The card of the result.
        estimates: By column: a condition (noise kind and SNR; ("clean", None)), a kind of noise, "noisy" or
            "drop".
        failed: Failed scores by condition.
        lacking: How many scores are missing; a model that lacks any is not ranked.
        rank: Place among ranked models, equal where intervals do not tell them apart; None if not ranked.
    """

    card: Card
    estimates: Mapping[Key, Estimate]
    failed: Mapping[Condition, int]
    lacking: int
    rank: int | None

    @property
    def values(self) -> dict[Condition, float]:
        """Mean by condition."""
        return {key: item.value for key, item in self.estimates.items() if isinstance(key, tuple)}

    @property
    def noisy_mean(self) -> float:
        """Mean over the noisy conditions, babble and non-babble with equal weight."""
        return self.kind_mean(NOISY)

    @property
    def oracle(self) -> bool:
        """Whether it hears the clean speech."""
        return self.card.hears == "clean"

    def kind_mean(self, kind: str) -> float:
        """Mean over the SNRs of one kind of noise."""
        found = self.estimates.get(kind)
        return found.value if found else float("nan")


@dataclass(frozen=True, eq=False)
class Standing:
    """All models of one track on one measure of one recipe.

    Attributes:
        measure: What was measured.
        scores: All scores; its models are in the order of `lines`.
        seed: Identity of the bootstrap draws.
        columns: Conditions, then averages.
        point: float64, shape (models, columns).
        replicates: float64, shape (replicates, models, columns).
        compared_point: What models are compared by, shape (models, columns): as `point`, but no failure
            counts as better than an answer (see `benchmark.ranking.ranks`).
        compared_replicates: The same in every bootstrap sample.
        lines: Ranked models, best first by the headline; then incomplete ones; oracles last.
        phones: Values by class of phone, each on the axes of `scores`; empty where no model has scores by
            class.
    """

    measure: Measure
    scores: ScoreArray = field(repr=False)
    seed: Randomness = field(repr=False)
    columns: tuple[Key, ...]
    point: Array = field(repr=False)
    replicates: Array = field(repr=False)
    compared_point: Array = field(repr=False)
    compared_replicates: Array = field(repr=False)
    lines: tuple[Line, ...]
    phones: Mapping[str, Array] = field(default_factory=dict, repr=False)

    @property
    def track(self) -> str:
        """The track of its models; see `Card.track`."""
        return self.lines[0].card.track

    @property
    def name(self) -> str:
        """What tables call it: the measure, and the track unless it is the usual one."""
        return f"{self.measure.name}, {TRACKS[self.track]}" if self.track else self.measure.name

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """In the order of columns: clean, then each kind by rising SNR."""
        return self.scores.conditions

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of noise."""
        return tuple(key for key in self.columns if isinstance(key, str) and key not in (NOISY, DROP))

    @property
    def headline(self) -> Key:
        """The column that models are ranked by: the mean over noise, or clean where there is no noise."""
        return headline(self.columns)

    @cached_property
    def speakers(self) -> int:
        """How many speakers the standing rests on."""
        return len(self.scores.speakers)

    def column(self, key: Key) -> int:
        """Position of a column."""
        return self.columns.index(key)


def standings(
    results: Sequence[Result], corpus_sha256: str | None = None, *, replicates: int = REPLICATES
) -> list[Standing]:
    """Standings of one recipe, a list over its tracks and their measures, those of articulation first.

    Args:
        results: All of the same recipe.
        corpus_sha256: Hash of the committed corpus that results have to be made from, if there is one.
        replicates: Bootstrap samples behind the intervals.

    Raises:
        StandingsError: Results were made from different recipes, corpora, splits or versions of a measure.
    """
    _refuse_mixture([result.card for result in results], corpus_sha256)
    return stand([packed(result) for result in results], replicates=replicates)


def stand(
    results: Sequence[PackedResult],
    planned: Iterable[tuple[Condition, Unit]] = (),
    replicates: int = REPLICATES,
) -> list[Standing]:
    """Standings of packed results that are known to belong together; see `standings`.

    Args:
        results: All of the same recipe, corpus and versions.
        planned: Every (condition, unit) that a complete result has; see
            `benchmark.ranking.score_array.score_array`.
        replicates: Bootstrap samples behind the intervals.
    """
    planned = list(planned)
    names = dict.fromkeys(name for result in results for name in result.columns)
    measures = [parse(name) for name in names]
    known = available()
    # Articulation is what the benchmark is about, so its measures come first; diagnostics last.
    measures.sort(
        key=lambda measure: (
            not measure.ranked,
            measure.kind != "trajectories",
            known.index(measure.name) if measure.name in known else len(known),
            measure.name,
        )
    )
    seed = (
        Randomness(("standings", results[0].card.recipe, results[0].card.recipe_version)) if results else None
    )
    return [
        _standing(measure, having, planned, seed, replicates)
        for track in TRACKS
        for measure in measures
        if seed and (having := [item for item in results if _takes_part(item, track, measure)])
    ]


def _takes_part(result: PackedResult, track: str, measure: Measure) -> bool:
    return result.card.track == track and result.columns.get(measure.name) is not None


def _refuse_mixture(cards: Sequence[Card], corpus_sha256: str | None) -> None:
    wanted = corpus_sha256 or cards[0].corpus_sha256
    origin = "the committed manifest" if corpus_sha256 else cards[0].model
    versions: dict[str, tuple[str, str]] = {}
    for card in cards:
        if card.recipe != cards[0].recipe:
            raise StandingsError(
                f"{card.model} was scored on {card.recipe} but {cards[0].model} on {cards[0].recipe}; "
                "rank each recipe by itself"
            )
        if card.corpus_sha256 != wanted:
            raise StandingsError(
                f"{card.recipe}/{card.model}: was scored on another corpus ({card.corpus_sha256[:12]}) "
                f"than {origin} ({wanted[:12]}); prepare the corpus again and score the model on it"
            )
        for name, version in card.measures.items():
            other, model = versions.setdefault(name, (version, card.model))
            if other != version:
                raise StandingsError(
                    f"{card.recipe}: {name} is version {version} for {card.model} but {other} for {model}; "
                    "score both with one version"
                )


def _standing(
    measure: Measure,
    results: Sequence[PackedResult],
    planned: Sequence[tuple[Condition, Unit]],
    seed: Randomness,
    replicates: int,
) -> Standing:
    having = {result.card.model: result for result in results}
    pooled = isinstance(measure, TrajectoryMeasure) and measure.pooled
    scores = score_array(
        {model: result.columns[measure.name] for model, result in having.items()}, planned, pooled
    )
    cards = [result.card for result in having.values()]
    sample = resampling(scores.units, seed, replicates)
    columns, point, spread = _means(measure, scores.values, scores, sample)
    scores = _with_partial(scores, cards, measure)
    ranked = [i for i, card in enumerate(cards) if is_ranked(card, scores.lacking[i], measure)]
    compared, compared_spread = point, spread
    fair = no_better_than_answers(scores, ranked, measure.higher_is_better)
    if fair is not scores.values:
        _, compared, compared_spread = _means(measure, fair, scores, sample)
    column, sign = columns.index(headline(columns)), 1.0 if measure.higher_is_better else -1.0
    quality = sign * (compared[:, column] if measure.unit != "own" else _beside_others(scores))
    ordered = order(cards, scores, quality)
    ranked = [model for model in ordered if model in set(ranked)]
    places = ranks(
        compared[ranked, column],
        compared_spread[:, ranked, column],
        len(scores.speakers),
        measure.higher_is_better,
    )
    rank_of = dict(zip(ranked, places, strict=True))
    scores = scores.select(ordered)
    point, spread = point[ordered], spread[:, ordered]
    low, high = intervals(scores.values, scores.conditions, [speaker for speaker, _ in scores.units], spread)
    lines = tuple(
        Line(
            card=cards[model],
            estimates={
                key: Estimate(float(point[row, i]), float(low[row, i]), float(high[row, i]))
                for i, key in enumerate(columns)
                if not np.isnan(point[row, i])
            },
            failed={key: int(scores.failed[row, i]) for i, key in enumerate(scores.conditions)},
            lacking=scores.lacking[row],
            rank=rank_of.get(model),
        )
        for row, model in enumerate(ordered)
    )
    return Standing(
        measure,
        scores,
        seed,
        columns,
        point,
        spread,
        compared[ordered],
        compared_spread[:, ordered],
        lines,
        _by_phone(measure, having, scores),
    )


def _with_partial(scores: ScoreArray, cards: Sequence[Card], measure: Measure) -> ScoreArray:
    """Counts a model as incomplete if it declares targets that it does not give, even if no model does."""
    if measure.kind != "trajectories":
        return scores
    counts = zip(scores.lacking, cards, strict=True)
    return replace(scores, lacking=tuple(max(count, len(card.lacks)) for count, card in counts))


def _means(
    measure: Measure, values: Array, scores: ScoreArray, sample: Resampling
) -> tuple[tuple[Key, ...], Array, Array]:
    """Columns, their means, and the means of all bootstrap samples; NaN if units differ."""
    if measure.unit == "own":
        shape = (len(scores.models), len(scores.conditions))
        columns, nothing = with_averages(np.full(shape, np.nan), scores.conditions)
        return columns, nothing, np.broadcast_to(nothing, (1, *nothing.shape))
    columns, point = with_averages(condition_means(values, identity(scores.units))[0], scores.conditions)
    _, spread = with_averages(condition_means(values, sample), scores.conditions)
    return columns, point, spread


def _beside_others(scores: ScoreArray) -> Array:
    """Each model's mean relative to the median model, averaged over parameters.

    This orders models where parameters have no common unit.
    """
    means = np.nan_to_num(speaker_means(scores.values, identity(scores.units))[0], nan=0.0).mean(axis=-1)
    middle = np.median(means, axis=0)
    return np.asarray((means / np.where(middle > 0, middle, 1.0)).mean(axis=-1))


def _by_phone(measure: Measure, having: Mapping[str, PackedResult], grid: ScoreArray) -> dict[str, Array]:
    by_model = {model: result.phones.get(measure.name, {}) for model, result in having.items()}
    there = {name for found in by_model.values() for name in found}
    return {
        name: laid_out({model: found[name] for model, found in by_model.items() if name in found}, grid)
        for name in CLASSES
        if name in there
    }
