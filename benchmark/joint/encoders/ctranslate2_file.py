"""Reads weights from a model file of CTranslate2 (`model.bin`, format 6) without that library.

The file is a table: format and kind of model, then for every variable its name, shape, type and bytes, then
names that stand for others. All numbers are little-endian; a text is its length with the closing zero, then
its bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import ModelError

_FORMAT = 6
_MOST_DIMENSIONS = 8
_TYPES = {0: "<f4", 1: "<i1", 2: "<i2", 3: "<i4", 4: "<f2"}
_BFLOAT16 = 5


class _Variable(NamedTuple):
    """Where a variable lies in the file."""

    shape: tuple[int, ...]
    type_code: int
    begin: int
    size: int


class _Reader:
    """Numbers and texts one after the other; never beyond the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._bytes: NDArray[np.uint8] = np.memmap(path, np.uint8, mode="r")
        self.position = 0

    def take(self, size: int) -> NDArray[np.uint8]:
        end = self.position + size
        if end > len(self._bytes):
            raise ModelError(
                f"{self._path}: ends at byte {len(self._bytes)} and should have {end} or more; "
                "truncated or no model file of CTranslate2, install its package again"
            )
        taken = self._bytes[self.position : end]
        self.position = end
        return taken

    def number(self, form: str) -> int:
        return int(struct.unpack("<" + form, self.take(struct.calcsize("<" + form)).tobytes())[0])

    def text(self) -> str:
        return self.take(self.number("H")).tobytes().rstrip(b"\0").decode("utf-8", "replace")


def read_weights(path: Path, kind: str, prefix: str) -> dict[str, NDArray[np.float32]]:
    """Some of the weights in a model file.

    Args:
        path: The file.
        kind: Which model it must hold, e.g. "WhisperSpec".
        prefix: Of the names of the weights that are wanted, e.g. "encoder/".

    Returns:
        float32 arrays by the rest of their names, copied from the file. Variables that are not floating point
        (settings of the library) are left out.

    Raises:
        ModelError: There is no such file, or it is truncated, damaged, of another format or of another kind
            of model.
    """
    if not path.is_file() or not path.stat().st_size:
        raise ModelError(f"{path}: no such file, or empty; install its package again")
    reader = _Reader(path)
    version = reader.number("I")
    if version != _FORMAT:
        raise ModelError(f"{path}: format {version} of CTranslate2's files; format {_FORMAT} is read here")
    found = reader.text()
    if found != kind:
        raise ModelError(f"{path}: holds a model of kind '{found}'; '{kind}' is needed")
    reader.number("I")  # revision of that kind
    variables = dict(_variables(reader, path))
    for _ in range(reader.number("I")):
        alias, target = reader.text(), reader.text()
        if target not in variables:
            raise ModelError(f"{path}: '{alias}' stands for '{target}', which is not there; damaged")
        variables[alias] = variables[target]
    return {
        name.removeprefix(prefix): _values(reader, variable)
        for name, variable in variables.items()
        if name.startswith(prefix) and variable.type_code in (0, 4, _BFLOAT16)
    }


def _variables(reader: _Reader, path: Path) -> Iterator[tuple[str, _Variable]]:
    for _ in range(reader.number("I")):
        name, dimensions = reader.text(), reader.number("B")
        if dimensions > _MOST_DIMENSIONS:
            raise ModelError(
                f"{path}: '{name}' has {dimensions} dimensions; damaged, install its package again"
            )
        shape = tuple(reader.number("I") for _ in range(dimensions))
        type_code, size = reader.number("B"), reader.number("I")
        width = 2 if type_code == _BFLOAT16 else np.dtype(_TYPES.get(type_code, "V0")).itemsize
        count = 1
        for extent in shape:
            count *= extent
        if not width or size != count * width:
            raise ModelError(
                f"{path}: '{name}' of type {type_code} and shape {shape} takes {size} bytes; damaged, "
                "install its package again"
            )
        begin = reader.position
        reader.take(size)
        yield name, _Variable(shape, type_code, begin, size)


def _values(reader: _Reader, variable: _Variable) -> NDArray[np.float32]:
    reader.position = variable.begin
    raw = reader.take(variable.size).tobytes()
    if variable.type_code == _BFLOAT16:
        # The upper half of a float32.
        values = (np.frombuffer(raw, "<u2").astype(np.uint32) << np.uint32(16)).view(np.float32)
    else:
        values = np.frombuffer(raw, _TYPES[variable.type_code]).astype(np.float32)
    return values.reshape(variable.shape)
