"""What is wrong with a value in a file that people write, in words for them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from typing import Any


def problem(item: Any, key: str, allowed: Callable[[], Sequence[str]]) -> str:
    """One error of pydantic as a clause that names the key.

    Args:
        item: Of `pydantic.ValidationError.errors()`.
        key: As it stands in the file, with its table: "mixing.snr_db".
        allowed: Gives the keys that may stand where an unknown one was found.
    """
    match item["type"]:
        case "extra_forbidden":
            names = sorted(allowed())
            near = difflib.get_close_matches(key.rpartition(".")[2], names, n=1)
            guess = f"did you mean '{near[0]}'? " if near else ""
            return f"unknown key '{key}'; {guess}allowed here: {', '.join(names)}"
        case "missing":
            return f"the key '{key}' is missing"
        case "value_error":
            return f"{key + ' ' if key else ''}{item['ctx']['error']}"
        case _:
            return f"'{key}' = {item['input']!r}: {item['msg'][0].lower() + item['msg'][1:]}"
