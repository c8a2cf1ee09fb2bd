"""Templates of file names, in which {speaker}, {recording}, {prompt} and {sensor} stand for parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

_FIELD = re.compile(r"\\\{(speaker|recording|prompt|sensor)\\\}")


def fitting(
    files: list[tuple[Path, str]], template: str, sensors: Sequence[str] = ()
) -> list[tuple[Path, dict[str, str]]]:
    """Those of the files that a template fits, and what it found in their names."""
    named = pattern(template, sensors)
    matches = ((path, named.fullmatch(name)) for path, name in files)
    return [(path, _fields(path, match)) for path, match in matches if match]


def pattern(template: str, sensors: Sequence[str] = ()) -> re.Pattern[str]:
    """Turns a template such as {speaker}/{recording} into a regular expression.

    A field that occurs twice must have the same text both times.
    """
    seen: set[str] = set()

    def group(match: re.Match[str]) -> str:
        if match[1] in seen:
            return f"(?P={match[1]})"
        seen.add(match[1])
        what = "|".join(map(re.escape, sensors)) if match[1] == "sensor" and sensors else "[^/]+?"
        return f"(?P<{match[1]}>{what})"

    return re.compile(_FIELD.sub(group, re.escape(template)))


def filled(template: str, fields: dict[str, str]) -> str:
    """The name that a template gives for these fields."""
    for name, value in fields.items():
        template = template.replace(f"{{{name}}}", value)
    return template


def _fields(path: Path, match: re.Match[str]) -> dict[str, str]:
    """What a template found in a name; a folder of one speaker need not name them."""
    return {"speaker": "speaker", "recording": path.stem} | match.groupdict()
