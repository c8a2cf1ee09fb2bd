"""What a runner takes and what it gives, whatever kind of runner it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmark.models.entry import DIRECT
from benchmark.text import printable
from benchmark.types import Clip, Features, Trajectories

#: Whether an enrolment is taken: by no method, by one that can do without, or by one that cannot.
Enrolment = Literal["no", "may", "must"]


def strongest(found: Iterable[str]) -> Enrolment:
    """What several methods or models together do with an enrolment; "no" where there are none."""
    there = set(found)
    return "must" if "must" in there else "may" if "may" in there else "no"


@dataclass(frozen=True)
class Item:
    """One recording to be worked on.

    Attributes:
        id: Which mixture it is. Runners of submitted code never pass it on.
        clip: What is heard.
        enrolment: Clean speech of the same speaker, for models that are told whom to follow; None in the
            usual track.
    """

    id: str
    clip: Clip
    enrolment: Clip | None = None

    @cached_property
    def sha256(self) -> str:
        """Identity of what is heard: rate and samples."""
        digest = hashlib.sha256(f"{self.clip.rate_hz};".encode())
        digest.update(np.ascontiguousarray(self.clip.samples, "<f4").tobytes())
        if self.enrolment is not None:
            digest.update(f"enrolment;{self.enrolment.rate_hz};".encode())
            digest.update(np.ascontiguousarray(self.enrolment.samples, "<f4").tobytes())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What a model made of one recording.

    Attributes:
        enhanced: Its enhanced speech at its own rate, or None if it does not enhance, or failed to.
        trajectories: Its estimate of the articulation, or None if it does not invert, or failed to.
        enhance_error: Why there is no enhanced speech though the model has the method; "" otherwise.
        invert_error: Why there are no trajectories though the model has the method; "" otherwise.
        seconds: Time that it took, all methods together.
        limits: The limits that a failure is owed to, "" if they had no part in it; under others it is worth
            another trial.
        features: What it represents the recording by, or None if it does not, or failed to.
        embedding: float32, shape (dimensions,): its vector of the recording; None likewise.
        represent_error: Why there are no features though they were asked for and the model has the method.
        embed_error: Why there is no vector, likewise.
    """

    enhanced: Clip | None
    trajectories: Trajectories | None
    enhance_error: str
    invert_error: str
    seconds: float
    limits: str = field(default="", kw_only=True)
    features: Features | None = field(default=None, kw_only=True)
    embedding: NDArray[np.float32] | None = field(default=None, kw_only=True)
    represent_error: str = field(default="", kw_only=True)
    embed_error: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        # A stranger's exception may say what neither a terminal nor a table can hold.
        for name in ("enhance_error", "invert_error", "represent_error", "embed_error"):
            object.__setattr__(self, name, printable(getattr(self, name)))

    @property
    def errors(self) -> tuple[str, str, str, str]:
        """Why there is nothing, by task in the order of `TASKS`; "" otherwise."""
        return self.enhance_error, self.invert_error, self.represent_error, self.embed_error

    def without_audio(self) -> Prediction:
        """The same without its enhanced speech, which is large."""
        return replace(self, enhanced=None)

    def sha256(self) -> str:
        """Identity of what was given; time has no part in it."""
        digest = hashlib.sha256(json.dumps([self.enhance_error, self.invert_error]).encode())
        if self.enhanced is not None:
            digest.update(f"enhanced;{self.enhanced.rate_hz};".encode())
            digest.update(np.ascontiguousarray(self.enhanced.samples, "<f4").tobytes())
        if self.trajectories is not None:
            digest.update(json.dumps([self.trajectories.rate_hz, self.trajectories.names]).encode())
            digest.update(np.ascontiguousarray(self.trajectories.values, "<f4").tobytes())
        if self.features is not None or self.represent_error:
            digest.update(json.dumps(["features", self.represent_error]).encode())
        if self.features is not None:
            digest.update(f"{self.features.rate_hz};{self.features.values.shape};".encode())
            digest.update(np.ascontiguousarray(self.features.values, "<f4").tobytes())
        if self.embedding is not None or self.embed_error:
            digest.update(json.dumps(["embedding", self.embed_error]).encode())
        if self.embedding is not None:
            digest.update(np.ascontiguousarray(self.embedding, "<f4").tobytes())
        return digest.hexdigest()


def predicted(
    given: Mapping[str, Any], errors: Mapping[str, str], rate_hz: int, seconds: float
) -> Prediction:
    """A prediction from the checked answers of a model.

    Args:
        given: Task to what the task's check of `benchmark.runners.child.CHECKS` returned.
        errors: Task to why there is nothing.
        rate_hz: Rate of enhanced speech.
        seconds: Time that it took.
    """
    moved, features = given.get("invert"), given.get("represent")
    return Prediction(
        Clip(given["enhance"], rate_hz) if "enhance" in given else None,
        None if moved is None else trajectories(*moved),
        errors.get("enhance", ""),
        errors.get("invert", ""),
        seconds,
        features=None if features is None else Features(*features),
        embedding=given.get("embed"),
        represent_error=errors.get("represent", ""),
        embed_error=errors.get("embed", ""),
    )


def trajectories(values: NDArray[np.float32], rate_hz: float, names: tuple[str, ...]) -> Trajectories:
    """Checked parts as one value; an estimate has no say in which frames count, so all are valid."""
    return Trajectories(values, rate_hz, names, np.ones(values.shape, bool))


def asked_of(identity: str, tasks: Iterable[str]) -> str:
    """Identity of a model that is asked for some tasks only; the usual ones, `DIRECT`, leave it as it is."""
    asked = sorted(set(tasks))
    if asked == sorted(DIRECT):
        return identity
    return hashlib.sha256(json.dumps([identity, asked]).encode()).hexdigest()


def failure(tasks: Iterable[str], reason: str, seconds: float = 0.0, *, limits: str = "") -> Prediction:
    """A prediction in which every task failed for one reason."""
    given = set(tasks)
    return Prediction(
        None,
        None,
        reason if "enhance" in given else "",
        reason if "invert" in given else "",
        seconds,
        limits=limits,
        represent_error=reason if "represent" in given else "",
        embed_error=reason if "embed" in given else "",
    )


class Runner(Protocol):
    """Lets a model work on recordings; whatever the model does, there is one prediction for each.

    Attributes:
        identity: Hash of all that its predictions depend on, apart from what is heard.
        batch: How many recordings it wants at a time.
    """

    @property
    def identity(self) -> str:
        """See above."""

    @property
    def batch(self) -> int:
        """See above."""

    def tasks(self) -> frozenset[str]:
        """The tasks that the model does, among those asked for; see `RunOptions.tasks`.

        Raises:
            ModelError: The model cannot be had.
        """

    def enrolment(self) -> Enrolment:
        """Whether methods that are asked for take clean speech of the speaker beside the noisy recording."""

    def facts(self) -> dict[str, str]:
        """What a card should say of the environment it ran in."""

    def run(self, items: Iterable[Item]) -> Iterator[Prediction]:
        """One prediction for each item, in their order."""

    def close(self) -> None:
        """Ends what it started."""
