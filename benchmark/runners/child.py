"""The far side of a pipe: loads one submitted model and lets it hear one recording at a time.

Run as a script under any Python from 3.8 on that has numpy; nothing else of this package is needed there. It
is told what to load, then gets audio and nothing else. Messages in both directions are a length (4 bytes,
little endian), a JSON header of that length, and as many bytes of float32 samples as the header says: nothing
is ever unpickled.

The benchmark imports `CHECKS` from here, so that a model is held to one contract wherever it runs.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import os
import re
import struct
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

#: Longest estimate that is accepted, as a multiple of the input; longer ones are failures before they fill
#: the memory.
LONGEST = 4
#: Most channels of an estimate of articulation.
MOST_CHANNELS = 256
#: Most channels of features, and most values of them for each sample that was heard (and one second more).
MOST_FEATURES = 4096
DENSEST = 64
#: Most dimensions of the vector that stands for a speaker.
MOST_DIMENSIONS = 8192
HEADER_BYTES = 1 << 16
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_NOT_HERE = (
    "a submitted model runs in an empty folder: name the file by its place beside the code, "
    "Path(__file__).parent / ..., or hand it over with --model-arg"
)
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")


def as_audio(value: Any, heard: int) -> Any:
    """Enhanced speech as float32, shape (samples,).

    Args:
        value: What `enhance` returned.
        heard: How many samples it was given.

    Raises:
        ValueError: Not one channel, far too long, or not finite.
        TypeError: Not floats.
    """
    samples = np.asarray(value)
    if samples.ndim != 1:
        raise ValueError(
            f"enhance gave {_kind(value)} of shape {samples.shape}, expected one channel ({heard},)"
        )
    if samples.dtype.kind != "f":
        raise TypeError(f"enhance gave {samples.dtype}, expected floats with full scale 1.0")
    if len(samples) > LONGEST * heard:
        raise ValueError(f"enhance gave {len(samples)} samples for {heard}")
    with np.errstate(over="ignore"):
        samples = np.ascontiguousarray(samples, dtype="<f4")
    if not np.isfinite(samples).all():
        raise ValueError("enhance gave samples that are not finite")
    return samples


def as_trajectories(value: Any, heard: int) -> tuple[Any, float, tuple[str, ...]]:
    """Values (float32, shape (frames, channels)), frame rate and names of an estimate of articulation.

    Args:
        value: What `invert` returned: an object with `values`, `rate_hz` and `names`
            (`benchmark.types.Trajectories` is one), a mapping with these keys, or a sequence of the three in
            this order. A fourth part is not looked at.
        heard: How many samples it was given.

    Raises:
        ValueError: Wrong shape, size or rate.
        TypeError: Not such a thing, or not numbers.
    """
    values, rate_hz, names = _three(value)
    array = np.asarray(values)
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise TypeError(
            f"invert gave {array.dtype} of shape {array.shape}, expected numbers of shape (frames, channels)"
        )
    names = tuple(str(name) for name in names)
    if array.shape[1] != len(names):
        raise ValueError(f"invert gave {array.shape[1]} channels but {len(names)} names")
    if len(set(names)) != len(names):
        raise ValueError("invert gave a name twice")
    if len(array) > heard + 16 or array.shape[1] > MOST_CHANNELS:
        raise ValueError(
            f"invert gave {array.shape[0]} frames of {array.shape[1]} channels for {heard} samples"
        )
    rate_hz = float(rate_hz)
    if not 0 < rate_hz < float("inf"):
        raise ValueError(f"invert gave a frame rate of {rate_hz}")
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, dtype="<f4"), rate_hz, names


def as_features(value: Any, heard: int) -> tuple[Any, float]:
    """Values (float32, shape (frames, channels)) and frame rate of features.

    Args:
        value: What `represent` returned: an object with `values` and `rate_hz` (`benchmark.types.Features` is
            one), a mapping with these keys, or a sequence of the two in this order. Further parts, such as
            names, are not looked at.
        heard: How many samples it was given.

    Raises:
        ValueError: Wrong shape, size or rate, or not finite.
        TypeError: Not such a thing, or not numbers.
    """
    values, rate_hz = _two(value)
    array = np.asarray(values)
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise TypeError(
            f"represent gave {array.dtype} of shape {array.shape}, expected numbers of "
            "shape (frames, channels)"
        )
    frames, channels = array.shape
    if not channels:
        raise ValueError("represent gave no channels")
    if frames > heard + 16 or channels > MOST_FEATURES or array.size > most_features(heard):
        raise ValueError(f"represent gave {frames} frames of {channels} channels for {heard} samples")
    rate_hz = float(rate_hz)
    if not 0 < rate_hz < float("inf"):
        raise ValueError(f"represent gave a frame rate of {rate_hz}")
    with np.errstate(over="ignore"):
        array = np.ascontiguousarray(array, dtype="<f4")
    if not np.isfinite(array).all():
        raise ValueError("represent gave values that are not finite")
    return array, rate_hz


def most_features(heard: int) -> int:
    """How many values the features of a recording may have."""
    return DENSEST * (heard + 16000)


def as_embedding(value: Any, heard: int) -> Any:
    """The vector of a recording as float32, shape (dimensions,).

    Args:
        value: What `embed` returned; axes of length 1 around the vector are dropped.
        heard: How many samples it was given.

    Raises:
        ValueError: No single vector, too long, not finite, or nothing but zeros.
        TypeError: Not numbers.
    """
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"embed gave {array.dtype}, expected numbers")
    if array.size != max(array.shape, default=0) or not 0 < array.size <= MOST_DIMENSIONS:
        raise ValueError(f"embed gave {_kind(value)} of shape {array.shape}, expected one vector")
    with np.errstate(over="ignore"):
        array = np.ascontiguousarray(array.reshape(-1), dtype="<f4")
    if not np.isfinite(array).all():
        raise ValueError("embed gave values that are not finite")
    if not array.any():
        raise ValueError("embed gave nothing but zeros, which have no direction")
    return array


#: What a model may be asked for, and what makes sure of the answer.
CHECKS: Mapping[str, Callable[[Any, int], Any]] = {
    "enhance": as_audio,
    "invert": as_trajectories,
    "represent": as_features,
    "embed": as_embedding,
}


def _two(value: Any) -> tuple[Any, Any]:
    if isinstance(value, Mapping):
        missing = [name for name in ("values", "rate_hz") if name not in value]
        if missing:
            raise TypeError(f"represent gave a mapping without {', '.join(missing)}")
        return value["values"], value["rate_hz"]
    if all(hasattr(value, name) for name in ("values", "rate_hz")):
        return value.values, value.rate_hz
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) in (2, 3, 4):
        return value[0], value[1]
    raise TypeError(f"represent gave {type(value).__name__}, expected Features, or (values, rate_hz)")


def _three(value: Any) -> tuple[Any, Any, Any]:
    if isinstance(value, Mapping):
        missing = [name for name in ("values", "rate_hz", "names") if name not in value]
        if missing:
            raise TypeError(f"invert gave a mapping without {', '.join(missing)}")
        return value["values"], value["rate_hz"], value["names"]
    if all(hasattr(value, name) for name in ("values", "rate_hz", "names")):
        return value.values, value.rate_hz, value.names
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) in (3, 4):
        return value[0], value[1], value[2]
    raise TypeError(f"invert gave {type(value).__name__}, expected Trajectories, or (values, rate_hz, names)")


def _kind(value: Any) -> str:
    return "an array" if isinstance(value, np.ndarray) else type(value).__name__


def attempt(method: Callable[[Any], Any], heard: Any, check: Callable[[Any, int], Any]) -> tuple[Any, str]:
    """What a method of a model gives, checked; or None and the reason."""
    try:
        # A copy, so that a model that works in place does not change what its other method hears.
        return check(method(heard.copy()), len(heard)), ""
    # A foreign model may raise anything; the reason is kept.
    except (Exception, SystemExit) as error:  # noqa: BLE001
        return None, reason(error)


def takes_enrolment(model: Any, task: str) -> bool:
    """Whether a method of a model takes clean speech of the speaker as an argument `enrolment`."""
    try:
        return "enrolment" in inspect.signature(getattr(model, task)).parameters
    except (TypeError, ValueError):
        return False


def enrolment_of(model: Any, tasks: Iterable[str]) -> str:
    """Whether methods of a model take an enrolment: "no", "may", or "must" where one cannot do without."""
    taking = [task for task in tasks if takes_enrolment(model, task)]
    if any(_needs_enrolment(getattr(model, task)) for task in taking):
        return "must"
    return "may" if taking else "no"


def _needs_enrolment(method: Callable[..., Any]) -> bool:
    return inspect.signature(method).parameters["enrolment"].default is inspect.Parameter.empty


def method_for(model: Any, task: str, enrolment: Any = None) -> Callable[[Any], Any]:
    """The method of a model for a task, with the enrolment if it takes one.

    Args:
        model: The model.
        task: Name of the method.
        enrolment: Samples of clean speech, or None in the usual track.
    """
    method: Callable[..., Any] = getattr(model, task)
    if not takes_enrolment(model, task):
        return method
    if enrolment is not None:
        # A copy, as of what is heard.
        return lambda noisy: method(noisy, enrolment=enrolment.copy())
    return _without_enrolment if _needs_enrolment(method) else method


def _without_enrolment(noisy: Any) -> Any:
    raise ValueError("takes an enrolment; it belongs to the track with enrolment (--enrolment)")


def reason(error: BaseException) -> str:
    """An exception on one line, with advice if there is any.

    Addresses in memory are hidden, because they differ from run to run.
    """
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - it is as foreign as what raised it
        text = "(its message cannot be made)"
    told = _ADDRESS.sub("0x...", " ".join(f"{type(error).__name__}: {text}".split()))
    return told[:300] if not _is_relative(error) else f"{told[:150]} ({_NOT_HERE})"


def _is_relative(error: BaseException) -> bool:
    """Whether a file was not found because its name was taken for one in the working folder."""
    name = error.filename if isinstance(error, FileNotFoundError) else None
    return isinstance(name, (str, bytes)) and not Path(os.fsdecode(name)).is_absolute()


def make_model(path: str, module: str, attribute: str, arguments: Mapping[str, str], root: str = "") -> Any:
    """Makes an object of the class `attribute` of a file (`path`) or of an importable module.

    Args:
        path: The file, or "".
        module: The module, where there is no file.
        attribute: Name of the class.
        arguments: Keyword arguments for it.
        root: The folder that the module was found in; "" if there is a file.

    Raises:
        ValueError: It cannot be had; the message says why.
    """
    if root and root not in sys.path:
        sys.path.insert(0, root)
    try:
        loaded = _load_file(path) if path else importlib.import_module(module)
    except (Exception, SystemExit) as error:
        raise ValueError(f"{path or module}: cannot be imported: {reason(error)}") from error
    made = getattr(loaded, attribute, None)
    if made is None:
        there = [name for name, value in vars(loaded).items() if isinstance(value, type)]
        raise ValueError(
            f"{path or module}: defines no '{attribute}'; its classes are: {', '.join(there) or 'none'}"
        )
    try:
        return made(**_typed(made, arguments))
    except (Exception, SystemExit) as error:
        raise ValueError(f"{path or module}:{attribute} could not be made: {reason(error)}") from error


def _typed(made: Any, arguments: Mapping[str, str]) -> dict[str, Any]:
    """Converts arguments to numbers or truth values where their defaults are such; others stay text."""
    try:
        parameters = inspect.signature(made).parameters
    except (TypeError, ValueError):
        return dict(arguments)
    return {
        name: _like(parameters[name].default, name, text) if name in parameters else text
        for name, text in arguments.items()
    }


def _like(default: Any, name: str, text: str) -> Any:
    kind = type(default)
    wanted = {int: "a whole number", float: "a number", bool: "true or false"}.get(kind)
    if wanted is None:
        return text
    try:
        return _TRUTH[text.lower()] if kind is bool else kind(text)
    except (KeyError, ValueError):
        raise ValueError(f"{name}={text} is not {wanted}, as its default {default!r} is") from None


def facts(model: Any) -> tuple[int, list[str]]:
    """Rate of a model and the methods that it has.

    Raises:
        ValueError: It does not keep the contract.
    """
    rate = getattr(model, "sample_rate", None)
    if not isinstance(rate, (int, np.integer)) or isinstance(rate, bool) or not 4000 <= rate <= 192000:
        raise ValueError(f"needs an attribute sample_rate (whole Hz, 4000 to 192000), found {rate!r}")
    tasks = [name for name in CHECKS if callable(getattr(model, name, None))]
    if not tasks:
        raise ValueError(
            "needs at least one of the methods " + ", ".join(f"{name}(noisy)" for name in CHECKS)
        )
    return int(rate), tasks


def _load_file(path: str) -> Any:
    name = Path(path).stem
    specification = importlib.util.spec_from_file_location(f"submitted_{name}", path)
    if specification is None or specification.loader is None:
        raise ImportError("not a Python file")
    module = importlib.util.module_from_spec(specification)
    # A wrapper may import its neighbours, also while it runs, as it would when run as a script; and pickle
    # needs to find it.
    sys.path.insert(0, str(Path(path).parent))
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    return module


class _Pipe:
    """Messages over two file descriptors."""

    def __init__(self, source: int, sink: int) -> None:
        self._source, self._sink = source, sink

    def read(self) -> tuple[dict[str, Any], bytes] | None:
        """The next message, or None when the other side has gone."""
        size = self._exactly(4)
        if size is None:
            return None
        header = json.loads(self._exactly(struct.unpack("<I", size)[0]) or b"{}")
        return header, self._exactly(header["bytes"]) or b""

    def write(self, header: dict[str, Any], *bodies: bytes) -> None:
        raw = json.dumps({**header, "bytes": sum(len(body) for body in bodies)}).encode()
        message = memoryview(b"".join([struct.pack("<I", len(raw)), raw, *bodies]))
        while message:
            message = message[os.write(self._sink, message) :]

    def _exactly(self, count: int) -> bytes | None:
        parts = []
        while count:
            part = os.read(self._source, min(count, 1 << 20))
            if not part:
                return None
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


def _answer(
    model: Any, tasks: Sequence[str], samples: Any, enrolment: Any
) -> tuple[dict[str, Any], list[bytes]]:
    """What the model gives for each task, in order: facts for the header, arrays for the body."""
    header: dict[str, Any] = {}
    bodies: list[bytes] = []
    for task in tasks:
        given, error = attempt(method_for(model, task, enrolment), samples, CHECKS[task])
        if error:
            header[task] = {"error": error}
            continue
        array = given[0] if isinstance(given, tuple) else given
        header[task] = {"shape": list(array.shape)}
        if task in ("invert", "represent"):
            header[task]["rate_hz"] = given[1]
        if task == "invert":
            header[task]["names"] = list(given[2])
        bodies.append(array.tobytes())
    return header, bodies


def main() -> int:
    """Serves until the pipe is closed."""
    pipe = _Pipe(os.dup(0), os.dup(1))
    # From here on whatever a model prints goes to standard error and cannot be taken for an answer.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    me = os.getpid()
    # The folder of this script must not shadow what a model imports.
    here = str(Path(__file__).resolve().parent)
    sys.path[:] = [entry for entry in sys.path if entry and str(Path(entry).resolve()) != here]
    first = pipe.read()
    if first is None:
        return 0
    try:
        model = make_model(**first[0]["load"])
        rate, tasks = facts(model)
        enrolments = {task: enrolment_of(model, [task]) for task in tasks}
    except ValueError as error:
        pipe.write({"n": 0, "error": str(error)})
        return 0
    versions = {"python": ".".join(map(str, sys.version_info[:3])), "numpy": np.__version__}
    pipe.write({"n": 0, "sample_rate": rate, "tasks": tasks, "enrolments": enrolments, **versions})
    while (message := pipe.read()) is not None:
        header, body = message
        asked = [task for task in tasks if task in header["tasks"]]
        samples, enrolment = np.frombuffer(body, "<f4"), None
        if header.get("enrolment"):
            samples, enrolment = samples[: -header["enrolment"]], samples[-header["enrolment"] :]
        answer, bodies = _answer(model, asked, samples, enrolment)
        if os.getpid() != me:
            # A model forked and both copies came back from its method; only the original may answer.
            os._exit(0)
        pipe.write({"n": header["n"], **answer}, *bodies)
    return 0


if __name__ == "__main__":
    sys.exit(main())
