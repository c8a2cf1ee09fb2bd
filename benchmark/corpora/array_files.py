"""Trajectories as labs keep them: NumPy, CSV, Parquet, SSFF and Carstens files, each as named columns at a rate."""

from __future__ import annotations

import ast
import codecs
import csv
import re
import struct
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from io import BytesIO, TextIOWrapper
from itertools import chain
from math import isfinite, isinf, nan
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmark.corpora import carstens, parquet_pages, ssff
from benchmark.corpora.tables import is_gap
from benchmark.errors import CorpusError

_GROWTH = 10
#: A recording of a few seconds, of many sensors of which most lay still, may be packed more tightly than `_GROWTH` allows.
_SMALL_BYTES = 1 << 18
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


class Columns(NamedTuple):
    """What a file holds.

    Attributes:
        values: float64, shape (frames, columns), NaN where lost.
        names: One a column; empty if the file names none.
        rate_hz: Frames per second if the file says so.
        start_s: Time of the first frame.
        text: Number of a column that holds something else than numbers, to the first place where it does. Its values are NaN.
    """

    values: NDArray[np.float64]
    names: tuple[str, ...] = ()
    rate_hz: float | None = None
    start_s: float = 0.0
    text: Mapping[int, str] = MappingProxyType({})


def read_columns(path: Path) -> Columns:
    """Read a file by its suffix; a suffix that is not known is tried as SSFF.

    Raises:
        CorpusError: The file is missing, damaged, or holds something else.
    """
    reader = _READERS.get(path.suffix.lower(), _read_ssff)
    columns = reader(path)
    if columns.values.ndim != 2 or 0 in columns.values.shape:
        raise CorpusError(f"{path}: has shape {columns.values.shape}; expected (frames, channels)")
    if columns.names and len(columns.names) != columns.values.shape[1]:
        raise CorpusError(f"{path}: {columns.values.shape[1]} columns but {len(columns.names)} names")
    return columns


def length_s(path: Path) -> float | None:
    """Length in seconds if a header of the file states its rate, else None; no values are read.

    Raises:
        CorpusError: The header is damaged.
    """
    if path.suffix.lower() == ".pos":
        return carstens.read_header(path).duration_s
    if path.suffix.lower() in _READERS:
        return None
    header = ssff.read_header(path)
    return header.start_s + header.frames / header.rate_hz


def _read_npy(path: Path) -> Columns:
    return Columns(_as_floats(path, _npy(path, _bytes(path))))


def _read_npz(path: Path) -> Columns:
    """Arrays `values` (frames, channels), and where given `names`, `rate_hz`, `valid`; or one array a channel."""
    content = _bytes(path)
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > _GROWTH * len(content) + 4096:
                raise CorpusError(f"{path}: swells to more than {_GROWTH} times its size; not read")
            arrays = {
                name.removesuffix(".npy"): _npy(path, archive.read(name)) for name in archive.namelist()
            }
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError, ValueError) as error:
        raise CorpusError(f"{path}: not an .npz file, or damaged ({type(error).__name__})") from error
    rate = _as_floats(path, arrays.pop("rate_hz")).reshape(-1) if "rate_hz" in arrays else np.zeros(0)
    rate_hz = float(rate[0]) if rate.size else None
    if "values" not in arrays:
        channels = [_as_floats(path, array).reshape(-1) for array in arrays.values()]
        if len({len(channel) for channel in channels}) != 1:
            raise CorpusError(f"{path}: channels differ in length, or there are none")
        return Columns(np.column_stack(channels), tuple(arrays), rate_hz)
    values = _as_floats(path, arrays["values"])
    if "valid" in arrays:
        if arrays["valid"].shape != values.shape:
            raise CorpusError(f"{path}: 'valid' has shape {arrays['valid'].shape}, 'values' {values.shape}")
        values = np.where(arrays["valid"].astype(bool), values, np.nan)
    names = tuple(str(name) for name in arrays["names"].reshape(-1)) if "names" in arrays else ()
    return Columns(values, names, rate_hz)


