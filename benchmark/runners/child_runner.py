"""Runs a submitted class in a process of its own, which hears audio and is told nothing else."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.audio import resample
from benchmark.errors import ModelError
from benchmark.models.entry import DIRECT, TASKS, Submission
from benchmark.models.source_hash import Code, code_of, files_among
from benchmark.runners.child import CHECKS, LONGEST, MOST_CHANNELS, MOST_DIMENSIONS, most_features
from benchmark.runners.limits import FILE_BYTES, Limits, bare_environment
from benchmark.runners.prediction import Enrolment, Item, Prediction, asked_of, failure, predicted, strongest
from benchmark.runners.process import EndedError, Program, scratch_folder
from benchmark.runners.sandbox import refuse_hidden, sandboxed
from benchmark.text import printable

_CHILD = Path(__file__).with_name("child.py")
#: After so many starts that failed one after the other, no further one is tried.
_MOST_STARTS = 3


class ChildRunner:
    """A submitted class, made again in a fresh process whenever its process ended.

    Attributes:
        identity: See `Runner`.
        batch: 1.
    """

    batch = 1

    def __init__(
        self,
        submission: Submission,
        source_sha256: str,
        limits: Limits,
        *,
        python: str = sys.executable,
        sandbox: bool = False,
        hidden: tuple[Path, ...] = (),
        passed: tuple[str, ...] = (),
        tasks: Iterable[str] = DIRECT,
    ) -> None:
        self._submission, self._limits, self._asked = submission, limits, frozenset(tasks)
        self._python, self._sandbox, self._hidden, self._passed = python, sandbox, hidden, passed
        made = {"class": submission.attribute, "source": source_sha256, "python": python}
        identity = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()
        self.identity = asked_of(identity, self._asked)
        self._program: Program | None = None
        self._hello: dict[str, Any] = {}
        self._failed_starts = 0
        self._questions = 0

    def tasks(self) -> frozenset[str]:
        """See `Runner`; starts the model.

        Raises:
            ModelError: It cannot be made.
        """
        try:
            self._started()
        except EndedError as error:
            raise ModelError(f"{self._label}: {error}, while the model was being made") from error
        return self._asked & frozenset(self._hello["tasks"])

    def enrolment(self) -> Enrolment:
        """See `Runner`; starts the model."""
        asked = self.tasks()
        return strongest(value for task, value in self._hello["enrolments"].items() if task in asked)

    def facts(self) -> dict[str, str]:
        """See `Runner`."""
        return {
            f"model {name}": printable(str(self._hello[name])[:40])
            for name in ("python", "numpy")
            if name in self._hello
        }

    def run(self, items: Iterable[Item]) -> Iterator[Prediction]:
        """See `Runner`."""
        for item in items:
            yield self._one(item)

    def close(self) -> None:
        """See `Runner`."""
        if self._program is not None:
            self._program.close()
            self._program = None

    @property
    def _label(self) -> str:
        made = self._submission
        return f"{made.path.name if made.path else made.module}:{made.attribute}"

    def _one(self, item: Item) -> Prediction:
        if not self._hello:
            self.tasks()
        tasks = self._asked & frozenset(self._hello["tasks"])
        try:
            program = self._started()
        except (EndedError, ModelError) as error:
            return failure(tasks, f"the model could not be made again: {error}", limits=str(self._limits))
        start = time.perf_counter()
        try:
            prediction = self._ask(program, item)
        except EndedError as error:
            seconds = time.perf_counter() - start
            self.close()
            return failure(tasks, str(error), seconds, limits=str(self._limits) if error.by_limit else "")
        return prediction

    def _ask(self, program: Program, item: Item) -> Prediction:
        rate = self._hello["sample_rate"]
        heard = resample(item.clip, rate).samples.astype("<f4")
        body = heard.tobytes()
        tasks = [task for task in TASKS if task in self._asked and task in self._hello["tasks"]]
        most = 4 * sum(_most(task, len(heard)) for task in tasks)
        self._questions += 1
        question = {"n": self._questions, "tasks": tasks}
        if item.enrolment is not None:
            enrolment = resample(item.enrolment, rate).samples.astype("<f4")
            question["enrolment"] = len(enrolment)
            body += enrolment.tobytes()
        start = time.perf_counter()
        header, answer = program.exchange(question, body, self._limits.item_s, most)
        seconds = time.perf_counter() - start
        if header.get("n") != self._questions:
            raise EndedError("broke the protocol: answered another question")
        try:
            return _outcome(header, answer, len(heard), rate, tasks, seconds, str(program.scratch))
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise EndedError(f"broke the protocol: {error}") from error

    def _started(self) -> Program:
        if self._program is not None:
            return self._program
        if self._failed_starts >= _MOST_STARTS:
            raise EndedError(f"{_MOST_STARTS} trials failed one after the other", by_limit=True)
        self._failed_starts += 1
        program = self._launched()
        try:
            hello, _ = program.exchange({"n": 0, "load": self._load()}, b"", self._limits.start_s, 0)
            _check_hello(hello, self._label)
        except BaseException:
            program.close()
            raise
        self._program, self._hello, self._failed_starts = program, hello, 0
        return program

    def _launched(self) -> Program:
        scratch = scratch_folder()
        command = [self._python, str(_CHILD)]
        try:
            if self._sandbox:
                visible = [_CHILD, *self._visible()]
                command = sandboxed(
                    command,
                    scratch,
                    visible,
                    self._python,
                    hidden=self._hidden,
                    memory_bytes=self._limits.memory_bytes,
                )
            environment = bare_environment(scratch, self._limits.threads, self._passed)
            limits = {"memory_bytes": self._limits.memory_bytes, "file_bytes": FILE_BYTES}
            return Program(command, environment, scratch, **limits)
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise

    @cached_property
    def _code(self) -> Code:
        return code_of(self._submission, self._python)

    def _load(self) -> dict[str, Any]:
        made = self._submission
        return {
            "path": str(made.path or ""),
            "module": made.module,
            "attribute": made.attribute,
            "arguments": dict(made.arguments),
            "root": "" if made.path else str(self._code.root),
        }

    def _visible(self) -> list[Path]:
        """What a sandbox must show: the code of the model, and files and folders among its arguments."""
        made = self._submission
        named = files_among(made.arguments)
        refuse_hidden([*([made.path] if made.path else []), *named], self._hidden)
        return [*self._code.parts, *named]


def _check_hello(hello: dict[str, Any], label: str) -> None:
    """Trusts nothing that the other side says of itself."""
    if "error" in hello:
        raise ModelError(f"{label}: {printable(str(hello['error'])[:500])}")
    tasks, rate = hello.get("tasks"), hello.get("sample_rate")
    known = isinstance(tasks, list) and tasks and all(task in TASKS for task in tasks)
    enrolled = hello.get("enrolled", [])
    known = known and isinstance(enrolled, list) and all(task in TASKS for task in enrolled)
    if not known or not isinstance(rate, int) or not 4000 <= rate <= 192000:
        raise EndedError("broke the protocol: something else wrote to its pipe")


def _most(task: str, heard: int) -> int:
    """How many values an answer may have at most."""
    return {
        "enhance": LONGEST * heard,
        "invert": (heard + 16) * MOST_CHANNELS,
        "represent": most_features(heard),
        "embed": MOST_DIMENSIONS,
    }[task]


def _outcome(
    header: dict[str, Any],
    body: bytes,
    heard: int,
    rate: int,
    tasks: Sequence[str],
    seconds: float,
    scratch: str,
) -> Prediction:
    """An answer, checked as if a stranger had written it."""
    given: dict[str, Any] = {}
    errors: dict[str, str] = {}
    position = 0
    for task in tasks:
        said = header[task]
        if said.get("error"):
            errors[task] = str(said["error"])[:300].replace(scratch, ".")
            continue
        shape = [int(extent) for extent in said["shape"]]
        count = math.prod(shape)
        if len(shape) > 2 or min(shape, default=-1) < 0 or position + 4 * count > len(body):
            raise ValueError("fewer bytes than announced")
        found = np.frombuffer(body, "<f4", count, position).reshape(shape).copy()
        position += 4 * count
        told = {"invert": ("rate_hz", "names"), "represent": ("rate_hz",)}.get(task, ())
        given[task] = CHECKS[task]((found, *(said[name] for name in told)) if told else found, heard)
    return predicted(given, errors, rate, seconds)
