"""Standings by condition, parameter, speaker, noise, talkers or class of phone, and by pair."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import StandingsError
from benchmark.ranking.averages import DROP, Key, condition_means, intervals, with_averages
from benchmark.ranking.bootstrap import (
    REPLICATES,
    Resampling,
    identity,
    interval,
    resampling,
    resampling_within,
)
from benchmark.ranking.compare import difference, holm
from benchmark.ranking.score_array import Array, Condition
from benchmark.ranking.standings import Estimate, Standing


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
    sample = resampling(grid.units, standing.seed)
    for i, name in enumerate(grid.parameters):
        yield from _rows(standing, name, grid.values[:, i : i + 1], grid.conditions, sample)


def by_speaker(standing: Standing) -> Iterator[Row]:
    """Each speaker by themselves; intervals are over their utterances."""
    grid = standing.scores
    for speaker in grid.speakers:
        own = [i for i, (name, _) in enumerate(grid.units) if name == speaker]
        units = [grid.units[i] for i in own]
        sample = resampling_within(units, standing.seed)
        values = grid.values[..., own]
        columns, point = with_averages(condition_means(values, identity(units)), grid.conditions)
        _, spread = with_averages(condition_means(values, sample), grid.conditions)
        bounds = intervals(values, grid.conditions, units, spread)
        yield from _estimated(standing, speaker, columns, point[0], *bounds)


def by_noise_category(standing: Standing) -> Iterator[Row]:
    """Each category of noise (white, machine, ...) with averages over the SNRs it was heard at."""
    grid = standing.scores
    names = sorted(set(grid.categories.ravel()) - {"", "*"})
    return _among(standing, {str(name): grid.categories == name for name in names})


def by_talkers(standing: Standing) -> Iterator[Row]:
    """Each number of talkers by itself.

    Raises:
        StandingsError: The scores do not say how many talkers there were.
    """
    talkers = _fact(standing, "talkers", "how many talkers babble")
    numbers = np.unique(talkers[~np.isnan(talkers)])
    return _among(standing, {f"{n:g} talker{'s' * (n != 1)}": talkers == n for n in numbers.tolist()})


def by_over_loudest(standing: Standing) -> Iterator[Row]:
    """Bands of the level of the speech over the loudest talker: below 0 dB another talker is louder.

    Raises:
        StandingsError: The scores do not say how loud the talkers were.
    """
    level = _fact(standing, "over_loudest_db", "how loud the loudest talker is")
    edges = (-np.inf, *_BANDS_DB, np.inf)
    bands = {_band(low, high): (level >= low) & (level < high) for low, high in pairwise(edges)}
    return _among(standing, {name: heard for name, heard in bands.items() if heard.any()})


def by_noise_seen(standing: Standing) -> Iterator[Row]:
    """Noise of categories that occur in training, and noise of others.

    Raises:
        StandingsError: The scores do not say which noise occurs in training.
    """
    seen = _fact(standing, "noise_seen", "which noise occurs in training")
    groups = {"seen in training": seen == 1, "unseen": seen == 0}
    return _among(standing, {name: heard for name, heard in groups.items() if heard.any()})


def by_phone_class(standing: Standing) -> Iterator[Row]:
    """Each class of phones (vowel, plosive, ...) by itself, for models that were scored so.

    A measure in the unit of each parameter has no mean over them, so its groups are a class and a parameter:
    "plosive LA".
    """
    grid = standing.scores
    sample = resampling(grid.units, standing.seed)
    for name, values in standing.phones.items():
        if standing.measure.unit != "own":
            yield from _rows(standing, name, values, grid.conditions, sample)
            continue
        for i, parameter in enumerate(grid.parameters):
            group = f"{name} {parameter}"
            yield from _rows(standing, group, values[:, i : i + 1], grid.conditions, sample)


def phone_means(standing: Standing) -> tuple[tuple[Key, ...], dict[str, Array]]:
    """Means by class of phone without their intervals, which take a thousand times as long.

    Returns:
        Columns; and by class the means, shape (models, columns), NaN where there is none.
    """
    grid = standing.scores
    columns, means = standing.columns, {}
    for name, values in standing.phones.items():
        columns, found = with_averages(condition_means(values, identity(grid.units)), grid.conditions)
        means[name] = found[0]
    return columns, means


#: Edges of the bands of the level over the loudest talker, dB.
_BANDS_DB = (-10.0, -5.0, 0.0, 5.0, 10.0)

#: Breakdowns by name.
BREAKDOWNS: Mapping[str, Callable[[Standing], Iterator[Row]]] = MappingProxyType(
    {
        "condition": by_condition,
        "parameter": by_parameter,
        "speaker": by_speaker,
        "noise_category": by_noise_category,
        "noise_seen": by_noise_seen,
        "talkers": by_talkers,
        "over_loudest": by_over_loudest,
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
                f"{line.card.model}: lacks {line.lacking} scores of {standing.measure.name}; an incomplete "
                "model cannot be compared"
            )
    wanted = [standing.column(column) for column in columns or standing.columns]
    found = []
    for a, b in combinations(places, 2):
        apart = difference(
            (standing.compared_point[a] - standing.compared_point[b])[wanted],
            (standing.compared_replicates[:, a] - standing.compared_replicates[:, b])[:, wanted],
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

    In per cent of the baseline, positive where better, with paired percentile intervals; for measures in dB,
    whose zero means nothing, the difference in dB.

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

    point = gain(standing.compared_point)
    low, high = interval(gain(standing.compared_replicates))
    if standing.speakers < 2:
        low, high = np.full_like(low, np.nan), np.full_like(high, np.nan)
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


def _fact(standing: Standing, name: str, what: str) -> Array:
    """What the scores say of the noise, shape (conditions, units)."""
    found = standing.scores.facts[name]
    if np.isnan(found).all():
        raise StandingsError(
            f"the scores of {standing.measure.name} on {standing.lines[0].card.recipe} do not say "
            f"{what}: either the recipe has no such noise, or they were stored before scores said so; "
            "then score the models again"
        )
    return found


def _band(low: float, high: float) -> str:
    if np.isinf(low):
        return f"below {high:g} dB"
    return f"{low:g} dB and more" if np.isinf(high) else f"{low:g} to {high:g} dB"


def _among(standing: Standing, groups: Mapping[str, NDArray[np.bool_]]) -> Iterator[Row]:
    """Groups of mixtures, each shape (conditions, units), averaged over the conditions they contain."""
    grid = standing.scores
    sample = resampling(grid.units, standing.seed)
    for name, heard in groups.items():
        kept = np.flatnonzero(heard.any(axis=1))
        values = np.where(heard[kept], grid.values[:, :, kept], np.nan)
        yield from _rows(standing, name, values, [grid.conditions[i] for i in kept], sample)


def _rows(
    standing: Standing, group: str, values: Array, conditions: Sequence[Condition], sample: Resampling
) -> Iterator[Row]:
    units = standing.scores.units
    columns, point = with_averages(condition_means(values, identity(units)), conditions)
    _, spread = with_averages(condition_means(values, sample), conditions)
    bounds = intervals(values, conditions, [speaker for speaker, _ in units], spread)
    yield from _estimated(standing, group, columns, point[0], *bounds)


def _estimated(
    standing: Standing, group: str, columns: Sequence[Key], point: Array, low: Array, high: Array
) -> Iterator[Row]:
    for row, line in enumerate(standing.lines):
        for i, column in enumerate(columns):
            if not np.isnan(point[row, i]):
                estimate = Estimate(float(point[row, i]), float(low[row, i]), float(high[row, i]))
                yield Row(line.card.model, group, column, estimate)


def headline_rows(standing: Standing, rows: Sequence[Row]) -> dict[str, dict[str, Estimate]]:
    """Group to model to the value in the headline column, for tables that show one number a group."""
    found: dict[str, dict[str, Estimate]] = {}
    for row in rows:
        if row.column == standing.headline:
            found.setdefault(row.group, {})[row.model] = row.estimate
    return found
