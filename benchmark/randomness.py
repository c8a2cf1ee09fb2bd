"""Random numbers that depend on what they are for, and on nothing else.

numpy promises a stream of draws only on one build of numpy, and a global generator makes a plan depend on the
order of the work. Here every draw is the BLAKE2b hash of an identity (recipe, utterance, condition) and a
purpose, so that the same item gets the same numbers on any machine, in any order, on any number of workers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Item = TypeVar("Item")
Part = str | int


def _digest(identity: tuple[Part, ...], purpose: str, size: int) -> bytes:
    return hashlib.blake2b(_encoded(identity) + _part(purpose), digest_size=size).digest()


@lru_cache(maxsize=64)  # an item draws many numbers one after the other
def _encoded(identity: tuple[Part, ...]) -> bytes:
    return b"".join(map(_part, identity))


def _part(part: Part) -> bytes:
    # Each part carries its type and length, so that ("ab", "c") and ("a", "bc") differ.
    raw = str(part).encode("utf-8")
    return b"%c%d:%b" % (b"s" if isinstance(part, str) else b"i", len(raw), raw)


@dataclass(frozen=True, slots=True)
class Randomness:
    """Random numbers for one item.

    Attributes:
        identity: What the item is, e.g. ("demo_noisy", 1, 2026, "F01/U003", "babble", "-5").

    Example:
        >>> again = Randomness(("demo", 1))
        >>> Randomness(("demo", 1)).integer("offset", 0, 1000) == again.integer("offset", 0, 1000)
        True
    """

    identity: tuple[Part, ...]

    def integer(self, purpose: str, low: int, high: int) -> int:
        """An integer, uniform in low <= x < high.

        Raises:
            ValueError: The interval is empty.
        """
        if high <= low:
            raise ValueError(f"no integer lies in {low} <= x < {high} ({purpose})")
        # 128 bits: the bias of the remainder is below 2**-64 for any interval used here.
        return low + int.from_bytes(_digest(self.identity, purpose, 16), "big") % (high - low)

    def choice(self, purpose: str, items: Sequence[Item]) -> Item:
        """One of `items`."""
        return items[self.integer(purpose, 0, len(items))]

    def sample(self, purpose: str, items: Sequence[Item], count: int) -> list[Item]:
        """`count` different ones of `items`, in drawn order.

        Raises:
            ValueError: There are fewer than `count`.
        """
        if count > len(items):
            raise ValueError(f"{count} of {len(items)} cannot be drawn ({purpose})")
        rest = list(items)
        return [rest.pop(self.integer(f"{purpose}/{i}", 0, len(rest))) for i in range(count)]

    def token(self, purpose: str) -> str:
        """Sixteen hexadecimal digits, to seed a generator that is not ours or a noise model."""
        return _digest(self.identity, purpose, 8).hex()


def random_bytes(token: str, count: int) -> bytes:
    """`count` bytes of a portable stream (SHAKE-128, FIPS 202) for the seed `token`."""
    return hashlib.shake_128(token.encode("utf-8")).digest(count)


def uniform(token: str, count: int) -> NDArray[np.float64]:
    """`count` numbers, uniform in 0 <= x < 1, in steps of 2**-32."""
    raw = np.frombuffer(random_bytes(token, 4 * count), dtype="<u4")
    return raw.astype(np.float64) / 2.0**32


def gaussian(token: str, count: int) -> NDArray[np.float64]:
    """`count` numbers, nearly normal, mean 0, variance 1.

    The sum of eight uniform 16-bit integers (Irwin-Hall), which needs no logarithm or cosine and so has the
    same bits on every processor; excess kurtosis -0.15, no value beyond 4.9.
    """
    # Four at a time in 64 bits: first in pairs of 32 bits each, which hold the sum of all eight.
    raw = np.frombuffer(random_bytes(token, 16 * count), dtype="<u8")
    pairs = (raw & 0x0000FFFF0000FFFF) + (raw >> 16 & 0x0000FFFF0000FFFF)
    fours = pairs[0::2] + pairs[1::2]
    total = ((fours & 0xFFFFFFFF) + (fours >> 32)).astype(np.float64)
    deviation = float(np.sqrt(8.0 * (65536.0**2 - 1.0) / 12.0))
    return np.asarray((total - 4.0 * 65535.0) / deviation)
