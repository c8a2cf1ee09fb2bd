"""Training runs of one model with different seeds become one line: no lucky seed is ranked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmark.ranking.averages import Key
from benchmark.ranking.score_array import (
    FAILED,
    LEFT_OUT,
    SCORED,
    Condition,
    PackedResult,
    PackedScores,
    Unit,
)
from benchmark.ranking.standings import Standing, stand


@dataclass(frozen=True, slots=True)
class Seeds:
    """The training runs behind one line.

    Attributes:
        runs: Names of their results.
        spread: Standard deviation over the runs (n - 1), by measure and column.
    """

    runs: tuple[str, ...]
    spread: Mapping[tuple[str, Key], float]


def with_seeds_together(
    results: Sequence[PackedResult], planned: Iterable[tuple[Condition, Unit]], alone: Sequence[Standing]
) -> tuple[list[Standing], dict[str, Seeds]]:
    """Standings in which the seeds of one model share a line: its scores are their means, item by item.

    Runs that were not scored on the same measures and items stay apart.

    Args:
        results: All results of a recipe.
        planned: See `benchmark.ranking.standings.stand`.
        alone: Standings of these results, each for itself.

    Returns:
        Standings, and the runs behind each line that stands for several; `alone` itself if there is none.
    """
    groups: dict[str, list[PackedResult]] = defaultdict(list)
    names = {result.card.model for result in results}
    for result in results:
        if result.card.seed_of:
            groups[result.card.seed_of].append(result)
    merged: dict[str, PackedResult] = {}
    for name, runs in groups.items():
        taken = name in names - {result.card.model for result in runs}
        if len(runs) > 1 and not taken and _alike(runs):
            merged[name] = _merged(name, runs)
    if not merged:
        return list(alone), {}
    single = [result for result in results if result.card.seed_of not in merged]
    together = sorted([*single, *merged.values()], key=lambda result: result.card.model)
    found = {
        name: Seeds(tuple(run.card.model for run in groups[name]), _spread(groups[name], alone))
        for name in merged
    }
    return stand(together, planned), found


def _alike(runs: Sequence[PackedResult]) -> bool:
    """Whether the runs have the same scores in the same order, and hear the same."""
    first = runs[0]
    return all(
        run.columns.keys() == first.columns.keys()
        and (run.card.hears, run.card.track) == (first.card.hears, first.card.track)
        and all(_same_axes(run.columns[name], first.columns[name]) for name in first.columns)
        for run in runs[1:]
    )


def _same_axes(one: PackedScores, other: PackedScores) -> bool:
    names = ("parameters", "conditions", "units", "categories")
    return all(getattr(one, name) == getattr(other, name) for name in names) and np.array_equal(
        one.index, other.index
    )


def _merged(name: str, runs: Sequence[PackedResult]) -> PackedResult:
    cards = [run.card for run in runs]
    card = replace(
        cards[0],
        model=name,
        title=f"{cards[0].title}; mean of {len(cards)} seeds",
        expected=sum(card.expected for card in cards),
        ok=sum(card.ok for card in cards),
        failed=sum(card.failed for card in cards),
        left_out=sum(card.left_out for card in cards),
        reasons={reason: count for card in cards for reason, count in card.reasons.items()},
        real_time_factor=float(np.mean([card.real_time_factor for card in cards])),
    )
    columns = {measure: _mean([run.columns[measure] for run in runs]) for measure in runs[0].columns}
    return PackedResult(card, columns, _phones(runs))


def _phones(runs: Sequence[PackedResult]) -> dict[str, dict[str, PackedScores]]:
    first = runs[0].phones
    alike = all(
        run.phones.keys() == first.keys()
        and all(
            run.phones[measure].keys() == first[measure].keys()
            and all(_same_axes(run.phones[measure][name], first[measure][name]) for name in first[measure])
            for measure in first
        )
        for run in runs[1:]
    )
    if not alike:
        return {}
    return {
        measure: {name: _mean([run.phones[measure][name] for run in runs]) for name in classes}
        for measure, classes in first.items()
    }


def _mean(runs: Sequence[PackedScores]) -> PackedScores:
    """What failed in one run failed; what was left out for the target's sake is left out in all."""
    status = np.stack([run.status for run in runs])
    values = np.stack([run.values for run in runs])
    together = np.where((status == FAILED).any(axis=0), FAILED, SCORED)
    together = np.where((status == LEFT_OUT).any(axis=0), LEFT_OUT, together).astype(np.int8)
    return replace(runs[0], values=values.mean(axis=0), status=together)


def _spread(runs: Sequence[PackedResult], alone: Sequence[Standing]) -> dict[tuple[str, Key], float]:
    names = {run.card.model for run in runs}
    found: dict[tuple[str, Key], float] = {}
    for standing in alone:
        lines = [line for line in standing.lines if line.card.model in names]
        for key in standing.columns:
            values = [line.estimates[key].value for line in lines if key in line.estimates]
            if len(values) == len(names):
                found[standing.measure.name, key] = float(np.std(values, ddof=1))
    return found
