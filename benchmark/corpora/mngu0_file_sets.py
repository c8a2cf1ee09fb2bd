"""The file sets released with MNGU0: `trainfiles.txt`, `validationfiles.txt`, `testfiles.txt`.

Each holds one id a line.

They say which recordings take part and where each goes. Without them the rule divides by which the released
sets were made (`benchmark.corpora.mngu0`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from benchmark.errors import CorpusError

#: Name of a list, in lower case, to the split of those in it.
LISTS = {"trainfiles.txt": "train", "validationfiles.txt": "dev", "testfiles.txt": "test"}
_RECORDING = re.compile(r"mngu0_(s\d+)_\d{4}", re.ASCII)
_SHOWN = 40


class FileSets(NamedTuple):
    """The lists found on disk.

    Attributes:
        folder: Where they lie.
        members: Utterance id to "train", "dev" or "test".
    """

    folder: Path
    members: dict[str, str]


def find(files: Iterable[Path]) -> FileSets | None:
    """Read the file sets among `files`, at any depth and in any case; None if there are none.

    Raises:
        CorpusError: A list cannot be read, is empty or names what is no recording of MNGU0; a recording is in
            two lists; one of the three lists is missing; or there are two sets that differ.
    """
    folders: dict[Path, dict[str, Path]] = {}
    for path in files:
        if path.name.lower() in LISTS:
            folders.setdefault(path.parent, {})[path.name.lower()] = path
    found = [FileSets(folder, _members(lists)) for folder, lists in sorted(folders.items())]
    for other in found[1:]:
        if other.members != found[0].members:
            raise CorpusError(
                f"{other.folder}: its file sets differ from those in {found[0].folder}; keep one of the two"
            )
    return found[0] if found else None


def _members(lists: dict[str, Path]) -> dict[str, str]:
    some = next(iter(lists.values()))
    if missing := [name for name in LISTS if name not in lists]:
        raise CorpusError(
            f"{some}: {' and '.join(missing)} should lie beside it; restore all three file "
            "sets, or move this one away"
        )
    sources: dict[str, Path] = {}
    members: dict[str, str] = {}
    for name, split in LISTS.items():
        path = lists[name]
        for line, identity in _identities(path):
            if identity in members and members[identity] != split:
                raise CorpusError(
                    f"{path}: line {line}: {identity} is in {sources[identity].name} too; restore "
                    "the released file sets"
                )
            sources[identity], members[identity] = path, split
    return members


def _identities(path: Path) -> list[tuple[int, str]]:
    """Line and utterance id of each entry."""
    try:
        lines = path.read_text(encoding="latin-1").splitlines()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror})") from error
    found = []
    for line, text in enumerate(lines, start=1):
        if stem := text.strip().lower():
            match = _RECORDING.fullmatch(stem)
            if match is None:
                raise CorpusError(
                    f"{path}: line {line}: {stem[:_SHOWN]!a} is no recording of MNGU0; one id a line is "
                    "expected, like mngu0_s1_0001"
                )
            found.append((line, f"{match[1]}/{stem}"))
    if not found:
        raise CorpusError(
            f"{path}: lists no recording; restore the released file sets, or move the lists away"
        )
    return found
