"""`sinbad` and `python -m benchmark`: all commands under one name."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from benchmark import __version__
from benchmark.cli import USAGE

#: In the order in which a newcomer needs them.
COMMANDS = {
    "list": "lists recipes, corpora, noises, models and measures, and what each still needs here",
    "inspect": "says what a corpus on disk holds before it is prepared",
    "plot_utterance": "draws palate, pellets and tract variables of one utterance",
    "prepare": "builds a noisy articulatory corpus from a recipe",
    "verify": "compares a prepared corpus on disk with its manifest",
    "check_model": "tries a model before it is scored, and says what is wrong with it",
    "export": "gives a prepared corpus to lhotse, Hugging Face, Kaldi, pandas or Croissant",
    "score": "runs a model on a prepared corpus and scores it",
    "verify_speakers": "says how well speakers are told apart in noise, or in what an enhancer made of it",
    "rerun": "makes a stored result again, compares it score by score, and signs it",
    "leaderboard": "renders tables, plots and the page from the stored results",
    "train": "trains the joint model of enhancement and inversion, or a variant of it",
    "synthesise": "makes the virtual speakers' speech and articulation",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Hands over to the command that is named first, and returns its exit status."""
    given = list(sys.argv[1:] if argv is None else argv)
    if given and given[0] in COMMANDS:
        code: int = import_module(f"benchmark.{given[0]}").main(given[1:])
        return code
    if given and given[0] == "--version":
        print(f"sinbad {__version__}")
        return 0
    known = "\n".join(f"  {name:<16} {what}" for name, what in COMMANDS.items())
    usage = f"usage: sinbad COMMAND [--help] | --version\n\ncommands:\n{known}"
    if not given or given[0] in {"--help", "-h"}:
        print(usage)
        return 0
    print(f"error: there is no command '{given[0]}'\n\n{usage}", file=sys.stderr)
    return USAGE


if __name__ == "__main__":
    sys.exit(main())
