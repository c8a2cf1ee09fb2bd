"""Checks that an audio file is whole, by the sizes that its container states.

libsndfile reads a file that was cut off as a shorter recording.

Formats: Microsoft and IBM, "Multimedia Programming Interface", 1991 (RIFF); EBU Tech 3306 (RF64); Sony,
"Wave64"; Apple, "Audio Interchange File Format" and "Core Audio Format"; Sun Microsystems, "audio(4)"; RFC
3533 (Ogg); the Xing and LAME header of MP3.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from benchmark.errors import CorpusError

#: Recorders write whole blocks and state a size that is up to one block more; those of NDI up to two blocks.
_BLOCK = 4096
_UNKNOWN_SIZES = (0, 0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000, (1 << 64) - 1)
_RF64, _W64_GUID = (b"RF64", b"BW64"), 16
#: What programs write behind the last chunk that is no chunk: tags, and fill.
_TRAILERS = (b"ID3", b"TAG", b"APETAGEX", b"\0")


class _Chunk(NamedTuple):
    name: bytes
    at: int
    size: int


def check(path: Path) -> str:
    """Hold what an audio file states of its length against the file.

    Returns:
        A note on a size that is wrong and does no harm, else "".

    Raises:
        CorpusError: The end of the audio is missing, or its header leaves out a part of it.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        magic = stream.read(12)
        for starts, look in _LOOK.items():
            if magic.startswith(starts):
                return look(path, stream, size)
    return ""


def _riff(path: Path, stream: BinaryIO, size: int) -> str:
    stream.seek(0)
    magic = stream.read(12)
    if magic[8:] != b"WAVE":
        raise CorpusError(f"{path}: starts as RIFF but is no WAVE file; replace it")
    order, long_data = ">" if magic[:4] == b"RIFX" else "<", None
    for chunk in _chunks(stream, 12, size, f"{order}4sI", 2):
        if chunk.name == b"ds64" and magic[:4] in _RF64:
            stream.seek(chunk.at + 8)
            long_data = struct.unpack("<Q", stream.read(8).ljust(8, b"\xff"))[0]
        if chunk.name == b"data":
            stated = chunk.size if chunk.size != 0xFFFFFFFF or long_data is None else long_data
            if note := _missing(path, chunk.at, stated, size):
                return note
            _refuse_left_out(path, stream, chunk._replace(size=stated), size, order)
            return ""
    raise CorpusError(f"{path}: a WAVE file without a data chunk; it is truncated, copy the file again")


def _aiff(path: Path, stream: BinaryIO, size: int) -> str:
    return _data_chunk(path, _chunks(stream, 12, size, ">4sI", 2), b"SSND", size)


def _caf(path: Path, stream: BinaryIO, size: int) -> str:
    return _data_chunk(path, _chunks(stream, 8, size, ">4sQ", 1), b"data", size)


def _w64(path: Path, stream: BinaryIO, size: int) -> str:
    # Sizes count their own header of 24 bytes.
    found = _chunks(stream, 40, size, "<16sQ", 8, counted=24)
    return _data_chunk(path, (chunk._replace(name=chunk.name[:4]) for chunk in found), b"data", size)


def _au(path: Path, stream: BinaryIO, size: int) -> str:
    stream.seek(0)
    header = stream.read(12)
    order = ">" if header[:4] == b".snd" else "<"
    if len(header) < 12:
        raise CorpusError(f"{path}: its header is truncated, copy the file again")
    at, stated = struct.unpack_from(f"{order}II", header, 4)
    return _missing(path, at, stated, size)


def _ogg(path: Path, stream: BinaryIO, size: int) -> str:
    stream.seek(max(0, size - (1 << 17)))
    tail = stream.read()
    last = tail.rfind(b"OggS")
    page = tail[last:] if last >= 0 else b""
    segments = page[26] if len(page) > 26 else 0
    whole = len(page) >= 27 + segments and len(page) >= 27 + segments + sum(page[27 : 27 + segments])
    # Not every encoder flags the last page of a stream, so that its flag says nothing.
    if not whole:
        raise CorpusError(f"{path}: truncated, its last page is cut off; copy the file again")
    return ""


