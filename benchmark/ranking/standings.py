"""Standings of one recipe: what each model reached in each condition, how sure that is, and which model is ahead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from benchmark.errors import StandingsError
from benchmark.formats.phones import CLASSES
from benchmark.metrics import Measure, TrajectoryMeasure, available, parse
from benchmark.randomness import Randomness
from benchmark.ranking.bootstrap import REPLICATES, identity, interval, resampling, speaker_means
from benchmark.ranking.compare import ranks
from benchmark.ranking.score_array import (
    Array,
    Compact,
    Condition,
    ScoreArray,
    Unit,
    compact,
    laid_out,
    score_array,
)
from benchmark.scoring.results import Card, Result

#: Columns of standings that are averages over conditions: a kind of noise over its SNRs, all noise (kinds with equal weight), and
#: what is lost from clean to noisy.
NOISY, DROP = "noisy", "drop"
Key = Condition | str

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
        estimates: By column: a condition (noise kind and SNR; ("clean", None)), a kind of noise, "noisy" or "drop".
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
    """All models on one measure of one recipe.

    Attributes:
        measure: What was measured.
        scores: All scores; its models are in the order of `lines`.
        seed: Identity of the bootstrap draws.
        columns: Conditions, then averages.
        point: float64, shape (models, columns).
        replicates: float64, shape (replicates, models, columns).
        lines: Ranked models, best first by the headline; then incomplete ones; oracles last.
        phones: Values by class of phone, each on the axes of `scores`; empty where no model has scores by class.
    """

    measure: Measure
    scores: ScoreArray = field(repr=False)
    seed: Randomness = field(repr=False)
    columns: tuple[Key, ...]
    point: Array = field(repr=False)
    replicates: Array = field(repr=False)
    lines: tuple[Line, ...]
    phones: Mapping[str, Array] = field(default_factory=dict, repr=False)

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
    """Standings of one recipe, a list over its measures, those of articulation first.

    Args:
        results: All of the same recipe.
        corpus_sha256: Hash of the committed corpus that results have to be made from, if there is one.
        replicates: Bootstrap samples behind the intervals.

    Raises:
        StandingsError: Results were made from different recipes, corpora, splits or versions of a measure.
    """
    _refuse_mixture([result.card for result in results], corpus_sha256)
    return stand([compact(result) for result in results], replicates=replicates)


def stand(
    results: Sequence[Compact],
    planned: Iterable[tuple[Condition, Unit]] = (),
    replicates: int = REPLICATES,
) -> list[Standing]:
    """Standings of packed results that are known to belong together; see `standings`.

    Args:
        results: All of the same recipe, corpus and versions.
        planned: Every (condition, unit) that a complete result has; see `benchmark.ranking.score_array.score_array`.
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
    return [_standing(measure, results, planned, seed, replicates) for measure in measures if seed]


def over_parameters(by_parameter: Array) -> Array:
    """Mean over parameters, NaN aside: shape (..., parameters, conditions) to (..., conditions)."""
    counted = ~np.isnan(by_parameter)
    with np.errstate(invalid="ignore"):
        return np.asarray(
            np.where(counted, by_parameter, 0.0).sum(axis=-2) / counted.sum(axis=-2, dtype=float)
        )


def with_averages(by_condition: Array, conditions: Sequence[Condition]) -> tuple[tuple[Key, ...], Array]:
    """Adds the averages over conditions as columns.

    Args:
        by_condition: Shape (..., conditions).
        conditions: Names of the last axis.

    Returns:
        Names of the columns, and shape (..., columns).
    """
    columns: dict[Key, Array] = {key: by_condition[..., i] for i, key in enumerate(conditions)}
    kinds = list(dict.fromkeys(kind for kind, _ in conditions if kind != "clean"))
    for kind in kinds:
        columns[kind] = np.mean([columns[key] for key in conditions if key[0] == kind], axis=0)
    if kinds:
        columns[NOISY] = np.mean([columns[kind] for kind in kinds], axis=0)
    if kinds and ("clean", None) in columns:
        columns[DROP] = columns[NOISY] - columns["clean", None]
    return tuple(columns), np.stack(list(columns.values()), axis=-1)


