"""Standings seen from another side: by condition, parameter, speaker, noise or class of phone; pairs of models; gain over one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from benchmark.errors import StandingsError
from benchmark.ranking.bootstrap import (
    REPLICATES,
    Resampling,
    identity,
    interval,
    resampling,
    resampling_within,
    speaker_means,
)
from benchmark.ranking.compare import difference, holm
from benchmark.ranking.score_array import Array, Condition, Unit
from benchmark.ranking.standings import (
    DROP,
    Estimate,
    Key,
    Standing,
    over_parameters,
    with_averages,
)


class Row(NamedTuple):
    """One number of a breakdown.

    Attributes:
        model: Its name.
        group: The parameter, speaker, category or class; "" for the breakdown by condition.
        column: A condition or an average over conditions.
        estimate: The value and its interval.
    """

    model: str
    group: str
    column: Key
    estimate: Estimate


class Pair(NamedTuple):
    """Two models in one column.

    Attributes:
        first: Name of a model.
        second: Name of the other.
        column: A condition or an average over conditions.
        estimate: First minus second, with the 95 % interval of that difference.
        p: Two-sided p value.
        p_holm: Corrected for all pairs and columns that were asked for.
    """

    first: str
    second: str
    column: Key
    estimate: Estimate
    p: float
    p_holm: float


def by_condition(standing: Standing) -> Iterator[Row]:
    """The standing itself."""
    for line in standing.lines:
        for column, estimate in line.estimates.items():
            yield Row(line.card.model, "", column, estimate)


def by_parameter(standing: Standing) -> Iterator[Row]:
    """Each parameter (LA, LP, ...) by itself."""
    grid = standing.scores
    draws = resampling(grid.units, standing.seed)
    for i, name in enumerate(grid.parameters):
        yield from _rows(standing, name, grid.values[:, i : i + 1], grid.units, grid.conditions, draws)


def by_speaker(standing: Standing) -> Iterator[Row]:
    """Each speaker by herself; intervals are over her utterances."""
    grid = standing.scores
    for speaker in grid.speakers:
        own = [i for i, (name, _) in enumerate(grid.units) if name == speaker]
        units = [grid.units[i] for i in own]
        draws = resampling_within(units, standing.seed)
        yield from _rows(standing, speaker, grid.values[..., own], units, grid.conditions, draws)


def by_noise_category(standing: Standing) -> Iterator[Row]:
    """Each category of noise (white, machine, ...) by itself; averages are over the SNRs at which it was heard."""
    grid = standing.scores
    draws = resampling(grid.units, standing.seed)
    for category in sorted(set(grid.categories.ravel()) - {"", "*"}):
        heard = grid.categories == category
        kept = np.flatnonzero(heard.any(axis=1))
        values = np.where(heard, grid.values, np.nan)[:, :, kept]
        conditions = [grid.conditions[i] for i in kept]
        yield from _rows(standing, str(category), values, grid.units, conditions, draws)


def by_phone_class(standing: Standing) -> Iterator[Row]:
    """Each class of phones (vowel, plosive, ...) by itself, for models that were scored so.

    A measure in the unit of each parameter has no mean over them, so its groups are a class and a parameter: "plosive LA".
    """
    grid = standing.scores
    draws = resampling(grid.units, standing.seed)
    for name, values in standing.phones.items():
        if standing.measure.unit != "own":
            yield from _rows(standing, name, values, grid.units, grid.conditions, draws)
            continue
        for i, parameter in enumerate(grid.parameters):
            group = f"{name} {parameter}"
            yield from _rows(standing, group, values[:, i : i + 1], grid.units, grid.conditions, draws)


def phone_means(standing: Standing) -> tuple[tuple[Key, ...], dict[str, Array]]:
    """Means by class of phone without their intervals, which take a thousand times as long.

    Returns:
        Columns; and by class the means, shape (models, columns), NaN where there is none.
    """
    grid = standing.scores
    columns, means = standing.columns, {}
    for name, values in standing.phones.items():
        columns, found = _columns(speaker_means(values, identity(grid.units)), grid.conditions)
        means[name] = found[0]
    return columns, means


#: Breakdowns by name.
BREAKDOWNS: Mapping[str, Callable[[Standing], Iterator[Row]]] = MappingProxyType(
    {
        "condition": by_condition,
        "parameter": by_parameter,
        "speaker": by_speaker,
        "noise_category": by_noise_category,
        "phone_class": by_phone_class,
    }
)


def pairs(
    standing: Standing,
    models: Sequence[str],
    columns: Sequence[Key] | None = None,
    replicates: int = REPLICATES,
) -> list[Pair]:
    """Compares models two by two on the same utterances, corrected for the number of comparisons.

    Args:
        standing: On one measure.
        models: Two or more.
        columns: Which columns (default: every condition and average).
        replicates: Bootstrap samples.

    Raises:
        StandingsError: A model is not in this standing, or lacks scores.
    """
    places = [position(standing, model) for model in models]
    for place in places:
        line = standing.lines[place]
        if line.lacking:
            raise StandingsError(
                f"{line.card.model}: lacks {line.lacking} scores of {standing.measure.name}; an incomplete model cannot be compared"
            )
    wanted = [standing.column(column) for column in columns or standing.columns]
    found = []
    for a, b in combinations(places, 2):
        apart = difference(
            (standing.point[a] - standing.point[b])[wanted],
            (standing.replicates[:, a] - standing.replicates[:, b])[:, wanted],
            standing.speakers,
        )
        found.append((a, b, apart))
    adjusted = holm(np.array([apart.p for _, _, apart in found]))
    return [
        Pair(
            standing.lines[a].card.model,
            standing.lines[b].card.model,
            standing.columns[column],
            Estimate(float(apart.value[i]), float(apart.low[i]), float(apart.high[i])),
            float(apart.p[i]),
            float(adjusted[number, i]),
        )
        for number, (a, b, apart) in enumerate(found)
        for i, column in enumerate(wanted)
    ]


def gains(standing: Standing, baseline: str) -> Iterator[Row]:
    """Gain of every model over a baseline, in every column but the drop.

    In per cent of the baseline, positive where better, with paired percentile intervals; for measures in dB, whose zero means
    nothing, the difference in dB.

    Raises:
        StandingsError: The baseline is not in this standing.
    """
    base = position(standing, baseline)
    sign = 1.0 if standing.measure.higher_is_better else -1.0
    relative = standing.measure.unit != "dB"

    def gain(values: Array) -> Array:
        reference = values[..., base : base + 1, :]
        with np.errstate(divide="ignore", invalid="ignore"):
            return sign * (values - reference) * (100.0 / np.abs(reference) if relative else 1.0)

    point = gain(standing.point)
    low, high = interval(gain(standing.replicates))
    for i, line in enumerate(standing.lines):
        for k, column in enumerate(standing.columns):
            if i != base and column != DROP and not np.isnan(point[i, k]):
                estimate = Estimate(float(point[i, k]), float(low[i, k]), float(high[i, k]))
                yield Row(line.card.model, f"over {baseline}", column, estimate)


def position(standing: Standing, model: str) -> int:
    """Row of a model.

    Raises:
        StandingsError: It is not in this standing.
    """
    there = [line.card.model for line in standing.lines]
    if model not in there:
        raise StandingsError(
            f"no model '{model}' has scores of {standing.measure.name} here; there are: {', '.join(there)}"
        )
    return there.index(model)


def _rows(
    standing: Standing,
    group: str,
    values: Array,
    units: Sequence[Unit],
    conditions: Sequence[Condition],
    draws: Resampling,
) -> Iterator[Row]:
    columns, point = _columns(speaker_means(values, identity(units)), conditions)
    _, spread = _columns(speaker_means(values, draws), conditions)
    low, high = interval(spread)
    for row, line in enumerate(standing.lines):
        for i, column in enumerate(columns):
            if not np.isnan(point[0, row, i]):
                estimate = Estimate(float(point[0, row, i]), float(low[row, i]), float(high[row, i]))
                yield Row(line.card.model, group, column, estimate)


def _columns(
    by_parameter_and_condition: Array, conditions: Sequence[Condition]
) -> tuple[tuple[Key, ...], Array]:
    return with_averages(over_parameters(by_parameter_and_condition), conditions)


def headline_rows(standing: Standing, rows: Sequence[Row]) -> dict[str, dict[str, Estimate]]:
    """Group to model to the value in the headline column, for tables that show one number a group."""
    found: dict[str, dict[str, Estimate]] = {}
    for row in rows:
        if row.column == standing.headline:
            found.setdefault(row.group, {})[row.model] = row.estimate
    return found
