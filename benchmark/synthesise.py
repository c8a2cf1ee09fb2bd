"""`python -m benchmark.synthesise`: makes a corpus of virtual speakers, or checks one.

The check makes the corpus again and compares.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmark import cli
from benchmark.files import cache_folder, demo_corpus

_NAMES = ("demo", "virtual")
_SUMMARY = (
    "Makes a corpus of virtual speakers by articulatory synthesis: speech with exactly known articulation.\n"
    "demo: 12 speakers and 24 babble voices, 3 minutes; it comes with the package.\n"
    "virtual: 20 speakers and 24 babble voices, 33 minutes of target speech; takes about three hours of\n"
    "processor time. What is there and matches its hash is kept, so a run that was stopped can go on."
)
_EXAMPLE = """  python -m benchmark.synthesise virtual --jobs 8
  python -m benchmark.synthesise virtual --limit 1 --out few
  python -m benchmark.synthesise demo --check"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status: 0 done, 1 the check failed, 2 a repairable error."""
    parser = cli.parser("synthesise", _SUMMARY, _EXAMPLE)
    parser.add_argument("name", choices=_NAMES, help="the corpus")
    parser.add_argument(
        "--check",
        action="store_true",
        help="make it again in a temporary folder and compare; exit status 1 if anything differs",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="its folder (default: in the cache folder)")
    cli.add_engine(parser, jobs=os.cpu_count() or 1)
    cli.add_limit(parser, "at most N utterances of each voice")
    cli.add_json(parser)
    arguments = parser.parse_args(argv)
    return cli.guarded(_check if arguments.check else _make, arguments)


def _make(arguments: argparse.Namespace) -> int:
    from benchmark.virtual.build import build
    from benchmark.workers import engine

    folder = arguments.out or cache_folder() / arguments.name
    with engine(arguments.backend, arguments.jobs, arguments.scheduler):
        built = build(arguments.name, folder, arguments.jobs, arguments.limit, cli.progress)
    facts = {
        "folder": str(folder),
        "made": built.made,
        "kept": built.kept,
        "content_sha256": built.content_sha256,
    }
    line = f"{folder}: {built.made} utterances made, {built.kept} kept; content {built.content_sha256}"
    cli.report(facts, [line], arguments.json)
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from benchmark.virtual.build import build, differences
    from benchmark.workers import engine

    usual = demo_corpus() if arguments.name == "demo" else cache_folder() / arguments.name
    there = arguments.out or usual
    with (
        tempfile.TemporaryDirectory(prefix="sinbad-check-") as name,
        engine(arguments.backend, arguments.jobs, arguments.scheduler),
    ):
        built = build(arguments.name, Path(name), arguments.jobs, arguments.limit, cli.progress)
        found = differences(there, Path(name))
    made = f"{there}: {built.made} utterances made again"
    verdict = f"{len(found)} differences" if found else "every sample and every frame the same"
    facts = {"folder": str(there), "made": built.made, "differences": found}
    cli.report(facts, [*found, f"{made}, {verdict}"], arguments.json)
    return cli.FOUND_PROBLEMS if found else 0


if __name__ == "__main__":
    sys.exit(main())
