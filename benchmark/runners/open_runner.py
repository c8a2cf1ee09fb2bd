"""The right runner for a model."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Literal

from benchmark.errors import ModelError
from benchmark.files import cache_folder, demo_corpus, is_remote
from benchmark.models.contract import Model
from benchmark.models.entry import (
    DIRECT,
    Command,
    Entry,
    InProcess,
    Pair,
    Predictions,
    Submission,
    Task,
    ThroughReadout,
)
from benchmark.models.source_hash import code_of
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.runners.child import facts, make_model
from benchmark.runners.child_runner import ChildRunner
from benchmark.runners.command_runner import CommandRunner
from benchmark.runners.estimate_files import Channels
from benchmark.runners.in_process import InProcessRunner
from benchmark.runners.limits import Limits
from benchmark.runners.pair_runner import PairRunner
from benchmark.runners.prediction import Runner
from benchmark.runners.prediction_store import Stored
from benchmark.runners.predictions_runner import PredictionsRunner
from benchmark.runners.readout_runner import ReadoutRunner
from benchmark.runners.trained_cache import trained
from benchmark.types import Progress, silent


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How submitted models are run.

    Attributes:
        runner: "child" (a process of its own), or "in-process" for code that you trust and want to debug.
        python: The interpreter for submitted classes.
        limits: What they may use.
        sandbox: Whether they are shut in by bubblewrap.
        passed: Environment variables that they are given.
        does: What a command or a folder of predictions gives, where it cannot be found out.
        batch: Recordings that a command gets at a time.
        fresh: Whether predictions are made again though they are in the store.
        tasks: Which of a model's methods are asked for, of those that it has.
    """

    runner: Literal["child", "in-process"] = "child"
    python: str = sys.executable
    limits: Limits = field(default_factory=Limits)
    sandbox: bool = False
    passed: tuple[str, ...] = ()
    does: tuple[str, ...] = ()
    batch: int = 50
    fresh: bool = False
    tasks: tuple[Task, ...] = DIRECT


def open_runner(
    entry: Entry,
    options: RunOptions,
    store: Path | None,
    *,
    corpus: PreparedCorpus | None = None,
    channels: Channels | None = None,
    progress: Progress = silent,
) -> Runner:
    """The runner of a model; what it gives is kept in `store`.

    Args:
        entry: The model.
        options: How submitted code is run.
        store: Folder of predictions; beside it lies what built-in models learnt. None to keep nothing.
        corpus: What built-in models and readouts learn from.
        channels: Names and frame rate of the targets, for estimates that do not state their own.
        progress: Told of every recording that a readout is fitted on.

    Raises:
        ModelError: The model cannot be run so.
    """
    how = entry.how
    known = channels or Channels((), 100.0)
    if isinstance(how, ThroughReadout):
        if corpus is None:
            raise ModelError(
                f"{entry.name}: a readout is fitted on a corpus; name a prepared one with --corpus DIR"
            )
        kept = store.parent / "readouts" if store is not None and _is_kept(how.model) else None
        read = _represented(how.model, options, store, corpus, channels)
        return ReadoutRunner(how, read, corpus, kept, fresh=options.fresh, progress=progress)
    if isinstance(how, Pair):
        # The first is asked as if it stood alone, so that what it gave then is used again.
        asked = (replace(options, tasks=DIRECT), options)
        first, second = (
            open_runner(part, own, store, corpus=corpus, channels=channels)
            for part, own in zip((how.enhancer, how.inverter), asked, strict=True)
        )
        return PairRunner(first, second, options.tasks)
    if isinstance(how, Predictions):
        return PredictionsRunner(how.folder, entry.source_sha256, known, options.does, tasks=options.tasks)
    runner: Runner
    if isinstance(how, InProcess):
        runner = _built_in(entry, how, corpus, store, options.tasks)
        if not how.kept:
            return runner
    elif isinstance(how, Command):
        runner = CommandRunner(
            how,
            entry.source_sha256,
            known,
            options.limits,
            batch=options.batch,
            does=options.does,
            sandbox=options.sandbox,
            hidden=_hidden(corpus, store) if options.sandbox else (),
            passed=options.passed,
            tasks=options.tasks,
        )
    elif options.runner == "in-process":
        runner = InProcessRunner(_identity(entry), partial(make_here, how), tasks=options.tasks)
    else:
        runner = ChildRunner(
            how,
            entry.source_sha256,
            options.limits,
            python=options.python,
            sandbox=options.sandbox,
            hidden=_hidden(corpus, store) if options.sandbox else (),
            passed=options.passed,
            tasks=options.tasks,
        )
    return runner if store is None else Stored(runner, store, options.limits, fresh=options.fresh)


