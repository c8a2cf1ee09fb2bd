"""The options of the commands: one word and one help text for each, whichever command has it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from benchmark.errors import SinbadError
from benchmark.files import OWN_LEADERBOARD, place
from benchmark.types import SPLITS

_MODULE = "python -m benchmark."


def as_called(text: str) -> str:
    """Names commands as the user called them: `sinbad prepare` or `python -m benchmark.prepare`.

    Example:
        >>> as_called("next: python -m benchmark.score --corpus DIR")
        'next: python -m benchmark.score --corpus DIR'
    """
    called = Path(sys.argv[0])
    if called.stem.removesuffix("-script") == "sinbad":
        return text.replace(_MODULE, "sinbad ")
    if called.name == "__main__.py" and called.parent.name == "benchmark":
        return text.replace(_MODULE, "python -m benchmark ")
    return text


def parser(name: str, summary: str, example: str, package: str = "benchmark") -> argparse.ArgumentParser:
    """An argument parser whose --help ends with an example.

    Args:
        name: Of the command.
        summary: What it does, in one or two sentences.
        example: Lines that can be typed, with commands written as `python -m benchmark.NAME`.
        package: Where it is.
    """
    return argparse.ArgumentParser(
        prog=as_called(f"python -m {package}.{name}"),
        description=summary,
        epilog=f"example:\n{as_called(example)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def folder(text: str) -> Path:
    """Parses the name of a folder: a path of this machine, or an address.

    Raises:
        argparse.ArgumentTypeError: It is an address of a kind that cannot be read here.
    """
    try:
        return place(text)
    except SinbadError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def add_recipe(to: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Adds --recipe."""
    to.add_argument(
        "--recipe", required=required, metavar="NAME", help="a shipped recipe, or a path ending in .toml"
    )


def add_corpus(to: argparse._ActionsContainer, *, required: bool = True, purpose: str = "") -> None:
    """Adds --corpus, the folder of a prepared corpus; `purpose` is appended to its help."""
    to.add_argument(
        "--corpus", type=folder, required=required, metavar="DIR", help=f"a prepared corpus{purpose}"
    )


def add_roots(to: argparse.ArgumentParser) -> None:
    """Adds --speech-root and --noise-root, which say where speech and noise lie."""
    to.add_argument("--speech-root", type=folder, metavar="DIR", help="folder of the articulatory corpus")
    to.add_argument(
        "--noise-root",
        action="append",
        default=[],
        type=_named_folder,
        metavar="NAME=DIR",
        help="folder of a noise corpus, once for each",
    )


def add_results(to: argparse.ArgumentParser) -> None:
    """Adds --out, the folder of results: a private one unless another is named."""
    to.add_argument(
        "--out",
        type=Path,
        default=OWN_LEADERBOARD / "results",
        metavar="DIR",
        help=f"where results are stored (default: {(OWN_LEADERBOARD / 'results').as_posix()}, yours alone; "
        "name leaderboard/results to hand them in)",
    )


def add_split(to: argparse.ArgumentParser, purpose: str, default: str | None = None) -> None:
    """Adds --split."""
    to.add_argument("--split", choices=SPLITS, default=default, help=purpose)


def add_jobs(to: argparse.ArgumentParser, default: int = 1) -> None:
    """Adds --jobs."""
    to.add_argument(
        "--jobs",
        type=positive,
        default=default,
        metavar="N",
        help=f"worker processes (default: {default})",
    )


def add_engine(to: argparse.ArgumentParser, jobs: int = 1) -> None:
    """Adds --jobs, --backend and --scheduler, which say who does the work; see `benchmark.workers.engine`."""
    add_jobs(to, jobs)
    to.add_argument(
        "--backend",
        choices=("loky", "dask", "ray", "serial"),
        default="loky",
        help="who works: processes of this machine (loky), a Dask or Ray cluster (extra 'cluster'), or one "
        "process (default: loky)",
    )
    to.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="of a running Dask or Ray cluster, all of which works (default: a local one of --jobs workers)",
    )


def add_limit(to: argparse.ArgumentParser, purpose: str) -> None:
    """Adds --limit."""
    to.add_argument("--limit", type=positive, metavar="N", help=purpose)


def add_json(to: argparse.ArgumentParser) -> None:
    """Adds --json."""
    to.add_argument("--json", action="store_true", help="print the outcome as JSON, for machines")


def positive(text: str) -> int:
    """Parses a whole number of at least 1.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def number(least: float, below: float) -> Callable[[str], float]:
    """A parser of numbers from `least` up to but not including `below`."""

    def parsed(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"'{text}' is not a number") from None
        if not least <= value < below:
            raise argparse.ArgumentTypeError(f"'{text}' is not a number from {least:g} to {below:g}")
        return value

    return parsed


def _named_folder(text: str) -> tuple[str, Path]:
    name, equals, root = text.partition("=")
    if not (name and equals and root):
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form NAME=DIR, e.g. musan=/data/musan")
    return name, folder(root)
