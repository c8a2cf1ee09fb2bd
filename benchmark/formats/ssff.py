"""Simple Signal File Format (SSFF) of the EMU system: a text header, then records of numbers."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import CorpusError

MAGIC = b"SSFF --"
_SEPARATOR = b"-----------------"
_TYPES = {"DOUBLE": "f8", "FLOAT": "f4", "LONG": "i4", "SHORT": "i2", "BYTE": "i1", "CHAR": "i1"}
_ORDERS = {"IBM-PC": "<", "SPARC": ">"}
_MAX_HEADER = 1 << 20
_MAX_FIELDS = 4096


class SsffHeader(NamedTuple):
    """What a file says of itself.

    Attributes:
        rate_hz: Records per second.
        start_s: Time of the first record.
        names: One a number of a record; fields of several numbers are counted, e.g. "fm_1".
        record: Type of one record.
        data_at: Where the records begin, bytes.
        frames: Number of records, by the size of the file.
    """

    rate_hz: float
    start_s: float
    names: tuple[str, ...]
    record: np.dtype[np.void]
    data_at: int
    frames: int


def read_header(path: Path) -> SsffHeader:
    """Read and check the header.

    Raises:
        CorpusError: Not SSFF, a line is missing or wrong, or the records do not fill the file.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            start = stream.read(min(size, _MAX_HEADER))
    except OSError as error:
        raise CorpusError(f"{path}: cannot be opened ({error.strerror})") from error
    end = start.find(b"\n" + _SEPARATOR)
    if not start.startswith(MAGIC) or end < 0:
        raise CorpusError(f"{path}: not an SSFF file, or its header is truncated")
    data_at = start.find(b"\n", end + 1) + 1
    lines = start[:end].decode("latin-1").splitlines()[1:]
    fields: dict[str, str] = {}
    columns: list[list[str]] = []
    for line in lines:
        words = line.split()
        if words[:1] == ["Column"]:
            columns.append(words[1:])
        elif len(words) >= 2:
            fields[words[0]] = words[-1]
    order = _ORDERS.get(fields.get("Machine", ""))
    if order is None:
        raise CorpusError(f"{path}: Machine '{fields.get('Machine', '')}' is neither IBM-PC nor SPARC")
    names, types = _columns(path, columns)
    record = np.dtype([(f"f{i}", order + kind, (count,)) for i, (kind, count) in enumerate(types)])
    rate_hz, start_s = _number(path, fields, "Record_Freq"), _number(path, fields, "Start_Time")
    if not 1.0 <= rate_hz <= 20_000.0 or not 0 <= start_s < 1e5:
        raise CorpusError(f"{path}: {rate_hz:g} records a second from {start_s:g} s on are not plausible")
    frames, rest = divmod(size - data_at, record.itemsize) if data_at else (0, 0)
    if frames < 1 or rest:
        raise CorpusError(
            f"{path}: its data are no whole number of records of {record.itemsize} bytes; truncated"
        )
    return SsffHeader(rate_hz, start_s, names, record, data_at, frames)


def read_values(path: Path) -> NDArray[np.float64]:
    """All records, float64, shape (frames, names).

    Raises:
        CorpusError: As `read_header`.
    """
    header = read_header(path)
    with path.open("rb") as stream:
        stream.seek(header.data_at)
        raw = stream.read(header.frames * header.record.itemsize)
    records = np.frombuffer(raw, header.record)
    with np.errstate(invalid="ignore"):
        parts = [records[field].astype(np.float64) for field in header.record.names or ()]
    return np.concatenate(parts, axis=1)


def _columns(path: Path, columns: list[list[str]]) -> tuple[tuple[str, ...], list[tuple[str, int]]]:
    names: list[str] = []
    types: list[tuple[str, int]] = []
    for words in columns:
        if len(words) != 3 or words[1] not in _TYPES or not words[2].isdecimal() or len(words[2]) > 6:
            raise CorpusError(f"{path}: column line '{' '.join(words)[:60]}' is not 'NAME TYPE COUNT'")
        count = int(words[2])
        types.append((_TYPES[words[1]], count))
        if count < 1 or len(names) + count > _MAX_FIELDS:
            raise CorpusError(f"{path}: column '{words[0]}' of {count} numbers is not plausible")
        names += [words[0]] if count == 1 else [f"{words[0]}_{i}" for i in range(1, count + 1)]
    if not names:
        raise CorpusError(f"{path}: states no column")
    return tuple(names), types


def _number(path: Path, fields: dict[str, str], name: str) -> float:
    try:
        return float(fields[name])
    except (KeyError, ValueError):
        raise CorpusError(f"{path}: the header has no number {name}") from None
