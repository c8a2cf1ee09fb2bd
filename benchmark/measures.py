"""`python -m benchmark.measures`: lists the measures, or prints what each does with awkward input."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmark import cli
from benchmark.errors import MissingExtraError
from benchmark.metrics import Measure, available, parse
from benchmark.metrics.edges import Outcome, edge_table

_EXAMPLE = """  python -m benchmark.measures
  python -m benchmark.measures --edge-table STOI "PPMC(pool='corpus')\""""


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line and prints Markdown."""
    parser = cli.parser("measures", "Lists the measures, or what each does with awkward input.", _EXAMPLE)
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help="names of measures (default: all)")
    parser.add_argument("--edge-table", action="store_true", help="print every awkward input and its outcome")
    return cli.guarded(_print, parser.parse_args(argv))


def _print(arguments: argparse.Namespace) -> int:
    chosen, absent = _choose(arguments.measures)
    page = edge_page(edge_table(chosen)) if arguments.edge_table else facts_page(chosen)
    sys.stdout.write("\n".join([page, *absent]) + "\n")
    return 0


def _choose(names: Sequence[str]) -> tuple[list[Measure], list[str]]:
    """The measures asked for; of all there are, those whose package is missing are told about instead."""
    if names:
        return [parse(name) for name in names], []
    found: list[Measure] = []
    absent: list[str] = []
    for name in available():
        try:
            found.append(parse(name))
        except MissingExtraError as error:
            absent.append(f"\n{error}")
    return found, absent


def facts_page(measures: Sequence[Measure]) -> str:
    """A Markdown table of what the measures say about themselves."""
    rows = [["measure", "of", "unit", "range", "better", "worst", "ranked", "version", "source"]]
    for m in measures:
        low, high = m.range
        rows.append(
            [
                f"`{m.name}`",
                m.kind,
                m.unit,
                f"{low:g}..{high:g}",
                "higher" if m.higher_is_better else "lower",
                f"{m.worst:g}",
                "yes" if m.ranked else "no",
                m.version,
                m.source,
            ]
        )
    return _markdown(rows)


def edge_page(outcomes: Sequence[Outcome]) -> str:
    """Markdown: one table a measure, with the value or the error of each case."""
    parts = []
    for measure in dict.fromkeys(o.measure for o in outcomes):
        rows = [["input", "outcome", "value", "why"]]
        for o in outcomes:
            if o.measure == measure:
                value = "" if o.value is None else f"{o.value:.4f}"
                rows.append([o.case, o.verdict, value, o.message])
        parts.append(f"## {measure}\n\n{_markdown(rows)}")
    return "\n\n".join(parts)


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