def _read_text(path: Path) -> Columns:
    """A table with a line for each frame; its first line, or a "#" line before it, may name the columns.

    Lost values are empty cells, "nan" or "NA". Columns of text may stand beside the numbers.
    """
    content = _bytes(path).rstrip(_AFTER_THE_END)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise CorpusError(f"{path}: is text in UTF-16; save it as UTF-8")
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
    if all(_is_number(word) or is_gap(word) for word in words) or (commented and any(map(_is_number, words))):
        lines, names = chain([(number, first)], lines), names if commented else []
    else:
        names = words
    values, text = _values(path, lines, len(words), delimiter)
    if len(text) == len(words):
        raise CorpusError(f"{path}: has no column of numbers; {text[0]}")
    return Columns(values, tuple(names), text=text)


def _beginning(path: Path, lines: Iterator[tuple[int, str]]) -> tuple[str, int, str]:
    """The last "#" line before the table, without its mark, then number and text of the first line of the table."""
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
            row = list(map(float, cells))
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
    if _is_number(cell) and not isinf(float(cell)):
        return float(cell)
    if not is_gap(cell):
        text[column] = f"line {line}: '{cell.strip()[:40]}' is not a finite number"
        if _DECIMAL_COMMA.fullmatch(cell.strip()):
            text[column] += "; save the table with decimal points instead of commas"
    return nan


