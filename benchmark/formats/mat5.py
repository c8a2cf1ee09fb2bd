"""MATLAB 5 files, as far as articulatory corpora use them: numbers, text, and structures of these, read on demand.

A file is read once; nothing in it is decoded before it is asked for, and no size stated in it is believed before it is held
against the bytes that are there. Neither objects nor functions are read.

Format: MathWorks, "MAT-File Format", level 5.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import CorpusError

_NUMBER_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_TEXT_TYPES = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
_MATRIX, _COMPRESSED = 14, 15
_STRUCT, _CHAR, _NUMERIC = 2, 4, range(6, 16)
_HEADER = 128
_GROWTH = 10
_MAX_ELEMENTS = 100_000


class Matrix(NamedTuple):
    """One array of a file, not yet decoded.

    Attributes:
        file: The file's name, for messages.
        data: Bytes that hold it.
        order: "<" or ">".
        kind: MATLAB class: 2 structure, 4 text, 6..15 numbers.
        dims: Shape.
        name: Name of the variable, "" for parts of others.
        start: Where its contents begin in `data`.
        end: Where they end.
        file_bytes: Size of the file.
    """

    file: Path
    data: memoryview
    order: str
    kind: int
    dims: tuple[int, ...]
    name: str
    start: int
    end: int
    file_bytes: int

    @property
    def size(self) -> int:
        """Number of entries."""
        return int(np.prod(self.dims, dtype=object))


def read_variables(path: Path) -> dict[str, Matrix]:
    """The variables of a file by name.

    Raises:
        CorpusError: Not a MATLAB 5 file, damaged, or it swells to more than ten times its size.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be opened ({error.strerror})") from error
    order = _byte_order(path, content)
    variables: dict[str, Matrix] = {}
    data = memoryview(content)
    budget = _GROWTH * len(content)
    position = _HEADER
    while position + 8 <= len(data):
        kind, start, end = _tag(path, data, order, position)
        inner = data
        if kind == _COMPRESSED:
            inner = memoryview(_inflate(path, data[start:end], budget))
            budget -= len(inner)
            kind, start, inner_end = _tag(path, inner, order, 0)
        else:
            inner_end = end
        if kind == _MATRIX:
            matrix = _matrix(path, inner, order, start, inner_end, len(content))
            variables[matrix.name] = matrix
        position = end + (-end % 8 if inner is data else 0)
    if not variables:
        raise CorpusError(f"{path}: holds no variables; the file is truncated")
    return variables


def elements(matrix: Matrix) -> Iterator[dict[str, Matrix]]:
    """The entries of a structure array: field name to contents.

    Raises:
        CorpusError: Not a structure, or damaged.
    """
    if matrix.kind != _STRUCT:
        raise CorpusError(f"{matrix.file}: '{matrix.name}' is no structure array")
    path, data, order = matrix.file, matrix.data, matrix.order
    position, width = _part(path, data, order, matrix.start, matrix.end)
    if len(width) < 4:
        raise CorpusError(f"{path}: damaged structure")
    length = struct.unpack_from(f"{order}i", width)[0]
    position, packed = _part(path, data, order, position, matrix.end)
    if not 0 < length <= 256 or len(packed) % length:
        raise CorpusError(f"{path}: damaged field names")
    fields = [
        bytes(packed[at : at + length]).split(b"\0")[0].decode("latin-1")
        for at in range(0, len(packed), length)
    ]
    if not 0 <= matrix.size <= _MAX_ELEMENTS or matrix.size * len(fields) * 8 > matrix.end - position:
        raise CorpusError(f"{path}: states more structure entries than there is room for")
    for _ in range(matrix.size):
        entry: dict[str, Matrix] = {}
        for field in fields:
            kind, start, end = _tag(path, data, order, position)
            if kind != _MATRIX or end > matrix.end:
                raise CorpusError(f"{path}: damaged structure entry")
            entry[field] = _matrix(path, data, order, start, end, matrix.file_bytes)
            position = end
        yield entry


def numbers(matrix: Matrix, wanted: type[np.floating] | None = None) -> NDArray[np.floating]:
    """Numbers of an array in its own shape.

    Args:
        matrix: The array.
        wanted: The type to give them; None: float32 if stored so, else float64.

    Raises:
        CorpusError: Not numeric, damaged, or they swell to more than ten times the size of the file.
    """
    if matrix.kind not in _NUMERIC:
        raise CorpusError(f"{matrix.file}: '{matrix.name}' holds no numbers where numbers are expected")
    if matrix.size == 0:
        return np.zeros(matrix.dims)
    kind, start, end = _tag(matrix.file, matrix.data, matrix.order, matrix.start)
    dtype = _NUMBER_TYPES.get(kind)
    if dtype is None or end > matrix.end or (end - start) != matrix.size * np.dtype(dtype).itemsize:
        raise CorpusError(
            f"{matrix.file}: array of shape {matrix.dims} and its data disagree; the file is damaged"
        )
    flat = np.frombuffer(matrix.data[start:end], matrix.order + dtype)
    wanted = wanted or (np.float32 if dtype == "f4" else np.float64)
    if matrix.size * np.dtype(wanted).itemsize > _GROWTH * matrix.file_bytes:
        raise CorpusError(f"{matrix.file}: swells to more than {_GROWTH} times its size; not read")
    with np.errstate(invalid="ignore"):
        return np.reshape(flat, matrix.dims, order="F").astype(wanted)


