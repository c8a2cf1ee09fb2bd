"""`python -m benchmark.make_splits`: makes the committed table of XRMB splits again from an index of the recordings."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark import cli

_EXAMPLE = "  python -m benchmark.make_splits --index xrmb_index.csv --out /tmp/splits.parquet"


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line and makes the table."""
    parser = cli.parser("make_splits", "Makes the committed table of XRMB splits again.", _EXAMPLE)
    parser.add_argument(
        "--index", type=Path, required=True, metavar="FILE", help="CSV, one row a recording of XRMB"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="Parquet file (default: the committed one)")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    return cli.guarded(_make, parser.parse_args(argv))


def _make(arguments: argparse.Namespace) -> int:
    from benchmark.shipped import manifests_folder
    from benchmark.splits import xrmb

    out = arguments.out or manifests_folder() / "xrmb" / "splits.parquet"
    table = xrmb.make_table(xrmb.read_index(arguments.index))
    xrmb.write_table(out, table)
    frame = table.to_pandas()
    facts: dict[str, object] = {"written": str(out)}
    lines = []
    for name in ("standard", "strict"):
        counts = frame.groupby(name).agg(speakers=("speaker", "nunique"), utterances=("speaker", "size"))
        facts[name] = counts.to_dict(orient="index")
        lines.append(f"{name}\n{counts.to_string()}")
    cli.report(facts, [*lines, f"wrote {out}"], arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
