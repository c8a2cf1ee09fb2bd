"""`python -m benchmark.list`: what there is, with one line each and what it still needs here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from benchmark import cli

if TYPE_CHECKING:
    from benchmark.cli.inventory import Item

_WHAT = ("recipes", "corpora", "noises", "models", "encoders", "configs", "measures")
_EXAMPLE = """  python -m benchmark.list
  python -m benchmark.list noises measures --json
  python -m benchmark.list measures --edges STOI "PPMC(pool='corpus')\""""


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line and lists."""
    parser = cli.parser(
        "list",
        (
            "Lists recipes, corpora, noises, models, encoders and configurations to train, and measures, "
            "and whether each is ready here."
        ),
        _EXAMPLE,
    )
    parser.add_argument(
        "what", nargs="*", metavar="WHAT", help=f"one or more of {', '.join(_WHAT)} (default: all)"
    )
    parser.add_argument(
        "--edges",
        nargs="*",
        metavar="MEASURE",
        help="with measures: print what each (default: all) does with every awkward input instead",
    )
    cli.add_json(parser)
    arguments = parser.parse_args(argv)
    unknown = [name for name in arguments.what if name not in _WHAT]
    if unknown:
        parser.error(f"there are no {unknown[0]} to list; there are {', '.join(_WHAT)}")
    if arguments.edges is None:
        return cli.guarded(_list, arguments)
    if arguments.what != ["measures"]:
        parser.error("--edges belongs to measures: python -m benchmark.list measures --edges")
    return cli.guarded(_edges, arguments)


def _list(arguments: argparse.Namespace) -> int:
    from benchmark.cli.inventory import SECTIONS

    found = {name: SECTIONS[name]() for name in arguments.what or _WHAT}
    facts = {
        name: [
            {"name": item.name, "title": item.title, "ready": item.ready, "needs": list(item.needs)}
            | dict(item.facts)
            for item in items
        ]
        for name, items in found.items()
    }
    lines = [line for name, items in found.items() for line in (name, *_lines(items), "")]
    cli.report(facts, lines[:-1], arguments.json)
    return 0


def _lines(items: Sequence[Item]) -> list[str]:
    width = max(len(item.name) for item in items)
    return [
        (
            f"  {item.name:<{width}}  {item.title}  "
            f"[{'ready' if item.ready else 'needs ' + '; '.join(item.needs)}]"
        )
        for item in items
    ]


def _edges(arguments: argparse.Namespace) -> int:
    from benchmark.cli.edge_tables import edge_tables
    from benchmark.cli.inventory import ready_measures
    from benchmark.metrics import parse
    from benchmark.metrics.edges import edge_table

    outcomes = edge_table([parse(name) for name in arguments.edges or ready_measures()])
    facts = {"outcomes": [outcome._asdict() for outcome in outcomes]}
    cli.report(facts, [edge_tables(outcomes)], arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
