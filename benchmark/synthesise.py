"""Make a corpus of virtual speakers, or prove that the shipped one is what its generator gives."""

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
    "Make a corpus of virtual speakers by articulatory synthesis: speech with exactly known articulation.\n"
    "demo: 12 speakers and 12 babble voices, 3 minutes; it comes with the package.\n"
    "virtual: 20 speakers and 24 babble voices, 33 minutes of target speech; takes about 75 minutes of\n"
    "processor time. What is there already and right is kept, so a run that was stopped can go on."
)
_EXAMPLE = """  python -m benchmark.synthesise virtual --jobs 8
  python -m benchmark.synthesise virtual --limit 1 --out /tmp/few
  python -m benchmark.synthesise --check demo"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status: 0 done, 1 the check failed, 2 a repairable error."""
    parser = cli.parser("synthesise", _SUMMARY, _EXAMPLE)
    cores = os.cpu_count() or 1
    parser.add_argument("name", nargs="?", choices=_NAMES, help="corpus to make")
    parser.add_argument(
        "--check",
        choices=_NAMES,
        help="make this corpus again in a temporary folder and compare it with what is there",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="its folder (default: in the cache folder)")
    parser.add_argument("--jobs", type=cli.positive, default=cores, help="voices at a time (default: cores)")
    parser.add_argument("--limit", type=cli.positive, metavar="N", help="at most N utterances of each voice")
    arguments = parser.parse_args(argv)
    if (arguments.name is None) == (arguments.check is None):
        parser.error("give either the name of a corpus to make or --check with one to check")
    return cli.guarded(_check if arguments.check else _make, arguments)


def _make(arguments: argparse.Namespace) -> int:
    from benchmark.virtual.build import build

    folder = arguments.out or cache_folder() / arguments.name
    outcome = build(arguments.name, folder, arguments.jobs, arguments.limit, cli.progress)
    print(f"{folder}: {outcome.made} utterances made, {outcome.kept} kept; content {outcome.content_sha256}")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from benchmark.virtual.build import build, differences

    usual = demo_corpus() if arguments.check == "demo" else cache_folder() / arguments.check
    there = arguments.out or usual
    with tempfile.TemporaryDirectory(prefix="sinbad-check-") as name:
        outcome = build(arguments.check, Path(name), arguments.jobs, arguments.limit, cli.progress)
        found = differences(there, Path(name))
    for line in found:
        print(line)
    if found:
        print(f"{there}: {len(found)} differences in {outcome.made} utterances made again")
        return cli.FOUND_PROBLEMS
    print(f"{there}: {outcome.made} utterances made again, every sample and every frame the same")
    return 0


if __name__ == "__main__":
    sys.exit(main())
