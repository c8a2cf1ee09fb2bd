"""`python -m benchmark.score`: runs models on a prepared corpus and scores them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import cli
from benchmark.cli.model_options import add_model_arguments, add_tracks, load_model, run_options
from benchmark.errors import SinbadError

if TYPE_CHECKING:
    from benchmark.metrics import Measure
    from benchmark.models import Entry
    from benchmark.prepared.corpus import PreparedCorpus
    from benchmark.scoring.results import Card

_EXAMPLE = """  python -m benchmark.score --corpus prepared/demo_noisy --model noisy --model ridge_noisy
  python -m benchmark.score --recipe xrmb_noisy --speech-root /data/xrmb --noise-root musan=/data/musan \\
      --model joint
  python -m benchmark.score --corpus prepared/demo_noisy --model my_wrapper.py:MyModel \\
      --model-arg weights=best.pt
  python -m benchmark.score --corpus prepared/demo_noisy \\
      --model 'command:octave my_model.m {in} {out}' --measures PPMC STOI"""


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line and scores."""
    parser = cli.parser(
        "score", "Runs a model on every mixture of a prepared corpus and scores what it gives.", _EXAMPLE
    )
    given = parser.add_mutually_exclusive_group(required=True)
    cli.add_corpus(given, required=False)
    given.add_argument(
        "--recipe",
        metavar="NAME",
        help="in place of --corpus: score on mixtures that are rendered when they are needed and not stored",
    )
    cli.add_roots(parser)
    add_model_arguments(parser, several=True)
    add_tracks(parser)
    parser.add_argument(
        "--measures",
        nargs="+",
        metavar="NAME",
        help="what to compute; what is stored of other measures stays (default: the six of the leaderboard)",
    )
    cli.add_split(parser, "which split (default: test)", "test")
    cli.add_engine(parser)
    cli.add_limit(parser, "try N utterances only; the scores are shown, not stored")
    cli.add_results(parser)
    parser.add_argument(
        "--keep",
        action="store_true",
        help="do nothing if a stored result of this model and corpus holds the measures",
    )
    parser.add_argument(
        "--replace", action="store_true", help="overwrite a stored result of another model of this name"
    )
    parser.add_argument(
        "--store",
        type=Path,
        metavar="DIR",
        help="where raw predictions are kept (default: $SINBAD_CACHE, else beside the results)",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="run the model again though its predictions are kept"
    )
    parser.add_argument("--summary", action="store_true", help="print one line instead of the tables")
    cli.add_json(parser)
    return cli.guarded(_score, parser.parse_args(argv))


def _score(arguments: argparse.Namespace) -> int:
    from benchmark.mixing.layout import require_folder

    # A wrong path, measure or model is told before the rest loads.
    if arguments.corpus is not None:
        require_folder(arguments.corpus)
        if arguments.speech_root is not None or arguments.noise_root:
            raise SinbadError(
                "--speech-root and --noise-root go with --recipe; a prepared corpus needs neither"
            )
    calls = [argparse.Namespace(**{**vars(arguments), "model": spec}) for spec in arguments.model]
    if arguments.name and len(calls) > 1:
        raise SinbadError("--name goes with one --model; score the models one by one to name them")
    entries = [load_model(call) for call in calls]

    from benchmark.metrics import parse

    measures = [parse(name) for name in arguments.measures] if arguments.measures else None

    from dataclasses import asdict

    from benchmark.workers import engine

    cards = {}
    with engine(arguments.backend, arguments.jobs, arguments.scheduler):
        corpus = _corpus(arguments)
        for call, entry in zip(calls, entries, strict=True):
            card, lines = _score_one(call, corpus, entry, measures)
            cards[card.model] = asdict(card)
            if not arguments.json:
                cli.report(cards, lines, as_json=False)
    if arguments.json:
        cli.report(cards if len(calls) > 1 else cards[card.model], [], as_json=True)
    return 0


def _corpus(arguments: argparse.Namespace) -> PreparedCorpus:
    """The corpus on disk, or the one that a recipe describes."""
    if arguments.corpus is not None:
        from benchmark.prepared.corpus import PreparedCorpus

        return PreparedCorpus(arguments.corpus)

    from benchmark.prepared import on_demand

    corpus = on_demand.open(
        arguments.recipe,
        speech_root=arguments.speech_root,
        noise_roots=dict(arguments.noise_root),
        limit=arguments.limit,
        jobs=arguments.jobs,
        progress=cli.progress,
    )
    corpus.measure(arguments.split, jobs=arguments.jobs, progress=cli.progress)
    return corpus


def _score_one(
    arguments: argparse.Namespace, corpus: PreparedCorpus, entry: Entry, measures: list[Measure] | None
) -> tuple[Card, list[str]]:
    """Scores a model and stores the result, unless it is kept; what is to be said of it."""
    from dataclasses import replace

    from benchmark.ranking.standings import standings
    from benchmark.ranking.tables import measure_table
    from benchmark.scoring.evaluate import evaluate
    from benchmark.scoring.name_guard import measures_at_stake, refuse_another, spec_sha256
    from benchmark.scoring.results import read_result, write_result
    from benchmark.scoring.stored import stored_result

    kept = stored_result(arguments.out, corpus, entry, measures, arguments.split) if arguments.keep else None
    also: list[str] = []
    if kept is None and arguments.limit is None and not arguments.replace:
        place = arguments.out / corpus.recipe.name / entry.name
        refuse_another(place, entry, arguments.model)
        also = measures_at_stake(place, corpus, entry, arguments.split)
    result = kept or evaluate(
        entry,
        corpus,
        measures,
        also=also,
        split=arguments.split,
        limit=arguments.limit,
        jobs=arguments.jobs,
        progress=cli.progress,
        options=replace(run_options(arguments), fresh=arguments.fresh),
        store=_store(arguments),
    )
    card = result.card if kept else replace(result.card, spec_sha256=spec_sha256(arguments.model))
    summary = (
        f"{card.model}: {card.expected} scores, {card.failed} failed, {card.left_out} left out; "
        f"{card.seconds:.1f} s for {card.audio_seconds:.0f} s of speech"
    )
    lines = (
        [] if arguments.summary else [f"{item.name}\n{measure_table(item)}" for item in standings([result])]
    )
    if kept is not None:
        lines.append(f"{summary}; kept, it was scored before")
    elif arguments.limit is not None:
        lines.append(f"{summary}; a part of the corpus, shown but not stored")
    else:
        place = write_result(arguments.out, replace(result, card=card))
        card = read_result(place).card
        lines.append(f"{summary}; stored in {place}")
    if entry.uncounted and kept is None:
        lines.append(
            "not counted as part of the model, because nothing in its code names them: "
            f"{_listed(entry.uncounted)}; what it gave is used again though they change, "
            "unless you say --fresh"
        )
    told = {name: value for name, value in card.environment.items() if name.startswith("readout ")}
    if told:
        lines.append("; ".join(f"{name} {value}" for name, value in told.items()))
    lines += [f"failed {count} times: {reason}" for reason, count in card.reasons.items()]
    return card, lines


def _listed(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _store(arguments: argparse.Namespace) -> Path:
    """The folder of raw predictions; beside the results it keeps itself out of version control."""
    from benchmark.files import cache_folder, write_text

    folder: Path = arguments.store or (
        cache_folder() / "store"
        if "SINBAD_CACHE" in os.environ
        else arguments.out.absolute().parent / "store"
    )
    if not (folder / ".gitignore").is_file():
        write_text(folder / ".gitignore", "*\n")
    return folder


if __name__ == "__main__":
    sys.exit(main())