def _lines(path: Path, content: bytes) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, one by one, whatever ends them, so that a large file does not lie in memory several times."""
    stream = TextIOWrapper(BytesIO(content), encoding="utf-8-sig", errors="replace")
    for number, line in enumerate(iter(partial(stream.readline, _LONGEST_LINE + 1), ""), 1):
        if len(line) > _LONGEST_LINE:
            raise CorpusError(
                f"{path}: line {number}: is longer than {_LONGEST_LINE} characters; a line for each frame is expected"
            )
        yield number, line.rstrip("\n")


def _delimiter(line: str, usual: str | None) -> str | None:
    """What parts the columns of a table, None for white space: spreadsheets write ";" or tabs into a .csv, too."""
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
    """The columns of one line. Quotes end with their line, so that one that is never closed does not swallow the others."""
    if '"' not in line:
        return line.split(delimiter)
    if delimiter is None:
        return [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)]
    return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))


def _read_parquet(path: Path) -> Columns:
    """All columns of numbers, read one by one once the file's own account of its size is found to be plausible."""
    content = _bytes(path)
    try:
        # Arrow sets aside what the header of a page states before it looks how much is there.
        if parquet_pages.stated_bytes(content) > _GROWTH * len(content) + _SMALL_BYTES:
            raise CorpusError(f"{path}: its pages swell to more than {_GROWTH} times its size; not read")
        with pq.ParquetFile(pa.BufferReader(content), pre_buffer=False) as source:
            names = _number_columns(path, source)
            values = np.full((_rows(path, source.metadata, len(names)), len(names)), np.nan)
            for i, name in enumerate(names):
                column = source.read([name], use_threads=False).column(0)
                if len(column) != len(values):
                    raise CorpusError(f"{path}: column '{name}' is cut short; copy the file again")
                values[:, i] = column.to_numpy(zero_copy_only=False)
    except (OSError, pa.ArrowException, UnicodeDecodeError, ValueError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise CorpusError(f"{path}: not a Parquet file, or damaged ({reason})") from error
    return Columns(values, names)


def _number_columns(path: Path, source: pq.ParquetFile) -> tuple[str, ...]:
    fields = source.schema_arrow
    names = tuple(f.name for f in fields if pa.types.is_floating(f.type) or pa.types.is_integer(f.type))
    if not names:
        raise CorpusError(f"{path}: has no column of numbers")
    if len(set(fields.names)) < len(fields.names):
        raise CorpusError(f"{path}: has two columns of one name; rename one")
    return names


def _rows(path: Path, stated: pq.FileMetaData, columns: int) -> int:
    """How many rows a file states to have, refused where so many numbers cannot lie in a file of its size."""
    # Of a row group, ask no more than its rows: pyarrow ends the process when the account of a column chunk is damaged.
    rows = [stated.row_group(i).num_rows for i in range(stated.num_row_groups)]
    if min(rows, default=0) < 0 or sum(rows) != stated.num_rows:
        raise CorpusError(f"{path}: states {stated.num_rows} rows and holds {sum(rows)}; damaged")
    if 8 * sum(rows) * columns > _GROWTH * path.stat().st_size + _SMALL_BYTES:
        raise CorpusError(
            f"{path}: swells to more than {_GROWTH} times its size; leave out columns that never change, or save it as .npy"
        )
    return sum(rows)


def _read_ssff(path: Path) -> Columns:
    header = ssff.read_header(path)
    return Columns(ssff.read_values(path), header.names, header.rate_hz, header.start_s)


def _read_pos(path: Path) -> Columns:
    """Columns are named SENSOR_AXIS, sensors counted from 1: "3_x", "3_y", "3_z", "3_phi" and so on."""
    header = carstens.read_header(path)
    positions = carstens.read_positions(path)
    names = tuple(f"{sensor}_{axis}" for sensor in range(1, header.sensors + 1) for axis in carstens.AXES)
    return Columns(positions.reshape(len(positions), -1), names, header.rate_hz)


def _bytes(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be opened ({error.strerror})") from error
    if not content:
        raise CorpusError(f"{path}: is empty; copy the file again")
    return content


def _npy(path: Path, content: bytes) -> NDArray[np.generic]:
    """An array, its header held against the bytes that are there before anything is allocated."""
    try:
        dtype, by_column, shape, data_at = _npy_header(content)
    except (ValueError, TypeError, KeyError, SyntaxError, MemoryError, RecursionError, struct.error) as error:
        raise CorpusError(
            f"{path}: damaged NumPy header ({type(error).__name__}); copy the file again"
        ) from error
    if dtype.hasobject or dtype.kind not in "fiubU":
        raise CorpusError(f"{path}: holds an array of type {dtype}; numbers are expected")
    count = 1
    for extent in shape:
        count *= int(extent)
    raw = content[data_at:]
    if min(shape, default=0) < 0 or count * dtype.itemsize != len(raw) or dtype.itemsize == 0:
        raise CorpusError(f"{path}: states shape {shape} and holds {len(raw)} bytes; truncated or damaged")
    return np.reshape(np.frombuffer(raw, dtype), shape, order="F" if by_column else "C")


def _npy_header(content: bytes) -> tuple[np.dtype[Any], bool, tuple[int, ...], int]:
    """Type, order, shape and start of the data; NumPy's own parser raises more kinds of error than it states."""
    if content[:6] != b"\x93NUMPY" or content[6:7] not in (b"\1", b"\2"):
        raise ValueError("no magic")
    code = "<H" if content[6] == 1 else "<I"
    start = 8 + struct.calcsize(code)
    data_at = start + int(struct.unpack_from(code, content, 8)[0])
    fields = ast.literal_eval(content[start:data_at].decode("latin-1").strip())
    if data_at > len(content) or not isinstance(fields["descr"], str):
        raise ValueError("no array of plain numbers")
    shape = fields["shape"]
    if not isinstance(shape, tuple) or not all(type(extent) is int for extent in shape):
        raise ValueError("no shape")
    return np.dtype(fields["descr"]), bool(fields["fortran_order"]), shape, data_at


def _as_floats(path: Path, array: NDArray[np.generic]) -> NDArray[np.float64]:
    if array.dtype.kind not in "fiub":
        raise CorpusError(f"{path}: holds text where numbers are expected")
    with np.errstate(invalid="ignore", over="ignore"):
        return array.astype(np.float64)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


_READERS: Mapping[str, Callable[[Path], Columns]] = MappingProxyType(
    {
        ".npy": _read_npy,
        ".npz": _read_npz,
        ".csv": _read_text,
        ".tsv": _read_text,
        ".txt": _read_text,
        ".parquet": _read_parquet,
        ".pos": _read_pos,
    }
)
