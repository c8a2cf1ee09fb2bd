"""Estimates as files: what a command wrote, or what was computed elsewhere.

NAME.wav or NAME.flac       enhanced speech, one channel, any rate
NAME.csv                    articulation: a line of names, then one line a frame; a column "time" in
                            seconds gives the frame rate
NAME.npy                    articulation: shape (frames, channels), no pickles
trajectories.json           {"names": [...], "rate_hz": ...} for all .npy and all .csv without times;
                            without it, names and frame rate are those of the targets
NAME.features.npy           features: shape (frames, channels), with features.json {"rate_hz": ...}
                            in the same folder
NAME.embedding.npy          the vector of a recording: shape (dimensions,)

These files are a stranger's: links are not followed, and no more is read than what a header says and the
recording can need.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.audio import read_clip, read_header
from benchmark.errors import ModelError
from benchmark.formats.text_columns import is_number
from benchmark.runners.child import CHECKS, LONGEST, MOST_CHANNELS, as_audio, as_embedding
from benchmark.runners.prediction import Prediction, predicted
from benchmark.types import RATE_HZ, Clip

AUDIO, MOVEMENT = (".wav", ".flac"), (".csv", ".npy")
FEATURES, EMBEDDING = (".features.npy",), (".embedding.npy",)
FACTS, FEATURES_FACTS = "trajectories.json", "features.json"
_LARGEST = 1 << 28
_LARGEST_FACTS = 1 << 20


@dataclass(frozen=True, slots=True)
class Channels:
    """Names and frame rate of articulation that does not state its own."""

    names: tuple[str, ...]
    rate_hz: float


def channels_of(folder: Path, default: Channels) -> Channels:
    """What `trajectories.json` says, or the default.

    Raises:
        ModelError: The file is there and says something else.
    """
    path = folder / FACTS
    if not path.is_file() and not path.is_symlink():
        return default
    try:
        _refuse(path, folder, _LARGEST_FACTS)
        told = json.loads(path.read_text(encoding="utf-8"))
        return Channels(
            tuple(map(str, told.get("names", default.names))), float(told.get("rate_hz", default.rate_hz))
        )
    except (OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ModelError(f'{path}: expected {{"names": ["LA", ...], "rate_hz": 100}} ({error})') from error


def kinds_in(folder: Path) -> frozenset[str]:
    """Which tasks the files of a folder belong to."""
    names = [path.name.lower() for path in folder.rglob("*") if path.is_file()]
    vectors = [name for name in names if name.endswith((*FEATURES, *EMBEDDING))]
    others = {Path(name).suffix for name in names if name not in vectors}
    found = {
        "enhance": bool(others & set(AUDIO)),
        "invert": bool(others & set(MOVEMENT)),
        "represent": any(name.endswith(FEATURES) for name in vectors),
        "embed": any(name.endswith(EMBEDDING) for name in vectors),
    }
    return frozenset(task for task, there in found.items() if there)


def read_estimates(
    folder: Path, name: str, tasks: frozenset[str], heard: Clip, default: Channels, seconds: float = 0.0
) -> Prediction:
    """Reads what there is for one recording; what is missing or wrong is a failure with its reason.

    Args:
        folder: Where the files lie.
        name: Path below it, without ending.
        tasks: What is expected.
        heard: What was heard, for the length.
        default: Channels of articulation that does not state its own.
        seconds: Time that it took.
    """
    readers: dict[str, Callable[[], Any]] = {
        "enhance": lambda: _audio(folder, name, heard),
        "invert": lambda: _movement(folder, name, heard, default),
        "represent": lambda: _features(folder, name, heard),
        "embed": lambda: as_embedding(_read_npy(_found(folder, name, EMBEDDING)), len(heard.samples)),
    }
    given: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for task in (task for task in readers if task in tasks):
        try:
            given[task] = readers[task]()
        # A foreign file may raise anything in its reader; the reason is kept.
        except Exception as error:  # noqa: BLE001
            errors[task] = _told(error, folder, name)
    rate_hz = RATE_HZ
    if "enhance" in given:
        given["enhance"], rate_hz = given["enhance"].samples, given["enhance"].rate_hz
    return predicted(given, errors, rate_hz, seconds)


def _told(error: Exception, folder: Path, name: str) -> str:
    """A reason without names of files, so that equal failures are counted together."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text.replace(str(folder / name), "the file").replace(str(folder), ".")[:300]


def _found(folder: Path, name: str, endings: tuple[str, ...]) -> Path:
    for ending in endings:
        path = folder / f"{name}{ending}"
        if path.is_symlink() or path.is_file():
            _refuse(path, folder, _LARGEST)
            return path
    raise ValueError(f"no file {' or '.join('*' + ending for ending in endings)} for it")


def _refuse(path: Path, folder: Path, largest: int) -> None:
    """Refuses what is no file of this folder's own: a link could lead to the answers."""
    inside = folder.resolve() / path.relative_to(folder)
    if path.is_symlink() or path.resolve() != inside:
        raise ValueError("a link, which is not followed; write the file itself")
    if path.stat().st_size > largest:
        raise ValueError(f"a file of {path.stat().st_size} bytes, more than is accepted")


