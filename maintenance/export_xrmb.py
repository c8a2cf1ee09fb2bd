"""Writes a virtual corpus in the layout of XRMB, so that its reader can be tried without XRMB."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline

from benchmark.audio import pcm16, read_clip
from benchmark.errors import CorpusError
from benchmark.files import replacing, write_text
from benchmark.virtual import store
from benchmark.virtual.pellets import PELLETS, RATE_HZ

FRAME_US = 6866
_FIRST_SPEAKER = 11
_MOST_TASKS = 999


def export(source: Path, target: Path) -> dict[str, str]:
    """Writes the target voices of a virtual corpus as JWnn/tpNNN.txy, tpNNN.wav, PAL.DAT and PHA.DAT.

    Frames come at 145.645 Hz by cubic splines; positions are whole micrometres. Every sentence is a task.

    Args:
        source: A virtual corpus.
        target: Folder to write to.

    Returns:
        Ids in the export ("JW11/tp001") to ids in the corpus.

    Raises:
        CorpusError: The corpus is damaged, or has more sentences than there are task numbers.
    """
    voices = store.read_rows(source / store.SPEAKER_TABLE, store.SPEAKERS)
    folders = {
        voice["speaker"]: f"JW{_FIRST_SPEAKER + i}"
        for i, voice in enumerate(voice for voice in voices if voice["role"] == "target")
    }
    for voice in voices:
        if voice["speaker"] in folders:
            _write_outline(target / folders[voice["speaker"]] / "PAL.DAT", voice["palate"])
            _write_outline(
                target / folders[voice["speaker"]] / "PHA.DAT", [voice["pharynx"][0], voice["pharynx"][-1]]
            )
    rows = [
        row
        for row in store.read_rows(source / store.UTTERANCE_TABLE, store.UTTERANCES)
        if row["speaker"] in folders
    ]
    tasks = {text: i + 1 for i, text in enumerate(dict.fromkeys(row["text"] for row in rows))}
    if len(tasks) > _MOST_TASKS:
        raise CorpusError(f"{source}: {len(tasks)} sentences, but XRMB's task numbers end at {_MOST_TASKS}")
    written = {}
    for row in rows:
        name = f"{folders[row['speaker']]}/tp{tasks[row['text']]:03d}"
        _write_recording(source, target / name, row["speaker"], row["id"])
        written[name] = row["id"]
    return written


def _write_recording(source: Path, stem: Path, speaker: str, utterance_id: str) -> None:
    track = store.read_track(store.tracks_path(source, speaker), utterance_id)
    clip = read_clip(store.audio_path(source, utterance_id))
    with replacing(stem.with_suffix(".wav")) as temporary:
        soundfile.write(str(temporary), pcm16(clip.samples), clip.rate_hz, format="WAV", subtype="PCM_16")
    known_us = np.arange(len(track.values)) * (1e6 / RATE_HZ)
    times_us = np.arange(0, int(clip.duration_s * 1e6), FRAME_US)
    # Straight lines between frames would cut the corners of fast movements by a tenth of a millimetre.
    positions = track.values[:, : 2 * len(PELLETS)].astype(np.float64)
    columns = _micrometres(make_interp_spline(known_us, positions, k=3)(np.minimum(times_us, known_us[-1]))).T
    lines = ["\t".join(str(number) for number in row) for row in zip(times_us, *columns, strict=True)]
    write_text(stem.with_suffix(".txy"), "\r\n".join(lines) + "\r\n")


def _write_outline(path: Path, points: list[list[float]]) -> None:
    rows = _micrometres(np.array(points))
    write_text(path, "".join(f"{x:8d} {y:8d}\r\n" for x, y in rows))


def _micrometres(millimetres: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(millimetres * 1000.0).astype(np.int64)
