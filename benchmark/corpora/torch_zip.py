"""Dictionaries of arrays saved by torch, read without torch and without running anything that the file says.

A file of torch is a ZIP archive with a pickle and raw tensor storages. Unpickling runs whatever functions a file names; here
the pickle's instructions are walked as data. Names of functions stay names: the few that rebuild tensors and numpy arrays
are understood, anything else is refused. Arrays of anything but numbers (texts, objects) are passed over.
"""

from __future__ import annotations

import pickletools
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmark.errors import CorpusError

_GROWTH = 10
_MAX_BYTES = 1 << 30
_STORAGES = {
    "DoubleStorage": "f8",
    "FloatStorage": "f4",
    "HalfStorage": "f2",
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}
_RECONSTRUCT = ("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct")
_FROM_BUFFER = ("numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer")
_SCALAR = ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar")
_MARK = object()


class _RefusedError(Exception):
    """The pickle does something that data do not need."""


class _Name(NamedTuple):
    path: str


@dataclass
class _Array:
    """A numpy array or dtype that is still being described."""

    kind: str
    arguments: tuple[Any, ...]
    state: Any = None


def read_dictionary(path: Path) -> dict[str, Any]:
    """The top-level dictionary of a file; tensors and arrays of numbers come as numpy arrays, other arrays as None.

    Raises:
        CorpusError: Not a ZIP file of torch, damaged, swelling beyond ten times its size, or holding more than plain data.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be opened ({error.strerror})") from error
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            value = _load(archive, min(_GROWTH * len(content), _MAX_BYTES))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise CorpusError(
            f"{path}: not a file of torch, or damaged ({type(error).__name__}); copy it again"
        ) from error
    except _RefusedError as error:
        raise CorpusError(f"{path}: not read, because it {error}") from error
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        raise CorpusError(f"{path}: damaged pickle ({type(error).__name__}); copy the file again") from error
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise CorpusError(f"{path}: holds no dictionary with names as keys")
    return value


def _load(archive: zipfile.ZipFile, budget: int) -> object:
    members = archive.infolist()
    if sum(member.file_size for member in members) > budget:
        raise _RefusedError(f"swells to more than {_GROWTH} times its size")
    pickles = [member for member in members if member.filename.rsplit("/", 1)[-1] == "data.pkl"]
    if len(pickles) != 1:
        raise _RefusedError("has no single data.pkl; save it again with a current torch")
    prefix = pickles[0].filename[: -len("data.pkl")]

    def storage(key: str) -> bytes:
        return archive.read(f"{prefix}data/{key}")

    return _finish(_Machine(storage, budget).run(archive.read(pickles[0])))


class _Machine:
    """Walks a pickle's instructions with a stack, as the pickle protocol describes, calling nothing."""

    def __init__(self, storage: Callable[[str], bytes], budget: int) -> None:
        self._storage = storage
        self._budget = budget
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self, pickle: bytes) -> object:
        """Walk to the end and return what is left on the stack."""
        for opcode, argument, _ in pickletools.genops(pickle):
            if opcode.name == "STOP":
                break
            self._step(opcode.name, argument)
        if len(self._stack) != 1:
            raise _RefusedError("has a pickle that leaves nothing behind")
        return self._stack[0]

    def _step(self, name: str, argument: Any) -> None:
        stack = self._stack
        if name in _IGNORED:
            return
        if name in _CONSTANTS:
            stack.append(_CONSTANTS[name]())
        elif name in _LITERALS:
            stack.append(argument)
        elif name == "MARK":
            stack.append(_MARK)
        elif name in ("BINPUT", "LONG_BINPUT", "PUT"):
            self._memo[int(argument)] = stack[-1]
        elif name == "MEMOIZE":
            self._memo[len(self._memo)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            stack.append(self._memo[int(argument)])
        elif name == "GLOBAL":
            stack.append(_Name(argument.replace(" ", ".")))
        elif name == "STACK_GLOBAL":
            last, first = stack.pop(), stack.pop()
            stack.append(_Name(f"{first}.{last}"))
        else:
            self._combine(name)

    def _combine(self, name: str) -> None:
        stack = self._stack
        if name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            count = int(name[-1])
            stack[-count:] = [tuple(stack[-count:])]
        elif name == "TUPLE":
            stack.append(tuple(self._since_mark()))
        elif name in ("LIST", "DICT"):
            items = self._since_mark()
            stack.append(list(items) if name == "LIST" else dict(zip(items[::2], items[1::2], strict=True)))
        elif name in ("APPEND", "APPENDS"):
            items = self._since_mark() if name == "APPENDS" else [stack.pop()]
            stack[-1].extend(items)
        elif name in ("SETITEM", "SETITEMS"):
            items = self._since_mark() if name == "SETITEMS" else [stack.pop(-2), stack.pop()]
            for key, value in zip(items[::2], items[1::2], strict=True):
                stack[-1][key] = value
        elif name == "BINPERSID":
            stack.append(("persistent", stack.pop()))
        elif name == "REDUCE":
            arguments, function = stack.pop(), stack.pop()
            stack.append(self._rebuild(function, arguments))
        elif name == "BUILD":
            state = stack.pop()
            if not isinstance(stack[-1], _Array):
                raise _RefusedError("sets the state of an object that is no array")
            stack[-1].state = state
        else:
            raise _RefusedError(f"uses the pickle instruction {name}, which data do not need")

    def _since_mark(self) -> list[Any]:
        at = max(i for i, item in enumerate(self._stack) if item is _MARK)
        items = self._stack[at + 1 :]
        del self._stack[at:]
        return items

    def _rebuild(self, function: Any, arguments: Any) -> Any:
        name = function.path if isinstance(function, _Name) else "something that is no name"
        if name == "torch._utils._rebuild_tensor_v2":
            return self._tensor(*arguments[:4])
        if name == "collections.OrderedDict":
            return OrderedDict()
        if name in _RECONSTRUCT:
            return _Array("array", arguments)
        if name in _FROM_BUFFER:
            data, dtype, shape, order = arguments
            return _Array("array", (), (1, shape, dtype, order == "F", bytes(data)))
        if name == "numpy.dtype":
            return _Array("dtype", arguments)
        if name in _SCALAR:
            return _Array("scalar", arguments)
        if name == "_codecs.encode":
            return str(arguments[0]).encode("latin-1")
        raise _RefusedError(f"would call {name[:80]!r}")

    def _tensor(self, source: Any, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Any:
        _, (_, kind, key, _, _) = source
        dtype = np.dtype("<" + _STORAGES[kind.path.rsplit(".", 1)[-1]])
        flat = np.frombuffer(self._storage(str(key)), dtype)
        size, reach = 1, int(offset)
        for extent, stride in zip(shape, strides, strict=True):
            if extent < 0 or stride < 0:
                raise _RefusedError("describes a tensor of negative size")
            size, reach = size * int(extent), reach + max(0, int(extent) - 1) * int(stride)
        if offset < 0 or (size and reach >= len(flat)) or size * dtype.itemsize > self._budget:
            raise _RefusedError("describes a tensor that is larger than its data")
        steps = tuple(int(stride) * dtype.itemsize for stride in strides)
        view = np.lib.stride_tricks.as_strided(flat[int(offset) :], shape, steps, writeable=False)
        return np.array(view)


_IGNORED = frozenset({"PROTO", "FRAME"})
_CONSTANTS: dict[str, Callable[[], Any]] = {
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
}
_LITERALS = frozenset(
    {
        *("BININT", "BININT1", "BININT2", "LONG1", "INT", "LONG", "BINFLOAT", "FLOAT"),
        *("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "UNICODE"),
        *("BINSTRING", "SHORT_BINSTRING", "STRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    }
)


def _finish(value: Any, depth: int = 0) -> Any:
    """Replace described arrays by arrays, within the containers that data come in."""
    if depth > 16:
        raise _RefusedError("is nested more than 16 levels deep")
    if isinstance(value, _Array):
        return _array(value)
    if isinstance(value, dict):
        return {key: _finish(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_finish(item, depth + 1) for item in value)
    return value


def _array(described: _Array) -> Any:
    if described.kind == "dtype":
        named = _dtype(described)
        return None if named is None else str(named)
    if described.kind == "scalar":
        of_one, one = described.arguments
        dtype = _dtype(of_one)
        return None if dtype is None else np.frombuffer(_bytes(one), dtype, count=1)[0].item()
    _, shape, of_all, by_column, data = described.state
    dtype = _dtype(of_all)
    if dtype is None:
        return None
    flat = np.frombuffer(_bytes(data), dtype)
    return np.reshape(flat, tuple(int(extent) for extent in shape), order="F" if by_column else "C")


def _dtype(described: Any) -> np.dtype[Any] | None:
    """The type of an array's numbers; None if it holds something else."""
    if not isinstance(described, _Array) or described.kind != "dtype":
        raise _RefusedError("describes an array without a type")
    code = str(described.arguments[0])
    if not code or code[0] not in "fiub":
        return None
    order = str(described.state[1]) if described.state else "<"
    if order not in "<>|=":
        raise _RefusedError(f"holds an array of an unknown byte order, {order[:20]!r}")
    return np.dtype(("" if order == "|" else order) + code)


def _bytes(data: Any) -> bytes:
    if isinstance(data, str):
        return data.encode("latin-1")
    if not isinstance(data, bytes):
        raise _RefusedError("holds an array of numbers whose content is no bytes")
    return data
