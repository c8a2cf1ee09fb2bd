"""Scores as arrays: one value for each model, parameter, condition and utterance of one measure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmark.formats.natural_order import natural
from benchmark.metrics import TV10
from benchmark.scoring.results import Card, Result
from benchmark.scoring.score_rows import SCORES, coded_words

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Condition = tuple[str, float | None]
Unit = tuple[str, str]

SCORED, FAILED, LEFT_OUT = 1, 2, 3
STATUS = {"ok": SCORED, "failed": FAILED, "left_out": LEFT_OUT}
#: What newer scores say of the noise of their mixture; NaN where they do not.
NOISE_FACTS = ("talkers", "over_loudest_db", "noise_seen")


@dataclass(frozen=True, slots=True, eq=False)
class CodedTable:
    """A table of scores whose text is coded: each word once, and for every row the place of its word.

    Attributes:
        words: By column of text, the words that occur.
        codes: By column of text, int64, shape (rows,).
        numbers: By column of numbers, float64, shape (rows,); NaN for null.
    """

    words: Mapping[str, tuple[str, ...]]
    codes: Mapping[str, Codes]
    numbers: Mapping[str, Array]

    def __len__(self) -> int:
        return len(self.numbers["value"])

    def where(self, chosen: NDArray[np.bool_]) -> CodedTable:
        """Only the chosen rows."""
        return replace(
            self,
            codes={name: codes[chosen] for name, codes in self.codes.items()},
            numbers={name: values[chosen] for name, values in self.numbers.items()},
        )

    def of_measure(self, measure: str) -> CodedTable:
        """Only the rows of one measure."""
        place = self.words["measure"].index(measure)
        return self.where(self.codes["measure"] == place)

    def text(self, row: int, name: str) -> str:
        """A word of one row."""
        return self.words[name][int(self.codes[name][row])]


def coded(table: pa.Table) -> CodedTable:
    """Codes a table of scores."""
    words: dict[str, tuple[str, ...]] = {}
    codes: dict[str, Codes] = {}
    numbers: dict[str, Array] = {}
    for item in table.schema:
        if pa.types.is_string(item.type) or pa.types.is_dictionary(item.type):
            there, codes[item.name] = coded_words(table[item.name])
            words[item.name] = tuple(there)
        else:
            column = table[item.name].cast(pa.float64())
            numbers[item.name] = column.to_numpy().astype(np.float64)
    return CodedTable(words, codes, numbers)


@dataclass(frozen=True, slots=True, eq=False)
class PackedScores:
    """The scores of one model on one measure, without the text that repeats in every row.

    Attributes:
        parameters: Those that occur.
        conditions: Those that occur.
        units: (speaker, utterance), those that occur.
        categories: Categories of noise, those that occur.
        index: int64, shape (4, scores): the place of each score in these four.
        values: float64, shape (scores,); NaN where left out.
        status: int8, shape (scores,).
        facts: What is known of the noise of each score's mixture, by name (see `NOISE_FACTS`), each shape
            (scores,).
    """

    parameters: tuple[str, ...]
    conditions: tuple[Condition, ...]
    units: tuple[Unit, ...]
    categories: tuple[str, ...]
    index: Codes
    values: Array
    status: NDArray[np.int8]
    facts: Mapping[str, Array] = field(default_factory=dict)

    @property
    def places(self) -> set[tuple[Condition, Unit]]:
        """Every (condition, unit) that has a score."""
        flat = self.index[1] * len(self.units) + self.index[2]
        found = np.flatnonzero(np.bincount(flat, minlength=1))
        return {
            (self.conditions[i // len(self.units)], self.units[i % len(self.units)]) for i in found.tolist()
        }


@dataclass(frozen=True, slots=True)
class PackedResult:
    """A result as standings need it; much smaller than its rows.

    Attributes:
        card: Its card.
        columns: Scores by name of measure.
        phones: Scores by name of measure and class of phone, where there are any; their axes are those of the
            whole result.
    """

    card: Card
    columns: Mapping[str, PackedScores] = field(repr=False)
    phones: Mapping[str, Mapping[str, PackedScores]] = field(default_factory=dict, repr=False)


def packed(result: Result) -> PackedResult:
    """Packs a result whose scores are rows."""
    table = pa.Table.from_pylist([dict(row) for row in result.scores], schema=SCORES)
    return packed_table(result.card, coded(table))


def packed_table(card: Card, table: CodedTable, measures: Collection[str] | None = None) -> PackedResult:
    """Packs a coded result; only some measures, if they are named."""
    names = [name for name in table.words["measure"] if measures is None or name in measures]
    return PackedResult(card, {name: _packed(table.of_measure(name)) for name in names})


@dataclass(frozen=True, slots=True, eq=False)
class ScoreArray:
    """All scores of one measure on one recipe.

    Attributes:
        models: Names, first axis.
        parameters: Second axis, in the order of the field; ("",) for measures of audio.
        conditions: Third axis: clean, then each kind of noise by rising SNR.
        units: Fourth axis: (speaker, utterance), sorted.
        values: float64, shape (models, parameters, conditions, units); NaN where there is no score that
            counts.
        failures: bool, same shape: what a model failed on and is charged for.
        lacking: How many scores each model lacks that another one, or the plan, has.
        categories: str, shape (conditions, units): the category of the noise, "" for clean or where there is
            no score.
        facts: What is known of the noise, by name (see `NOISE_FACTS`), each shape (conditions, units), NaN
            where unknown.
    """

    models: tuple[str, ...]
    parameters: tuple[str, ...]
    conditions: tuple[Condition, ...]
    units: tuple[Unit, ...]
    values: Array
    failures: NDArray[np.bool_]
    lacking: tuple[int, ...]
    categories: NDArray[np.str_]
    facts: Mapping[str, Array]

    @property
    def speakers(self) -> tuple[str, ...]:
        """The speakers, sorted."""
        return tuple(dict.fromkeys(speaker for speaker, _ in self.units))

    @property
    def failed(self) -> NDArray[np.int64]:
        """How many scores failed, shape (models, conditions)."""
        return np.asarray(self.failures.sum(axis=(1, 3)))

    def select(self, models: Sequence[int]) -> ScoreArray:
        """The same array with only these models, in this order."""
        return replace(
            self,
            models=tuple(self.models[i] for i in models),
            values=self.values[list(models)],
            failures=self.failures[list(models)],
            lacking=tuple(self.lacking[i] for i in models),
        )


def score_array(
    columns: Mapping[str, PackedScores], planned: Iterable[tuple[Condition, Unit]] = (), pooled: bool = False
) -> ScoreArray:
    """Lays the scores of several models out on one grid.

    Args:
        columns: Model name to its scores on one measure.
        planned: Every (condition, unit) that a complete result has, where a committed manifest says so. A
            model lacks what it has not, even if no other model has it.
        pooled: The measure has one value for all utterances of a speaker, so that the plan is read by
            speaker.
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
    facts = {name: np.full(shape[2:], np.nan) for name in NOISE_FACTS}
    for m, column in enumerate(columns.values()):
        p, c, u = _on_axes(column, parameters, conditions, units)
        values[m, p, c, u], status[m, p, c, u] = column.values, column.status
        categories[c, u] = np.array(column.categories, dtype=text)[column.index[3]]
        for name, known in column.facts.items():
            facts[name][c, u] = known
    known = (status != 0).any(axis=0)
    condition_place = {condition: i for i, condition in enumerate(conditions)}
    unit_place = {unit: i for i, unit in enumerate(units)}
    for condition, unit in plan:
        known[:, condition_place[condition], unit_place[unit]] = True
    # Scores are left out for the target's sake, so no model may leave out what another one was scored on.
    shirked = (status == LEFT_OUT) & ((status == SCORED) | (status == FAILED)).any(axis=0)
    lacking = ((status == 0) & known).sum(axis=(1, 2, 3)) + shirked.sum(axis=(1, 2, 3))
    return ScoreArray(
        models=tuple(columns),
        parameters=parameters,
        conditions=conditions,
        units=units,
        values=values,
        failures=status == FAILED,
        lacking=tuple(int(count) for count in lacking),
        categories=categories,
        facts=facts,
    )


