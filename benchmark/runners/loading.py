"""A model as an object of this process, to be asked to enhance, invert, represent and embed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.audio import resample
from benchmark.errors import ModelError
from benchmark.models.contract import Audio, Model
from benchmark.models.entry import (
    TASKS,
    Command,
    Entry,
    InProcess,
    Pair,
    Predictions,
    Submission,
    ThroughReadout,
)
from benchmark.models.spec import load
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.runners.open_runner import make_here
from benchmark.types import Clip


class LoadedModel:
    """A model that can be heard: it has `sample_rate` and those of the four methods that the model has.

    Attributes:
        entry: What is known of it.
        sample_rate: Rate in Hz at which it wants its input.
    """

    def __init__(self, entry: Entry, model: Any) -> None:
        self.entry, self._model = entry, model
        self.sample_rate: int = model.sample_rate

    @property
    def model(self) -> Any:
        """The model itself."""
        return self._model

    def __getattr__(self, name: str) -> Any:
        if name in TASKS:
            return getattr(self._model, name)
        raise AttributeError(f"a loaded model has no attribute '{name}'")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(name for name in TASKS if hasattr(self._model, name))]

    def __repr__(self) -> str:
        return f"<model {self.entry.name}: {self.entry.title}; {self.sample_rate} Hz>"


def load_model(
    spec: str,
    *,
    corpus: PreparedCorpus | Path | str | None = None,
    arguments: Mapping[str, str] | None = None,
    name: str = "",
) -> LoadedModel:
    """Loads a model into this process, so that it can be asked to enhance and to invert.

    Args:
        spec: A registered name ("ridge_noisy"), "path/to/file.py:Class", "trained:DIR", or two of them joined
            by "+"; see `benchmark.models.spec`. A class that others wrote runs here without limits: load what
            you trust.
        corpus: A prepared corpus, or its folder, for models that learn from one.
        arguments: Keyword arguments for a class.
        name: Another name for the tables.

    Raises:
        ModelError: There is no such model, it learns from a corpus and none is named, or it is no object but
            a command or files.

    Example:
        >>> model = load_model("ridge_noisy", corpus="prepared/demo_noisy")  # doctest: +SKIP
        >>> model.invert(noisy).names  # doctest: +SKIP
        ('LA', 'LP', 'TBCL', 'TBCD', 'TTCL', 'TTCD')
    """
    entry = load(spec, arguments, name=name)
    learnt_from = PreparedCorpus(Path(corpus)) if isinstance(corpus, str | Path) else corpus
    return LoadedModel(entry, _made(entry, learnt_from))


class _Chain:
    """An enhancer, then another model on what it gives; it has the methods of both."""

    def __init__(self, enhancer: Any, second: Any) -> None:
        self.enhancer, self.second = enhancer, second
        self.sample_rate: int = enhancer.sample_rate

    def enhance(self, noisy: Audio) -> Audio:
        """What the enhancer makes of it."""
        enhanced: Audio = self.enhancer.enhance(noisy)
        return enhanced

    def __getattr__(self, name: str) -> Any:
        if name in TASKS and hasattr(self.second, name):
            return partial(self._then, getattr(self.second, name))
        raise AttributeError(f"the second of a pair has no method {name}")

    def _then(self, method: Callable[[Audio], Any], noisy: Audio) -> Any:
        between = resample(Clip(self.enhance(noisy), self.sample_rate), self.second.sample_rate)
        return method(between.samples.astype(np.float32))


def _made(entry: Entry, corpus: PreparedCorpus | None) -> Model:
    how = entry.how
    if isinstance(how, Pair):
        return _Chain(_made(how.enhancer, corpus), _made(how.inverter, corpus))
    if isinstance(how, Command | Predictions | ThroughReadout):
        kind = {Command: "a command", Predictions: "a folder of predictions"}.get(type(how), "read out")
        raise ModelError(f"{entry.name}: is {kind} and cannot be loaded as an object; score it with evaluate")
    if isinstance(how, Submission):
        return make_here(how)
    return _built_in(entry, how, corpus)


def _built_in(entry: Entry, how: InProcess, corpus: PreparedCorpus | None) -> Model:
    if how.make is not None:
        return how.make()
    if how.training is None or corpus is None:
        raise ModelError(f"{entry.name}: learns from a corpus; name a prepared one: corpus=DIR")
    return how.training.train(corpus)
