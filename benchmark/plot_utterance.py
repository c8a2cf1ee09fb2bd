"""Draw palate, pellets and tract variables of one utterance: `python -m benchmark.plot_utterance`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark import cli, corpora
from benchmark.articulation import TARGET_SETS, speaker_targets
from benchmark.articulation.plot import plot_utterance
from benchmark.articulation.target_sets import smooth_pellets, speaker_outline
from benchmark.errors import CorpusError
from benchmark.types import Utterance

_EXAMPLE = "  python -m benchmark.plot_utterance --corpus xrmb --speech-root XRMB --utterance JW11/tp005 --out tp005.png"


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, draw, say where."""
    parser = cli.parser(
        "plot_utterance", "Draws palate, pellets and tract variables of one utterance.", _EXAMPLE
    )
    parser.add_argument("--corpus", required=True, help="name of the corpus, e.g. xrmb")
    parser.add_argument("--speech-root", type=Path, required=True, metavar="DIR", help="folder that holds it")
    parser.add_argument("--utterance", help="id, e.g. JW11/tp005 (default: the first)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="picture: .png, .pdf or .svg")
    parser.add_argument("--targets", choices=list(TARGET_SETS), default="tv9", help="what to draw in time")
    parser.add_argument(
        "--at", type=float, metavar="SECONDS", help="moment of the midsagittal picture (default: the loudest)"
    )
    return cli.guarded(_draw, parser.parse_args(arguments))


def _draw(given: argparse.Namespace) -> int:
    if given.out.suffix.lower() not in (".png", ".pdf", ".svg"):
        raise CorpusError(f"{given.out}: pictures are written as .png, .pdf or .svg")
    corpus = corpora.get(given.corpus)
    utterances = [
        u for u in corpora.read(given.corpus, given.speech_root, skip_damaged=True) if u.trajectories
    ]
    chosen = _choose(utterances, given.utterance)
    same_speaker = [utterance for utterance in utterances if utterance.speaker == chosen.speaker]
    pellets = [smooth_pellets(utterance) for utterance in same_speaker]
    plot_utterance(
        given.out,
        f"{corpus.title}: {chosen.id}",
        chosen.audio(),
        pellets[same_speaker.index(chosen)],
        speaker_targets(same_speaker, given.targets, corpus.sensors)[chosen.id],
        corpus.sensors,
        speaker_outline(same_speaker, pellets, corpus.sensors),
        given.at,
    )
    sys.stdout.write(f"drew {chosen.id} into {given.out}\n")
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
