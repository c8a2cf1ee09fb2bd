"""The order in which people read names that hold numbers."""

from __future__ import annotations

import re


def natural(name: str) -> list[tuple[int, int, str]]:
    """A key that sorts numbers within names by their value.

    Example:
        >>> sorted(["babble_16", "babble", "babble_2"], key=natural)
        ['babble', 'babble_2', 'babble_16']
    """
    parts = re.findall(r"\d+|\D+", name)
    return [(0, int(part), "") if part.isdecimal() and part.isascii() else (1, 0, part) for part in parts]
