"""Trajectories as labs keep them: NumPy, CSV, Parquet, SSFF and Carstens files, each as named columns at a rate."""

from __future__ import annotations

import ast
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmark.errors import CorpusError
from benchmark.formats import carstens, parquet_pages, ssff
from benchmark.formats.columns import Columns
from benchmark.formats.text_columns import read_text

_GROWTH = 10
#: A recording of a few seconds, of many sensors of which most lay still, may be packed more tightly than `_GROWTH` allows.
_SMALL_BYTES = 1 << 18


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
    return read_text(path, _bytes(path))


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
