"""Dictionaries of arrays saved by torch, read without torch.

A file of torch is a ZIP archive with a pickle and raw tensor storages. Unpickling calls whatever functions a
file names, so only the few are known here that rebuild tensors and NumPy arrays. A file that names any other
is refused, and that function not called.
"""

from __future__ import annotations

import math
import pickle
import struct
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import CorpusError

_STORAGES: Mapping[str, str] = MappingProxyType(
    {
        "DoubleStorage": "<f8",
        "FloatStorage": "<f4",
        "HalfStorage": "<f2",
        "LongStorage": "<i8",
        "IntStorage": "<i4",
        "ShortStorage": "<i2",
        "CharStorage": "i1",
        "ByteStorage": "u1",
        "BoolStorage": "?",
    }
)
# What zipfile, pickle and NumPy raise for bytes that are no such archive, or a damaged one.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, pickle.UnpicklingError, struct.error, EOFError, OSError),
    *(ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError, MemoryError),
    *(NotImplementedError, AssertionError),
)


def read_dictionary(path: Path) -> dict[str, Any]:
    """The top-level dictionary of a file; tensors come as NumPy arrays.

    Raises:
        CorpusError: Not a ZIP file of torch, damaged, or it holds more than plain data.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be opened ({error.strerror})") from error
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            value = _Unpickler(path, archive).load()
    except _DAMAGE as error:
        raise CorpusError(
            f"{path}: not a file of torch, or damaged ({type(error).__name__}); copy it again"
        ) from error
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise CorpusError(f"{path}: holds no dictionary with names as keys")
    return value


# The one in Python, because that in C sets aside as much memory as the number of a damaged memo entry says.
class _Unpickler(pickle._Unpickler):  # type: ignore[misc,name-defined,unused-ignore]
    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        (name,) = (name for name in archive.namelist() if name.rsplit("/", 1)[-1] == "data.pkl")
        super().__init__(BytesIO(archive.read(name)))
        self._path, self._archive, self._storages = path, archive, name.removesuffix("data.pkl") + "data/"

    def find_class(self, module: str, name: str) -> Any:
        """One of the few functions that a file may name."""
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        try:
            return _FUNCTIONS[module.replace("._core.", ".core."), name]
        except KeyError:
            raise CorpusError(
                f"{self._path}: not read, because it would call '{module[:60]}.{name[:60]}'"
            ) from None

    def persistent_load(self, identity: Any) -> NDArray[np.generic]:
        """The numbers of one storage."""
        _, dtype, key, *_ = identity
        return np.frombuffer(self._archive.read(f"{self._storages}{key}"), dtype)


def _tensor(flat: NDArray[np.generic], offset: int, shape: Any, strides: Any, *_: object) -> NDArray[Any]:
    last = offset + sum((extent - 1) * stride for extent, stride in zip(shape, strides, strict=True))
    if min(offset, *shape, *strides, 0) < 0 or (math.prod(shape) and last >= len(flat)):
        raise ValueError("a tensor is larger than its data")
    steps = [stride * flat.itemsize for stride in strides]
    return np.array(np.lib.stride_tricks.as_strided(flat[offset:], shape, steps, writeable=False))


def _latin1(text: str, _: str) -> bytes:
    return text.encode("latin-1")


_ONE = np.zeros(1)
_FUNCTIONS: Mapping[tuple[str, str], Any] = MappingProxyType(
    {
        ("torch._utils", "_rebuild_tensor_v2"): _tensor,
        ("collections", "OrderedDict"): OrderedDict,
        ("numpy", "dtype"): np.dtype,
        ("numpy", "ndarray"): np.ndarray,
        ("numpy.core.multiarray", "_reconstruct"): _ONE.__reduce__()[0],
        ("numpy.core.multiarray", "scalar"): _ONE[0].__reduce__()[0],
        ("numpy.core.numeric", "_frombuffer"): _ONE.__reduce_ex__(5)[0],
        ("_codecs", "encode"): _latin1,
    }
)
