"""Trajectories and outlines of a folder of recordings, as its `corpus.toml` describes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from benchmark.corpora import contract, folder_config
from benchmark.corpora.folder_config import FolderConfig
from benchmark.errors import CorpusError
from benchmark.formats import array_files, carstens, est_track, raw_values, ssff
from benchmark.formats.columns import Columns
from benchmark.formats.text_tables import read_table
from benchmark.types import Anatomy, Trajectories

#: Prefix of the channels that each role gets, whatever the lab calls its sensors.
PREFIXES = {
    "upper_lip": "UL",
    "lower_lip": "LL",
    "lip_corner": "LC",
    "jaw": "LI",
    "jaw_back": "LM",
    "tongue_tip": "TT",
    "tongue_front": "TF",
    "tongue_mid": "TM",
    "tongue_back": "TB",
    "velum": "V",
    "velum_opening": "VEL",
    "f0": "F0",
}


def read_trajectories(
    path: Path, config: FolderConfig, audio_s: float, parts: Mapping[str, Path] = MappingProxyType({})
) -> Trajectories:
    """Read a file of trajectories as its description says.

    Args:
        path: The file.
        config: The description.
        audio_s: Length of the audio; later frames are left out.
        parts: Sensor to file, where each sensor has one of its own; `path` is one of them.

    Returns:
        Channels named by `PREFIXES` in mm, x forwards, y upwards; "VEL" and "F0" as they are. A sensor that
        this file does not have, and others may, is lost throughout.

    Raises:
        CorpusError: The file is damaged, has none of the sensors, or its rate is not known.
    """
    if parts:
        columns = _joined(path, parts)
    else:
        columns = array_files.read_columns(path, config.trajectories.variable)
        columns = columns._replace(names=channel_names(path, config, columns))
    rate_hz, start_s = _timing(path, config, columns)
    if config.trajectories.time is not None:
        times = _channel(path, config.trajectories.time, columns)
        columns = columns._replace(
            values=columns.values[: est_track.even_frames(times)], note=est_track.late_frame(times)
        )
    missing = missing_sensors(path, config, columns.names)
    if len(missing) == len(config.sensors):
        raise no_channel(path, next(iter(missing.values())), columns.names)
    picked = [
        _lost(role, len(columns.values)) if role in missing else _role(path, config, role, columns)
        for role in config.sensors
    ]
    values = np.concatenate([part for part, _ in picked], axis=1)
    raw_values.refuse_blank(path, values)
    channels = tuple(name for _, part in picked for name in part)
    valid = np.isfinite(values)
    for part, own in picked:
        if part.shape[1] == 2:
            here = [channels.index(name) for name in own]
            valid[:, here] = valid[:, here].all(axis=1, keepdims=True)
    found = raw_values.millimetres(values, valid, rate_hz, channels)
    contract.lengths(path, audio_s, start_s + found.duration_s, config.trajectories.length_limit_s, rate_hz)
    return replace(raw_values.overlap(contract.delayed(found, start_s), audio_s), note=columns.note)


def read_anatomy(palate: Path, pharynx: Path | None, config: FolderConfig) -> Anatomy:
    """Read outlines in the unit and the axes of the trajectories.

    Raises:
        CorpusError: A file is damaged.
    """
    roof = _in_head(_outline(palate, config), config)
    if roof[0, 0] < roof[-1, 0]:
        roof = roof[::-1]
    wall = None
    if pharynx is not None:
        wall = _in_head(_outline(pharynx, config), config)
        wall = wall[np.argsort(-wall[:, 1], kind="stable")]
    return Anatomy(roof, wall, anterior=1)


def _joined(path: Path, parts: Mapping[str, Path]) -> Columns:
    """The files of all sensors side by side, columns named SENSOR:NAME."""
    tables = {sensor: array_files.read_columns(part) for sensor, part in parts.items()}
    first = next(iter(tables.values()))
    for sensor, table in tables.items():
        if (len(table.values), table.rate_hz, table.start_s) != (
            len(first.values),
            first.rate_hz,
            first.start_s,
        ):
            raise CorpusError(
                f"{parts[sensor]}: has another length, rate or start than {path.name}; export the sensors "
                "again"
            )
    names = tuple(f"{sensor}:{name}" for sensor, table in tables.items() for name in table.names)
    return first._replace(
        values=np.concatenate([table.values for table in tables.values()], axis=1), names=names
    )


def channel_names(path: Path, config: FolderConfig, columns: Columns) -> tuple[str, ...]:
    """Names of all columns: those that are stated if there are as many, else those of the file.

    Stated names come first because a header need not be written as SENSOR_AXIS.
    """
    own, stated, width = columns.names, config.trajectories.names, columns.values.shape[1]
    if len(stated) != width:
        if own:
            return own
        if (
            not stated
            and width % len(carstens.AXES) == 0
            and all(isinstance(name, int) for name in config.sensors.values())
        ):
            return carstens.names(width // len(carstens.AXES))  # an AG501 can export text without a heading
        raise CorpusError(
            f"{path}: has {width} columns and {len(stated)} names; name them in trajectories.names"
        )
    if set(own) == set(stated):  # a file of which columns are in another order says so itself
        return own
    moved = [name for i, name in enumerate(stated) if name in own and own[i] != name]
    if moved:
        raise CorpusError(
            f"{path}: has '{moved[0]}' in another column than trajectories.names; state the names in the "
            "order of the columns"
        )
    return stated


def _timing(path: Path, config: FolderConfig, columns: Columns) -> tuple[float, float]:
    """Rate and time of the first frame: by the column of times, else by the file, else by the description."""
    own = config.trajectories
    if own.time is not None:
        if own.time not in columns.names:
            raise CorpusError(f"{path}: has no column '{own.time}' (trajectories.time)")
        times = _channel(path, own.time, columns)
        times = times[: est_track.even_frames(times)]
        return est_track.frame_rate(path, times), own.start_s + float(times[0])
    rate_hz = columns.rate_hz or own.rate_hz
    if rate_hz is None or not 1.0 <= rate_hz <= 20_000.0:
        raise CorpusError(f"{path}: its rate is not known or not plausible; state trajectories.rate_hz")
    return rate_hz, own.start_s + columns.start_s


def missing_sensors(path: Path, config: FolderConfig, names: Sequence[str]) -> dict[str, str]:
    """Role to the first channel of its sensor that is not among `names`, for those that lack one."""
    missing = {}
    for role, sensor in config.sensors.items():
        axes = (config.axes.x, config.axes.y)
        wanted = (
            [str(sensor)]
            if folder_config.is_scalar(role)
            else [_channel_name(path, config, str(sensor), axis, names) for axis in axes]
        )
        if absent := [name for name in wanted if name not in names]:
            missing[role] = absent[0]
    return missing


def _lost(role: str, frames: int) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Channels of a role without a sensor."""
    prefix = PREFIXES[role]
    names = (prefix,) if folder_config.is_scalar(role) else (f"{prefix}_x", f"{prefix}_y")
    return np.full((frames, len(names)), np.nan), names


