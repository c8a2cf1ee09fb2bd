"""`python -m benchmark.plot_utterance`: draws palate, pellets and tract variables of one utterance."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import cli
from benchmark.errors import CorpusError

if TYPE_CHECKING:
    from benchmark.types import Utterance

_EXAMPLE = """  python -m benchmark.plot_utterance --recipe demo_noisy --out utterance.png
  python -m benchmark.plot_utterance --recipe xrmb_noisy --speech-root /data/xrmb \\
      --utterance JW11/tp005 --out tp005.png"""
_SUFFIXES = (".png", ".pdf", ".svg")


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line and draws."""
    parser = cli.parser(
        "plot_utterance", "Draws palate, pellets and tract variables of one utterance.", _EXAMPLE
    )
    cli.add_recipe(parser)
    parser.add_argument("--speech-root", type=Path, metavar="DIR", help="folder of the articulatory corpus")
    parser.add_argument("--utterance", metavar="ID", help="e.g. JW11/tp005 (default: the first)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="picture: .png, .pdf or .svg")
    parser.add_argument("--targets", metavar="SET", help="what to draw in time (default: the recipe's)")
    parser.add_argument(
        "--at", type=float, metavar="SECONDS", help="moment of the midsagittal picture (default: the loudest)"
    )
    cli.add_json(parser)
    return cli.guarded(_draw, parser.parse_args(argv))


def _draw(arguments: argparse.Namespace) -> int:
    from benchmark.mixing.recipe_files import load_recipe

    if arguments.out.suffix.lower() not in _SUFFIXES:
        raise CorpusError(f"{arguments.out}: pictures are written as .png, .pdf or .svg")
    recipe = load_recipe(arguments.recipe)

    from benchmark import corpora
    from benchmark.mixing.gather import speech_root

    corpus = corpora.get(recipe.speech.corpus)
    root = speech_root(recipe, corpus, arguments.speech_root)
    utterances = [u for u in corpora.read(recipe.speech.corpus, root, skip_damaged=True) if u.trajectories]
    chosen = _choose(utterances, arguments.utterance)

    from benchmark.articulation.plot import plot_utterance
    from benchmark.articulation.target_sets import smooth_pellets, speaker_outline, speaker_targets

    same_speaker = [utterance for utterance in utterances if utterance.speaker == chosen.speaker]
    pellets = [smooth_pellets(utterance) for utterance in same_speaker]
    targets = speaker_targets(same_speaker, arguments.targets or recipe.speech.targets, corpus.sensors)
    plot_utterance(
        arguments.out,
        f"{corpus.title}: {chosen.id}",
        chosen.audio(),
        pellets[same_speaker.index(chosen)],
        targets[chosen.id],
        corpus.sensors,
        speaker_outline(same_speaker, pellets, corpus.sensors),
        arguments.at,
    )
    facts = {"utterance": chosen.id, "picture": str(arguments.out)}
    cli.report(facts, [f"drew {chosen.id} into {arguments.out}"], arguments.json)
    return 0


def _choose(utterances: Sequence[Utterance], wanted: str | None) -> Utterance:
    if not utterances:
        raise CorpusError("the corpus holds no utterance with articulation")
    if wanted is None:
        return utterances[0]
    found = next((utterance for utterance in utterances if utterance.id == wanted), None)
    if found is None:
        raise CorpusError(f"no utterance is called '{wanted}'; the first is called {utterances[0].id}")
    return found


if __name__ == "__main__":
    sys.exit(main())
