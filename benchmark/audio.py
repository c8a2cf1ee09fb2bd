"""Audio files in and out: one channel, checked headers, exact 16-bit samples."""

from __future__ import annotations

import hashlib
import io
import os
from math import gcd
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy
import soundfile
from numpy.typing import NDArray

from benchmark.errors import CorpusError
from benchmark.files import never_ends, write_bytes
from benchmark.formats import audio_containers, sphere
from benchmark.types import Clip

FULL_SCALE = 32768
_BLOCK = 1 << 16
#: Of FLAC, 0 to 1. Files of noisy speech are 2.3 % larger than by the default and take a quarter less time to
#: encode; the highest level saves 0.4 % and takes twice as long.
_COMPRESSION_LEVEL = 0.0
#: Suffixes of the files that are read.
SUFFIXES = (
    *(
        ".wav",
        ".wave",
        ".flac",
        ".aif",
        ".aiff",
        ".aifc",
        ".ogg",
        ".oga",
        ".opus",
        ".mp3",
        ".au",
        ".snd",
        ".caf",
    ),
    *(".rf64", ".bwf", ".w64", ".sph", ".nist"),
)
#: Suffixes of audio that is not read: without a header, or in a format that libsndfile does not know.
UNREAD_SUFFIXES = (
    *(".raw", ".pcm", ".wma", ".m4a", ".mp4", ".aac", ".amr", ".ac3", ".ape", ".wv", ".mka", ".webm", ".3gp"),
    *(".shn", ".tta", ".dsf"),
)
_MAX_RATE_HZ = 768_000
#: More frames than a byte of any codec holds: FLAC packs 65,535 equal ones into 12 bytes, Opus 5,760 into
#: two, Vorbis 4,096 into two.
_FRAMES_PER_BYTE = 8192
#: What libsndfile says of a FLAC file whose header leaves the length open.
_NO_LENGTH = (1 << 63) - 1


class Header(NamedTuple):
    """What an audio file says of itself before a sample is decoded.

    Attributes:
        frames: Samples of each channel.
        rate_hz: Sampling rate.
        channels: How many there are.
        note: What is wrong with the header and does no harm, else "".
    """

    frames: int
    rate_hz: int
    channels: int
    note: str = ""

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate_hz


def read_header(path: Path) -> Header:
    """Read the header of an audio file (see `SUFFIXES`) and check it against the file's size.

    Raises:
        CorpusError: The file is missing, empty, no audio, truncated, or states an impossible rate or length
            or none.
    """
    magic = _magic(path)
    if magic == b"NIST_1A":
        found = sphere.read_header(path)
        header = Header(found.frames, found.rate_hz, found.channels)
    else:
        note = audio_containers.check(path)
        try:
            info = soundfile.info(native(path))
        except (soundfile.LibsndfileError, RuntimeError) as error:
            raise CorpusError(f"{path}: {_not_read(path, error)}") from error
        header = Header(info.frames, info.samplerate, info.channels, note)
    if not 0 < header.rate_hz <= _MAX_RATE_HZ:
        raise CorpusError(f"{path}: states a sampling rate of {header.rate_hz} Hz; the header is damaged")
    if header.frames <= 0:
        raise CorpusError(f"{path}: holds no samples; the file is empty or its header is damaged")
    if header.frames == _NO_LENGTH:
        raise CorpusError(f"{path}: states no length; convert it again")
    size = path.stat().st_size
    if header.frames > size * _FRAMES_PER_BYTE:
        raise CorpusError(
            f"{path}: truncated or damaged, it states {header.frames} samples, more than {size} bytes can "
            "hold; copy the file again"
        )
    return header


def refuse_cut_off(path: Path) -> None:
    """Reads the last sample of a file, because the header does not say whether all audio is there.

    The size of compressed audio does not tell either.

    Raises:
        CorpusError: It cannot be read.
    """
    if _magic(path)[:4] in (b"RIFF", b"RIFX", b"NIST"):  # held against the size of the file by `read_header`
        return
    try:
        with soundfile.SoundFile(native(path)) as audio:
            if not audio.seekable():  # those codecs stand in containers that state their size
                return
            audio.seek(audio.frames - 1)
            last = audio.read(1, always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError):
        last = ()
    if not len(last):
        raise CorpusError(f"{path}: truncated, its last sample cannot be read; copy the file again")


def native(path: Path) -> bytes:
    """A path in bytes for `soundfile`, which refuses text that is not UTF-8."""
    return os.fsencode(path)


def duration_s(path: Path) -> float:
    """Length of an audio file in seconds, by its header alone.

    Raises:
        CorpusError: As `read_header`.
    """
    return read_header(path).duration_s


def read_clip(path: Path, channel: int | None = None) -> Clip:
    """Read an audio file as one channel of float32, full scale 1.0, at its own rate.

    Args:
        path: A file that libsndfile reads, or NIST SPHERE.
        channel: Which channel to take, from 0. With None the file must have one, or several that are all the
            same: which of different channels is the voice cannot be known here.

    Raises:
        CorpusError: The file is missing, damaged, shorter than its header says, not finite, or has other
            channels than are asked for.
    """
    header = read_header(path)
    if channel is not None and not 0 <= channel < header.channels:
        raise CorpusError(f"{path}: has no channel {channel}, only {header.channels} (counted from 0)")
    samples = _decode(path, channel or 0)
    if len(samples) < header.frames:
        raise CorpusError(
            f"{path}: truncated, {len(samples)} of {header.frames} samples could be read; copy the file again"
        )
    if not np.isfinite(samples).all():
        raise CorpusError(f"{path}: holds samples that are not finite; convert the file again")
    others = range(1, header.channels) if channel is None else ()
    if any(not np.array_equal(samples, _decode(path, other)) for other in others):
        raise CorpusError(
            f"{path}: has {header.channels} channels that differ where one is expected; convert it to one "
            "channel, that of the voice"
        )
    return Clip(samples, header.rate_hz)


