"""`python -m maintenance.make_splits`: makes the committed tables of splits again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import cli
from benchmark.types import SPLITS

if TYPE_CHECKING:
    import pandas as pd

_EXAMPLE = """  python -m maintenance.make_splits --out /tmp/splits
  python -m maintenance.make_splits --index xrmb_index.csv --out /tmp/splits"""
_NO_DIVISION = ("utterance_id", "speaker", "prompt", "note")


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line and makes the tables."""
    parser = cli.parser(
        "make_splits",
        (
            "Makes the committed tables of splits again: MOCHA, SPIRE, USC-TIMIT and HPRC by rule, and "
            "XRMB if an index is given."
        ),
        _EXAMPLE,
        package="maintenance",
    )
    parser.add_argument(
        "--index", type=Path, metavar="FILE", help="CSV, one row a recording of XRMB; without it XRMB is left"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="tables go to DIR/CORPUS/splits.parquet (default: the committed ones)",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    return cli.guarded(_make, parser.parse_args(argv))


def _make(arguments: argparse.Namespace) -> int:
    from benchmark.files import manifests_folder
    from maintenance import split_tables as tables
    from maintenance import xrmb_split_rule as xrmb

    made = {corpus: tables.make_table(corpus) for corpus in tables.CORPORA}
    if arguments.index is not None:
        made["xrmb"] = xrmb.make_table(xrmb.read_index(arguments.index))
    facts: dict[str, object] = {}
    lines = []
    for corpus, table in made.items():
        path = (arguments.out or manifests_folder()) / corpus / "splits.parquet"
        xrmb.write_table(path, table)
        counts = _counts(table.to_pandas())
        facts[corpus] = {"written": str(path), "rows": len(table), "divisions": counts}
        lines.append(f"{path}: {len(table)} rows")
        lines += [
            f"  {name:<24}"
            + "   ".join(f"{split} {rows} of {speakers}" for split, (speakers, rows) in own.items())
            for name, own in counts.items()
        ]
    cli.report(facts, [*lines, "(rows of speakers)"], arguments.json)
    return 0


def _counts(frame: pd.DataFrame) -> dict[str, dict[str, tuple[int, int]]]:
    """Speakers and rows of each split of each division."""
    return {
        name: {
            split: (int(frame["speaker"][frame[name] == split].nunique()), int((frame[name] == split).sum()))
            for split in SPLITS
        }
        for name in frame.columns
        if name not in _NO_DIVISION
    }


if __name__ == "__main__":
    sys.exit(main())
