"""Recordings resampled to 16 kHz once and kept on disk, for all mixtures and later runs.

    $SINBAD_CACHE/at_16k/KEY.f32    64 bytes (a mark, the hash of the rest), then little-endian float32

The key is a hash of the content that was converted, so that a file that is changed is another recording, and
one that is moved is not. Files are opened as memory maps: what is cut is all that is read. The folder is
bounded, and what was not used for longest goes first; it can be deleted at any time.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import SinbadError
from benchmark.files import cache_folder, replacing

#: The folder below the cache, and how many gigabytes it may take unless `$SINBAD_AT_16K_GB` says otherwise.
FOLDER, MOST_GB = "at_16k", 16.0
#: Raised whenever `benchmark.audio.resample` gives other samples.
_VERSION = "1"
_MARK = b"sinbad 16 kHz\n".ljust(32)
_HEADER = 64


def kept(
    content: str, samples: int, blocks: Callable[[], Iterable[NDArray[np.floating]]], since: int
) -> Path:
    """A recording at 16 kHz, made where it is not there yet.

    Args:
        content: What tells it from every other recording: a hash of what is converted.
        samples: Its length at 16 kHz, about.
        blocks: Called where it has to be made: float32 samples at 16 kHz, block by block, so that memory
            stays flat however long it is.
        since: What was used after this time (ns, as `time.time_ns`) makes no room for others: a run must not
            push out what it needs itself.

    Returns:
        Where it lies; read it with `cut`.

    Raises:
        OSError: There is no room for it.
        SinbadError: The folder cannot be written.
    """
    folder = cache_folder() / FOLDER
    path = folder / f"{hashlib.sha256(f'{_VERSION} {content}'.encode()).hexdigest()}.f32"
    if _whole(path):
        with suppress(OSError):
            os.utime(path)
        return path
    _make_room(folder, _HEADER + 4 * samples, since)
    with replacing(path) as temporary, temporary.open("w+b") as stream:
        digest = hashlib.sha256()
        stream.write(bytes(_HEADER))
        for block in blocks():
            raw = np.ascontiguousarray(block, "<f4").tobytes()
            digest.update(raw)
            stream.write(raw)
        stream.seek(0)
        stream.write(_MARK + digest.digest())
    return path


def cut(path: Path, offset: int, frames: int) -> NDArray[np.float64]:
    """Samples `offset` to `offset + frames` of what lies at `path`; fewer at its end.

    Raises:
        OSError: It is not there any more.
    """
    # Three times as fast as a memory map of a few seconds.
    return np.fromfile(path, "<f4", frames, offset=_HEADER + 4 * offset).astype(np.float64)


def _whole(path: Path) -> bool:
    """Whether a file is there and holds what was written."""
    try:
        with path.open("rb") as stream:
            header = stream.read(_HEADER)
            return header == _MARK + hashlib.file_digest(stream, "sha256").digest()
    except OSError:
        return False


def most_bytes() -> int:
    """How much the folder may take; 0 keeps nothing.

    Raises:
        SinbadError: The environment says no number of gigabytes.
    """
    given = os.environ.get("SINBAD_AT_16K_GB", str(MOST_GB))
    try:
        most = float(given) * 1e9
    except ValueError:
        most = -1.0
    if not 0.0 <= most < 1e18:
        raise SinbadError(f"SINBAD_AT_16K_GB is '{given}', which is no number of gigabytes; 0 keeps nothing")
    return int(most)


def _make_room(folder: Path, wanted: int, since: int) -> None:
    """Removes what was not used for longest, and not after `since`, until `wanted` more bytes fit.

    Raises:
        OSError: They do not.
    """
    there: list[tuple[int, int, str]] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                found = entry.stat()
                there.append((found.st_mtime_ns, found.st_size, entry.path))
    most, total = most_bytes(), wanted + sum(size for _, size, _ in there)
    for used, size, path in sorted(there):
        if total <= most or used >= since:
            break
        Path(path).unlink(missing_ok=True)
        total -= size
    if total > most:
        raise OSError(f"{folder} may hold {most / 1e9:g} GB; set SINBAD_AT_16K_GB to more of them")
