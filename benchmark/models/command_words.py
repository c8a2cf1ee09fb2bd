"""The words of a command line: which of them name files and folders that the program reads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_QUOTED = re.compile(r"'(/[^']+)'|\"(/[^\"]+)\"")
_SYSTEM = {"/bin", "/dev", "/etc", "/lib", "/lib64", "/opt", "/proc", "/sbin", "/sys", "/tmp", "/usr", "/var"}


@dataclass(frozen=True, slots=True)
class Word:
    """One word.

    Attributes:
        text: As it is given to the program: the path in it is absolute, because the program runs in another
            folder.
        shown: As it is shown to others, without folders.
        paths: The files and folders that it names.
    """

    text: str
    shown: str
    paths: tuple[Path, ...]

    @property
    def is_file(self) -> bool:
        """Whether it is the name of a file and nothing more."""
        return bool(self.paths) and self.text == str(self.paths[0]) and self.paths[0].is_file()


def read_word(word: str) -> Word:
    """Finds the files and folders that a word names.

    PATH and NAME=PATH, of a file, or of a folder if it is written with a slash (`./weights`), so that it
    cannot be meant for something else; and absolute paths in quotes within the word, as in a statement for an
    interpreter.
    """
    head, equals, tail = word.partition("=")
    for before, text in (("", word), (head + equals, tail)):
        path = _named(text)
        if path is not None:
            return Word(f"{before}{path}", f"{before}{path.name}", (path,))
    quoted = [first or second for first, second in _QUOTED.findall(word)]
    found = {text: path for text in quoted if (path := _named(text)) is not None}
    shown = word
    for text, path in found.items():
        shown = shown.replace(text, path.name)
    return Word(word, shown, tuple(found.values()))


def _named(text: str) -> Path | None:
    path = Path(text)
    try:
        if path.is_file():
            # A link is kept: Python finds its virtual environment by the name that it is called by.
            return path.parent.resolve() / path.name
        if "/" in text and path.is_dir():
            folder = path.resolve()
            return None if str(folder) in _SYSTEM or folder == folder.parent else folder
    except (OSError, ValueError):
        pass  # no name of a file at all, but code for an interpreter
    return None