def number(matrix: Matrix) -> float:
    """The single number of an array.

    Raises:
        CorpusError: Not exactly one number.
    """
    if matrix.kind not in _NUMERIC or matrix.size != 1:
        raise CorpusError(f"{matrix.file}: expected one number, found an array of shape {matrix.dims}")
    return float(numbers(matrix).reshape(-1)[0])


def text(matrix: Matrix) -> str:
    """Text of a character array, "" for anything empty or other.

    Raises:
        CorpusError: Damaged.
    """
    if matrix.kind != _CHAR or matrix.size == 0:
        return ""
    kind, start, end = _tag(matrix.file, matrix.data, matrix.order, matrix.start)
    encoding = _TEXT_TYPES.get(kind)
    if encoding is None or end > matrix.end:
        raise CorpusError(f"{matrix.file}: damaged text")
    if encoding.startswith(("utf-1", "utf-3")):
        encoding += "-le" if matrix.order == "<" else "-be"
    return bytes(matrix.data[start:end]).decode(encoding, "replace").strip("\0 ")


def _byte_order(path: Path, content: bytes) -> str:
    # Its header is otherwise that of a MATLAB 5 file.
    if content.startswith(b"MATLAB 7.3"):
        raise CorpusError(f"{path}: not a MATLAB 5 file, but MATLAB 7.3 (HDF5); save it again with '-v7'")
    if len(content) < _HEADER + 8:
        raise CorpusError(
            f"{path}: too short for a MATLAB 5 file; truncated, or of MATLAB 4: copy it again, or save it again with '-v7'"
        )
    mark = content[126:128]
    if mark not in (b"IM", b"MI"):
        raise CorpusError(
            f"{path}: not a MATLAB 5 file (another format, or MATLAB 4: save it again with '-v7')"
        )
    return "<" if mark == b"IM" else ">"


def _inflate(path: Path, packed: memoryview, budget: int) -> bytes:
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(packed, max(1, budget))
    except zlib.error as error:
        raise CorpusError(f"{path}: damaged compressed data; copy the file again") from error
    if stream.unconsumed_tail:
        raise CorpusError(f"{path}: swells to more than {_GROWTH} times its size; not read")
    if not stream.eof:
        raise CorpusError(f"{path}: compressed data ends early; truncated, copy the file again")
    return content


def _tag(path: Path, data: memoryview, order: str, position: int) -> tuple[int, int, int]:
    """Type of the element at `position`, and where its data begin and end."""
    if position + 8 > len(data):
        raise CorpusError(f"{path}: ends in the middle of an element; truncated, copy the file again")
    kind, length = struct.unpack_from(f"{order}II", data, position)
    start = position + 8
    if kind >> 16:
        # Small data element: type, length and up to four bytes of data share eight bytes.
        kind, length, start = kind & 0xFFFF, kind >> 16, position + 4
        if length > 4:
            raise CorpusError(f"{path}: damaged element; copy the file again")
    if start + length > len(data):
        raise CorpusError(f"{path}: ends in the middle of an element; truncated, copy the file again")
    return kind, start, start + length


def _part(path: Path, data: memoryview, order: str, position: int, limit: int) -> tuple[int, memoryview]:
    """Data of the element at `position`, and where the next one begins."""
    _, start, end = _tag(path, data, order, position)
    if end > limit:
        raise CorpusError(f"{path}: an element runs past the array it belongs to; the file is damaged")
    following = position + 8 if start == position + 4 else end + (-end % 8)
    return following, data[start:end]


def _matrix(path: Path, data: memoryview, order: str, start: int, end: int, file_bytes: int) -> Matrix:
    if start == end:
        return Matrix(path, data, order, 6, (0, 0), "", start, end, file_bytes)
    position, flags = _part(path, data, order, start, end)
    position, shape = _part(path, data, order, position, end)
    position, name = _part(path, data, order, position, end)
    if len(flags) < 4 or len(shape) % 4 or not 8 <= len(shape) <= 32:
        raise CorpusError(f"{path}: damaged array header")
    kind = struct.unpack_from(f"{order}I", flags)[0] & 0xFF
    dims = struct.unpack(f"{order}{len(shape) // 4}i", shape)
    if min(dims) < 0:
        raise CorpusError(f"{path}: an array has a negative size; the file is damaged")
    return Matrix(path, data, order, kind, dims, bytes(name).decode("latin-1"), position, end, file_bytes)
