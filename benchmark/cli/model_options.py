"""The options that commands share which run a model."""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import cli
from benchmark.models.forms import FORMS

if TYPE_CHECKING:
    from benchmark.models import Entry
    from benchmark.runners.open_runner import RunOptions

_SECONDS = cli.number(0.0, 1e9)


def add_model_arguments(
    to: argparse.ArgumentParser, *, positional: bool = False, several: bool = False
) -> None:
    """The options that say which model, or with `several` which models, and how it is run."""
    if positional:
        to.add_argument("model", metavar="SPEC", help=FORMS)
    elif several:
        to.add_argument(
            "--model",
            required=True,
            action="append",
            metavar="SPEC",
            help=FORMS + "; given several times, one model after the other is scored with the same options",
        )
    else:
        to.add_argument("--model", required=True, metavar="SPEC", help=FORMS)
    to.add_argument("--name", default="", help="its name in the tables (default: made from the SPEC)")
    to.add_argument(
        "--model-arg",
        action="append",
        default=[],
        type=_pair,
        metavar="KEY=VALUE",
        help="a keyword argument for a class: a number, true or false where its default is one, "
        "else text; once for each",
    )
    _add_declared(to)
    _add_run_arguments(to)


def _add_declared(to: argparse.ArgumentParser) -> None:
    said = to.add_argument_group("what you declare of it")
    said.add_argument(
        "--trained-on",
        nargs="+",
        default=[],
        metavar="WORD",
        help="what its weights were trained on: nothing, train (the train split of this recipe), xrmb, "
        "hprc, mocha, mngu0, usc_timit, spire, virtual, articulation, speech, other (default: what is "
        "known, else not stated)",
    )
    said.add_argument("--training-note", default="", metavar="TEXT", help="more about that, in your words")
    said.add_argument("--parameters", type=int, metavar="N", help="how many trained numbers it holds")
    said.add_argument("--submitter", default="", metavar="NAME", help="who hands it in")
    said.add_argument(
        "--seed-of",
        default="",
        metavar="MODEL",
        help="it is one training run of this model, others have other seeds",
    )


def _add_run_arguments(to: argparse.ArgumentParser) -> None:
    run = to.add_argument_group("how a submitted model is run")
    run.add_argument(
        "--runner",
        choices=["child", "in-process"],
        default="child",
        help="child: in a process of its own (default); in-process: code that you trust and want to debug",
    )
    run.add_argument(
        "--python",
        type=_program,
        default=sys.executable,
        metavar="PATH",
        help="its Python, which needs only numpy",
    )
    run.add_argument(
        "--timeout", type=_SECONDS, default=60.0, metavar="S", help="seconds for one recording (default: 60)"
    )
    run.add_argument(
        "--start-timeout", type=_SECONDS, default=300.0, metavar="S", help="seconds to load (default: 300)"
    )
    run.add_argument(
        "--total-timeout",
        type=_SECONDS,
        default=0.0,
        metavar="S",
        help="seconds for the whole run (default: no limit)",
    )
    run.add_argument(
        "--memory-gb",
        type=_SECONDS,
        default=8.0,
        metavar="GB",
        help="memory of all its processes, and address space of each; 0 for no limit, "
        "needed by CUDA (default: 8)",
    )
    run.add_argument(
        "--threads",
        type=cli.positive,
        default=1,
        metavar="N",
        help="cores, and threads of its numerical libraries (default: 1)",
    )
    run.add_argument(
        "--env",
        action="append",
        default=[],
        metavar="NAME",
        help="an environment variable that it may see; once for each",
    )
    run.add_argument(
        "--sandbox", choices=["bwrap"], help="shut it in: no network, no files but its own (needs bubblewrap)"
    )
    run.add_argument(
        "--batch",
        type=cli.positive,
        default=50,
        metavar="N",
        help="recordings that a command gets at a time (default: 50)",
    )
    run.add_argument(
        "--does",
        nargs="+",
        choices=["enhance", "invert", "represent", "embed"],
        default=[],
        help="what a command or folder gives (default: what it writes)",
    )


def add_tracks(to: argparse.ArgumentParser) -> None:
    """The options that put a model into another track than the usual one."""
    to.add_argument(
        "--readout",
        choices=["clean", "noisy"],
        help="score what the model represents, or its articulation under other names, through a regression "
        "that is fitted on the clean or on all speech of the train split",
    )
    add_enrolment(to)


def add_enrolment(to: argparse.ArgumentParser) -> None:
    """The option that tells a model whom to follow."""
    to.add_argument(
        "--enrolment",
        action="store_true",
        help="give its methods clean speech of the speaker, another sentence, as a second argument "
        "`enrolment`; ranked apart",
    )


def load_model(arguments: argparse.Namespace) -> Entry:
    """The model that was asked for.

    Raises:
        ModelError: There is no such model.
    """
    from benchmark.models import load
    from benchmark.models.declaration import declared
    from benchmark.models.enrolled import enrolled
    from benchmark.models.read_out import read_out

    entry = load(arguments.model, dict(arguments.model_arg), name=arguments.name, python=arguments.python)
    said = declared(
        entry.declared,
        arguments.trained_on,
        arguments.training_note,
        arguments.parameters,
        arguments.submitter,
        arguments.seed_of,
    )
    entry = replace(entry, declared=said)
    fitted_on = getattr(arguments, "readout", None)
    if getattr(arguments, "enrolment", False):
        return enrolled(entry if fitted_on is None else read_out(entry, fitted_on))
    return entry if fitted_on is None else read_out(entry, fitted_on)


def run_options(arguments: argparse.Namespace) -> RunOptions:
    """How it is to be run."""
    from benchmark.runners.limits import Limits
    from benchmark.runners.open_runner import RunOptions

    limits = Limits(
        arguments.timeout,
        arguments.start_timeout,
        arguments.total_timeout,
        arguments.memory_gb,
        arguments.threads,
    )
    return RunOptions(
        arguments.runner,
        arguments.python,
        limits,
        arguments.sandbox is not None,
        tuple(arguments.env),
        tuple(arguments.does),
        arguments.batch,
    )


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form KEY=VALUE")
    return key, value


def _program(text: str) -> str:
    """Absolute path of a program, because models run in another folder.

    Links are not resolved: the Python of a virtual environment is one.
    """
    found = shutil.which(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"'{text}' is no program here")
    return str(Path(found).absolute())
