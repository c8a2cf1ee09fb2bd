"""`python -m benchmark.leaderboard`: renders the standings from the stored results, and answers questions about them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark import cli

_EXAMPLE = """  python -m benchmark.leaderboard
  python -m benchmark.leaderboard --check
  python -m benchmark.leaderboard --recipe demo_noisy --measures PPMC --by noise_category --format csv
  python -m benchmark.leaderboard --recipe virtual_noisy --measures PPMC --by phone_class
  python -m benchmark.leaderboard --recipe demo_noisy --compare ridge_clean ridge_noisy
  python -m benchmark.leaderboard --items prepared/demo_noisy --models logmmse logmmse+ridge_clean"""


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line; renders, checks, or answers."""
    parser = cli.parser(
        "leaderboard",
        "Renders tables, plots and a page from the stored results, and for each recipe that joint_tiny and another variant were "
        "trained on a page that compares them. With --recipe, --measures, --by, --baseline or --compare it prints "
        "what was asked for and writes nothing.",
        _EXAMPLE,
    )
    parser.add_argument("--results", type=Path, metavar="DIR", help="stored results (default: OUT/results)")
    parser.add_argument(
        "--out", type=Path, default=Path("leaderboard"), metavar="DIR", help="where to (default: leaderboard)"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit status 1 if what is there is stale, or a card or scores are edited, mixed or outdated",
    )
    asked = parser.add_argument_group("questions")
    asked.add_argument("--recipe", metavar="NAME", help="which recipe (default: all)")
    asked.add_argument("--measures", nargs="+", metavar="NAME", help="which measures (default: all)")
    asked.add_argument(
        "--by",
        choices=["condition", "parameter", "speaker", "noise_category", "phone_class"],
        help="what to look at (default: condition); phone_class where the recordings are labelled",
    )
    asked.add_argument("--baseline", metavar="MODEL", help="show gains over this model")
    asked.add_argument(
        "--compare",
        nargs="+",
        metavar="MODEL",
        help="compare two or more models pair by pair, corrected by Holm",
    )
    asked.add_argument(
        "--format", choices=["markdown", "csv", "json"], help="of the answer (default: markdown)"
    )
    items = parser.add_argument_group("recordings to listen to")
    items.add_argument(
        "--items", type=Path, metavar="CORPUS", help="make them from this prepared corpus, below OUT/items"
    )
    items.add_argument("--models", nargs="+", default=[], metavar="SPEC", help="models to be heard")
    cli.add_json(parser)
    arguments = parser.parse_args(argv)
    if arguments.items is not None:
        return cli.guarded(_items, arguments)
    questions = ("recipe", "measures", "by", "baseline", "compare", "format")
    asks = any(getattr(arguments, name) is not None for name in questions)
    return cli.guarded(_answer if asks else _leaderboard, arguments)


def _leaderboard(arguments: argparse.Namespace) -> int:
    from benchmark.files import manifests_folder
    from benchmark.pages.render import render, stale
    from benchmark.ranking.board import collect

    results = arguments.results or arguments.out / "results"
    board = collect(results, manifests_folder(), arguments.out / "items")
    kept_out = [f"kept out: {what}: {why}" for what, why in board.kept_out]
    if arguments.check:
        old = stale(arguments.out, board)
        lines = [f"stale: {arguments.out / name}" for name in old] + kept_out
        facts = {"stale": old, "kept_out": board.kept_out}
        cli.report(facts, lines or [f"{arguments.out}: up to date"], arguments.json)
        return cli.FOUND_PROBLEMS if lines else 0
    written, without_page = render(arguments.out, board)
    lines = [f"wrote {path}" for path in written] + kept_out + ([without_page] if without_page else [])
    facts = {"written": [str(path) for path in written], "kept_out": board.kept_out, "no_page": without_page}
    cli.report(facts, lines, arguments.json)
    return 0


def _answer(arguments: argparse.Namespace) -> int:
    from benchmark.files import manifests_folder
    from benchmark.ranking.board import collect
    from benchmark.ranking.query import Question, answer

    board = collect(arguments.results or arguments.out / "results", manifests_folder())
    for what, why in board.kept_out:
        print(f"kept out: {what}: {why}", file=sys.stderr)
    question = Question(
        recipe=arguments.recipe,
        measures=tuple(arguments.measures or ()),
        by=arguments.by or "condition",
        baseline=arguments.baseline,
        compared=tuple(arguments.compare or ()),
    )
    style = arguments.format or ("json" if arguments.json else "markdown")
    print(answer(board.recipes, question, style), end="")
    return 0


def _items(arguments: argparse.Namespace) -> int:
    from benchmark.models import load
    from benchmark.prepared.corpus import PreparedCorpus
    from benchmark.ranking.listening import write_items

    corpus = PreparedCorpus(arguments.items)
    folder = arguments.out / "items" / corpus.recipe.name
    heard = write_items(folder, corpus, [load(spec) for spec in arguments.models])
    cli.report({"items": heard}, [f"{folder}: {mixture}" for mixture in heard], arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