def decoded(encoded: bytes, name: str) -> Clip:
    """The audio of one channel that the bytes of a file hold, float32, full scale 1.0, at its own rate.

    Args:
        encoded: All bytes of the file.
        name: What to call it where it is damaged.

    Raises:
        CorpusError: It is damaged, or holds several channels.
    """
    try:
        samples, rate_hz = soundfile.read(io.BytesIO(encoded), dtype="float32")
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise CorpusError(f"{name}: damaged audio ({_reason(error)})") from error
    if samples.ndim != 1:
        raise CorpusError(f"{name}: has {samples.shape[1]} channels where one is expected")
    return Clip(samples, rate_hz)


def resample(clip: Clip, rate_hz: int) -> Clip:
    """Resample by a polyphase FIR filter (Kaiser window, ten zero crossings a side), computed in float64.

    The result depends on nothing but the samples and the two rates. Length is ceil(samples * rate_hz /
    clip.rate_hz).

    Args:
        clip: Audio at any rate.
        rate_hz: Rate wanted; the same rate returns the clip itself.
    """
    if rate_hz == clip.rate_hz:
        return clip
    common = gcd(rate_hz, clip.rate_hz)
    up, down = rate_hz // common, clip.rate_hz // common
    samples = scipy.signal.resample_poly(np.asarray(clip.samples, np.float64), up, down)
    return Clip(np.asarray(samples, np.float32), rate_hz)


def pcm16(samples: NDArray[np.floating]) -> NDArray[np.int16]:
    """Round to 16-bit integers (half to even, full scale 32768); nothing is clipped in silence.

    Args:
        samples: Shape (samples,), full scale 1.0.

    Raises:
        ValueError: A sample is not finite or does not fit into 16 bits.
    """
    scaled = np.asarray(samples, np.float64) * FULL_SCALE
    np.rint(scaled, out=scaled)
    highest, lowest = (scaled.max(), scaled.min()) if scaled.size else (0.0, 0.0)
    if not (np.isfinite(highest) and np.isfinite(lowest)):
        raise ValueError("samples must be finite")
    if highest > FULL_SCALE - 1 or lowest < -FULL_SCALE:
        raise ValueError(
            f"a peak of {max(highest, -lowest) / FULL_SCALE:.4f} does not fit into 16 bits; lower the gain"
        )
    return scaled.astype(np.int16)


def pcm_sha256(pcm: NDArray[np.int16]) -> str:
    """SHA-256 (hex) of 16-bit samples as little-endian bytes.

    The identity of audio, whatever its container.
    """
    if pcm.dtype.kind != "i" or pcm.dtype.itemsize != 2:
        raise ValueError(f"expected 16-bit integers, got {pcm.dtype}")
    return hashlib.sha256(np.ascontiguousarray(pcm, "<i2").tobytes()).hexdigest()


def flac_bytes(pcm: NDArray[np.int16], rate_hz: int) -> bytes:
    """16-bit FLAC in memory: libsndfile writes a file in so many small pieces that it takes twice as long.

    Args:
        pcm: int16, shape (samples,).
        rate_hz: Sampling rate.
    """
    encoded = io.BytesIO()
    soundfile.write(
        encoded, pcm, rate_hz, format="FLAC", subtype="PCM_16", compression_level=_COMPRESSION_LEVEL
    )
    return encoded.getvalue()


def write_flac(path: Path, pcm: NDArray[np.int16], rate_hz: int) -> None:
    """Write 16-bit FLAC, whole or not at all.

    Args:
        path: Where to; its folder is made where missing.
        pcm: int16, shape (samples,).
        rate_hz: Sampling rate.

    Raises:
        SinbadError: It cannot be written.
    """
    write_bytes(path, flac_bytes(pcm, rate_hz))


def _magic(path: Path) -> bytes:
    try:
        if never_ends(path):
            raise CorpusError(f"{path}: is a pipe or a device, not a file of audio; take it away")
        with path.open("rb") as stream:
            magic = stream.read(7)
    except OSError as error:
        raise CorpusError(f"{path}: cannot be opened ({error.strerror})") from error
    if not magic:
        raise CorpusError(f"{path}: is empty; copy the file again")
    return magic


def _decode(path: Path, channel: int) -> NDArray[np.float32]:
    """Decode block by block, so that memory follows what is there and not what a header promises."""
    if _magic(path) == b"NIST_1A":
        return sphere.read_samples(path, channel)
    blocks: list[NDArray[np.float32]] = []
    try:
        with soundfile.SoundFile(native(path)) as audio:
            frames = max(1, _BLOCK // audio.channels)
            while len(block := audio.read(frames, dtype="float32", always_2d=True)):
                blocks.append(block[:, channel].copy())
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise CorpusError(f"{path}: damaged audio ({_reason(error)}); copy the file again") from error
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def _not_read(path: Path, error: Exception) -> str:
    """Why libsndfile does not read a file, with what to do about it."""
    if path.suffix.lower() in UNREAD_SUFFIXES:
        return f"{path.suffix} is no kind of audio that is read here; convert it to WAV or FLAC"
    return f"not readable as audio ({_reason(error)}); replace the file, or convert it to WAV or FLAC"


def _reason(error: Exception) -> str:
    text = str(error)
    return text.rsplit(": ", 1)[-1].strip().rstrip(".") or type(error).__name__
