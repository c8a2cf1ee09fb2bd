"""Runs trusted models in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from benchmark.audio import resample
from benchmark.models.contract import Model
from benchmark.models.entry import DIRECT, TASKS, Task
from benchmark.runners.child import CHECKS, attempt, enrolment_of, method_for
from benchmark.runners.prediction import Enrolment, Item, Prediction, asked_of, predicted, strongest
from benchmark.types import Clip


def run_in_process(
    model: Model, noisy: Clip, tasks: Iterable[str] = DIRECT, enrolment: Clip | None = None
) -> Prediction:
    """Runs a trusted model on one recording; whatever it does, a prediction comes back.

    Args:
        model: Keeps the contract of `benchmark.models.contract`.
        noisy: The recording; it is resampled to the model's rate.
        tasks: Which of its methods are called, if it has them.
        enrolment: Clean speech of the speaker, for methods that take it.
    """
    heard = resample(noisy, model.sample_rate).samples.astype(np.float32)
    known = None if enrolment is None else resample(enrolment, model.sample_rate).samples.astype(np.float32)
    start = time.perf_counter()
    given: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for task in sorted(_tasks_of(model) & frozenset(tasks), key=TASKS.index):
        found, error = attempt(method_for(model, task, known), heard, CHECKS[task])
        if error:
            errors[task] = error
        else:
            given[task] = found
    return predicted(given, errors, model.sample_rate, time.perf_counter() - start)


def _tasks_of(model: Model) -> frozenset[Task]:
    return frozenset(task for task in TASKS if callable(getattr(model, task, None)))


class InProcessRunner:
    """A model that is made when it is first needed.

    Attributes:
        identity: See `Runner`.
        batch: 1.
    """

    batch = 1

    def __init__(
        self,
        identity: str,
        build: Callable[[], Model],
        does: Iterable[str] | None = None,
        facts: Mapping[str, str] | None = None,
        tasks: Iterable[str] = DIRECT,
    ) -> None:
        """A runner.

        Args:
            identity: See `Runner`.
            build: Makes the model.
            does: What it does; None to find out by making it.
            facts: See `Runner.facts`.
            tasks: Which of its methods are asked for.
        """
        self._asked = frozenset(tasks)
        self.identity = asked_of(identity, self._asked)
        self._facts = dict(facts or {})
        self._build = build
        self._does: frozenset[str] | None = None if does is None else frozenset(does)
        self._model: Model | None = None

    def tasks(self) -> frozenset[str]:
        """See `Runner`."""
        if self._does is None:
            self._does = frozenset(_tasks_of(self._made()))
        return self._does & self._asked

    def enrolment(self) -> Enrolment:
        """See `Runner`."""
        return strongest([enrolment_of(self._made(), self.tasks())])

    def facts(self) -> dict[str, str]:
        """See `Runner`."""
        return dict(self._facts)

    def run(self, items: Iterable[Item]) -> Iterator[Prediction]:
        """See `Runner`."""
        for item in items:
            yield run_in_process(self._made(), item.clip, self._asked, item.enrolment)

    def close(self) -> None:
        """See `Runner`."""
        self._model = None

    def _made(self) -> Model:
        if self._model is None:
            self._model = self._build()
        return self._model
