"""What was used last, as long as there is room for it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from benchmark.types import RATE_HZ

Sound = TypeVar("Sound")


class Recent(Generic[Sound]):
    """Recordings at 16 kHz that were used last, by name.

    Args:
        most_s: How many seconds of them stay; the latest one stays in any case.
        length: Number of samples of one.
    """

    def __init__(self, most_s: float, length: Callable[[Sound], int]) -> None:
        self._most, self._length = round(most_s * RATE_HZ), length
        self._kept: OrderedDict[str, Sound] = OrderedDict()
        self._held = 0

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._kept)

    def get(self, name: str) -> Sound | None:
        """The recording of that name, None if it is not there (any more)."""
        if name in self._kept:
            self._kept.move_to_end(name)
        return self._kept.get(name)

    def keep(self, name: str, sound: Sound) -> Sound:
        """Keeps a recording that is not there, and returns it; those unused for longest make room."""
        self._kept[name] = sound
        self._held += self._length(sound)
        while self._held > self._most and len(self._kept) > 1:
            self._held -= self._length(self._kept.popitem(last=False)[1])
        return sound
