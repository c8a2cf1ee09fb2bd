"""Reads a stretch of a long recording at 16 kHz, without decoding what comes before it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd
from pathlib import Path

import numpy as np
import scipy
import soundfile
from numpy.typing import NDArray

from benchmark.audio import Header, native, read_clip, read_header
from benchmark.errors import CorpusError
from benchmark.noises import converted
from benchmark.types import RATE_HZ

#: Zero crossings on each side of the polyphase filter of `benchmark.audio.resample`.
_REACH = 10
#: A recording is converted in blocks of this length, at 16 kHz.
_BLOCK = 30 * RATE_HZ
#: How files begin from which any stretch can be read exactly; of these one of PCM at 16 kHz is read as
#: quickly as what is kept of it.
_EXACT, _PLAIN = (b"RIFF", b"RF64", b"NIST", b"fLaC", b"FORM"), (b"RIFF", b"RF64")

Samples = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NoiseReader:
    """Reads the recordings of one noise corpus by id. Picklable, so that it can travel to workers.

    Attributes:
        base: The folder to which ids are relative.
        others: More of them, where the corpus lies there in parts.
    """

    base: Path
    others: tuple[Path, ...] = ()

    def path(self, identity: str) -> Path:
        """The file of a recording: that in the first part which has it."""
        paths = [base / identity for base in (self.base, *self.others)]
        return next((path for path in paths if path.is_file()), paths[0])

    def samples(self, identity: str) -> int:
        """Length of a recording at 16 kHz, by its header."""
        header = read_header(self.path(identity))
        return -(-header.frames * RATE_HZ // header.rate_hz)

    def stretch(self, identity: str, offset: int, frames: int) -> Samples:
        """See `read_stretch`."""
        return read_stretch(self.path(identity), offset, frames)

    def costly(self, identity: str) -> bool:
        """Whether reading a recording takes much longer than it would if it were kept at 16 kHz.

        Raises:
            CorpusError: It cannot be read.
        """
        path = self.path(identity)
        header = read_header(path)
        with path.open("rb") as stream:
            magic = stream.read(4)
        return magic in _EXACT and (header.rate_hz != RATE_HZ or magic not in _PLAIN)

    def keep(self, identity: str, since: int) -> Path:
        """Brings a recording to 16 kHz where that was not done yet, and says where it lies.

        Raises:
            CorpusError: It cannot be read.
            OSError, SinbadError: As `benchmark.noises.converted.kept`.
        """
        path = self.path(identity)
        with path.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        samples = self.samples(identity)
        return converted.kept(f"file {content}", samples, lambda: _blocks(path, samples), since)


def _blocks(path: Path, samples: int) -> Iterator[NDArray[np.float32]]:
    """All of a recording at 16 kHz, block by block."""
    for offset in range(0, samples, _BLOCK):
        yield read_stretch(path, offset, min(_BLOCK, samples - offset)).astype(np.float32)


def read_stretch(path: Path, offset: int, frames: int) -> Samples:
    """Samples `offset` to `offset + frames` of the recording as it is at 16 kHz, first channel.

    They are, bit for bit, those that resampling the whole recording gives: the cut begins where the phase of
    the polyphase filter does, and reaches further than the filter. At the end of the recording fewer samples
    may come back.

    Args:
        path: Audio at any rate.
        offset: First sample wanted, counted at 16 kHz.
        frames: How many, at 16 kHz.

    Raises:
        CorpusError: The file is missing, damaged or not finite there.
    """
    header = read_header(path)
    common = gcd(RATE_HZ, header.rate_hz)
    up, down = RATE_HZ // common, header.rate_hz // common
    reach = -(-_REACH * max(up, down) // up) + 1
    first_block = max(0, offset // up - reach // down - 1)
    start = first_block * down
    stop = min(header.frames, -(-(offset + frames) * down // up) + reach)
    native = _decode(path, header, min(start, stop), stop)
    converted = (
        native
        if up == down
        else scipy.signal.resample_poly(native.astype(np.float64), up, down).astype(np.float32)
    )
    at = offset - first_block * up
    return converted[at : at + frames].astype(np.float64)


def _decode(path: Path, header: Header, start: int, stop: int) -> NDArray[np.float32]:
    with path.open("rb") as stream:
        sphere = stream.read(7) == b"NIST_1A"
    if sphere:
        return np.asarray(read_clip(path, channel=0).samples[start:stop], np.float32)
    try:
        with soundfile.SoundFile(native(path)) as audio:
            if audio.seekable():
                audio.seek(start)
            else:  # GSM 6.10, for instance, can only be decoded from the beginning
                audio.read(start, dtype="float32")
            block = audio.read(stop - start, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise CorpusError(f"{path}: damaged audio ({error}); copy the file again") from error
    if len(block) < stop - start:
        raise CorpusError(
            f"{path}: truncated, it ends before sample {stop} of {header.frames}; copy the file again"
        )
    samples = np.array(block[:, 0], np.float32)
    if not np.isfinite(samples).all():
        raise CorpusError(f"{path}: holds samples that are not finite; convert the file again")
    return samples
