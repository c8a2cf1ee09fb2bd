"""Answers to questions about standings, as Markdown, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmark.errors import StandingsError
from benchmark.metrics import parse
from benchmark.ranking.breakdown import BREAKDOWNS, Pair, Row, gains, pairs
from benchmark.ranking.standings import DROP, Estimate, Key, Standing
from benchmark.ranking.tables import markdown_table, rests_on, summary_table, title, with_interval

Answer = list[tuple[Standing, list[Row] | list[Pair]]]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        recipe: Name of a recipe, or None for all.
        measures: Names of measures, or () for all.
        by: A key of `BREAKDOWNS`.
        baseline: Show gains over this model instead.
        compared: Compare these models instead.
    """

    recipe: str | None = None
    measures: tuple[str, ...] = ()
    by: str = "condition"
    baseline: str | None = None
    compared: tuple[str, ...] = ()


def answer(recipes: Mapping[str, Sequence[Standing]], question: Question, style: str) -> str:
    """The answer as text that ends with a line end.

    Args:
        recipes: Recipe name to its standings.
        question: What is asked.
        style: "markdown", "csv" or "json".

    Raises:
        StandingsError: A recipe, measure or model is not there.
    """
    if question.compared and (question.baseline or question.by != "condition"):
        raise StandingsError("--compare stands alone: leave out --by and --baseline")
    if question.baseline and question.by != "condition":
        raise StandingsError("--baseline shows gains by condition: leave out --by")
    if len(set(question.compared)) == 1:
        raise StandingsError(f"--compare {question.compared[0]}: name another model to compare it with")
    found: Answer = [(standing, _rows(standing, question)) for standing in _asked(recipes, question)]
    if style == "csv":
        return _as_csv(found)
    if style == "json":
        return json.dumps([record for item in found for record in _records(*item)], indent=1) + "\n"
    return "\n".join(_section(standing, rows, question) for standing, rows in found)


def _asked(recipes: Mapping[str, Sequence[Standing]], question: Question) -> list[Standing]:
    if question.recipe is not None and question.recipe not in recipes:
        raise StandingsError(f"no results of the recipe '{question.recipe}'; there are: {', '.join(recipes)}")
    standings = [item for name in [question.recipe or ""] if name for item in recipes[name]] or [
        item for items in recipes.values() for item in items
    ]
    wanted = [parse(name).name for name in question.measures]
    there = dict.fromkeys(item.measure.name for item in standings)
    absent = [name for name in wanted if name not in there]
    if absent:
        raise StandingsError(f"no scores of {', '.join(absent)}; there are: {', '.join(there)}")
    chosen = [item for item in standings if item.measure.name in (wanted or there)]
    if question.by == "phone_class":
        return _by_phone(chosen)
    if question.by != "parameter":
        chosen = _averaged(chosen, alone=question == Question(question.recipe, question.measures))
    models = [model for model in (question.baseline, *question.compared) if model]
    having = [item for item in chosen if {line.card.model for line in item.lines}.issuperset(models)]
    # Models that enhance and models that invert share no measure with each other; what they share can be shown.
    return having or chosen


def _by_phone(standings: list[Standing]) -> list[Standing]:
    """Those that have scores by class of phone; audio measures have none."""
    found = [item for item in standings if item.phones]
    if not found:
        names = ", ".join(dict.fromkeys(item.measure.name for item in standings))
        raise StandingsError(
            f"no scores of {names} by phone class: they come from measures of articulation on a corpus whose recordings are "
            "labelled; prepare it again, so that it holds phones.parquet, and score the models again"
        )
    return found


def _averaged(standings: list[Standing], alone: bool) -> list[Standing]:
    """Those whose parameters have a common unit; the others can only be shown as they are, parameter by parameter."""
    found = [item for item in standings if item.measure.unit != "own"]
    if alone or not standings:
        return standings
    if not found:
        raise StandingsError(
            f"{standings[0].measure.name} is in the unit of each parameter and has no mean over them: ask --by parameter"
        )
    return found