def _represented(
    entry: Entry, options: RunOptions, store: Path | None, corpus: PreparedCorpus, channels: Channels | None
) -> Runner:
    """Runs what a readout reads: what the model represents, or if it does not, what it inverts."""
    runner = open_runner(
        entry, replace(options, tasks=("invert", "represent")), store, corpus=corpus, channels=channels
    )
    if not runner.tasks() >= {"invert", "represent"}:
        return runner
    runner.close()
    return open_runner(entry, replace(options, tasks=("represent",)), store, corpus=corpus, channels=channels)


def _is_kept(entry: Entry) -> bool:
    """Whether what comes of a model may be stored; see `InProcess.kept`."""
    if isinstance(entry.how, Pair):
        return _is_kept(entry.how.enhancer) and _is_kept(entry.how.inverter)
    return not isinstance(entry.how, InProcess) or entry.how.kept


def _hidden(corpus: PreparedCorpus | None, store: Path | None) -> tuple[Path, ...]:
    """Where the answers lie: the corpus, what was stored of it, and the virtual speech that is at hand."""
    return (
        *([corpus.folder] if corpus is not None and not is_remote(corpus.folder) else []),
        *([store.parent] if store is not None else []),
        demo_corpus(),
        cache_folder(),
    )


def _built_in(
    entry: Entry, how: InProcess, corpus: PreparedCorpus | None, store: Path | None, tasks: Iterable[str]
) -> InProcessRunner:
    if how.make is not None:
        versions = _versions(how.packages)
        identity = _identity(entry, computed=versions)
        return InProcessRunner(identity, how.make, how.does, versions, tasks)
    if how.training is None or corpus is None:
        raise ModelError(f"{entry.name}: learns from a corpus; name a prepared one with --corpus DIR")
    learnt = corpus.split_hash("train") if "train" in corpus.splits else ""
    identity = _identity(entry, learnt)
    kept = store.parent / "trained" / f"{identity[:24]}.npz" if store is not None else None
    return InProcessRunner(identity, partial(trained, how.training, corpus, kept), how.does, tasks=tasks)


def _identity(entry: Entry, learnt: str = "", computed: Mapping[str, str] | None = None) -> str:
    """Code, version, what was learnt from, and the packages that do the arithmetic here."""
    parts = {
        "name": entry.name,
        "version": entry.version,
        "source": entry.source_sha256,
        "learnt": learnt,
        **_versions(("numpy", "scipy", "librosa")),
        **(computed or {}),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _versions(packages: Iterable[str]) -> dict[str, str]:
    """Package to its version; one that is not installed is missed when the model is made, not before."""
    found = {}
    for name in packages:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "absent"
    return found


def make_here(how: Submission) -> Model:
    """Makes a submitted model in this process, without limits.

    Raises:
        ModelError: It cannot be made.
    """
    try:
        root = "" if how.path else str(code_of(how).root)
        model = make_model(str(how.path or ""), how.module, how.attribute, how.arguments, root)
        facts(model)
    except ValueError as error:
        raise ModelError(str(error)) from error
    made: Model = model
    return made