def laid_out(columns: Mapping[str, PackedScores], grid: ScoreArray) -> Array:
    """Values on the axes of a score array, which all of them have a place on.

    Args:
        columns: Model name to scores; models of the array that are not named have none.
        grid: Of the same measure.

    Returns:
        Shape of `grid.values`, NaN where there is no score that counts.
    """
    values = np.full(grid.values.shape, np.nan)
    for m, model in enumerate(grid.models):
        if column := columns.get(model):
            p, c, u = _on_axes(column, grid.parameters, grid.conditions, grid.units)
            values[m, p, c, u] = column.values
    return values


def column_order(condition: Condition) -> tuple[Any, ...]:
    """Sorts conditions as in tables: clean, then each kind of noise by rising SNR.

    Numbers in names count as numbers: babble_2 comes before babble_16.
    """
    kind, snr_db = condition
    return (0 if kind == "clean" else 1, natural(kind), snr_db if snr_db is not None else 0.0)


def _parameter_order(name: str) -> tuple[int, str]:
    return (TV10.index(name) if name in TV10 else len(TV10), name)


def _on_axes(
    column: PackedScores, parameters: Sequence[str], conditions: Sequence[Condition], units: Sequence[Unit]
) -> tuple[Codes, Codes, Codes]:
    return (
        _moved(column.parameters, parameters)[column.index[0]],
        _moved(column.conditions, conditions)[column.index[1]],
        _moved(column.units, units)[column.index[2]],
    )