def _rows(standing: Standing, question: Question) -> list[Row] | list[Pair]:
    if question.compared:
        return pairs(standing, question.compared)
    if question.baseline:
        return list(gains(standing, question.baseline))
    if standing.measure.unit == "own" and question.by == "condition":
        return list(BREAKDOWNS["parameter"](standing))
    return list(BREAKDOWNS[question.by](standing))


def _records(standing: Standing, rows: Sequence[Row] | Sequence[Pair]) -> list[dict[str, Any]]:
    return [_record(standing, row) for row in rows]


def _record(standing: Standing, row: Row | Pair) -> dict[str, Any]:
    kind, snr_db = row.column if isinstance(row.column, tuple) else (f"{row.column} (mean)", None)
    kind = row.column if row.column == DROP else kind
    record: dict[str, Any] = {"recipe": standing.lines[0].card.recipe, "measure": standing.measure.name}
    if isinstance(row, Pair):
        record |= {"first": row.first, "second": row.second}
    else:
        record |= {"model": row.model, "group": row.group}
    record |= {"noise_kind": kind, "snr_db": snr_db}
    record |= {name: _json_number(value) for name, value in row.estimate._asdict().items()}
    if isinstance(row, Pair):
        record |= {"p": _json_number(row.p), "p_holm": _json_number(row.p_holm)}
    return record


def _json_number(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None


def _as_csv(found: Answer) -> str:
    records = [record for item in found for record in _records(*item)]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(records[0]) if records else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return stream.getvalue()


def _section(standing: Standing, rows: list[Row] | list[Pair], question: Question) -> str:
    heading = f"{standing.lines[0].card.recipe}, {standing.measure.name}. {rests_on(standing)}\n"
    if question.compared:
        table = _pair_table(standing, [row for row in rows if isinstance(row, Pair)])
    elif question.baseline:
        table = _gain_table(standing, [row for row in rows if isinstance(row, Row)])
    elif question.by == "condition" and standing.measure.unit != "own":
        table = summary_table(standing)
    else:
        table = _group_table(standing, [row for row in rows if isinstance(row, Row)])
    return f"{heading}\n{table}\n"


def _group_table(standing: Standing, rows: Sequence[Row]) -> str:
    groups: dict[str, dict[str, Estimate]] = {}
    for row in rows:
        if row.column == standing.headline:
            groups.setdefault(row.group, {})[row.model] = row.estimate
    nothing = Estimate(math.nan, math.nan, math.nan)
    body = [
        [
            f"`{line.card.model}`",
            *(
                with_interval(values.get(line.card.model, nothing), standing.measure)
                for values in groups.values()
            ),
        ]
        for line in standing.lines
    ]
    return markdown_table(["model", *groups], body, text=1)


def _gain_table(standing: Standing, rows: Sequence[Row]) -> str:
    keys: list[Key] = [standing.headline, *standing.kinds, ("clean", None)]
    keys = [key for key in dict.fromkeys(keys) if key in standing.columns]
    unit = standing.measure.unit if standing.measure.unit == "dB" else "%"
    found = {(row.model, row.column): row.estimate for row in rows}
    models = dict.fromkeys(row.model for row in rows)
    body = [[f"`{model}`", *(_signed(found.get((model, key)), 1) for key in keys)] for model in models]
    group = rows[0].group if rows else "gain"
    return markdown_table([group, *(f"{title(key)} ({unit})" for key in keys)], body, text=1)


def _pair_table(standing: Standing, rows: Sequence[Pair]) -> str:
    body = [
        [
            f"`{row.first}` − `{row.second}`",
            title(row.column),
            _signed(row.estimate, 3),
            _p(row.p),
            _p(row.p_holm),
        ]
        for row in rows
    ]
    return markdown_table(["difference", "condition", "value [95 %]", "p", "p (Holm)"], body)


def _signed(estimate: Estimate | None, digits: int) -> str:
    if estimate is None:
        return "–"
    if math.isnan(estimate.low):
        return f"{estimate.value:+z.{digits}f}"
    return f"{estimate.value:+z.{digits}f} [{estimate.low:+z.{digits}f}, {estimate.high:+z.{digits}f}]"


def _p(value: float) -> str:
    if math.isnan(value):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
