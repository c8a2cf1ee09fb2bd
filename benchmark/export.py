"""`python -m benchmark.export`: gives a prepared corpus to another tool."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark import cli

_FORMS = ("lhotse", "huggingface", "kaldi", "pandas", "croissant")
_SUMMARY = (
    "Describes a prepared corpus in the form that another tool reads; that tool is not needed here.\n"
    "lhotse: a CutSet a split. kaldi: a data directory a split. pandas: one flat Parquet table. croissant:\n"
    "metadata. These refer to the audio of the corpus. huggingface: Parquet files that hold the audio too."
)
_EXAMPLE = """  python -m benchmark.export --corpus prepared/demo_noisy --to lhotse
  python -m benchmark.export --corpus prepared/xrmb_noisy --to huggingface --split train --out xrmb_for_hf"""


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line and exports."""
    parser = cli.parser("export", _SUMMARY, _EXAMPLE)
    cli.add_corpus(parser)
    parser.add_argument("--to", required=True, choices=_FORMS, help="for which tool")
    parser.add_argument(
        "--out",
        type=cli.folder,
        metavar="DIR",
        help="where to (default: exports/CORPUS/TOOL; for croissant the corpus' own folder)",
    )
    cli.add_split(parser, "one split only (default: all)")
    cli.add_json(parser)
    return cli.guarded(_export, parser.parse_args(argv))


def _export(arguments: argparse.Namespace) -> int:
    from benchmark.mixing.layout import require_folder

    require_folder(arguments.corpus)

    from benchmark.prepared.corpus import PreparedCorpus
    from benchmark.prepared.exports import FORMS

    corpus = PreparedCorpus(arguments.corpus)
    beside = arguments.corpus if arguments.to == "croissant" else None
    out = arguments.out or beside or Path("exports", corpus.recipe.name, arguments.to)
    splits = [arguments.split] if arguments.split else corpus.splits
    written = FORMS[arguments.to](corpus, out, splits)
    facts = {"form": arguments.to, "splits": splits, "written": [str(path) for path in written]}
    cli.report(facts, [str(path) for path in written], arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
