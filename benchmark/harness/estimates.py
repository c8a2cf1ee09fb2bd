"""Estimates as files: what a command wrote, or what was computed elsewhere.

NAME.wav or NAME.flac       enhanced speech, one channel, any rate
NAME.csv                    articulation: a line of names, then one line a frame; a column "time" (seconds) tells the frame rate
NAME.npy                    articulation: shape (frames, channels), no pickles
trajectories.json           {"names": [...], "rate_hz": ...} for all .npy and all .csv without times; without it, names and
                            frame rate are those of the targets
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.audio import read_clip
from benchmark.errors import CorpusError, ModelError
from benchmark.harness.child import as_audio, as_trajectories
from benchmark.harness.in_process import trajectories
from benchmark.harness.outcome import Outcome
from benchmark.speech import Clip, Trajectories

AUDIO, MOVEMENT = (".wav", ".flac"), (".csv", ".npy")
FACTS = "trajectories.json"
_LARGEST = 1 << 28


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
    if not path.is_file():
        return default
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Channels(
            tuple(map(str, told.get("names", default.names))), float(told.get("rate_hz", default.rate_hz))
        )
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ModelError(f'{path}: expected {{"names": ["LA", ...], "rate_hz": 100}} ({error})') from error


def kinds_in(folder: Path) -> frozenset[str]:
    """Which tasks the files of a folder belong to."""
    endings = {path.suffix.lower() for path in folder.rglob("*") if path.is_file()}
    found = {"enhance": endings & set(AUDIO), "invert": endings & set(MOVEMENT)}
    return frozenset(task for task, there in found.items() if there)


def read_estimates(
    folder: Path, name: str, tasks: frozenset[str], heard: Clip, default: Channels, seconds: float = 0.0
) -> Outcome:
    """Reads what there is for one recording; what is missing or wrong is a failure with its reason.

    Args:
        folder: Where the files lie.
        name: Path below it, without ending.
        tasks: What is expected.
        heard: What was heard, for the length.
        default: Channels of articulation that does not state its own.
        seconds: Time that it took.
    """
    enhanced, moved, errors = None, None, {"enhance": "", "invert": ""}
    try:
        enhanced = _audio(folder, name, heard) if "enhance" in tasks else None
    except (CorpusError, ValueError, TypeError) as error:
        errors["enhance"] = _told(error, folder, name)
    try:
        moved = _movement(folder, name, heard, default) if "invert" in tasks else None
    except (OSError, ValueError, TypeError) as error:
        errors["invert"] = _told(error, folder, name)
    return Outcome(enhanced, moved, errors["enhance"], errors["invert"], seconds)


def _told(error: Exception, folder: Path, name: str) -> str:
    """A reason without names of files, so that equal failures are counted together."""
    text = " ".join(str(error).split())
    return text.replace(str(folder / name), "the file").replace(str(folder), ".")[:300]


def _found(folder: Path, name: str, endings: tuple[str, ...]) -> Path:
    for ending in endings:
        path = folder / f"{name}{ending}"
        if path.is_file():
            if path.stat().st_size > _LARGEST:
                raise ValueError(f"a file of {path.stat().st_size} bytes, more than is accepted")
            return path
    raise ValueError(f"no file {' or '.join('*' + ending for ending in endings)} for it")


def _audio(folder: Path, name: str, heard: Clip) -> Clip:
    clip = read_clip(_found(folder, name, AUDIO))
    expected = round(len(heard.samples) * clip.rate_hz / heard.rate_hz)
    return Clip(as_audio(clip.samples, expected), clip.rate_hz)


def _movement(folder: Path, name: str, heard: Clip, default: Channels) -> Trajectories:
    path = _found(folder, name, MOVEMENT)
    if path.suffix == ".csv":
        values, rate_hz, names = _read_csv(path, default)
    else:
        values, rate_hz, names = np.load(path, allow_pickle=False), default.rate_hz, default.names
    return trajectories(*as_trajectories((values, rate_hz, names), len(heard.samples)))


def _read_csv(path: Path, default: Channels) -> tuple[NDArray[np.float64], float, tuple[str, ...]]:
    with path.open(encoding="utf-8-sig") as stream:
        names = [name.strip().strip('"') for name in stream.readline().strip().split(",")]
        values = np.loadtxt(stream, delimiter=",", ndmin=2)
    if any(_is_number(name) for name in names):
        raise ValueError("the first line holds numbers where the names of the channels are expected")
    if values.shape[1] != len(names):
        raise ValueError(f"{values.shape[1]} columns but {len(names)} names")
    if "time" not in names:
        return values, default.rate_hz, tuple(names)
    column = names.index("time")
    steps = np.diff(values[:, column])
    rate_hz = default.rate_hz  # of a single frame, which has no step
    if len(steps):
        if not steps.min() > 0 or steps.max() - steps.min() > 0.02 * steps.mean() + 1e-6:
            raise ValueError("the column 'time' does not grow evenly, in seconds")
        rate_hz = 1.0 / float(steps.mean())
    others: Any = np.delete(values, column, axis=1)
    return others, rate_hz, tuple(name for name in names if name != "time")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
