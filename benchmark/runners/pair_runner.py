"""Runs an enhancer, then another model on what it gives, each by its own runner."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from benchmark.errors import ModelError
from benchmark.models.entry import DIRECT
from benchmark.runners.prediction import Enrolment, Item, Prediction, Runner, failure, strongest


class PairRunner:
    """An enhancer and a second model, which hears the enhanced speech, as one model.

    Attributes:
        identity: See `Runner`.
        batch: Of the hungrier of the two.
    """

    def __init__(self, enhancer: Runner, second: Runner, tasks: Iterable[str] = DIRECT) -> None:
        """A runner.

        Args:
            enhancer: Of the first.
            second: Of the second.
            tasks: What the pair is asked for; all but "enhance" is asked of the second.
        """
        self._enhancer, self._second = enhancer, second
        self._asked = [task for task in tasks if task != "enhance"]
        self.identity = hashlib.sha256(f"{enhancer.identity}+{second.identity}".encode()).hexdigest()
        self.batch = max(enhancer.batch, second.batch)

    def tasks(self) -> frozenset[str]:
        """See `Runner`.

        Raises:
            ModelError: The first does not enhance, or the second has no method that is asked for.
        """
        if "enhance" not in self._enhancer.tasks():
            raise ModelError("the first of the pair has no method enhance and cannot come before '+'")
        then = self._second.tasks() & frozenset(self._asked)
        if not then:
            raise ModelError(
                f"the second of the pair has no method {' or '.join(self._asked)} and cannot come after '+'"
            )
        return frozenset({"enhance", *then})

    def enrolment(self) -> Enrolment:
        """See `Runner`."""
        return strongest([self._enhancer.enrolment(), self._second.enrolment()])

    def facts(self) -> dict[str, str]:
        """See `Runner`."""
        return self._enhancer.facts() | self._second.facts()

    def run(self, items: Iterable[Item]) -> Iterator[Prediction]:
        """See `Runner`."""
        waiting: list[Item] = []
        for item in items:
            waiting.append(item)
            if len(waiting) >= self.batch:
                yield from self._batch(waiting)
                waiting = []
        yield from self._batch(waiting)

    def close(self) -> None:
        """See `Runner`."""
        self._enhancer.close()
        self._second.close()

    def _batch(self, items: list[Item]) -> Iterator[Prediction]:
        cleaned = list(self._enhancer.run(items))
        between = [
            replace(item, clip=first.enhanced)
            for item, first in zip(items, cleaned, strict=True)
            if first.enhanced is not None
        ]
        given = iter(list(self._second.run(between)))
        for first in cleaned:
            if first.enhanced is None:
                reason = f"nothing to {' or '.join(self._asked)}: {first.enhance_error}"[:300]
                second = failure(self.tasks(), reason)
            else:
                second = next(given)
            yield replace(
                second,
                enhanced=first.enhanced,
                enhance_error=first.enhance_error,
                seconds=first.seconds + second.seconds,
                limits=first.limits or second.limits,
            )