def _audio(folder: Path, name: str, heard: Clip) -> Clip:
    path = _found(folder, name, AUDIO)
    header = read_header(path)
    expected = round(len(heard.samples) * header.rate_hz / heard.rate_hz)
    if header.frames > LONGEST * expected:
        raise ValueError(f"{header.frames} samples where {expected} are expected")
    clip = read_clip(path)
    return Clip(as_audio(clip.samples, expected), clip.rate_hz)


def _movement(
    folder: Path, name: str, heard: Clip, default: Channels
) -> tuple[NDArray[np.float32], float, tuple[str, ...]]:
    path = _found(folder, name, MOVEMENT)
    values: NDArray[Any]
    if path.suffix == ".csv":
        values, rate_hz, names = _read_csv(path, default, heard)
    else:
        values, rate_hz, names = _read_npy(path), default.rate_hz, default.names
    moved: tuple[NDArray[np.float32], float, tuple[str, ...]]
    moved = CHECKS["invert"]((values, rate_hz, names), len(heard.samples))
    return moved


def _features(folder: Path, name: str, heard: Clip) -> tuple[NDArray[np.float32], float]:
    path = _found(folder, name, FEATURES)
    facts = folder / FEATURES_FACTS
    if not facts.exists():
        raise ValueError(
            f'{FEATURES_FACTS} is missing, which says how many frames a second: {{"rate_hz": 50}}'
        )
    _refuse(facts, folder, _LARGEST_FACTS)
    told = json.loads(facts.read_text(encoding="utf-8"))
    if not isinstance(told, dict) or "rate_hz" not in told:
        raise ValueError(f'{FEATURES_FACTS}: expected {{"rate_hz": 50}}')
    features: tuple[NDArray[np.float32], float]
    features = CHECKS["represent"]((_read_npy(path), told["rate_hz"]), len(heard.samples))
    return features


def _read_npy(path: Path) -> NDArray[np.generic]:
    """An array whose header was believed only after it had been compared with the file."""
    with path.open("rb") as stream:
        version = np.lib.format.read_magic(stream)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"an array of the format {version[0]}.{version[1]}, expected plain numbers")
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, _, kind = read(stream)
        if kind.hasobject:
            raise ValueError("holds pickled objects, expected plain numbers")
        there = path.stat().st_size - stream.tell()
        if min(shape, default=0) < 0 or math.prod(shape) * kind.itemsize != there:
            raise ValueError(f"its header says {kind} of shape {shape}, but {there} bytes follow")
    array: NDArray[np.generic] = np.load(path, allow_pickle=False)
    return array


def _read_csv(
    path: Path, default: Channels, heard: Clip
) -> tuple[NDArray[np.float64], float, tuple[str, ...]]:
    with path.open(encoding="utf-8-sig") as stream:
        names = [name.strip().strip('"') for name in stream.readline().strip().split(",")]
        if len(names) > MOST_CHANNELS + 1:
            raise ValueError(f"{len(names)} columns, more than are accepted")
        values = np.loadtxt(stream, delimiter=",", ndmin=2, max_rows=len(heard.samples) + 17)
    if names == [""]:
        raise ValueError("the first line is empty where the names of the channels are expected")
    if any(is_number(name) for name in names):
        raise ValueError("the first line holds numbers where the names of the channels are expected")
    if values.shape[1] != len(names):
        raise ValueError(f"{values.shape[1]} columns but {len(names)} names")
    times = [i for i, name in enumerate(names) if name.lower() == "time"]
    if not times:
        return values, default.rate_hz, tuple(names)
    if len(times) > 1:
        raise ValueError("two columns are called 'time'")
    others, rate_hz = _from_zero(
        values[:, times[0]], np.delete(values, times[0], axis=1), default.rate_hz, heard.duration_s
    )
    return others, rate_hz, tuple(name for i, name in enumerate(names) if i != times[0])


def _from_zero(
    time: NDArray[np.float64], values: NDArray[np.float64], default_hz: float, heard_s: float
) -> tuple[NDArray[np.float64], float]:
    """Frames that begin at the first sample of the recording, and how many there are a second.

    Times may begin later, at the middle of the first window say; then values are interpolated linearly, and
    held before the first and after the last one.

    Args:
        time: Seconds, shape (frames,).
        values: Shape (frames, channels).
        default_hz: Frame rate where there is one frame only.
        heard_s: Length of the recording.

    Raises:
        ValueError: Times are not finite, do not grow evenly, or belong to something else than this recording.
    """
    if not np.isfinite(time).all():
        raise ValueError("the column 'time' holds what is no time")
    steps = np.diff(time)
    step = 1 / default_hz
    if len(steps):
        if not steps.min() > 0 or steps.max() - steps.min() > 0.02 * steps.mean() + 1e-6:
            raise ValueError("the column 'time' does not grow evenly, in seconds")
        step = float(steps.mean())
    if not len(time) or abs(time[0]) < 1e-6:
        return values, 1 / step
    if time[0] < -heard_s or time[-1] > heard_s + step + 0.05:
        raise ValueError(
            f"the column 'time' runs from {time[0]:g} to {time[-1]:g} s in a recording of {heard_s:.3f} s; "
            "times are seconds after its first sample"
        )
    frames = max(1, int(time[-1] / step + 0.499999) + 1)
    grid = np.arange(frames) * step
    return np.stack([np.interp(grid, time, column) for column in values.T], axis=1), 1 / step
