"""Standings as Markdown for people and CSV for programs."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence

from benchmark.harness.results import Card
from benchmark.standings.aggregate import Condition, Line, Standing

_KIND_TITLES = {"clean": "clean", "babble": "babble", "nonbabble": "non-babble"}
_DIGITS = {"dB": 1, "mm": 2}


def markdown(recipes: Mapping[str, Sequence[Standing]], plots: Mapping[str, Sequence[str]]) -> str:
    """The leaderboard page: for each recipe its models, plots, and one table a measure.

    Args:
        recipes: Recipe name to its standings.
        plots: Recipe name to the file names of its plots.
    """
    parts = [
        "# Leaderboard\n",
        "Rendered by `python -m benchmark.leaderboard` from `results/`; do not edit. Every value is the mean over the utterances of a\n"
        "speaker, then over speakers, then over parameters; what a model failed on counts with the measure's worst value. Models are\n"
        "sorted by the mean over the noisy conditions; oracles, which hear the clean speech, stand below the line and have no rank.\n",
    ]
    for recipe, found in recipes.items():
        parts.append(_recipe_section(recipe, found, plots.get(recipe, ())))
    return "\n".join(parts)


def tidy_csv(found: Sequence[Standing]) -> str:
    """One row a measure, model and condition."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["measure", "unit", "model", "oracle", "noise_kind", "snr_db", "value", "failed"])
    for standing in found:
        for line in standing.lines:
            for kind, snr_db in standing.conditions:
                value = line.values.get((kind, snr_db), math.nan)
                writer.writerow(
                    [
                        standing.measure.name,
                        standing.measure.unit,
                        line.card.model,
                        int(line.card.hears == "clean"),
                        kind,
                        "" if snr_db is None else f"{snr_db:g}",
                        "" if math.isnan(value) else f"{value:.6f}",
                        line.failed.get((kind, snr_db), 0),
                    ]
                )
    return stream.getvalue()


def measure_table(standing: Standing) -> str:
    """One measure: rows are models, columns conditions, then averages and failures."""
    kinds = [kind for kind in dict.fromkeys(kind for kind, _ in standing.conditions) if kind != "clean"]
    head = ["", "model"]
    for kind, snr_db in standing.conditions:
        head.append(_KIND_TITLES[kind] if snr_db is None else f"{_KIND_TITLES[kind]} {snr_db:g}")
    head += [f"{_KIND_TITLES[kind]} mean" for kind in kinds] + ["noisy mean", "failed"]
    rows = []
    rank = 0
    for line in standing.lines:
        oracle = line.card.hears == "clean"
        rank += not oracle
        rows.append(
            ["oracle" if oracle else str(rank), f"`{line.card.model}`", *_cells(standing, line, kinds)]
        )
    align = ["---", ":---", *["---:"] * (len(head) - 2)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, align, *rows])


def _cells(standing: Standing, line: Line, kinds: Sequence[str]) -> list[str]:
    digits = _DIGITS.get(standing.measure.unit, 3)
    best = _best(standing, digits)
    cells = []
    for condition in standing.conditions:
        text = _number(line.values.get(condition, math.nan), digits)
        cells.append(f"**{text}**" if text == best.get(condition) and line.card.hears != "clean" else text)
    cells += [_number(line.kind_mean(kind), digits) for kind in kinds]
    return [*cells, _number(line.noisy_mean, digits), str(sum(line.failed.values()))]


def _best(standing: Standing, digits: int) -> dict[Condition, str]:
    """The best value of each column among the models that hear noise."""
    choose = max if standing.measure.higher_is_better else min
    best = {}
    for condition in standing.conditions:
        values = [
            line.values[condition]
            for line in standing.lines
            if line.card.hears != "clean" and condition in line.values
        ]
        if values:
            best[condition] = _number(choose(values), digits)
    return best


def _number(value: float, digits: int) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def _recipe_section(recipe: str, found: Sequence[Standing], plots: Sequence[str]) -> str:
    cards = {line.card.model: line.card for standing in found for line in standing.lines}
    first = next(iter(cards.values()))
    parts = [
        f"## {recipe}: {first.recipe_title}\n",
        f"Version {first.recipe_version}, split `{first.split}`, corpus `{first.corpus_sha256[:12]}`.\n",
        *(f"![{name}]({name})\n" for name in plots),
    ]
    for standing in found:
        measure = standing.measure
        direction = "higher is better" if measure.higher_is_better else "lower is better"
        unit = "" if measure.unit == "1" else f", {measure.unit}"
        parts.append(f"### {measure.name} ({direction}{unit}; version {measure.version})\n")
        parts.append(measure_table(standing) + "\n")
    parts.append("### Models\n\n" + _models_table(list(cards.values())) + "\n")
    return "\n".join(parts)


def _models_table(cards: Sequence[Card]) -> str:
    rows = [
        ["model", "what it is", "source", "scores", "failed", "left out", "x real time"],
        [":---", ":---", ":---", "---:", "---:", "---:", "---:"],
    ]
    for card in sorted(cards, key=lambda card: card.model):
        speed = f"{1 / card.real_time_factor:.0f}" if card.real_time_factor > 0 else "–"
        rows.append(
            [
                f"`{card.model}`",
                card.title,
                card.source,
                str(card.expected),
                str(card.failed),
                str(card.left_out),
                speed,
            ]
        )
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
