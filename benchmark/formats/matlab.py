"""Variables of MATLAB files, read by SciPy, with clear errors for damage and for other formats."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import CorpusError

_HEADER = 128
_MATRIX, _COMPRESSED, _COMPLEX = 14, 15, 0x800
#: Flags, shape, name, content.
_PARTS = 4
#: Types of data elements; SciPy ends the process at any other one.
_ELEMENTS = frozenset({*range(1, 8), 9, 12, 13, _MATRIX, _COMPRESSED, 16, 17, 18})
# What SciPy raises for bytes that are no MATLAB file, or a damaged one.
_DAMAGE = (
    *(OSError, zlib.error, ValueError, TypeError, KeyError, IndexError, AttributeError),
    *(OverflowError, MemoryError, RecursionError, NotImplementedError),
)


def read_variables(path: Path) -> dict[str, NDArray[Any]]:
    """Variables of a file by name, as `scipy.io.loadmat` gives them.

    Structures are records, text is arrays of strings.

    Raises:
        CorpusError: The file cannot be opened, is damaged, or is not of MATLAB 5 to 7.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        content = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be opened ({error.strerror})") from error
    # Its header is otherwise that of a MATLAB 5 file.
    if content.startswith(b"MATLAB 7.3"):
        raise CorpusError(f"{path}: not a MATLAB 5 file, but MATLAB 7.3 (HDF5); save it again with '-v7'")
    order = {b"IM": "<", b"MI": ">"}.get(content[126:_HEADER])
    if order is None:
        raise CorpusError(
            f"{path}: not a MATLAB 5 file: truncated, another format, or MATLAB 4 (save it again with '-v7')"
        )
    _refuse_damaged(path, content, order, _HEADER, len(content))
    try:
        variables: dict[str, NDArray[Any]] = loadmat(BytesIO(content))
    except (MatReadError, *_DAMAGE) as error:
        raise CorpusError(
            f"{path}: truncated or damaged ({type(error).__name__}); copy the file again"
        ) from error
    return {name: value for name, value in variables.items() if isinstance(value, np.ndarray)}


def _refuse_damaged(path: Path, content: bytes, order: str, at: int, end: int) -> int:
    """Walk the data elements from `at` to `end` and those inside arrays, and count them.

    Each must have a known type and lie within what holds it, and each array must have its flags, shape, name
    and content: where one does not, SciPy would read on wherever the numbers lead.
    """
    count = 0
    while at + 8 <= end:
        kind, size = struct.unpack_from(f"{order}II", content, at)
        start = at + 8
        if small := kind >> 16:  # type, size and up to four bytes of data share eight bytes
            kind, size, start = kind & 0xFFFF, small, at + 4
        if kind not in _ELEMENTS or start + size > end:
            raise CorpusError(f"{path}: ends in the middle of an element, or is damaged; copy the file again")
        if kind == _MATRIX and size:
            if _refuse_damaged(path, content, order, start, start + size) < _PARTS:
                raise CorpusError(f"{path}: an array lacks its content; the file is damaged, copy it again")
            if struct.unpack_from(f"{order}I", content, start + 8)[0] & _COMPLEX:
                raise CorpusError(f"{path}: holds complex numbers, or is damaged; only real ones are read")
        padding = 0 if kind == _COMPRESSED else -size % 8
        at = at + 8 if small else start + size + padding
        count += 1
    return count


def numbers(path: Path, value: object, what: str) -> NDArray[np.number]:
    """A numeric array as it is.

    Raises:
        CorpusError: It holds something else; `what` says what it should be.
    """
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiub":
        raise CorpusError(f"{path}: {what} holds no numbers where numbers are expected")
    return value


def text(value: object) -> str:
    """The text of a character array, "" for anything empty or other."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "U" and value.size:
        return str(value.reshape(-1)[0]).strip("\0 ")
    return ""
