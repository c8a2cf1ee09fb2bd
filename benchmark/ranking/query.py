"""Answers questions about standings as Markdown, CSV or JSON; reads only what a question needs."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.errors import StandingsError
from benchmark.metrics import parse
from benchmark.ranking.audit import KeptOut, Wanted
from benchmark.ranking.averages import DROP, Key
from benchmark.ranking.breakdown import BREAKDOWNS, Pair, Row, gains, pairs
from benchmark.ranking.leaderboard import Leaderboard, collect
from benchmark.ranking.markdown import code, formula_free, plain, table
from benchmark.ranking.result_folders import folders_asked_for, result_folders
from benchmark.ranking.rounding import as_text, settled
from benchmark.ranking.standings import Estimate, Standing
from benchmark.ranking.tables import rests_on, summary_table, title, with_interval
from benchmark.scoring.results import read_card

Found = list[tuple[Standing, list[Row] | list[Pair]]]


@dataclass(frozen=True, slots=True)
class Query:
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

    @property
    def models(self) -> tuple[str, ...]:
        """All models that are named."""
        return tuple(name for name in (self.baseline, *self.compared) if name is not None)


def run_query(results: Path, manifests: Path, query: Query, style: str) -> tuple[str, tuple[KeptOut, ...]]:
    """What is asked for, as text that ends with a line end; and what was kept out of it.

    Args:
        results: Folder of results.
        manifests: Folder of the committed manifests.
        query: What is asked.
        style: "markdown", "csv" or "json".

    Raises:
        StandingsError: A recipe, measure or model is not there, which is found before any score is read.
    """
    _refuse_contradictions(query)
    measures = [parse(name).name for name in query.measures]
    _refuse_unknown(folders_asked_for(result_folders(results), query.recipe, query.models), measures)
    wanted = Wanted(
        query.recipe, measures or None, phones=query.by == "phone_class", followed=False, speakers=False
    )
    leaderboard = collect(results, manifests, wanted=wanted)
    found: Found = [(standing, _rows(standing, query)) for standing in _asked(leaderboard, query)]
    return _written(found, query, style), leaderboard.kept_out


def _refuse_contradictions(query: Query) -> None:
    if query.compared and (query.baseline or query.by != "condition"):
        raise StandingsError("--compare stands alone: leave out --by and --baseline")
    if query.baseline and query.by != "condition":
        raise StandingsError("--baseline shows gains by condition: leave out --by")
    if len(set(query.compared)) == 1:
        raise StandingsError(f"--compare {query.compared[0]}: name another model to compare it with")


def _refuse_unknown(folders: Sequence[Path], measures: Sequence[str]) -> None:
    scored: dict[str, None] = {}
    for folder in folders if measures else ():
        try:
            scored |= dict.fromkeys(read_card(folder).measures)
        except StandingsError:
            continue  # kept out and named when the scores are read
    absent = [name for name in measures if name not in scored]
    if absent:
        raise StandingsError(f"no scores of {', '.join(absent)}; there are: {', '.join(scored)}")


def _asked(leaderboard: Leaderboard, query: Query) -> list[Standing]:
    chosen = [item for items in leaderboard.recipes.values() for item in items]
    if query.by == "phone_class":
        return _by_phone(chosen)
    if query.by != "parameter":
        chosen = _averaged(chosen, alone=query == Query(query.recipe, query.measures))
    having = [item for item in chosen if {line.card.model for line in item.lines}.issuperset(query.models)]
    # Models that enhance and models that invert share no measure with each other; what they share can be
    # shown.
    return having or chosen


def _written(found: Found, query: Query, style: str) -> str:
    if style == "csv":
        return _as_csv(found)
    if style == "json":
        return json.dumps([record for item in found for record in _records(*item)], indent=1) + "\n"
    return "\n".join(_section(standing, rows, query) for standing, rows in found)


def _by_phone(standings: list[Standing]) -> list[Standing]:
    """Those that have scores by class of phone; audio measures have none."""
    found = [item for item in standings if item.phones]
    if not found:
        names = ", ".join(dict.fromkeys(item.measure.name for item in standings))
        raise StandingsError(
            f"no scores of {names} by phone class: they come from measures of articulation on a corpus "
            "whose recordings are labelled; prepare it again, so that it holds phones.parquet, and "
            "score the models again"
        )
    return found


def _averaged(standings: list[Standing], alone: bool) -> list[Standing]:
    """Standings whose parameters share a unit; others have no average and are shown by parameter."""
    found = [item for item in standings if item.measure.unit != "own"]
    if alone or not standings:
        return standings
    if not found:
        raise StandingsError(
            f"{standings[0].measure.name} is in the unit of each parameter and has no mean over "
            "them: ask --by parameter"
        )
    return found


def _rows(standing: Standing, query: Query) -> list[Row] | list[Pair]:
    if query.compared:
        return pairs(standing, query.compared)
    if query.baseline:
        return list(gains(standing, query.baseline))
    if standing.measure.unit == "own" and query.by == "condition":
        return list(BREAKDOWNS["parameter"](standing))
    return list(BREAKDOWNS[query.by](standing))


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
    return settled(value) if math.isfinite(value) else None


def _as_csv(found: Found) -> str:
    records = [record for item in found for record in _records(*item)]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(records[0]) if records else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {key: formula_free(value) if isinstance(value, str) else value for key, value in record.items()}
        for record in records
    )
    return stream.getvalue()


def _section(standing: Standing, rows: list[Row] | list[Pair], query: Query) -> str:
    heading = f"{standing.lines[0].card.recipe}, {standing.name}. {rests_on(standing)}\n"
    if query.compared:
        table = _pair_table(standing, [row for row in rows if isinstance(row, Pair)])
    elif query.baseline:
        table = _gain_table(standing, [row for row in rows if isinstance(row, Row)])
    elif query.by == "condition" and standing.measure.unit != "own":
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
            code(line.card.model),
            *(
                with_interval(values.get(line.card.model, nothing), standing.measure)
                for values in groups.values()
            ),
        ]
        for line in standing.lines
    ]
    return table(["model", *map(plain, groups)], body, words=1)


def _gain_table(standing: Standing, rows: Sequence[Row]) -> str:
    keys: list[Key] = [standing.headline, *standing.kinds, ("clean", None)]
    keys = [key for key in dict.fromkeys(keys) if key in standing.columns]
    unit = standing.measure.unit if standing.measure.unit == "dB" else "%"
    found = {(row.model, row.column): row.estimate for row in rows}
    models = dict.fromkeys(row.model for row in rows)
    body = [[code(model), *(_signed(found.get((model, key)), 1) for key in keys)] for model in models]
    group = rows[0].group if rows else "gain"
    return table([plain(group), *(f"{title(key)} ({unit})" for key in keys)], body, words=1)


def _pair_table(standing: Standing, rows: Sequence[Pair]) -> str:
    body = [
        [
            f"{code(row.first)} − {code(row.second)}",
            title(row.column),
            _signed(row.estimate, 3),
            _p(row.p),
            _p(row.p_holm),
        ]
        for row in rows
    ]
    return table(["difference", "condition", "value [95 %]", "p", "p (Holm)"], body)


def _signed(estimate: Estimate | None, digits: int) -> str:
    if estimate is None or math.isnan(estimate.value):
        return "–"
    value, low, high = ("" if math.isnan(one) else as_text(one, digits, sign=True) for one in estimate)
    return f"{value} [{low}, {high}]" if low else value


def _p(value: float) -> str:
    if math.isnan(value):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