def _role(
    path: Path, config: FolderConfig, role: str, columns: Columns
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Values and new names of the channels of one role."""
    sensor, prefix = config.sensors[role], PREFIXES[role]
    if folder_config.is_scalar(role):
        return _channel(path, str(sensor), columns)[:, None], (prefix,)
    axes = (config.axes.x, config.axes.y)
    channels = [_channel_name(path, config, str(sensor), axis, columns.names) for axis in axes]
    pair = np.column_stack([_channel(path, name, columns) for name in channels])
    with np.errstate(invalid="ignore"):
        # Zeros on both axes stand for a lost sensor, and a sensor that never moves is not connected.
        still = (np.fmax.reduce(pair) == np.fmin.reduce(pair)).all() and len(pair) > 1
        pair = np.where((pair == 0).all(axis=1, keepdims=True) | still, np.nan, pair)
    for code in config.trajectories.missing_codes:
        with np.errstate(invalid="ignore"):
            lost = np.abs(pair) >= code if code else np.repeat((pair == 0).all(axis=1)[:, None], 2, axis=1)
        pair = np.where(lost, np.nan, pair)
    return _in_head(pair, config), (f"{prefix}_x", f"{prefix}_y")


def _in_head(pairs: NDArray[np.float64], config: FolderConfig) -> NDArray[np.float64]:
    """Turns positions of the files into millimetres, x forwards, y upwards and the bite plane level."""
    signs = [-1.0 if axis.startswith("-") else 1.0 for axis in (config.axes.x, config.axes.y)]
    placed = pairs * config.trajectories.unit_mm * signs
    if config.axes.rotation_deg == 0:
        return placed
    angle = np.radians(config.axes.rotation_deg)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return np.asarray(placed @ turn)


def _channel_name(path: Path, config: FolderConfig, sensor: str, axis: str, names: Sequence[str]) -> str:
    """The channel of a sensor by `trajectories.channel`, or as it should be called if there is none.

    Case does not matter where it decides nothing, nor does "Ch" before the number of a sensor.
    """
    template, axis = config.trajectories.channel, axis.lstrip("-")
    patterns = [
        template.replace("{sensor}", name).replace("{axis}", axis) for name in (sensor, f"Ch{sensor}")
    ]
    if any(name.startswith(f"{sensor}:") for name in names):  # the sensor has a file of its own
        patterns = [f"{sensor}:{pattern}" for pattern in (patterns[0], f"*{axis}")]
    for pattern in patterns:
        if pattern in names:
            return pattern
        alike = [name for name in names if fnmatchcase(name.lower(), pattern.lower())]
        if len(alike) > 1:
            raise CorpusError(
                f"{path}: '{pattern}' fits several channels: {', '.join(alike[:6])}; correct "
                "trajectories.channel"
            )
        if alike:
            return alike[0]
    return patterns[0]


def _channel(path: Path, name: str, columns: Columns) -> NDArray[np.float64]:
    if name not in columns.names:
        raise no_channel(path, name, columns.names)
    number = columns.names.index(name)
    if number in columns.text:
        raise CorpusError(f"{path}: column '{name}': {columns.text[number]}")
    return columns.values[:, number]


def no_channel(path: Path, name: str, names: Sequence[str]) -> CorpusError:
    """The error for a missing channel: what the file has instead, and which keys to correct."""
    there = ", ".join(filter(None, names[:12]))
    return CorpusError(
        f"{path}: has no channel '{name}'; there are {there}; correct [sensors], say in "
        f"trajectories.channel how channels are named, or name all {len(names)} columns in "
        "trajectories.names"
    )


def _outline(path: Path, config: FolderConfig) -> NDArray[np.float64]:
    try:
        with path.open("rb") as stream:
            is_ssff = stream.read(4) == ssff.MAGIC[:4]
    except OSError as error:
        raise CorpusError(f"{path}: cannot be opened ({error.strerror})") from error
    if is_ssff:
        columns = array_files.read_columns(path)
        axes = [axis.lstrip("-").lower() for axis in (config.axes.x, config.axes.y)]
        found = [[i for i, name in enumerate(columns.names) if name.lower().endswith(axis)] for axis in axes]
        if any(len(matches) != 1 for matches in found):
            raise CorpusError(
                f"{path}: no single column is named for each of the axes {' and '.join(axes)}: "
                f"{', '.join(columns.names)}"
            )
        points = columns.values[:, [i for (i,) in found]]
        return contract.outline(path, points[np.isfinite(points).all(axis=1)])
    delimiter = "," if path.suffix.lower() == ".csv" else None
    return contract.outline(path, read_table(path, columns=2, delimiter=delimiter))
