"""`python -m benchmark.inspect`: what a corpus on disk holds, before anything is prepared from it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark import cli

_EXAMPLE = """  python -m benchmark.inspect --recipe xrmb_noisy --speech-root /data/xrmb --jobs 4
  python -m benchmark.inspect --recipe xrmb_noisy_real --speech-root /data/xrmb \\
      --noise-root musan=/data/musan --json
  python -m benchmark.inspect --draft /data/our_recordings"""


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line and inspects; status 1 if recordings are damaged."""
    parser = cli.parser(
        "inspect",
        "Reads every recording of a recipe's corpora: speakers, hours, rates, missing pellets, suspicious "
        "and unread files. Exit status 1 if any is damaged.",
        _EXAMPLE,
    )
    cli.add_recipe(parser, required=False)
    parser.add_argument(
        "--draft",
        type=Path,
        metavar="DIR",
        help="write a first corpus.toml into a folder of your own recordings, and do nothing else",
    )
    cli.add_roots(parser)
    cli.add_jobs(parser)
    cli.add_limit(parser, "read at most N recordings of each speaker")
    cli.add_json(parser)
    arguments = parser.parse_args(argv)
    if arguments.draft is not None:
        return cli.guarded(_draft, arguments)
    if arguments.recipe is None:
        parser.error("say which --recipe, or --draft DIR to describe recordings of your own")
    return cli.guarded(_inspect, arguments)


def _draft(arguments: argparse.Namespace) -> int:
    from benchmark.corpora.folder_draft import write_draft

    path, undecided = write_draft(arguments.draft)
    lines = [
        f"{path}: a first draft; read it all, and decide on these lines:",
        *(f"  {line}" for line in undecided),
        cli.as_called(
            f"next: python -m benchmark.inspect --recipe folder_noisy --speech-root {arguments.draft}"
        ),
    ]
    cli.report({"file": str(path), "undecided": undecided}, lines, arguments.json)
    return 0


def _inspect(arguments: argparse.Namespace) -> int:
    from benchmark.mixing.recipe_files import load_recipe

    recipe = load_recipe(arguments.recipe)

    # A misspelt recipe is told before these load.
    from benchmark.cli.inspection_text import inspection_lines
    from benchmark.mixing.gather import Roots
    from benchmark.mixing.inspection import inspect_corpus

    found = inspect_corpus(
        recipe,
        Roots(arguments.speech_root, dict(arguments.noise_root)),
        limit=arguments.limit,
        jobs=arguments.jobs,
        progress=cli.progress,
    )
    cli.report(found.as_json(), inspection_lines(found), arguments.json)
    return cli.FOUND_PROBLEMS if found.damaged else 0


if __name__ == "__main__":
    sys.exit(main())
