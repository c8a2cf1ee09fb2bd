"""The sound of a recording in a folder of one's own: an audio file, or the audio element of an MVIEW file."""

from __future__ import annotations

from pathlib import Path

from benchmark import audio
from benchmark.formats import mview
from benchmark.types import Clip

_MVIEW = ".mat"


def read_header(path: Path) -> audio.Header:
    """What the sound says of itself.

    Raises:
        CorpusError: It cannot be read, or an MVIEW file holds no audio.
    """
    if path.suffix.lower() != _MVIEW:
        return audio.read_header(path)
    clip = mview.read_audio(path)
    return audio.Header(len(clip.samples), clip.rate_hz, 1)


def read_clip(path: Path, channel: int | None) -> Clip:
    """The sound itself.

    Args:
        path: The file.
        channel: Which channel of an audio file, counted from 0; None where there is one. MVIEW has one voice.

    Raises:
        CorpusError: It cannot be read, or an MVIEW file holds no audio.
    """
    if path.suffix.lower() == _MVIEW:
        return mview.read_audio(path)
    return audio.read_clip(path, channel)
