"""NIST SPHERE audio (uncompressed PCM and mu-law), as MOCHA-TIMIT and older LDC corpora carry it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import CorpusError

_MAX_HEADER = 1 << 16
#: How headers call samples that are plain numbers.
_PLAIN = ("pcm", "linear")


class SphereHeader(NamedTuple):
    """Fields of a SPHERE header that reading needs."""

    frames: int
    rate_hz: int
    channels: int
    bytes_per_sample: int
    big_endian: bool
    mu_law: bool
    data_at: int


def read_header(path: Path) -> SphereHeader:
    """Read and check a SPHERE header.

    Raises:
        CorpusError: The header is damaged, the samples are compressed (shorten), or the file is shorter
            than stated.
    """
    with path.open("rb") as stream:
        start = stream.read(16)
        data_at = _header_size(path, start)
        fields = _fields(start + stream.read(data_at - 16))
    coding = str(fields.get("sample_coding", "pcm")).lower()
    if "shorten" in coding or "," in coding:
        raise CorpusError(f"{path}: compressed SPHERE ({coding}); decompress it first, e.g. with sph2pipe")
    if coding not in (*_PLAIN, "ulaw", "mu-law"):
        raise CorpusError(f"{path}: SPHERE sample coding '{coding}' is not known; convert the file to WAV")
    mu_law = coding not in _PLAIN
    width = _whole(path, fields, "sample_n_bytes", 1 if mu_law else 2)
    channels = _whole(path, fields, "channel_count", 1)
    rate_hz = _whole(path, fields, "sample_rate", 0)
    if width not in ((1,) if mu_law else (1, 2, 4)) or not 1 <= channels <= 64 or rate_hz < 1:
        raise CorpusError(
            f"{path}: SPHERE header states {channels} channels of {width} bytes at {rate_hz} "
            "Hz; the header is damaged"
        )
    available = (path.stat().st_size - data_at) // (width * channels)
    frames = _whole(path, fields, "sample_count", available)
    if not 0 < frames <= available:
        raise CorpusError(
            f"{path}: states {frames} samples and holds {max(available, 0)}; truncated, copy the file again"
        )
    # Byte order "01" means least significant byte first; files without the field come from little-endian
    # recorders.
    big_endian = str(fields.get("sample_byte_format", "01")).strip() in ("10", "3210", "1032")
    return SphereHeader(frames, rate_hz, channels, width, big_endian, mu_law, data_at)


def read_samples(path: Path, channel: int) -> NDArray[np.float32]:
    """Samples of one channel, float32, shape (samples,), full scale 1.0.

    Raises:
        CorpusError: As `read_header`.
    """
    header = read_header(path)
    with path.open("rb") as stream:
        stream.seek(header.data_at)
        raw = stream.read(header.frames * header.channels * header.bytes_per_sample)
    if header.mu_law:
        return _expand_mu_law(np.frombuffer(raw, np.uint8).reshape(-1, header.channels)[:, channel])
    order = ">" if header.big_endian else "<"
    whole = np.frombuffer(raw, f"{order}i{header.bytes_per_sample}").reshape(-1, header.channels)[:, channel]
    return (whole / np.float32(1 << (8 * header.bytes_per_sample - 1))).astype(np.float32)


def _header_size(path: Path, start: bytes) -> int:
    try:
        size = int(start[8:16])
    except ValueError:
        size = 0
    if not 16 <= size <= min(_MAX_HEADER, path.stat().st_size):
        raise CorpusError(
            f"{path}: SPHERE header without a usable size; truncated or damaged, copy the file again"
        )
    return size


def _fields(header: bytes) -> dict[str, str | int]:
    fields: dict[str, str | int] = {}
    for line in header.decode("latin-1").splitlines()[2:]:
        words = line.split(None, 2)
        if words[:1] == ["end_head"]:
            break
        if len(words) == 3 and words[1].startswith("-"):
            fields[words[0]] = words[2].strip()
    return fields


def _whole(path: Path, fields: dict[str, str | int], name: str, default: int) -> int:
    try:
        return int(float(fields.get(name, default)))
    except (ValueError, OverflowError):
        raise CorpusError(f"{path}: SPHERE field {name} is '{fields[name]}', not a whole number") from None


def _expand_mu_law(codes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """ITU-T G.711 mu-law to linear."""
    flipped = ~codes
    exponent = (flipped >> 4) & 7
    mantissa = (flipped & 15).astype(np.int32)
    magnitude = (((mantissa << 3) + 132) << exponent.astype(np.int32)) - 132
    signed = np.where(flipped & 128, -magnitude, magnitude)
    return (signed / np.float32(32768)).astype(np.float32)
