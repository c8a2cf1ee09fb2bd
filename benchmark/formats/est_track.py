"""Track files of the Edinburgh Speech Tools: a text header, then binary or ASCII rows.

MOCHA-TIMIT and MNGU0 come in this format.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import CorpusError
from benchmark.formats.text_tables import last_words, parse_table

MAGIC = b"EST_File Track"
#: The last header line to its end: some writers leave blanks behind its word, or a carriage return.
_END = re.compile(rb"EST_Header_End[ \t]*(?:\r\n|\n|\r)")
_MAX_HEADER = 1 << 20
_USUAL_HEADER = 1 << 14
_MAX_CHANNELS = 4096
#: So many rows at the end tell whether the last one comes late.
_LAST_ROWS = 6
#: By what part of a step two times may differ from it.
_UNEVEN = 0.5


class EstHeader(NamedTuple):
    """What a track says of itself.

    Attributes:
        ascii: Rows are text, else float32.
        byte_order: "<" or ">".
        frames: Number of rows.
        names: One a channel, without stray blanks.
        breaks: Whether a row has a presence flag after its time.
        data_at: Where the rows begin, bytes.
        first_line: Number of the line on which they begin.
    """

    ascii: bool
    byte_order: str
    frames: int
    names: tuple[str, ...]
    breaks: bool
    data_at: int
    first_line: int

    @property
    def columns(self) -> int:
        """Numbers in a row: time, presence flag, channels."""
        return 1 + self.breaks + len(self.names)


class EstTrack(NamedTuple):
    """A track as it is in the file.

    Attributes:
        times: Seconds, float64, shape (frames,).
        present: bool, shape (frames,).
        values: float64, shape (frames, channels), in the units of the file; not finite where they were lost.
        names: One a channel.
        note: That the last frame was left out because it comes late; "" if it was not.
    """

    times: NDArray[np.float64]
    present: NDArray[np.bool_]
    values: NDArray[np.float64]
    names: tuple[str, ...]
    note: str = ""


def read_header(path: Path) -> EstHeader:
    """Read and check the header against the size of the file.

    Raises:
        CorpusError: Not a track, a field is missing or impossible, or the file is shorter than stated.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            start = stream.read(min(size, _USUAL_HEADER))
            end = _END.search(start)
            if end is None or end.end() == len(start):
                start += stream.read(min(size, _MAX_HEADER) - len(start))
                end = _END.search(start)
    except OSError as error:
        raise CorpusError(f"{path}: cannot be opened ({error.strerror})") from error
    if not start.startswith(MAGIC):
        raise CorpusError(
            f"{path}: no track of the Edinburgh Speech Tools (it should begin 'EST_File Track')"
        )
    if end is None:
        raise CorpusError(f"{path}: the header has no end (a line EST_Header_End); the file is truncated")
    data_at = end.end()
    header = _parse(path, start[: end.start()].decode("latin-1"), data_at)
    needed = data_at + header.frames * header.columns * (2 if header.ascii else 4)
    if needed > size + header.ascii:
        raise CorpusError(
            f"{path}: states {header.frames} frames of {len(header.names)} channels and is too short for them"
        )
    return header


def read_track(path: Path) -> EstTrack:
    """Read a whole track.

    Raises:
        CorpusError: As `read_header`, or a row is malformed or missing.
    """
    header = read_header(path)
    with path.open("rb") as stream:
        stream.seek(header.data_at)
        content = stream.read() if header.ascii else stream.read(header.frames * header.columns * 4)
    if header.ascii:
        # Binary rows can hold NaN for what was lost, so text may, too.
        rows = parse_table(path, content, header.columns, first_line=header.first_line, gaps=True)
        if len(rows) < header.frames:
            raise CorpusError(f"{path}: {len(rows)} of {header.frames} rows; the file is truncated")
        rows = rows[: header.frames]
    else:
        raw = np.frombuffer(content, f"{header.byte_order}f4").reshape(header.frames, header.columns)
        with np.errstate(invalid="ignore"):
            rows = raw.astype(np.float64)
    note = late_frame(rows[:, 0])
    rows = rows[: even_frames(rows[:, 0])]
    present = rows[:, 1] != 0 if header.breaks else np.ones(len(rows), bool)
    return EstTrack(rows[:, 0], present, rows[:, 1 + header.breaks :], header.names, note)


def last_time(path: Path) -> float:
    """Time of the last row in seconds, from the header and the end of the file alone.

    A last row that comes late does not count.

    Raises:
        CorpusError: As `read_header`, or that row does not begin with a time.
    """
    header = read_header(path)
    if header.ascii:
        return last_even(np.array([_number(path, word) for word in last_words(path)[-header.frames :]]))
    rows = min(header.frames, _LAST_ROWS)
    with path.open("rb") as stream:
        stream.seek(header.data_at + (header.frames - rows) * header.columns * 4)
        table = np.frombuffer(stream.read(rows * header.columns * 4), f"{header.byte_order}f4")
    return last_even(np.array([_number(path, time) for time in table[:: header.columns]]))


