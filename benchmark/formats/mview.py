"""Recordings in the MVIEW convention (M. Tiede): one structure array, an element for the audio and one for each sensor."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import CorpusError
from benchmark.formats import mat5, raw_values
from benchmark.formats.phones import arpabet_segment
from benchmark.types import Clip, Segment, Trajectories

_AUDIO_NAMES = ("AUDIO", "SPEECH", "WAV")
_INT16 = 32768.0


class Listing(NamedTuple):
    """What the headers of a recording tell.

    Attributes:
        audio_s: Length of the audio in seconds, 0 if it holds none.
        articulation_s: Length of the sensors' signals in seconds.
        sentence: What was to be said, "" if not stated.
    """

    audio_s: float
    articulation_s: float
    sentence: str


class _Element(NamedTuple):
    name: str
    rate_hz: float
    signal: mat5.Matrix
    entry: dict[str, mat5.Matrix]


def is_mview(path: Path) -> bool:
    """Whether a `.mat` file holds a structure array with NAME, SRATE and SIGNAL."""
    try:
        return bool(_elements(path))
    except CorpusError:
        return False


def list_recording(path: Path) -> Listing:
    """Lengths and sentence, without decoding signals.

    Raises:
        CorpusError: Not an MVIEW file, or damaged.
    """
    audio, sensors = _parts(path)
    audio_s = _frames(audio) / audio.rate_hz if audio else 0.0
    articulation_s = max(_frames(sensor) / sensor.rate_hz for sensor in sensors)
    entry = (audio or sensors[0]).entry
    sentence = mat5.text(entry["SENTENCE"]) if "SENTENCE" in entry else ""
    return Listing(audio_s, articulation_s, " ".join(sentence.split()))


def read_audio(path: Path) -> Clip:
    """The recording's audio, full scale 1.0.

    Raises:
        CorpusError: No audio, or damaged.
    """
    audio, _ = _parts(path)
    if audio is None:
        raise CorpusError(f"{path}: holds no audio element")
    samples = _voice(path, mat5.numbers(audio.signal, np.float32))
    peak = max(float(samples.max()), -float(samples.min())) if samples.size else 0.0
    if not np.isfinite(peak):
        raise CorpusError(f"{path}: audio holds samples that are not finite")
    # Some exports keep the integers of the sound card.
    if peak > 2.0:
        samples = samples / np.float32(_INT16)
    return Clip(samples, round(audio.rate_hz))


def _voice(path: Path, signal: NDArray[np.floating]) -> NDArray[np.float32]:
    """The one channel of an audio signal, shape (samples,)."""
    if signal.ndim == 2 and min(signal.shape) > 1:
        channels = signal if signal.shape[0] < signal.shape[1] else signal.T
        if not (channels == channels[0]).all():
            raise CorpusError(
                f"{path}: audio has shape {signal.shape}, {len(channels)} channels that differ; keep the one with the voice"
            )
        signal = channels[0]
    return np.ascontiguousarray(signal, np.float32).reshape(-1)


def read_sensors(path: Path, audio_s: float, vertical: int | None) -> Trajectories:
    """Midsagittal coordinates of all sensors.

    Args:
        path: MVIEW file.
        audio_s: Length of the audio; later frames are left out.
        vertical: Column of the vertical coordinate; column 0 is horizontal. None takes, of columns 1 and 2, the one in which the
            sensors move more: the other is lateral.

    Returns:
        Channels NAME_x, NAME_y in mm, in the order of the file; samples that are not finite are invalid.

    Raises:
        CorpusError: Sensors differ in rate, have too few columns, or are damaged.
    """
    _, sensors = _parts(path)
    rate_hz = sensors[0].rate_hz
    if any(sensor.rate_hz != rate_hz for sensor in sensors):
        raise CorpusError(f"{path}: sensors have different rates; resample them first")
    frames = min(_frames(sensor) for sensor in sensors)
    signals = [_signal(path, sensor)[:frames] for sensor in sensors]
    column = _vertical_column(signals) if vertical is None else vertical
    if any(signal.shape[1] <= column for signal in signals):
        raise CorpusError(
            f"{path}: a sensor has fewer than {column + 1} columns; not the layout of this corpus"
        )
    values = np.concatenate([signal[:, [0, column]] for signal in signals], axis=1)
    raw_values.refuse_blank(path, values)
    names = tuple(f"{sensor.name}_{axis}" for sensor in sensors for axis in "xy")
    valid = np.repeat(np.isfinite(values).reshape(frames, -1, 2).all(axis=2), 2, axis=1)
    return raw_values.overlap(raw_values.millimetres(values, valid, rate_hz, names), audio_s)


def read_phones(path: Path) -> tuple[Segment, ...]:
    """The phones of a recording by its field PHONES, in ARPAbet; none where it is empty.

    Raises:
        CorpusError: The field is damaged.
    """
    audio, sensors = _parts(path)
    field = (audio or sensors[0]).entry.get("PHONES")
    if field is None or field.size == 0:
        return ()
    found = []
    for entry in mat5.elements(field):
        if not {"LABEL", "OFFS"} <= set(entry):
            raise CorpusError(f"{path}: PHONES has no fields LABEL and OFFS")
        edges = np.asarray(mat5.numbers(entry["OFFS"]), np.float64).reshape(-1)
        if edges.shape != (2,):
            raise CorpusError(f"{path}: a phone has {edges.size} times where a start and an end are expected")
        found.append(arpabet_segment(mat5.text(entry["LABEL"]), float(edges[0]), float(edges[1])))
    return tuple(found)


def _elements(path: Path) -> list[_Element]:
    found: list[_Element] = []
    for variable in mat5.read_variables(path).values():
        if variable.kind != 2:
            continue
        for entry in mat5.elements(variable):
            if not {"NAME", "SRATE", "SIGNAL"} <= set(entry):
                break
            rate_hz = mat5.number(entry["SRATE"])
            if not 1.0 <= rate_hz <= 1e6:
                raise CorpusError(f"{path}: states a rate of {rate_hz:g} Hz; the file is damaged")
            found.append(_Element(mat5.text(entry["NAME"]).upper(), rate_hz, entry["SIGNAL"], entry))
        if found:
            return found
    raise CorpusError(f"{path}: holds no structure array with the fields NAME, SRATE and SIGNAL")


def _parts(path: Path) -> tuple[_Element | None, list[_Element]]:
    elements = _elements(path)
    audio = next((element for element in elements if element.name in _AUDIO_NAMES), None)
    # Signals with one column are other time series (laryngograph, velocity), not sensors.
    sensors = [
        e
        for e in elements
        if e.name not in _AUDIO_NAMES and len(e.signal.dims) == 2 and min(e.signal.dims) > 1
    ]
    if not sensors:
        raise CorpusError(f"{path}: holds no sensor; it may be an audio-only or empty recording")
    names = [sensor.name for sensor in sensors]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise CorpusError(
            f"{path}: has several sensors called {', '.join(twice)}; which one is meant is not known"
        )
    return audio, sensors


def _frames(element: _Element) -> int:
    frames = element.signal.size if 1 in element.signal.dims else element.signal.dims[0]
    if frames < 1:
        raise CorpusError(f"{element.signal.file}: signal of {element.name} is empty")
    return frames


def _signal(path: Path, element: _Element) -> NDArray[np.float64]:
    signal = np.asarray(mat5.numbers(element.signal), np.float64)
    if signal.ndim != 2:
        raise CorpusError(
            f"{path}: signal of {element.name} has shape {signal.shape}; expected (frames, columns)"
        )
    return signal


def _vertical_column(signals: list[NDArray[np.float64]]) -> int:
    if min(signal.shape[1] for signal in signals) < 3:
        return 1
    with np.errstate(invalid="ignore", over="ignore"):
        motion = [
            sum(float(np.nan_to_num(np.nanvar(signal[:, column]))) for signal in signals) for column in (1, 2)
        ]
    return 1 if motion[0] > motion[1] else 2
