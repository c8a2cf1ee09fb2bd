"""`python -m benchmark` and `sinbad`: the commands under one name."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = {
    "list": "say what there is, and what is ready here",
    "inspect": "say what lies in a corpus before it is prepared",
    "plot_utterance": "draw palate, pellets and tract variables of one utterance",
    "synthesise": "make the virtual speakers' speech and articulation",
    "prepare": "build a noisy articulatory corpus from a recipe",
    "verify": "compare a prepared corpus on disk with its manifest",
    "check_model": "try a model before it is scored, and say what is wrong with it",
    "train": "train the joint model of enhancement and inversion, or a rival of it",
    "score": "run a model on a prepared corpus and score it",
    "leaderboard": "render tables, plots and the page from the stored results",
    "measures": "list the measures and what each does with awkward input",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Hands over to the command that is named first."""
    given = list(sys.argv[1:] if argv is None else argv)
    if given and given[0] in COMMANDS:
        code: int = import_module(f"benchmark.{given[0]}").main(given[1:])
        return code
    help_wanted = not given or given[0] in {"--help", "-h"}
    if not help_wanted:
        print(f"error: no command is called '{given[0]}'", file=sys.stderr)
    known = "\n".join(f"  {name:<15} {what}" for name, what in COMMANDS.items())
    print(
        f"usage: sinbad COMMAND [--help]\n\ncommands:\n{known}",
        file=sys.stdout if help_wanted else sys.stderr,
    )
    return 0 if help_wanted else 2


if __name__ == "__main__":
    sys.exit(main())