def headline(columns: Sequence[Key]) -> Key:
    """The column to rank by."""
    return NOISY if NOISY in columns else columns[0]


def _refuse_mixture(cards: Sequence[Card], corpus_sha256: str | None) -> None:
    wanted = corpus_sha256 or cards[0].corpus_sha256
    origin = "the committed manifest" if corpus_sha256 else cards[0].model
    versions: dict[str, tuple[str, str]] = {}
    for card in cards:
        if card.recipe != cards[0].recipe:
            raise StandingsError(
                f"{card.model} was scored on {card.recipe} but {cards[0].model} on {cards[0].recipe}; rank each recipe by itself"
            )
        if card.corpus_sha256 != wanted:
            raise StandingsError(
                f"{card.recipe}/{card.model}: was scored on another corpus ({card.corpus_sha256[:12]}) than {origin} ({wanted[:12]}); "
                "prepare the corpus again and score the model on it"
            )
        for name, version in card.measures.items():
            other, model = versions.setdefault(name, (version, card.model))
            if other != version:
                raise StandingsError(
                    f"{card.recipe}: {name} is version {version} for {card.model} but {other} for {model}; score both with one version"
                )


def _standing(
    measure: Measure,
    results: Sequence[Compact],
    planned: Sequence[tuple[Condition, Unit]],
    seed: Randomness,
    replicates: int,
) -> Standing:
    having = {result.card.model: result for result in results if result.columns.get(measure.name) is not None}
    pooled = isinstance(measure, TrajectoryMeasure) and measure.pooled
    grid = score_array(
        {model: result.columns[measure.name] for model, result in having.items()}, planned, pooled
    )
    values = over_parameters(speaker_means(grid.values, identity(grid.units)))[0]
    columns, point = with_averages(values, grid.conditions)
    draws = resampling(grid.units, seed, replicates)
    _, spread = with_averages(over_parameters(speaker_means(grid.values, draws)), grid.conditions)
    cards = [result.card for result in having.values()]
    order, places = _order(measure, cards, grid, point, spread, columns)
    grid = grid.select(order)
    point, spread = point[order], spread[:, order]
    low, high = interval(spread)
    lines = tuple(
        Line(
            card=cards[model],
            estimates={
                key: Estimate(float(point[row, i]), float(low[row, i]), float(high[row, i]))
                for i, key in enumerate(columns)
                if not np.isnan(point[row, i])
            },
            failed={key: int(grid.failed[row, i]) for i, key in enumerate(grid.conditions)},
            lacking=grid.lacking[row],
            rank=places.get(model),
        )
        for row, model in enumerate(order)
    )
    return Standing(measure, grid, seed, columns, point, spread, lines, _by_phone(measure, having, grid))


def _by_phone(measure: Measure, having: Mapping[str, Compact], grid: ScoreArray) -> dict[str, Array]:
    by_model = {model: result.phones.get(measure.name, {}) for model, result in having.items()}
    there = {name for found in by_model.values() for name in found}
    return {
        name: laid_out({model: found[name] for model, found in by_model.items() if name in found}, grid)
        for name in CLASSES
        if name in there
    }


def _order(
    measure: Measure,
    cards: Sequence[Card],
    grid: ScoreArray,
    point: Array,
    spread: Array,
    columns: tuple[Key, ...],
) -> tuple[list[int], dict[int, int]]:
    """Models in the order of the table, and the rank of those that have one."""
    column = columns.index(headline(columns))
    direction = -1.0 if measure.higher_is_better else 1.0

    def place(model: int) -> tuple[bool, bool, float, str]:
        value = point[model, column]
        return (
            cards[model].hears == "clean",
            grid.lacking[model] > 0,
            float("inf") if np.isnan(value) else direction * value,
            cards[model].model,
        )

    order = sorted(range(len(cards)), key=place)
    ranked = [model for model in order if measure.ranked and not any(place(model)[:2])]
    found = ranks(
        point[ranked, column], spread[:, ranked, column], len(grid.speakers), measure.higher_is_better
    )
    return order, dict(zip(ranked, found, strict=True))
