"""Virtual speakers: corpora made by `python -m benchmark.synthesise`, the shipped demo among them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmark import audio
from benchmark.corpora import contract
from benchmark.errors import CorpusError
from benchmark.formats.phones import APPROXIMANT
from benchmark.types import Anatomy, Segment, Trajectories, Utterance
from benchmark.virtual import store
from benchmark.virtual.inventory import SILENCE, phone
from benchmark.virtual.pellets import CHANNELS, RATE_HZ

_Outline = tuple[tuple[float, float], ...]


class Interval(NamedTuple):
    """A phone in time; the symbol is SAMPA, "" for silence."""

    symbol: str
    start_s: float
    end_s: float


def read(root: Path) -> list[Utterance]:
    """List every utterance; voices that only babble have the split "babble" and `extra["babble_split"]`.

    `extra` also holds "sex", "scale" (of the vocal tract), "f0_hz" and "role". Trajectories have the channels
    and units of `benchmark.virtual.pellets`.

    Raises:
        CorpusError: The description or a table is missing or damaged.
    """
    store.read_info(root)
    voices = {row["speaker"]: row for row in store.read_rows(root / store.SPEAKER_TABLE, store.SPEAKERS)}
    rows = store.read_rows(root / store.UTTERANCE_TABLE, store.UTTERANCES)
    strangers = sorted({row["speaker"] for row in rows} - set(voices))
    if strangers:
        raise CorpusError(f"{root / store.SPEAKER_TABLE}: has no row for {', '.join(strangers)}")
    return [
        _utterance(root, row, voices[row["speaker"]]) for row in sorted(rows, key=lambda row: str(row["id"]))
    ]


def read_phones(root: Path) -> dict[str, tuple[Interval, ...]]:
    """The phones of every utterance in time, by utterance id.

    Raises:
        CorpusError: The table is missing or damaged.
    """
    rows = store.read_rows(root / store.UTTERANCE_TABLE, store.UTTERANCES)
    return {row["id"]: _intervals(row) for row in rows}


def looks_like(root: Path) -> bool:
    """Whether a virtual corpus lies in the folder itself."""
    try:
        store.read_info(root)
    except CorpusError:
        return False
    return True


def _utterance(root: Path, row: dict[str, Any], voice: dict[str, Any]) -> Utterance:
    path = store.audio_path(root, row["id"])
    tracks = store.tracks_path(root, row["speaker"])
    facts = {name: voice[name] for name in ("role", "sex", "scale", "f0_hz")}
    if voice["babble_split"]:
        facts["babble_split"] = voice["babble_split"]
    utterance = Utterance(
        id=row["id"],
        speaker=row["speaker"],
        prompt=row["text"],
        duration_s=row["duration_s"],
        audio=partial(audio.read_clip, path),
        trajectories=partial(_trajectories, tracks, row["id"]),
        anatomy=partial(_anatomy, _outline(voice["palate"]), _outline(voice["pharynx"])),
        split=row["split"],
        extra=facts,
        phones=partial(_segments, row["id"], _intervals(row)),
    )
    problem = _problem(path, tracks, row["duration_s"])
    return contract.with_problem(utterance, problem) if problem else utterance


def _intervals(row: dict[str, Any]) -> tuple[Interval, ...]:
    return tuple(Interval(**phone) for phone in row["phones"])


def _segments(utterance_id: str, intervals: tuple[Interval, ...]) -> tuple[Segment, ...]:
    return tuple(
        Segment(item.symbol, _phone_class(item.symbol, utterance_id), item.start_s, item.end_s)
        for item in intervals
    )


def _phone_class(symbol: str, where: str) -> str:
    if symbol == SILENCE:
        return ""
    manner = phone(symbol, where).manner
    return APPROXIMANT if manner in ("lateral", "glide") else manner


def _problem(path: Path, tracks: Path, expected_s: float) -> str:
    try:
        found_s = audio.duration_s(path)
    except CorpusError as error:
        return str(error)
    if found_s != expected_s:
        return f"{path}: lasts {found_s:.3f} s where the table says {expected_s:.3f} s; make the corpus again"
    if not tracks.is_file():
        return f"{tracks}: missing; make the corpus again"
    return ""


def _trajectories(path: Path, utterance_id: str) -> Trajectories:
    track = store.read_track(path, utterance_id)
    return Trajectories(track.values, RATE_HZ, CHANNELS, track.valid)


def _anatomy(palate: _Outline, pharynx: _Outline) -> Anatomy:
    return Anatomy(np.array(palate, dtype=np.float64), np.array(pharynx, dtype=np.float64))


def _outline(points: list[list[float]]) -> _Outline:
    return tuple((x, y) for x, y in points)


CORPUS = contract.Corpus(
    name="virtual",
    title="virtual speakers of SINBAD",
    home="made by `python -m benchmark.synthesise`; the corpus `demo` comes with the package",
    licence="MIT (sound and articulation computed with VocalTractLab, which is GPL-3 software)",
    citation="SINBAD; P. Birkholz, Modeling consonant-vowel coarticulation for articulatory speech "
    "synthesis, PLoS ONE 8(4):e60603, 2013",
    layout="corpus.json, utterances.parquet, speakers.parquet, audio/VF01/U001.flac, "
    "trajectories/VF01.parquet",
    sensors={
        "upper_lip": "UL",
        "lower_lip": "LL",
        "tongue_tip": "T1",
        "tongue_front": "T2",
        "tongue_mid": "T3",
        "tongue_back": "T4",
        "jaw": "MNI",
        "jaw_back": "MNM",
        "velum_opening": "VEL",
        "f0": "F0",
    },
    read=read,
    looks_like=looks_like,
    notes=(
        "Pellets as in XRMB: millimetres, x grows towards the lips, y upwards, origin at the tips of the "
        "upper incisors; 100 frames a second, smoothed (half power at 18 Hz). VEL is the area of the "
        "velopharyngeal port in square millimetres, F0 is in hertz and undefined where there is no voice."
    ),
    sex=partial(contract.sex_in_name, 1),
)
