"""Tables of numbers in text files, read fast when sound and with the line named when not."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from benchmark.errors import CorpusError

#: DOS programs end a text with 0x1A, and fill its last block with zeros.
_AFTER_THE_END = b"\x1a\0\r\n"
#: What stands for a lost value, in lower case; an empty cell does, too.
_GAPS = frozenset({"", "na", "n/a", "<na>", "nan", "null", "none"})
#: A table of nothing but these and its delimiter, and of not too many columns, is read by a faster parser
#: that understands fewer things.
_PLAIN, _MOST_PLAIN_COLUMNS = b"0123456789.-eE\r\n", 256
#: A table with less text than this for each number would swell to more than ten times the size of its file.
_LEAST_BYTES_A_CELL = 1.5
#: So many lines, within so many bytes, are read from the end of a file to learn when it ends.
_LAST_LINES, _TAIL = 6, 1 << 14


def read_table(
    path: Path, columns: int | None = None, delimiter: str | None = None, gaps: bool = False
) -> NDArray[np.float64]:
    """Read a text table of finite numbers.

    Args:
        path: Text file; blank lines, a byte order mark of UTF-8 at the start, and zeros or 0x1A at the end,
            are ignored.
        columns: Number of columns that every line must have, or None for "as many as the first".
        delimiter: What parts the columns; None for white space.
        gaps: As in `parse_table`.

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
    return parse_table(path, content.removeprefix(codecs.BOM_UTF8), columns, delimiter, gaps=gaps)


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
        gaps: An empty cell, "nan" and the like (`is_gap`) are allowed, for a lost value; they become NaN.
    """
    content = content.rstrip(_AFTER_THE_END)
    if not content.strip():
        raise CorpusError(f"{path}: holds no numbers; the file is empty")
    table = _loaded_plain(content, delimiter or "\t")
    if not table.size:
        table = _loaded(_lines(content), delimiter)
    if gaps and not table.size:
        _refuse_mostly_gaps(path, content, delimiter)
        table = _loaded(_with_nan(_lines(content), delimiter), delimiter)
    right_shape = table.shape[1] == columns if columns is not None else table.size > 0
    if not right_shape or not (np.isfinite(table) | (gaps & np.isnan(table))).all():
        raise CorpusError(_fault(path, _lines(content), columns, delimiter, first_line, gaps))
    return table


def is_gap(word: str) -> bool:
    """Whether a cell stands for a lost value, as pandas, R and spreadsheets write one."""
    return word.strip().strip('"').lower() in _GAPS


def number_in(word: str) -> float:
    """The number that a word is, as other programs understand it: Python alone takes "1_1" for 11.

    Raises:
        ValueError: It is none.
    """
    if "_" in word:
        raise ValueError(f"'{word.strip()}' is not a number")
    return float(word)


def last_words(path: Path) -> list[str]:
    """The first words of the last lines that are not blank, up to six, found from the end of the file.

    Raises:
        CorpusError: The file cannot be opened or is empty.
    """
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, io.SEEK_END)
            stream.seek(max(0, size - _TAIL))
            tail = stream.read()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be opened ({error.strerror})") from error
    text = tail.rstrip(_AFTER_THE_END).decode("latin-1").strip()
    if not text:
        raise CorpusError(f"{path}: holds no numbers; the file is empty")
    lines = [line for line in text.splitlines() if line.strip()]
    whole = lines[1:] if size > _TAIL and len(lines) > 1 else lines  # the first one may have been cut
    return [line.split(None, 1)[0] for line in whole[-_LAST_LINES:]]


def last_numbers(path: Path, what: str) -> NDArray[np.float64]:
    """The numbers that the last lines begin with, up to six.

    Raises:
        CorpusError: As `last_words`, or one of these lines begins with no finite number, which should be
            `what`.
    """
    try:
        numbers = np.array([float(word) for word in last_words(path)])
    except ValueError:
        numbers = np.array([np.nan])
    if not np.isfinite(numbers).all():
        raise CorpusError(
            f"{path}: the last line does not begin with {what}; the file is damaged, copy it again"
        )
    return numbers


def _lines(content: bytes) -> Iterable[str]:
    """Lines one by one, whatever ends them, so that a large file does not lie in memory several times."""
    return io.TextIOWrapper(io.BytesIO(content), encoding="latin-1")


def _loaded(lines: Iterable[str], delimiter: str | None) -> NDArray[np.float64]:
    """A table, of shape (0, 0) if the lines are none."""
    try:
        return np.loadtxt(lines, dtype=np.float64, delimiter=delimiter, comments=None, ndmin=2)
    except (ValueError, OverflowError):
        return np.zeros((0, 0))


def _loaded_plain(content: bytes, delimiter: str) -> NDArray[np.float64]:
    """A table of plain numbers with one delimiter between any two; of shape (0, 0) if it is not that."""
    mark = delimiter.encode("latin-1")
    columns = content.split(b"\n", 1)[0].count(mark) + 1
    if columns > _MOST_PLAIN_COLUMNS or content.translate(None, _PLAIN + mark):
        return np.zeros((0, 0))
    names = [str(number) for number in range(columns)]
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(content),
            pyarrow.csv.ReadOptions(use_threads=False, column_names=names),
            pyarrow.csv.ParseOptions(delimiter=delimiter, quote_char=False),
            pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.float64())),
        )
    except (pa.ArrowInvalid, ValueError):
        return np.zeros((0, 0))
    if any(column.null_count for column in table.columns):
        return np.zeros((0, 0))
    return np.stack([column.to_numpy() for column in table.columns], axis=1)


def _with_nan(lines: Iterable[str], delimiter: str | None) -> Iterator[str]:
    for line in lines:
        words = line.split(delimiter)
        if len(words) > 1 or line.strip():
            yield (delimiter or " ").join("nan" if is_gap(word) else word for word in words)


def _refuse_mostly_gaps(path: Path, content: bytes, delimiter: str | None) -> None:
    if delimiter and len(content) < _LEAST_BYTES_A_CELL * content.count(delimiter.encode()):
        raise CorpusError(
            f"{path}: holds hardly anything but empty cells; the file is damaged or nothing was recorded"
        )


def _fault(
    path: Path, lines: Iterable[str], columns: int | None, delimiter: str | None, first_line: int, gaps: bool
) -> str:
    expected = columns
    for number, line in enumerate(lines, first_line):
        words = line.split(delimiter)
        if len(words) < 2 and not line.strip():
            continue
        expected = expected or len(words)
        if len(words) != expected:
            found = f"{len(words)} columns where {expected} are expected"
            return f"{path}: line {number}: {found}; the file is damaged or truncated"
        for word in words:
            if not _is_number(word, gaps):
                return f"{path}: line {number}: '{word.strip()[:40]}' is not a finite number"
    return f"{path}: not a table of numbers"


def _is_number(word: str, gaps: bool) -> bool:
    if gaps and is_gap(word):
        return True
    try:
        number = number_in(word)
    except ValueError:
        return False
    return bool(np.isfinite(number) or (gaps and np.isnan(number)))
