"""`python -m benchmark.verify_speakers`: speaker verification in noise, for enhancers and for embedders."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark import cli
from benchmark.cli.model_options import add_enrolment, add_model_arguments, load_model, run_options
from benchmark.types import SPLITS

_EXAMPLE = """  python -m benchmark.verify_speakers --corpus prepared/virtual_noisy --model noisy
  python -m benchmark.verify_speakers --corpus prepared/virtual_noisy --model logmmse \\
      --embedders voice_statistics
  python -m benchmark.verify_speakers --corpus prepared/virtual_noisy --model my_embedder.py:Embedder"""
#: At most so many reasons of failures are shown; --json has all.
_REASONS = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line, scores all trials, and prints error rates."""
    parser = cli.parser(
        "verify_speakers",
        "Asks of pairs of recordings whether they are of one speaker: clean enrolments against noisy "
        "recordings, or against what an enhancer made of them. A model that embeds is judged by itself, "
        "one that enhances through fixed embedders.",
        _EXAMPLE,
    )
    cli.add_corpus(parser)
    add_model_arguments(parser)
    add_enrolment(parser)
    parser.add_argument(
        "--embedders",
        nargs="+",
        metavar="SPEC",
        help="who judges an enhancer (default: resemblyzer and voice_statistics)",
    )
    parser.add_argument(
        "--splits",
        nargs="+",
        choices=SPLITS,
        default=[],
        help="whose speakers take part (default: all that are prepared)",
    )
    parser.add_argument(
        "--sexes",
        type=Path,
        metavar="FILE",
        help="a table speaker,sex (F or M) in CSV, where the corpus does not say; "
        "impostors are of the same sex",
    )
    cli.add_results(parser)
    cli.add_json(parser)
    return cli.guarded(_verify, parser.parse_args(argv))


def _verify(arguments: argparse.Namespace) -> int:
    from benchmark.mixing.layout import require_folder

    # A wrong path or model is told before the rest loads.
    require_folder(arguments.corpus)
    entry = load_model(arguments)
    sexes = _read_sexes(arguments.sexes) if arguments.sexes else {}

    from dataclasses import asdict

    from benchmark.models.embedders import EMBEDDERS
    from benchmark.prepared.corpus import PreparedCorpus
    from benchmark.ranking.speaker_verification import rests_on, verification_table, verified
    from benchmark.scoring.speaker_verification import verify_speakers, write_trials

    trials = verify_speakers(
        entry,
        PreparedCorpus(arguments.corpus),
        arguments.embedders or EMBEDDERS,
        splits=arguments.splits,
        sexes=sexes,
        options=run_options(arguments),
        progress=cli.progress,
    )
    path = write_trials(arguments.out, trials)
    found = verified(trials)
    facts = {
        "stored": str(path),
        **asdict(trials.facts),
        "reasons": dict(trials.reasons),
        "measures": [
            {**asdict(item), "estimates": [[key, *value] for key, value in item.estimates.items()]}
            for item in found
        ],
    }
    # A failed trial counts as decided wrongly, so an error rate near 100 % would be a riddle.
    failed = [
        f"failed {count} times, which counts as decided wrongly: {why}"
        for why, count in trials.reasons.items()
    ]
    lines = [verification_table(found), *failed[:_REASONS], f"{rests_on(found)} Stored in {path}"]
    cli.report(facts, lines, arguments.json)
    return 0


def _read_sexes(path: Path) -> dict[str, str]:
    """The sex of speakers by a table of two columns.

    Raises:
        CorpusError: It is no such table; names the line.
    """
    from benchmark.errors import CorpusError

    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path}: cannot be read ({error})") from error
    found: dict[str, str] = {}
    for number, row in enumerate(rows, start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and cells == ["speaker", "sex"]):
            continue
        if len(cells) != 2 or cells[1].upper() not in ("F", "M"):
            raise CorpusError(
                f"{path}, line {number}: expected SPEAKER,F or SPEAKER,M, found '{','.join(row)}'"
            )
        found[cells[0]] = cells[1].upper()
    return found


if __name__ == "__main__":
    sys.exit(main())
