"""What a runner takes and what it gives, whatever kind of runner it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from benchmark.text import printable
from benchmark.types import Clip, Trajectories


@dataclass(frozen=True)
class Item:
    """One recording to be worked on.

    Attributes:
        id: Which mixture it is. Runners of submitted code never pass it on.
        clip: What is heard.
    """

    id: str
    clip: Clip

    @cached_property
    def sha256(self) -> str:
        """Identity of what is heard: rate and samples."""
        digest = hashlib.sha256(f"{self.clip.rate_hz};".encode())
        digest.update(np.ascontiguousarray(self.clip.samples, "<f4").tobytes())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What a model made of one recording.

    Attributes:
        enhanced: Its enhanced speech at its own rate, or None if it does not enhance, or failed to.
        trajectories: Its estimate of the articulation, or None if it does not invert, or failed to.
        enhance_error: Why there is no enhanced speech though the model has the method; "" otherwise.
        invert_error: Why there are no trajectories though the model has the method; "" otherwise.
        seconds: Time that it took, both methods together.
        limits: The limits that a failure is owed to, "" if they had no part in it; under others it is worth
            another trial.
    """

    enhanced: Clip | None
    trajectories: Trajectories | None
    enhance_error: str
    invert_error: str
    seconds: float
    limits: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        # A stranger's exception may say what neither a terminal nor a table can hold.
        for name in ("enhance_error", "invert_error"):
            object.__setattr__(self, name, printable(getattr(self, name)))

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
        return digest.hexdigest()


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
        """What the model does: "enhance", "invert", or both.

        Raises:
            ModelError: The model cannot be had.
        """

    def facts(self) -> dict[str, str]:
        """What a card should say of the environment it ran in."""

    def run(self, items: Iterable[Item]) -> Iterator[Prediction]:
        """One prediction for each item, in their order."""

    def close(self) -> None:
        """Ends what it started."""