def _moved(names: Sequence[Any], axis: Sequence[Any]) -> Codes:
    """Where each name lies on an axis."""
    place = {name: i for i, name in enumerate(axis)}
    return np.array([place[name] for name in names], np.int64)


def _packed(table: CodedTable) -> PackedScores:
    parameters, parameter_of = _present(table.codes["parameter"])
    categories, category_of = _present(table.codes["noise_category"])
    size = len(table.words["utterance_id"])
    pairs, unit_of = _present(table.codes["speaker"] * size + table.codes["utterance_id"])
    snrs, snr_of = np.unique(np.nan_to_num(table.numbers["snr_db"], nan=np.inf), return_inverse=True)
    kinds, condition_of = _present(table.codes["noise_kind"] * len(snrs) + snr_of)
    words = table.words
    conditions = [(words["noise_kind"][i // len(snrs)], float(snrs[i % len(snrs)])) for i in kinds.tolist()]
    place = np.array([SCORED if w == "ok" else STATUS.get(w, 0) for w in words["status"]], np.int8)
    return PackedScores(
        parameters=tuple(words["parameter"][i] for i in parameters),
        conditions=tuple((kind, None if np.isinf(snr) else snr) for kind, snr in conditions),
        units=tuple((words["speaker"][i // size], words["utterance_id"][i % size]) for i in pairs.tolist()),
        categories=tuple(words["noise_category"][i] for i in categories),
        index=np.stack([parameter_of, condition_of, unit_of, category_of]),
        values=table.numbers["value"],
        status=place[table.codes["status"]],
        facts={name: table.numbers[name] for name in NOISE_FACTS if name in table.numbers},
    )


def _present(codes: Codes) -> tuple[Codes, Codes]:
    """The codes that occur, and for each row the place of its code among them."""
    there, places = np.unique(codes, return_inverse=True)
    return there, places.astype(np.int64)
