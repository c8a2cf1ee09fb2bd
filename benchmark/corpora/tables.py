"""Tables of numbers in text files, read fast when sound and with the line named when not."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import CorpusError


def read_table(path: Path, columns: int | None = None, delimiter: str | None = None) -> NDArray[np.float64]:
    """Read a text table of finite numbers.

    Args:
        path: Text file; blank lines are ignored.
        columns: Number of columns that every line must have, or None for "as many as the first".
        delimiter: What parts the columns; None for white space.

    Returns:
        float64, shape (lines, columns).

    Raises:
        CorpusError: The file cannot be opened, is empty, or has a line of other length or with something
            that is no finite number.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be opened ({error.strerror})") from error
    return parse_table(path, content, columns, delimiter)


def parse_table(
    path: Path,
    content: bytes,
    columns: int | None = None,
    delimiter: str | None = None,
    first_line: int = 1,
    gaps: bool = False,
) -> NDArray[np.float64]:
    """Read a table as `read_table` does, from bytes already read.

    Args:
        path: The file's name, for messages.
        content: Bytes of it.
        columns: As in `read_table`.
        delimiter: As in `read_table`.
        first_line: Number of the first of these lines in the file.
        gaps: "nan" is allowed, as what stands for a lost value.
    """
    text = content.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise CorpusError(f"{path}: holds no numbers; the file is empty")
    try:
        table = np.loadtxt(io.StringIO(text), dtype=np.float64, delimiter=delimiter, comments=None, ndmin=2)
    except (ValueError, OverflowError):
        table = np.zeros((0, 0))
    right_shape = table.shape[1] == columns if columns is not None else table.size > 0
    if not right_shape or not (np.isfinite(table) | (gaps & np.isnan(table))).all():
        raise CorpusError(_fault(path, text, columns, delimiter, first_line, gaps))
    return table


def last_line(path: Path) -> str:
    """The last line that is not blank, found from the end of the file.

    Raises:
        CorpusError: The file cannot be opened or is empty.
    """
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, io.SEEK_END)
            stream.seek(max(0, size - 4096))
            tail = stream.read()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be opened ({error.strerror})") from error
    lines = tail.decode("latin-1").split()
    if not lines:
        raise CorpusError(f"{path}: holds no numbers; the file is empty")
    return tail.decode("latin-1").strip().splitlines()[-1]


def _fault(
    path: Path, text: str, columns: int | None, delimiter: str | None, first_line: int, gaps: bool
) -> str:
    expected = columns
    for number, line in enumerate(text.split("\n"), first_line):
        if not line.strip():
            continue
        words = line.split(delimiter)
        expected = expected or len(words)
        if len(words) != expected:
            found = f"{len(words)} columns where {expected} are expected"
            return f"{path}: line {number}: {found}; the file is damaged or truncated"
        for word in words:
            if not _is_number(word, gaps):
                return f"{path}: line {number}: '{word.strip()[:40]}' is not a finite number"
    return f"{path}: not a table of numbers"


def _is_number(word: str, gaps: bool) -> bool:
    try:
        number = float(word)
    except ValueError:
        return False
    return bool(np.isfinite(number) or (gaps and np.isnan(number)))