def even_frames(times: NDArray[np.float64]) -> int:
    """Number of evenly spaced frames: all, or all but a last one that comes late.

    The last one is late where the recorder was stopped.

    Anything else is for `frame_rate` to refuse.
    """
    steps = np.diff(times)
    if len(steps) < 3 or not np.isfinite(times).all():
        return len(times)
    step = float(np.median(steps))
    late = np.abs(steps - step) > _UNEVEN * abs(step)
    return len(times) - 1 if late[-1] and not late[:-1].any() else len(times)


def late_frame(times: NDArray[np.float64]) -> str:
    """A note for people if `even_frames` leaves out the last frame, else ""."""
    if even_frames(times) == len(times):
        return ""
    return (
        f"frame {len(times)}, the last, comes {times[-1] - times[-2]:.3g} s after the one "
        "before and is left out"
    )


def last_even(times: NDArray[np.float64]) -> float:
    """The last of some times that are evenly spaced; a last one that comes late does not count."""
    return float(times[even_frames(times) - 1])


def frame_rate(path: Path, times: NDArray[np.float64]) -> float:
    """Frames per second of evenly spaced times in seconds.

    Raises:
        CorpusError: Fewer than two times, or they are negative or do not advance evenly.
    """
    if len(times) < 2:
        raise CorpusError(f"{path}: has {len(times)} frames; at least two are needed")
    if not np.isfinite(times).all() or times[0] < 0:
        raise CorpusError(f"{path}: times are negative or not finite; the byte order stated may be wrong")
    times = times[: even_frames(times)]
    steps = np.diff(times)
    step = float(np.median(steps))
    uneven = np.flatnonzero(np.abs(steps - step) > _UNEVEN * abs(step))
    if step <= 0 or uneven.size:
        frame = int(uneven[0]) + 1 if uneven.size else 1
        raise CorpusError(f"{path}: time does not advance evenly at frame {frame}; the file is damaged")
    rate = (len(times) - 1) / float(times[-1] - times[0])
    if not 1.0 <= rate <= 20_000.0:
        raise CorpusError(f"{path}: {rate:g} frames a second is no rate of articulation; the file is damaged")
    # Times are written as float32 seconds: the rate is the round number that they approximate.
    return float(round(rate)) if abs(rate - round(rate)) < 0.01 * rate / 100 else rate


def _number(path: Path, word: str | np.float32) -> float:
    try:
        seconds = float(word)
    except ValueError:
        seconds = float("nan")
    if not 0 <= seconds < 1e6:
        raise CorpusError(f"{path}: the last row has no usable time; the byte order stated may be wrong")
    return seconds


def _parse(path: Path, text: str, data_at: int) -> EstHeader:
    fields: dict[str, str] = {}
    names: dict[int, str] = {}
    for line in text.splitlines()[1:]:
        if match := re.match(r"Channel_(\d{1,6})\s+(.*)", line):
            names[int(match[1])] = match[2].strip()
        elif len(words := line.split(None, 1)) == 2:
            fields[words[0]] = words[1].strip()
    frames, channels = _count(path, fields, "NumFrames"), _count(path, fields, "NumChannels")
    if not 0 < channels <= _MAX_CHANNELS:
        raise CorpusError(f"{path}: states {channels} channels; between 1 and {_MAX_CHANNELS} are possible")
    if frames < 1:
        raise CorpusError(f"{path}: states {frames} frames; the file is empty or damaged")
    kind = fields.get("DataType", "ascii").lower()
    if kind not in ("ascii", "binary"):
        raise CorpusError(f"{path}: DataType '{kind}' is neither ascii nor binary")
    order = fields.get("ByteOrder", "01")
    if kind == "binary" and order not in ("01", "10"):
        raise CorpusError(f"{path}: ByteOrder '{order}' is neither 01 (little endian) nor 10 (big endian)")
    breaks = fields.get("BreaksPresent", "true").lower() != "false"
    ordered = tuple(names.get(i, f"channel_{i}") for i in range(channels))
    return EstHeader(
        kind == "ascii", "<" if order == "01" else ">", frames, ordered, breaks, data_at, text.count("\n") + 2
    )


def _count(path: Path, fields: dict[str, str], name: str) -> int:
    try:
        return int(fields[name])
    except (KeyError, ValueError):
        raise CorpusError(f"{path}: the header has no whole number {name}") from None
