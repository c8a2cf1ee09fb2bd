"""`python -m benchmark.leaderboard`: renders and checks the leaderboard, and answers questions about it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import cli

if TYPE_CHECKING:
    from benchmark.ranking.leaderboard import Leaderboard

_EXAMPLE = """  python -m benchmark.leaderboard
  python -m benchmark.leaderboard --check
  python -m benchmark.leaderboard --recipe demo_noisy --measures PPMC --by noise_category --format csv
  python -m benchmark.leaderboard --recipe virtual_noisy --measures PPMC --by phone_class
  python -m benchmark.leaderboard --recipe demo_noisy --compare ridge_clean ridge_noisy
  python -m benchmark.leaderboard --items prepared/demo_noisy --models logmmse logmmse+ridge_clean"""


#: The options of each job besides rendering; those of two jobs cannot be mixed.
_QUESTIONS = ("recipe", "measures", "by", "baseline", "compare", "format")
_LISTENING = ("items", "models")
_BY = (
    "condition",
    "parameter",
    "speaker",
    "noise_category",
    "noise_seen",
    "talkers",
    "over_loudest",
    "phone_class",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line; renders, checks, answers a question, or makes recordings."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    asks = [name for name in _QUESTIONS if getattr(arguments, name) is not None]
    listens = [name for name in _LISTENING if getattr(arguments, name)]
    jobs = [names[0] for names in (["check"] * arguments.check, asks, listens) if names]
    if len(jobs) > 1:
        parser.error(f"--{jobs[0]} and --{jobs[1]} are of different jobs; ask for one at a time")
    if listens and arguments.items is None:
        parser.error("--models are heard on a prepared corpus: name it with --items")
    job = _listen if listens else _query if asks else _check if arguments.check else _render
    return cli.guarded(job, arguments)


def _parser() -> argparse.ArgumentParser:
    parser = cli.parser(
        "leaderboard",
        "Does one of four things. Without options it renders tables, plots and the page from the "
        "stored results, and for each recipe that joint and another variant were trained on a "
        "page that compares them.",
        _EXAMPLE,
    )
    parser.add_argument("--results", type=Path, metavar="DIR", help="stored results (default: OUT/results)")
    parser.add_argument(
        "--out",
        type=Path,
        default=cli.OWN_LEADERBOARD,
        metavar="DIR",
        help=f"where to (default: {cli.OWN_LEADERBOARD}; the published one is leaderboard)",
    )
    check = parser.add_argument_group("check: is what was rendered up to date?")
    check.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit status 1 if what is there is stale, or a card or scores are "
        "edited, mixed or outdated",
    )
    asked = parser.add_argument_group("query: print an answer and write nothing")
    asked.add_argument("--recipe", metavar="NAME", help="which recipe (default: all)")
    asked.add_argument("--measures", nargs="+", metavar="NAME", help="which measures (default: all)")
    asked.add_argument(
        "--by",
        choices=_BY,
        help="what to look at (default: condition); over_loudest: bands of the level over the loudest "
        "talker; phone_class: where the recordings are labelled",
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
    listen = parser.add_argument_group("listen: make recordings for the page")
    listen.add_argument(
        "--items",
        type=Path,
        metavar="CORPUS",
        help="make them from this prepared corpus, below OUT/items; those of models that are not named stay",
    )
    listen.add_argument("--models", nargs="+", default=[], metavar="SPEC", help="models to be heard")
    cli.add_json(parser)
    return parser


def _render(arguments: argparse.Namespace) -> int:
    _require_results(arguments)
    from benchmark.pages.render import render

    leaderboard = _leaderboard(arguments)
    written, without_page = render(arguments.out, leaderboard)
    lines = [f"wrote {path}" for path in written] + _told(leaderboard.kept_out)
    facts = {
        "written": [str(path) for path in written],
        "kept_out": leaderboard.kept_out,
        "no_page": without_page,
    }
    cli.report(facts, lines + ([without_page] if without_page else []), arguments.json)
    return 0


def _check(arguments: argparse.Namespace) -> int:
    _require_results(arguments)
    from benchmark.pages.render import stale

    leaderboard = _leaderboard(arguments)
    old = stale(arguments.out, leaderboard)
    lines = [f"stale: {arguments.out / name}" for name in old] + _told(leaderboard.kept_out)
    facts = {"stale": old, "kept_out": leaderboard.kept_out}
    cli.report(facts, lines or [f"{arguments.out}: up to date"], arguments.json)
    return cli.FOUND_PROBLEMS if lines else 0


def _query(arguments: argparse.Namespace) -> int:
    from benchmark.files import manifests_folder
    from benchmark.ranking.result_folders import folders_asked_for, result_folders

    results = _results(arguments)
    named = [name for name in (arguments.baseline, *(arguments.compare or ())) if name is not None]
    # A misspelt name is told before the rest loads.
    folders_asked_for(result_folders(results), arguments.recipe, named)
    from benchmark.metrics import parse

    measures = tuple(parse(name).name for name in arguments.measures or ())
    from benchmark.ranking.query import Query, run_query

    query = Query(
        recipe=arguments.recipe,
        measures=measures,
        by=arguments.by or "condition",
        baseline=arguments.baseline,
        compared=tuple(arguments.compare or ()),
    )
    style = arguments.format or ("json" if arguments.json else "markdown")
    text, kept_out = run_query(results, manifests_folder(), query, style)
    for line in _told(kept_out):
        print(line, file=sys.stderr)
    print(text, end="")
    return 0


def _listen(arguments: argparse.Namespace) -> int:
    from benchmark.mixing.layout import require_folder
    from benchmark.models import load

    require_folder(arguments.items)
    models = [load(spec) for spec in arguments.models]
    from benchmark.prepared.corpus import PreparedCorpus
    from benchmark.ranking.listening import write_recordings

    corpus = PreparedCorpus(arguments.items)
    folder = arguments.out / "items" / corpus.recipe.name
    heard = write_recordings(folder, corpus, models)
    cli.report({"items": heard}, [f"{folder}: {mixture}" for mixture in heard], arguments.json)
    return 0


def _results(arguments: argparse.Namespace) -> Path:
    folder: Path = arguments.results or arguments.out / "results"
    return folder


def _require_results(arguments: argparse.Namespace) -> None:
    """Tells a wrong folder before the rest loads."""
    from benchmark.ranking.result_folders import result_folders

    result_folders(_results(arguments))


def _leaderboard(arguments: argparse.Namespace) -> Leaderboard:
    from benchmark.files import manifests_folder
    from benchmark.ranking.leaderboard import collect

    return collect(_results(arguments), manifests_folder(), arguments.out / "items")


def _told(kept_out: Iterable[tuple[str, str]]) -> list[str]:
    from benchmark.ranking.markdown import printable

    return [f"kept out: {printable(what)}: {printable(why)}" for what, why in kept_out]


if __name__ == "__main__":
    sys.exit(main())
