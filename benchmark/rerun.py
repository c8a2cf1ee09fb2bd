"""`python -m benchmark.rerun`: makes a result again, compares it score by score, and signs it if it holds."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark import cli
from benchmark.cli.model_options import add_model_arguments, add_tracks, load_model, run_options

if TYPE_CHECKING:
    from benchmark.scoring.run_again import RunAgain

_EXAMPLE = """  python -m benchmark.rerun leaderboard/results/demo_noisy/my_model --corpus demo/demo_noisy \\
      --model my_wrapper.py:MyModel --sandbox bwrap --by 'Jo Smith'"""
_SHOWN = 10


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line, runs the model again, and returns 1 if the result does not hold."""
    parser = cli.parser(
        "rerun",
        "Makes a stored result again and compares every score. If all agree, the card is signed as re-run, "
        "and the leaderboard shows by whom, on what machine and with which tolerance.",
        _EXAMPLE,
    )
    parser.add_argument("result", type=Path, metavar="RESULT", help="a folder RESULTS/RECIPE/MODEL")
    cli.add_corpus(parser)
    add_model_arguments(parser)
    add_tracks(parser)
    parser.add_argument(
        "--tolerance",
        type=cli.number(0.0, 1.0),
        default=1e-3,
        metavar="T",
        help="two scores agree if |a - b| <= T max(1, |a|) (default: 0.001)",
    )
    parser.add_argument(
        "--by", default="", metavar="NAME", help="sign as NAME; without it the result is only compared"
    )
    cli.add_jobs(parser)
    cli.add_json(parser)
    return cli.guarded(_rerun, parser.parse_args(argv))


def _rerun(arguments: argparse.Namespace) -> int:
    from benchmark.mixing.layout import require_folder

    # A wrong path or model is told before the rest loads.
    require_folder(arguments.corpus)
    entry = load_model(arguments)

    from benchmark.prepared.corpus import PreparedCorpus
    from benchmark.scoring.rerun import own_key, signed, write_rerun
    from benchmark.scoring.run_again import run_again

    # A key that cannot be had is told before minutes are spent.
    key = own_key() if arguments.by else None
    found = run_again(
        arguments.result,
        PreparedCorpus(arguments.corpus),
        entry,
        tolerance=arguments.tolerance,
        jobs=arguments.jobs,
        progress=cli.progress,
        options=run_options(arguments),
    )
    facts = _facts(found)
    if found.differences:
        cli.report(facts, _lines_of_differences(found), arguments.json)
        return cli.FOUND_PROBLEMS
    lines = [
        f"all {found.compared} scores come out as stored, the worst within {found.largest:.2g} "
        f"(tolerance {found.tolerance:g})"
    ]
    if key is None:
        lines.append("not signed; name yourself with --by NAME to sign it")
    else:
        made = signed(found.record(arguments.by), key)
        path = write_rerun(arguments.result, made)
        facts["signed"] = asdict(made)
        lines += [
            f"signed by {made.by} in {path}",
            f'the badge is shown where reviewers.json beside the results holds "{made.by}": "{made.key}"',
        ]
    cli.report(facts, lines, arguments.json)
    return 0


def _facts(found: RunAgain) -> dict[str, Any]:
    return {
        "model": found.card.model,
        "recipe": found.card.recipe,
        "compared": found.compared,
        "tolerance": found.tolerance,
        "largest": round(found.largest, 9) if isfinite(found.largest) else None,
        "holds": not found.differences,
        "differences": [
            {**item._asdict(), "apart": item.apart if isfinite(item.apart) else None}
            for item in found.differences[:_SHOWN]
        ],
        "signed": None,
    }


def _lines_of_differences(found: RunAgain) -> list[str]:
    return [
        *(f"{item.what}: stored {item.stored}, here {item.again}" for item in found.differences[:_SHOWN]),
        f"{len(found.differences)} of {found.compared} scores do not come out as stored (tolerance "
        f"{found.tolerance:g}); nothing is signed",
    ]


if __name__ == "__main__":
    sys.exit(main())
