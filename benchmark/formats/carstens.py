"""Position files of Carstens articulographs: AG500 (no header) and AG501 (`AG50xDATA_V001` to `_V003`)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import CorpusError

MAGIC = b"AG50xDATA_V"
_VERSIONS = (b"001", b"002", b"003")
AXES = ("x", "y", "z", "phi", "theta", "rms", "extra")
AG500_SENSORS = 12
AG500_RATE_HZ = 200.0
_MAX_HEADER = 1 << 16
_MAX_SENSORS = 64
_SMALLEST_MM, _LARGEST_MM, _PLAUSIBLE = 1e-6, 1e5, 0.5


class PosHeader(NamedTuple):
    """What a position file says of itself, or what is known of its kind.

    Attributes:
        frames: Number of frames.
        sensors: Number of sensors, counted from 1 on the machine.
        rate_hz: Frames per second.
        data_at: Where the numbers begin, bytes.
    """

    frames: int
    sensors: int
    rate_hz: float
    data_at: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate_hz


def read_header(path: Path) -> PosHeader:
    """Read the header of an AG501 file, or take an AG500 file for what its size allows.

    Raises:
        CorpusError: The header is damaged, or the size is no whole number of frames.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            start = stream.read(min(size, _MAX_HEADER))
    except OSError as error:
        raise CorpusError(f"{path}: cannot be opened ({error.strerror})") from error
    sensors, rate_hz, data_at = AG500_SENSORS, AG500_RATE_HZ, 0
    if start.startswith(b"AG5"):
        sensors, rate_hz, data_at = _parse(path, start)
    frame = sensors * len(AXES) * 4
    frames, rest = divmod(size - data_at, frame)
    if frames < 1 or rest:
        raise CorpusError(
            f"{path}: {max(size - data_at, 0)} bytes are no whole number of frames of {sensors} sensors; "
            "truncated, or not a position file"
        )
    return PosHeader(frames, sensors, rate_hz, data_at)


def names(sensors: int) -> tuple[str, ...]:
    """Names of all columns, for sensors counted from 1: "1_x", "1_y", "1_z", "1_phi" and so on."""
    return tuple(f"{sensor}_{axis}" for sensor in range(1, sensors + 1) for axis in AXES)


def read_positions(path: Path) -> NDArray[np.float64]:
    """All numbers of a file.

    Returns:
        float64, shape (frames, sensors, 7), last axis `AXES`: mm, degrees, residual error, unused.
        Coordinates of 100 m and more, and three zeros, which machines write for sensors that are not there,
        are NaN.

    Raises:
        CorpusError: As `read_header`, or the numbers of no sensor are positions.
    """
    header = read_header(path)
    with path.open("rb") as stream:
        stream.seek(header.data_at)
        raw = stream.read(header.frames * header.sensors * len(AXES) * 4)
    with np.errstate(invalid="ignore"):
        positions = np.frombuffer(raw, "<f4").astype(np.float64).reshape(-1, header.sensors, len(AXES))
    size = np.abs(positions[:, :, :3])
    _refuse_implausible(path, size)
    positions[:, :, :3][size >= _LARGEST_MM] = np.nan
    positions[(size == 0).all(axis=2), :3] = np.nan
    return positions


def _refuse_implausible(path: Path, size: NDArray[np.float64]) -> None:
    """Refuse a file in which no sensor looks like one.

    One is enough: of sixteen sensors half can be unused, and what stands there is anybody's guess (zeros,
    NaN, huge numbers). A float read from other bytes than it was written as is nearly always absurdly large
    or small, but a zero is a zero however it is read, so zeros do not speak for a sensor.
    """
    spoken = np.isfinite(size) & (size > 0)
    plausible = (size > _SMALLEST_MM) & (size < _LARGEST_MM)
    spoken_of, good = spoken.sum(axis=(0, 2)), plausible.sum(axis=(0, 2))
    if not ((spoken_of > 0) & (good >= _PLAUSIBLE * spoken_of)).any():
        raise CorpusError(
            f"{path}: its numbers are no plausible positions; not a position file of an AG500 or AG501"
        )


def _parse(path: Path, start: bytes) -> tuple[int, float, int]:
    """Number of sensors, rate and size of the header of an AG501 file."""
    lines = start.split(b"\n", 2)
    if len(lines) < 3 or lines[0].strip() not in [MAGIC + version for version in _VERSIONS]:
        raise CorpusError(
            f"{path}: header '{lines[0][:24].decode('latin-1')}' is not known; "
            "AG50xDATA_V001, V002 and V003 are"
        )
    data_at = _count(path, "the header's size", lines[1], _MAX_HEADER)
    if data_at > len(start):
        raise CorpusError(f"{path}: shorter than the header that it states; truncated")
    fields: dict[str, bytes] = {}
    for line in start[:data_at].rstrip(b"\x00\x1a\r\n").splitlines()[2:]:
        name, _, value = line.partition(b"=")
        fields[name.strip().decode("latin-1")] = value
    sensors = _count(path, "NumberOfChannels", fields.get("NumberOfChannels", b""), _MAX_SENSORS)
    rate_hz = _count(path, "SamplingFrequencyHz", fields.get("SamplingFrequencyHz", b""), 10_000)
    return sensors, float(rate_hz), data_at


def _count(path: Path, what: str, value: bytes, most: int) -> int:
    try:
        stated = float(value)
    except ValueError:
        stated = 0.0
    # Some programs write a whole number as 250.000.
    number = int(stated) if stated.is_integer() else 0
    if not 1 <= number <= most:
        shown = value[:24].decode("latin-1").strip()
        raise CorpusError(f"{path}: {what} is '{shown}'; a whole number from 1 to {most} is expected")
    return number
