"""Trajectories as labs keep them, each as named columns at one rate.

NumPy files, tables of text, Parquet, MATLAB, SSFF and Carstens files are read.
"""

from __future__ import annotations

import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmark.errors import CorpusError
from benchmark.formats import carstens, matlab, mview, ssff
from benchmark.formats.columns import Columns
from benchmark.formats.text_columns import read_text

# What NumPy raises for bytes that are no array, or a damaged one: its parser of headers is Python's own.
_DAMAGE = (
    tokenize.TokenError,
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, SyntaxError, ValueError, TypeError),
    *(LookupError, AttributeError, ArithmeticError, MemoryError, RuntimeError),
)


def read_columns(path: Path, variable: str | None = None) -> Columns:
    """Read a file by its suffix; a file of another suffix is read if it is SSFF.

    Args:
        path: The file.
        variable: Which of several matrices of a MATLAB file is meant.

    Raises:
        CorpusError: The file is missing, damaged, or holds something else.
    """
    suffix = path.suffix.lower()
    columns = _read_mat(path, variable) if suffix == ".mat" else _READERS.get(suffix, _read_ssff)(path)
    if columns.values.ndim != 2 or 0 in columns.values.shape:
        raise CorpusError(f"{path}: has shape {columns.values.shape}; expected (frames, channels)")
    if columns.names and len(columns.names) != columns.values.shape[1]:
        raise CorpusError(f"{path}: {columns.values.shape[1]} columns but {len(columns.names)} names")
    return columns


def length_s(path: Path) -> float | None:
    """Length in seconds if a header of the file states its rate, else None; no values are read.

    Raises:
        CorpusError: The header is damaged, or the file is of no kind that is read here.
    """
    suffix = path.suffix.lower()
    if suffix == ".pos":
        return carstens.read_header(path).duration_s
    if suffix == ".mat" or suffix in _READERS:
        return None
    header = _ssff_header(path)
    return header.start_s + header.frames / header.rate_hz


def _read_numpy(path: Path) -> Columns:
    """An array (frames, channels), a structured one of named channels, or the arrays of an `.npz`."""
    _bytes(path, 1)
    try:
        with warnings.catch_warnings(action="ignore"):  # headers of Python 2 are read, with a remark
            # Mapped, a file that is shorter than its header says is refused before memory is set aside.
            found = np.load(path, mmap_mode="r", allow_pickle=False)
            arrays = dict(found) if isinstance(found, Mapping) else {}
    except _DAMAGE as error:
        raise CorpusError(f"{path}: not a NumPy file of numbers, or damaged ({_reason(error)})") from error
    if arrays:
        return _from_arrays(path, arrays)
    if names := found.dtype.names:
        return Columns(np.column_stack([_as_floats(path, found[name]).reshape(-1) for name in names]), names)
    return Columns(_as_floats(path, found))


def _from_arrays(path: Path, arrays: dict[str, NDArray[Any]]) -> Columns:
    """Columns from `values` (frames, channels), or from one array for each channel.

    `names`, `rate_hz` and `valid` are taken where they are given.
    """
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
    names = tuple(str(name).strip() for name in arrays["names"].reshape(-1)) if "names" in arrays else ()
    return Columns(values, names, rate_hz)


def _read_mat(path: Path, variable: str | None) -> Columns:
    """The sensors of an MVIEW structure, one matrix of numbers, or one variable a channel."""
    variables = matlab.read_variables(path)
    if elements := mview.elements_in(path, variables):
        return mview.columns_of(path, elements)
    tables = [
        name for name, value in variables.items() if value.dtype.kind in "fiub" and min(value.shape) > 1
    ]
    if variable is not None:
        if variable not in variables:
            raise CorpusError(
                f"{path}: has no variable '{variable}'; there are {', '.join(variables) or 'none'}"
            )
        tables = [variable]
    if "values" in variables or not tables:
        return _from_arrays(path, variables)
    if len(tables) > 1:
        raise CorpusError(
            f"{path}: holds several matrices ({', '.join(tables)}); say which one is meant "
            "in trajectories.variable"
        )
    values = _as_floats(path, variables[tables[0]])
    # Some exports keep channels in rows; there are always more frames than channels.
    return Columns(values.T if values.shape[0] < values.shape[1] else values)


def _read_text(path: Path) -> Columns:
    return read_text(path, _bytes(path))


def _read_parquet(path: Path) -> Columns:
    """All columns of numbers."""
    content = _bytes(path)
    try:
        # `pq.read_table` reads in threads of its own, which go on after damage was found and end the process.
        with pq.ParquetFile(pa.BufferReader(content), pre_buffer=False) as file:
            table = file.read(use_threads=False)
        fields = [field for field in table.schema if _is_numeric(field.type)]
        columns = [table[field.name].cast(pa.float64()).to_numpy() for field in fields]
    except (pa.ArrowException, *_DAMAGE) as error:
        raise CorpusError(f"{path}: not a Parquet file, or damaged ({_reason(error)})") from error
    if not columns:
        raise CorpusError(f"{path}: has no column of numbers")
    return Columns(np.column_stack(columns), tuple(field.name for field in fields))


def _is_numeric(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind))


def _read_ssff(path: Path) -> Columns:
    header = _ssff_header(path)
    return Columns(ssff.read_values(path), header.names, header.rate_hz, header.start_s)


def _ssff_header(path: Path) -> ssff.SsffHeader:
    """The header of a file of unknown suffix, if it is one."""
    if not _bytes(path, 8).startswith(ssff.MAGIC[:4]):
        raise CorpusError(
            f"{path}: is not a kind of file that is read here; there are {', '.join(('.mat', *_READERS))}, "
            "and SSFF of any suffix"
        )
    return ssff.read_header(path)


def _read_pos(path: Path) -> Columns:
    """Columns are named SENSOR_AXIS, sensors counted from 1: "3_x", "3_y", "3_z", "3_phi" and so on."""
    header = carstens.read_header(path)
    positions = carstens.read_positions(path)
    return Columns(positions.reshape(len(positions), -1), carstens.names(header.sensors), header.rate_hz)


def _bytes(path: Path, most: int = -1) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(most)
    except OSError as error:
        raise CorpusError(f"{path}: cannot be opened ({error.strerror})") from error
    if not content:
        raise CorpusError(f"{path}: is empty; copy the file again")
    return content


def _as_floats(path: Path, array: NDArray[np.generic]) -> NDArray[np.float64]:
    if array.dtype.kind not in "fiub":
        raise CorpusError(f"{path}: holds {array.dtype} where numbers are expected")
    with np.errstate(invalid="ignore", over="ignore"):
        return array.astype(np.float64)


def _reason(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0][:120] or type(error).__name__


_READERS: Mapping[str, Callable[[Path], Columns]] = MappingProxyType(
    {
        ".npy": _read_numpy,
        ".npz": _read_numpy,
        ".csv": _read_text,
        ".tsv": _read_text,
        ".txt": _read_text,
        ".parquet": _read_parquet,
        ".pos": _read_pos,
    }
)