def _mp3(path: Path, stream: BinaryIO, size: int) -> str:
    stream.seek(0)
    start = stream.read(10)
    at = 0
    if start[:3] == b"ID3" and len(start) == 10:
        at = 10 + sum((byte & 127) << shift for byte, shift in zip(start[6:10], (21, 14, 7, 0), strict=True))
    stream.seek(at)
    frame = stream.read(512)
    tag = max(frame.find(b"Xing"), frame.find(b"Info"))
    if tag < 0 or len(frame) < tag + 16:
        return ""
    flags = int.from_bytes(frame[tag + 4 : tag + 8], "big")
    if flags & 2:  # the number of bytes follows, after that of frames where it is there, too
        place = tag + 8 + 4 * (flags & 1)
        return _missing(path, at, int.from_bytes(frame[place : place + 4], "big"), size)
    return ""


def _data_chunk(path: Path, chunks: Iterator[_Chunk], name: bytes, size: int) -> str:
    found = next((chunk for chunk in chunks if chunk.name == name), None)
    if found is None:
        raise CorpusError(f"{path}: has no audio after its header; it is truncated, copy the file again")
    return _missing(path, found.at, found.size, size)


def _chunks(
    stream: BinaryIO, at: int, size: int, layout: str, multiple: int, counted: int = 0
) -> Iterator[_Chunk]:
    """The chunks from `at` on: where the content of each begins and how long it says it is.

    Args:
        stream: The file.
        at: Where the first one begins.
        size: Size of the file.
        layout: Of the header of a chunk: name and size.
        multiple: Chunks are padded to a multiple of so many bytes.
        counted: How much of a stated size is the header itself.
    """
    header = struct.calcsize(layout)
    while at + header <= size:
        stream.seek(at)
        name, stated = struct.unpack(layout, stream.read(header))
        length = stated if stated in _UNKNOWN_SIZES else max(0, stated - counted)
        yield _Chunk(name, at + header, length)
        at += header + length + (-(length + counted) % multiple)


def _missing(path: Path, at: int, stated: int, size: int) -> str:
    """A note if the file ends a little earlier than stated."""
    missing = at + stated - size
    if stated in _UNKNOWN_SIZES or missing <= 0:
        return ""
    allowed = 2 * _BLOCK if size % _BLOCK == 0 else _BLOCK
    if missing > allowed or 10 * missing > stated:
        raise CorpusError(
            f"{path}: truncated, {missing} of {stated} bytes of audio are missing; copy the file again"
        )
    return (
        f"its header states {missing} bytes more than there are, as some recorders write it; read to its end"
    )


def _refuse_left_out(path: Path, stream: BinaryIO, data: _Chunk, size: int, order: str) -> None:
    """Refuses a file where audio goes on after the size that is stated.

    Only chunks, tags or fill may follow the audio.
    """
    at = data.at + data.size + data.size % 2
    for chunk in _chunks(stream, at, size, f"{order}4sI", 2) if data.size not in _UNKNOWN_SIZES else ():
        beginning = chunk.at - 8
        stream.seek(beginning)
        if stream.read(8).startswith(_TRAILERS):
            return
        if (
            not (chunk.name.isascii() and chunk.name.decode("latin-1").isprintable())
            or chunk.at + chunk.size > size
        ):
            raise CorpusError(
                f"{path}: its header states {data.size} bytes of audio, and {size - beginning} "
                "more follow that are no chunk of their own; write its header again, for instance "
                "with 'sox --ignore-length'"
            )


_LOOK: dict[bytes, Callable[[Path, BinaryIO, int], str]] = {
    **dict.fromkeys((b"RIFF", b"RIFX", *_RF64), _riff),
    b"FORM": _aiff,
    b"caff": _caf,
    b"riff\x2e\x91\xcf\x11": _w64,
    b".snd": _au,
    b"dns.": _au,
    b"OggS": _ogg,
    **dict.fromkeys((b"ID3", b"\xff\xfb", b"\xff\xfa", b"\xff\xf3", b"\xff\xf2", b"\xff\xe3"), _mp3),
}
