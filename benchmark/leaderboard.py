"""`python -m benchmark.leaderboard`: renders the tables and plots from the results."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark import cli

_EXAMPLE = """  python -m benchmark.leaderboard
  python -m benchmark.leaderboard --check"""


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line and renders."""
    parser = cli.parser("leaderboard", "Renders tables and plots from the stored results.", _EXAMPLE)
    parser.add_argument("--results", type=Path, metavar="DIR", help="stored results (default: OUT/results)")
    parser.add_argument(
        "--out", type=Path, default=Path("leaderboard"), metavar="DIR", help="where to (default: leaderboard)"
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit status 1 if what is there is stale"
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    return cli.guarded(_leaderboard, parser.parse_args(argv))


def _leaderboard(arguments: argparse.Namespace) -> int:
    from benchmark.shipped import manifests_folder
    from benchmark.standings.page import collect, render, stale

    found = collect(arguments.results or arguments.out / "results", manifests_folder())
    if arguments.check:
        old = stale(arguments.out, found)
        lines = [f"stale: {arguments.out / name}" for name in old] or [f"{arguments.out}: up to date"]
        cli.report({"stale": old}, lines, arguments.json)
        return cli.FOUND_PROBLEMS if old else 0
    written = render(arguments.out, found)
    cli.report(
        {"written": [str(path) for path in written]}, [f"wrote {path}" for path in written], arguments.json
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
