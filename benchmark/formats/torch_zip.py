"""Dictionaries of arrays saved by torch, read without torch and without running anything that the file says.

A file of torch is a ZIP archive with a pickle and raw tensor storages. Unpickling runs whatever functions a file names; here
the pickle's instructions are walked as data. Names of functions stay names: the few that rebuild tensors and numpy arrays
are understood, anything else is refused. Arrays of anything but numbers (texts, objects) are passed over.
"""

from __future__ import annotations

import pickletools
import re
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
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
_NUMBERS = re.compile(r"[fiub]\d{1,2}")
_DEEPEST = 16
#: What may be a key of a dictionary: anything else may be nested so deep that to hash it ends the process.
_KEYS = (str, bytes, int, float, bool, type(None))
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
    # zipfile says of damage in all these ways; RuntimeError is also what nesting beyond Python's own limit becomes.
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise CorpusError(
            f"{path}: not a file of torch, or damaged ({type(error).__name__}); copy it again"
        ) from error
    except _RefusedError as error:
        raise CorpusError(f"{path}: not read, because it {error}") from error
    # An instruction that meets other values on the stack than it works on fails in the way of these values.
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
    allowance = _Allowance(budget)

    @cache
    def storage(key: str) -> bytes:
        return archive.read(f"{prefix}data/{key}")

    described = _Machine(storage, allowance).run(archive.read(pickles[0]))
    return _Finisher(allowance).finished(described)


class _Allowance:
    """Bytes that may still be made: one storage or text may be asked for any number of times."""

    def __init__(self, size: int) -> None:
        self._left = size

    def take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise _RefusedError(f"swells to more than {_GROWTH} times its size")


class _Machine:
    """Walks a pickle's instructions with a stack, as the pickle protocol describes, calling nothing."""

    def __init__(self, storage: Callable[[str], bytes], allowance: _Allowance) -> None:
        self._storage = storage
        self._allowance = allowance
        self._stack: list[Any] = []
        self._marks: list[int] = []
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
            self._marks.append(len(stack))
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
            stack.append(items if name == "LIST" else dict(_entries(items)))
        elif name in ("APPEND", "APPENDS"):
            items = self._since_mark() if name == "APPENDS" else [stack.pop()]
            stack[-1].extend(items)
        elif name in ("SETITEM", "SETITEMS"):
            items = self._since_mark() if name == "SETITEMS" else [stack.pop(-2), stack.pop()]
            for key, value in _entries(items):
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
        at = self._marks.pop()
        if self._stack[at] is not _MARK:
            raise ValueError("the mark was taken for data")
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
            return _Array("array", (), (1, shape, dtype, order == "F", data))
        if name == "numpy.dtype":
            return _Array("dtype", arguments)
        if name in _SCALAR:
            return _Array("scalar", arguments)
        if name == "_codecs.encode":
            return _bytes(arguments[0], self._allowance)
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
        if offset < 0 or (size and reach >= len(flat)):
            raise _RefusedError("describes a tensor that is larger than its data")
        self._allowance.take(size * dtype.itemsize)
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


def _entries(items: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Keys and values that follow one another."""
    for key, value in zip(items[::2], items[1::2], strict=True):
        if not isinstance(key, _KEYS):
            raise _RefusedError("has a dictionary whose keys are neither text nor numbers")
        yield key, value


class _Finisher:
    """Replaces described arrays by arrays, within the containers that data come in; what stands in many places is done once."""

    def __init__(self, allowance: _Allowance) -> None:
        self._allowance = allowance
        self._done: dict[int, Any] = {}
        # An identity may be given again once its object is gone.
        self._kept: list[Any] = []

    def finished(self, value: Any, depth: int = 0) -> Any:
        """The value with arrays in the place of their descriptions."""
        if depth > _DEEPEST:
            raise _RefusedError(f"is nested more than {_DEEPEST} levels deep")
        if not isinstance(value, _Array | dict | list | tuple):
            return value
        if id(value) not in self._done:
            self._kept.append(value)
            self._done[id(value)] = self._made(value, depth + 1)
        return self._done[id(value)]

    def _made(self, value: Any, depth: int) -> Any:
        if isinstance(value, _Array):
            return self._array(value)
        if isinstance(value, dict):
            return {key: self.finished(item, depth) for key, item in value.items()}
        items = [self.finished(item, depth) for item in value]
        return items if isinstance(value, list) else tuple(items)

    def _array(self, described: _Array) -> Any:
        if described.kind == "dtype":
            named = _dtype(described)
            return None if named is None else str(named)
        if described.kind == "scalar":
            of_one, one = described.arguments
            dtype = _dtype(of_one)
            return None if dtype is None else np.frombuffer(self._content(one), dtype, count=1)[0].item()
        _, shape, of_all, by_column, data = described.state
        dtype = _dtype(of_all)
        if dtype is None:
            return None
        flat = np.frombuffer(self._content(data), dtype)
        return np.reshape(flat, tuple(int(extent) for extent in shape), order="F" if by_column else "C")

    def _content(self, data: Any) -> bytes | bytearray:
        return _bytes(data, self._allowance)


def _dtype(described: Any) -> np.dtype[Any] | None:
    """The type of an array's numbers; None if it holds something else."""
    if not isinstance(described, _Array) or described.kind != "dtype":
        raise _RefusedError("describes an array without a type")
    code = str(described.arguments[0])
    if not _NUMBERS.fullmatch(code):
        return None
    order = str(described.state[1]) if described.state else "<"
    if order not in "<>|=":
        raise _RefusedError(f"holds an array of an unknown byte order, {order[:20]!r}")
    return np.dtype(("" if order == "|" else order) + code)


def _bytes(data: Any, allowance: _Allowance) -> bytes | bytearray:
    if isinstance(data, str):
        allowance.take(len(data))
        return data.encode("latin-1")
    if not isinstance(data, bytes | bytearray):
        raise _RefusedError("holds an array of numbers whose content is no bytes")
    return data
