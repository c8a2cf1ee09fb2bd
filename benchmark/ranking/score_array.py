"""Scores as arrays: one value for each model, parameter, condition and utterance of one measure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics import TV10
from benchmark.scoring.results import Card, Result

Array = NDArray[np.float64]
Condition = tuple[str, float | None]
Unit = tuple[str, str]

_SCORED, _FAILED, _LEFT_OUT = 1, 2, 3
STATUS = {"ok": _SCORED, "failed": _FAILED, "left_out": _LEFT_OUT}


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """The scores of one model on one measure, without the text that repeats in every row.

    Attributes:
        parameters: Those that occur.
        conditions: Those that occur.
        units: (speaker, utterance), those that occur.
        categories: Categories of noise, those that occur.
        index: int32, shape (4, scores): the place of each score in these four.
        values: float64, shape (scores,); NaN where left out.
        status: int8, shape (scores,).
    """

    parameters: tuple[str, ...]
    conditions: tuple[Condition, ...]
    units: tuple[Unit, ...]
    categories: tuple[str, ...]
    index: NDArray[np.int32]
    values: Array
    status: NDArray[np.int8]

    @property
    def places(self) -> set[tuple[Condition, Unit]]:
        """Every (condition, unit) that has a score."""
        pairs = np.unique(self.index[1:3], axis=1)
        return {(self.conditions[c], self.units[u]) for c, u in pairs.T.tolist()}


@dataclass(frozen=True, slots=True)
class Compact:
    """A result as standings need it; much smaller than its rows.

    Attributes:
        card: Its card.
        columns: Scores by name of measure.
        phones: Scores by name of measure and class of phone, where there are any; their axes are those of the whole result.
    """

    card: Card
    columns: Mapping[str, Column] = field(repr=False)
    phones: Mapping[str, Mapping[str, Column]] = field(default_factory=dict, repr=False)


def compact(result: Result) -> Compact:
    """Packs a result."""
    by_measure: dict[str, list[Mapping[str, Any]]] = {}
    for row in result.scores:
        by_measure.setdefault(row["measure"], []).append(row)
    return Compact(result.card, {name: _column(rows) for name, rows in by_measure.items()})


@dataclass(frozen=True, slots=True, eq=False)
class ScoreArray:
    """All scores of one measure on one recipe.

    Attributes:
        models: Names, first axis.
        parameters: Second axis, in the order of the field; ("",) for measures of audio.
        conditions: Third axis: clean, then each kind of noise by rising SNR.
        units: Fourth axis: (speaker, utterance), sorted.
        values: float64, shape (models, parameters, conditions, units); NaN where there is no score that counts.
        failed: int64, shape (models, conditions): scores at the measure's worst value.
        lacking: How many scores each model lacks that another one, or the plan, has.
        categories: str, shape (conditions, units): the category of the noise, "" for clean or where there is no score.
    """

    models: tuple[str, ...]
    parameters: tuple[str, ...]
    conditions: tuple[Condition, ...]
    units: tuple[Unit, ...]
    values: Array
    failed: NDArray[np.int64]
    lacking: tuple[int, ...]
    categories: NDArray[np.str_]

    @property
    def speakers(self) -> tuple[str, ...]:
        """The speakers, sorted."""
        return tuple(dict.fromkeys(speaker for speaker, _ in self.units))

    def select(self, models: Sequence[int]) -> ScoreArray:
        """The same array with only these models, in this order."""
        return replace(
            self,
            models=tuple(self.models[i] for i in models),
            values=self.values[list(models)],
            failed=self.failed[list(models)],
            lacking=tuple(self.lacking[i] for i in models),
        )


def score_array(
    columns: Mapping[str, Column], planned: Iterable[tuple[Condition, Unit]] = (), pooled: bool = False
) -> ScoreArray:
    """Lays the scores of several models out on one grid.

    Args:
        columns: Model name to its scores on one measure.
        planned: Every (condition, unit) that a complete result has, where a committed manifest says so. A model lacks what it
            has not, even if no other model has it.
        pooled: The measure has one value for all utterances of a speaker, so that the plan is read by speaker.
    """
    plan = {(condition, (unit[0], "*") if pooled else unit) for condition, unit in planned}
    places = plan.union(*(column.places for column in columns.values()))
    parameters = tuple(
        sorted({p for column in columns.values() for p in column.parameters}, key=_parameter_order)
    )
    conditions = tuple(sorted({condition for condition, _ in places}, key=column_order))
    units = tuple(sorted({unit for _, unit in places}))
    shape = (len(columns), len(parameters), len(conditions), len(units))
    values, status = np.full(shape, np.nan), np.zeros(shape, np.int8)
    longest = max((len(name) for column in columns.values() for name in column.categories), default=0)
    text = np.dtype(f"U{max(1, longest)}")
    categories = np.full(shape[2:], "", dtype=text)
    for m, column in enumerate(columns.values()):
        p = _moved(column.parameters, parameters)[column.index[0]]
        c = _moved(column.conditions, conditions)[column.index[1]]
        u = _moved(column.units, units)[column.index[2]]
        values[m, p, c, u], status[m, p, c, u] = column.values, column.status
        categories[c, u] = np.array(column.categories, dtype=text)[column.index[3]]
    known = (status != 0).any(axis=0)
    condition_place = {condition: i for i, condition in enumerate(conditions)}
    unit_place = {unit: i for i, unit in enumerate(units)}
    for condition, unit in plan:
        known[:, condition_place[condition], unit_place[unit]] = True
    # Scores are left out for the target's sake, so no model may leave out what another one was scored on.
    shirked = (status == _LEFT_OUT) & ((status == _SCORED) | (status == _FAILED)).any(axis=0)
    lacking = ((status == 0) & known).sum(axis=(1, 2, 3)) + shirked.sum(axis=(1, 2, 3))
    return ScoreArray(
        models=tuple(columns),
        parameters=parameters,
        conditions=conditions,
        units=units,
        values=values,
        failed=(status == _FAILED).sum(axis=(1, 3)),
        lacking=tuple(int(count) for count in lacking),
        categories=categories,
    )


def laid_out(columns: Mapping[str, Column], grid: ScoreArray) -> Array:
    """Values on the axes of a grid, which all of them have a place on.

    Args:
        columns: Model name to scores; models of the grid that are not named have none.
        grid: Of the same measure.

    Returns:
        Shape of `grid.values`, NaN where there is no score that counts.
    """
    values = np.full(grid.values.shape, np.nan)
    for m, model in enumerate(grid.models):
        if column := columns.get(model):
            p = _moved(column.parameters, grid.parameters)[column.index[0]]
            c = _moved(column.conditions, grid.conditions)[column.index[1]]
            u = _moved(column.units, grid.units)[column.index[2]]
            values[m, p, c, u] = column.values
    return values


def column_order(condition: Condition) -> tuple[int, str, float]:
    """Sorts conditions as tables show them: clean first, then each kind of noise by rising SNR."""
    kind, snr_db = condition
    return (0 if kind == "clean" else 1, kind, snr_db if snr_db is not None else 0.0)


def _parameter_order(name: str) -> tuple[int, str]:
    return (TV10.index(name) if name in TV10 else len(TV10), name)


def _moved(names: Sequence[Any], axis: Sequence[Any]) -> NDArray[np.intp]:
    """Where each name lies on an axis."""
    place = {name: i for i, name in enumerate(axis)}
    return np.array([place[name] for name in names], np.intp)


def _column(rows: Sequence[Mapping[str, Any]]) -> Column:
    parameters: dict[str, int] = {}
    conditions: dict[Condition, int] = {}
    units: dict[Unit, int] = {}
    categories: dict[str, int] = {}
    index = [
        (
            parameters.setdefault(row["parameter"], len(parameters)),
            conditions.setdefault((row["noise_kind"], row["snr_db"]), len(conditions)),
            units.setdefault((row["speaker"], row["utterance_id"]), len(units)),
            categories.setdefault(row["noise_category"], len(categories)),
        )
        for row in rows
    ]
    values = [np.nan if row["value"] is None else row["value"] for row in rows]
    return Column(
        parameters=tuple(parameters),
        conditions=tuple(conditions),
        units=tuple(units),
        categories=tuple(categories),
        index=np.array(index, np.int32).T,
        values=np.array(values, float),
        status=np.array([STATUS[row["status"]] for row in rows], np.int8),
    )
