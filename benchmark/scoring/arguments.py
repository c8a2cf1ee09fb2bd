"""What `evaluate` accepts: names or measures, folders or corpora, names or objects of models."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from benchmark.errors import ModelError
from benchmark.metrics import Measure, parse
from benchmark.models import load
from benchmark.models.entry import TASKS, Entry, InProcess
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.runners.child import facts
from benchmark.runners.loading import LoadedModel
from benchmark.text import as_name

#: Measures that are computed unless others are asked for.
DEFAULT_MEASURES = ("PPMC", "RMSE", "STOI", "ESTOI", "SISDR", "PESQLike")


def as_corpus(given: Any) -> PreparedCorpus:
    """A prepared corpus, from itself or from its folder."""
    return given if hasattr(given, "of_split") else PreparedCorpus(given)


def as_measures(given: Sequence[Measure | str]) -> list[Measure]:
    """Measures, from themselves or from their names.

    Raises:
        MeasureError: No measure is called so.
    """
    return [parse(item) if isinstance(item, str) else item for item in given]


def as_entry(given: Any) -> Entry:
    """A model that can be run, from a SPEC, a loaded model, or any object that is a model.

    Raises:
        ModelError: It is no model.
    """
    if isinstance(given, Entry):
        return given
    if isinstance(given, str):
        return load(given)
    if isinstance(given, LoadedModel):
        return replace(given.entry, how=_as_it_is(given.model, facts(given)[1]))
    if isinstance(given, type):
        raise ModelError(f"{given.__name__} is a class; hand over an object of it: {given.__name__}()")
    try:
        _, tasks = facts(given)
    except ValueError as error:
        raise ModelError(f"{type(given).__name__}: {error}") from error
    kind = type(given)
    return Entry(
        name=as_name(kind.__name__),
        title=f"an object of the class {kind.__name__}",
        version="unversioned",
        source=f"{kind.__module__}.{kind.__qualname__}",
        source_sha256=hashlib.sha256(_code(kind).encode()).hexdigest(),
        how=_as_it_is(given, tasks),
    )


def _as_it_is(model: Any, tasks: Sequence[str]) -> InProcess:
    """Runs this very object; predictions are not kept, since its code does not say what it has learnt."""
    return InProcess(tuple(task for task in TASKS if task in tasks), make=lambda: model, kept=False)


def _code(kind: type) -> str:
    try:
        return inspect.getsource(kind)
    except (OSError, TypeError):
        return f"{kind.__module__}.{kind.__qualname__}"  # typed into a console
