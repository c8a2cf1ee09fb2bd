"""Tables of text with commas, semicolons, tabs or blanks between columns, with names or without."""

from __future__ import annotations

import codecs
import csv
import re
from array import array
from collections.abc import Iterable, Iterator
from functools import partial
from io import BytesIO, TextIOWrapper
from itertools import chain
from math import isfinite, isinf, nan
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import CorpusError
from benchmark.formats import ndi
from benchmark.formats.columns import Columns
from benchmark.formats.text_tables import is_gap, number_in

_DELIMITERS = MappingProxyType({".csv": ",", ".tsv": "\t", ".txt": None})
#: DOS programs end a text with 0x1A, and fill its last block with zeros.
_AFTER_THE_END = b"\x1a\0\r\n"
# Each word of a line takes some sixty bytes in Python: these bound what a text may swell to.
_LONGEST_LINE, _MOST_COLUMNS = 1 << 15, 1024
#: A table with less text than this for each number would swell to more than ten times the size of its file.
_LEAST_BYTES_A_CELL = 1.5
_QUOTED = re.compile(r'"[^"]*"')
_MARKS = MappingProxyType({None: "white space", ",": "commas", ";": "';'", "\t": "tabs"})
_DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+")


def read_text(path: Path, content: bytes) -> Columns:
    """A table with a line for each frame; its first line, or a "#" line before it, may name the columns.

    Lost values are empty cells, "nan" or "NA". Columns of text may stand beside the numbers.

    Args:
        path: Named in messages; its suffix tells what usually parts the columns (.csv, .tsv, .txt).
        content: What the file holds.

    Raises:
        CorpusError: It is no such table, is damaged, or would swell beyond what its size allows.
    """
    content = content.rstrip(_AFTER_THE_END)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise CorpusError(f"{path}: is text in UTF-16; save it as UTF-8")
    if ndi.is_heading(content[:1024].split(b"\n", 1)[0].decode("utf-8-sig", "replace")):
        return ndi.read(path, content)
    lines = _lines(path, content)
    comment, number, first = _beginning(path, lines)
    delimiter = _delimiter(first, _DELIMITERS[path.suffix.lower()])
    if delimiter and len(content) < _LEAST_BYTES_A_CELL * content.count(delimiter.encode()):
        raise CorpusError(
            f"{path}: holds hardly anything but empty cells; the file is damaged or nothing was recorded"
        )
    words, names = _words(first, delimiter), _words(comment, delimiter)
    if len(words) > _MOST_COLUMNS:
        raise CorpusError(
            f"{path}: line {number}: has {len(words)} columns; at most {_MOST_COLUMNS} are read"
        )
    commented = len(names) == len(words)
    if _counts_columns(words):
        names = words
    elif all(is_number(word) or is_gap(word) for word in words) or (commented and any(map(is_number, words))):
        lines, names = chain([(number, first)], lines), names if commented else []
    else:
        names = words
    values, text = _values(path, lines, len(words), delimiter)
    if len(text) == len(words):
        raise CorpusError(f"{path}: has no column of numbers; {text[0]}")
    return Columns(values, tuple(names), text=text)


def _counts_columns(words: list[str]) -> bool:
    """Whether a line numbers the columns 0, 1, 2 ..., as pandas heads a table without names.

    An empty cell over the index may come first.
    """
    numbered = words[1:] if words[0] == "" else words
    return len(numbered) > 1 and numbered == [str(number) for number in range(len(numbered))]


def _beginning(path: Path, lines: Iterator[tuple[int, str]]) -> tuple[str, int, str]:
    """The last "#" line before a table, without its mark, and number and text of its first line."""
    comment = ""
    for number, line in lines:
        if line.startswith("#"):
            comment = line.lstrip("#").strip(" ")
        elif line.strip():
            return comment, number, line
    raise CorpusError(f"{path}: holds no numbers; the file is empty")


def _values(
    path: Path, lines: Iterable[tuple[int, str]], width: int, delimiter: str | None
) -> tuple[NDArray[np.float64], dict[int, str]]:
    """Numbers of all columns, and what stands in those of text."""
    table, text = array("d"), dict[int, str]()
    for number, line in lines:
        cells = _cells(line, delimiter)
        if len(cells) < 2 and not line.strip():
            continue
        if len(cells) != width:
            raise CorpusError(
                f"{path}: line {number}: {len(cells)} columns where {width} are expected, parted by "
                f"{_MARKS[delimiter]}; the file is damaged or truncated"
            )
        for column in text:
            cells[column] = "0"
        try:
            row = list(map(number_in, cells)) if "_" in line else list(map(float, cells))
        except ValueError:
            row = [nan]
        if not isfinite(sum(row)):
            row = [_value(cell, column, number, text) for column, cell in enumerate(cells)]
        table.fromlist(row)
    if not table:
        raise CorpusError(
            f"{path}: holds names and no numbers; nothing was recorded, or the file is truncated"
        )
    values = np.frombuffer(table).reshape(-1, width)
    values[:, list(text)] = nan
    return values, text


def _value(cell: str, column: int, line: int, text: dict[int, str]) -> float:
    """The number in a cell, NaN where it is lost; anything else makes its column one of `text`."""
    if is_number(cell) and not isinf(float(cell)):
        return float(cell)
    if not is_gap(cell):
        text[column] = f"line {line}: '{cell.strip()[:40]}' is not a finite number"
        if _DECIMAL_COMMA.fullmatch(cell.strip()):
            text[column] += "; save the table with decimal points instead of commas"
    return nan


def _lines(path: Path, content: bytes) -> Iterator[tuple[int, str]]:
    """Yields numbered lines, whatever ends them, without holding a large file several times."""
    stream = TextIOWrapper(BytesIO(content), encoding="utf-8-sig", errors="replace")
    for number, line in enumerate(iter(partial(stream.readline, _LONGEST_LINE + 1), ""), 1):
        if len(line) > _LONGEST_LINE:
            raise CorpusError(
                f"{path}: line {number}: is longer than {_LONGEST_LINE} characters; a line for "
                "each frame is expected"
            )
        yield number, line.rstrip("\n")


def _delimiter(line: str, usual: str | None) -> str | None:
    """The delimiter of a table's columns, None for white space.

    It is guessed from the line, because spreadsheets write ";" or tabs into a .csv, too.
    """
    bare = _QUOTED.sub("", line)
    if ";" in bare:
        return ";"
    if usual is None:
        words = bare.split()
        return "," if "," in bare and (len(words) == 1 or words[0].endswith(",")) else None
    return next((mark for mark in (usual, ",", "\t") if mark in bare), usual)


def _words(line: str, delimiter: str | None) -> list[str]:
    return [cell.strip().strip('"') for cell in _cells(line, delimiter)] if line else []


def _cells(line: str, delimiter: str | None) -> list[str]:
    """Splits a line into columns; quotes end with it, so that an open one does not swallow the next."""
    if '"' not in line:
        return line.split(delimiter)
    if delimiter is None:
        return [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)]
    return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))


def is_number(word: str) -> bool:
    """Whether a cell of a table holds a number, NaN and infinity included."""
    try:
        number_in(word)
    except ValueError:
        return False
    return True
