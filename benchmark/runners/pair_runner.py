"""Runs an enhancer, then an inverter on what it gives, each by its own runner."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from benchmark.errors import ModelError
from benchmark.runners.prediction import Item, Prediction, Runner


class PairRunner:
    """An enhancer and an inverter as one model.

    Attributes:
        identity: See `Runner`.
        batch: Of the hungrier of the two.
    """

    def __init__(self, enhancer: Runner, inverter: Runner) -> None:
        self._enhancer, self._inverter = enhancer, inverter
        self.identity = hashlib.sha256(f"{enhancer.identity}+{inverter.identity}".encode()).hexdigest()
        self.batch = max(enhancer.batch, inverter.batch)

    def tasks(self) -> frozenset[str]:
        """See `Runner`.

        Raises:
            ModelError: The first does not enhance, or the second does not invert.
        """
        if "enhance" not in self._enhancer.tasks():
            raise ModelError("the first of the pair has no method enhance and cannot come before '+'")
        if "invert" not in self._inverter.tasks():
            raise ModelError("the second of the pair has no method invert and cannot come after '+'")
        return frozenset({"enhance", "invert"})

    def facts(self) -> dict[str, str]:
        """See `Runner`."""
        return self._enhancer.facts() | self._inverter.facts()

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
        self._inverter.close()

    def _batch(self, items: list[Item]) -> Iterator[Prediction]:
        cleaned = list(self._enhancer.run(items))
        between = [
            Item(item.id, first.enhanced)
            for item, first in zip(items, cleaned, strict=True)
            if first.enhanced is not None
        ]
        moved = iter(list(self._inverter.run(between)))
        for first in cleaned:
            if first.enhanced is None:
                reason = f"nothing to invert: {first.enhance_error}"
                yield replace(first, trajectories=None, invert_error=reason[:300])
                continue
            second = next(moved)
            yield replace(
                first,
                trajectories=second.trajectories,
                invert_error=second.invert_error,
                seconds=first.seconds + second.seconds,
                limits=first.limits or second.limits,
            )
