"""Recordings in the MVIEW convention (M. Tiede): one structure array of audio and sensors.

It has one element for the audio and one for each sensor.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import CorpusError
from benchmark.formats import matlab, raw_values
from benchmark.formats.columns import Columns
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


class Element(NamedTuple):
    """One signal of a recording.

    Attributes:
        name: In capitals.
        rate_hz: Samples or frames per second.
        signal: Shape (samples, columns).
        entry: All fields of the structure as they are.
    """

    name: str
    rate_hz: float
    signal: NDArray[np.number]
    entry: dict[str, Any]


def list_recording(path: Path) -> Listing:
    """Lengths and sentence.

    Raises:
        CorpusError: Not an MVIEW file, or damaged.
    """
    audio, sensors = _parts(path)
    audio_s = _frames(audio) / audio.rate_hz if audio else 0.0
    articulation_s = max(_frames(sensor) / sensor.rate_hz for sensor in sensors)
    entry = (audio or sensors[0]).entry
    return Listing(audio_s, articulation_s, " ".join(matlab.text(entry.get("SENTENCE")).split()))


def read_audio(path: Path) -> Clip:
    """The recording's audio, full scale 1.0.

    Raises:
        CorpusError: No audio, or damaged.
    """
    audio, _ = _parts(path)
    if audio is None:
        raise CorpusError(f"{path}: holds no audio element")
    samples = _voice(path, audio.signal)
    peak = max(float(samples.max()), -float(samples.min())) if samples.size else 0.0
    if not np.isfinite(peak):
        raise CorpusError(f"{path}: audio holds samples that are not finite")
    # Some exports keep the integers of the sound card.
    if peak > 2.0:
        samples = samples / np.float32(_INT16)
    return Clip(samples, round(audio.rate_hz))


def _voice(path: Path, signal: NDArray[np.number]) -> NDArray[np.float32]:
    """The one channel of an audio signal, shape (samples,)."""
    if signal.ndim == 2 and min(signal.shape) > 1:
        channels = signal if signal.shape[0] < signal.shape[1] else signal.T
        if not (channels == channels[0]).all():
            raise CorpusError(
                f"{path}: audio has shape {signal.shape}, {len(channels)} channels that differ; keep "
                "the one with the voice"
            )
        signal = channels[0]
    return np.ascontiguousarray(signal, np.float32).reshape(-1)


def read_sensors(path: Path, audio_s: float, vertical: int | None) -> Trajectories:
    """Midsagittal coordinates of all sensors.

    Args:
        path: MVIEW file.
        audio_s: Length of the audio; later frames are left out.
        vertical: Column of the vertical coordinate; column 0 is horizontal. None takes, of columns 1 and 2,
            the one in which the sensors move more: the other is lateral.

    Returns:
        Channels NAME_x, NAME_y in mm, in the order of the file; samples that are not finite are invalid.

    Raises:
        CorpusError: Sensors differ in rate, have too few columns, or are damaged.
    """
    _, sensors = _parts(path)
    rate_hz = _common_rate(path, sensors)
    frames = min(_frames(sensor) for sensor in sensors)
    signals = [np.asarray(sensor.signal[:frames], np.float64) for sensor in sensors]
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
    for entry in _entries(field):
        if not {"LABEL", "OFFS"} <= set(entry):
            raise CorpusError(f"{path}: PHONES has no fields LABEL and OFFS")
        edges = np.asarray(matlab.numbers(path, entry["OFFS"], "OFFS"), np.float64).reshape(-1)
        if edges.shape != (2,):
            raise CorpusError(f"{path}: a phone has {edges.size} times where a start and an end are expected")
        found.append(arpabet_segment(matlab.text(entry["LABEL"]), float(edges[0]), float(edges[1])))
    return tuple(found)


def elements_in(path: Path, variables: dict[str, NDArray[Any]]) -> list[Element]:
    """Elements of the first structure array with NAME, SRATE and SIGNAL among a file's variables.

    The list is empty if there is no such array.

    Raises:
        CorpusError: One of them is damaged.
    """
    for variable in variables.values():
        found = [
            _element(path, entry) for entry in _entries(variable) if {"NAME", "SRATE", "SIGNAL"} <= set(entry)
        ]
        if found:
            return found
    return []


def columns_of(path: Path, elements: list[Element]) -> Columns:
    """All coordinates of a recording's sensors, named SENSOR_x, SENSOR_y, SENSOR_z, SENSOR_4 and so on.

    Raises:
        CorpusError: There is no sensor, two have one name, or they differ in rate.
    """
    _, sensors = _audio_and_sensors(path, elements)
    frames = min(_frames(sensor) for sensor in sensors)
    names = tuple(
        f"{sensor.name}_{'xyz'[i] if i < 3 else i + 1}"
        for sensor in sensors
        for i in range(sensor.signal.shape[1])
    )
    values = np.concatenate([np.asarray(sensor.signal[:frames], np.float64) for sensor in sensors], axis=1)
    return Columns(values, names, _common_rate(path, sensors))


def _common_rate(path: Path, sensors: list[Element]) -> float:
    if len({sensor.rate_hz for sensor in sensors}) > 1:
        raise CorpusError(f"{path}: sensors have different rates; resample them first")
    return sensors[0].rate_hz


def _element(path: Path, entry: dict[str, Any]) -> Element:
    name = matlab.text(entry["NAME"]).upper()
    rate = matlab.numbers(path, entry["SRATE"], f"SRATE of {name}")
    rate_hz = float(rate.reshape(-1)[0]) if rate.size == 1 else 0.0
    if not 1.0 <= rate_hz <= 1e6:
        raise CorpusError(f"{path}: states a rate of {rate_hz:g} Hz; the file is damaged")
    return Element(name, rate_hz, matlab.numbers(path, entry["SIGNAL"], f"SIGNAL of {name}"), entry)


def _entries(variable: object) -> list[dict[str, Any]]:
    """The entries of a structure array as dictionaries."""
    if not isinstance(variable, np.ndarray) or not variable.dtype.names:
        return []
    return [dict(zip(variable.dtype.names, entry, strict=True)) for entry in variable.reshape(-1)]


def _parts(path: Path) -> tuple[Element | None, list[Element]]:
    elements = elements_in(path, matlab.read_variables(path))
    if not elements:
        raise CorpusError(f"{path}: holds no structure array with the fields NAME, SRATE and SIGNAL")
    return _audio_and_sensors(path, elements)


def _audio_and_sensors(path: Path, elements: list[Element]) -> tuple[Element | None, list[Element]]:
    audio = next((element for element in elements if element.name in _AUDIO_NAMES), None)
    # Signals with one column are other time series (laryngograph, velocity), not sensors.
    sensors = [
        e for e in elements if e.name not in _AUDIO_NAMES and e.signal.ndim == 2 and min(e.signal.shape) > 1
    ]
    if not sensors:
        raise CorpusError(f"{path}: holds no sensor; it may be an audio-only or empty recording")
    names = [sensor.name for sensor in sensors]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise CorpusError(
            f"{path}: has several sensors called {', '.join(twice)}; which one is meant is not known"
        )
    return audio, sensors


def _frames(element: Element) -> int:
    shape = element.signal.shape
    return element.signal.size if 1 in shape else shape[0]


def _vertical_column(signals: list[NDArray[np.float64]]) -> int:
    if min(signal.shape[1] for signal in signals) < 3:
        return 1
    with np.errstate(invalid="ignore", over="ignore"):
        motion = [
            sum(float(np.nan_to_num(np.nanvar(signal[:, column]))) for signal in signals) for column in (1, 2)
        ]
    return 1 if motion[0] > motion[1] else 2
