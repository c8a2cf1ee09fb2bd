"""Tables in Markdown of what the measures do with awkward input (`list measures --edges`)."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.metrics.edges import Outcome


def edge_tables(outcomes: Sequence[Outcome]) -> str:
    """One table a measure, with the value or the error of each case."""
    parts = []
    for measure in dict.fromkeys(outcome.measure for outcome in outcomes):
        rows = [["input", "outcome", "value", "why"]]
        rows += [
            [o.case, o.verdict, "" if o.value is None else f"{o.value:.4f}", o.message]
            for o in outcomes
            if o.measure == measure
        ]
        parts.append(f"## {measure}\n\n{_markdown(rows)}")
    return "\n\n".join(parts)


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return "\n".join(lines)
