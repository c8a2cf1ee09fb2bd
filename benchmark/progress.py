"""How long work tells how far it is: the library takes a `Progress`, commands choose one that prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Progress(Protocol):
    """Wraps an iterable of known length and tells somebody how far it is."""

    def __call__(self, items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
        """Yields the items unchanged."""


def silent(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
    """Tells nobody."""
    yield from items
