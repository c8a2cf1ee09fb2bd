"""Make the committed table of XRMB splits anew: `python -m benchmark.make_splits --index FILE`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark.errors import SinbadError
from benchmark.shipped import manifests_folder
from benchmark.splits import xrmb


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, make the table, write it, say what is in it."""
    parser = argparse.ArgumentParser(prog="python -m benchmark.make_splits", description=__doc__)
    parser.add_argument("--index", type=Path, required=True, help="CSV, one row a recording of XRMB")
    parser.add_argument("--out", type=Path, help="Parquet file (default: the committed one)")
    given = parser.parse_args(arguments)
    out = given.out or manifests_folder() / "xrmb" / "splits.parquet"
    try:
        table = xrmb.make_table(xrmb.read_index(given.index))
        xrmb.write_table(out, table)
    except SinbadError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    frame = table.to_pandas()
    for name in ("standard", "strict"):
        counts = frame.groupby(name).agg(speakers=("speaker", "nunique"), utterances=("speaker", "size"))
        sys.stdout.write(f"{name}\n{counts.to_string()}\n")
    sys.stdout.write(f"wrote {out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
