"""`python -m benchmark.rerun`: makes a result again, compares it score by score, and signs it if it holds."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark import cli
from benchmark.cli.model_options import add_model_arguments, add_tracks, load_model, run_options

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
        type=_tolerance,
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

    from dataclasses import asdict, replace

    from benchmark.errors import StandingsError
    from benchmark.prepared.corpus import PreparedCorpus
    from benchmark.scoring.evaluate import evaluate, other_than
    from benchmark.scoring.phone_scores import read_phone_scores
    from benchmark.scoring.rerun import (
        TOLERANCE,
        compare,
        compare_phones,
        own_key,
        record,
        signed,
        write_rerun,
    )
    from benchmark.scoring.results import read_result

    stored = read_result(arguments.result)
    phones = read_phone_scores(arguments.result)
    corpus = PreparedCorpus(arguments.corpus)
    card = stored.card
    entry = replace(entry, name=card.model)
    if other := other_than(card, corpus, entry, card.split):
        raise StandingsError(f"{arguments.result}: was not made with this model on this corpus: {other}")
    key = own_key() if arguments.by else None
    tolerance = TOLERANCE if arguments.tolerance is None else arguments.tolerance
    again = evaluate(
        entry,
        corpus,
        list(card.measures),
        split=card.split,
        jobs=arguments.jobs,
        progress=cli.progress,
        options=replace(run_options(arguments), fresh=True),
    )
    changed = [name for name, version in card.measures.items() if again.card.measures[name] != version]
    if changed:
        raise StandingsError(
            f"{arguments.result}: {changed[0]} was computed in version {card.measures[changed[0]]}, this "
            f"package has version {again.card.measures[changed[0]]}; score the model again"
        )
    differences, largest = compare(stored, again, tolerance)
    by_phone, largest_by_phone = compare_phones(phones, again.phones, tolerance)
    largest = max(largest, largest_by_phone)
    count = card.expected + (len(phones.table) if phones else 0)
    facts = {
        "model": card.model,
        "recipe": card.recipe,
        "compared": count,
        "tolerance": tolerance,
        "largest": largest if differences or by_phone else round(largest, 9),
        "holds": not (differences or by_phone),
        "differences": [item._asdict() for item in [*differences, *by_phone][:_SHOWN]],
        "signed": None,
    }
    if differences or by_phone:
        lines = [
            f"{item.what}: stored {item.stored}, here {item.again}"
            for item in [*differences, *by_phone][:_SHOWN]
        ]
        wrong = len(differences) + len(by_phone)
        lines.append(
            f"{wrong} of {count} scores do not come out as stored (tolerance "
            f"{tolerance:g}); nothing is signed"
        )
        facts["largest"] = None if largest == float("inf") else largest
        cli.report(facts, lines, arguments.json)
        return cli.FOUND_PROBLEMS
    lines = [
        f"all {count} scores come out as stored, the worst within {largest:.2g} (tolerance {tolerance:g})"
    ]
    if key is not None:
        made = signed(record(card, phones, again.card, tolerance, largest, arguments.by), key)
        path = write_rerun(arguments.result, made)
        facts["signed"] = asdict(made)
        lines += [
            f"signed by {made.by} in {path}",
            f'the badge is shown where reviewers.json beside the results holds "{made.by}": "{made.key}"',
        ]
    else:
        lines.append("not signed; name yourself with --by NAME to sign it")
    cli.report(facts, lines, arguments.json)
    return 0


def _tolerance(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 0 to 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
