"""University of Wisconsin X-ray microbeam database (XRMB).

Pellets in micrometres, one text file a recording.
"""

from __future__ import annotations

import filecmp
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark import audio
from benchmark.corpora import contract
from benchmark.corpora.splits import from_table
from benchmark.corpora.sync_tone import without_sync_tone
from benchmark.corpora.unread_files import passed_over
from benchmark.errors import CorpusError
from benchmark.formats import est_track, raw_values
from benchmark.formats.text_tables import last_numbers, read_table
from benchmark.types import Anatomy, Clip, Trajectories, Utterance

PELLETS = ("UL", "LL", "T1", "T2", "T3", "T4", "MNI", "MNM")
CHANNELS = tuple(f"{pellet}_{axis}" for pellet in PELLETS for axis in "xy")
MISSING_UM = 1_000_000
LENGTH_LIMIT_S = 1.0

_SPEAKER = re.compile(r"jw\d+", re.IGNORECASE)
_RECORDING = re.compile(r"(?:(jw\d+)_)?(tp\d+(?:_\d+)?)\.(txy|wav|flac)", re.IGNORECASE)
_OUTLINE = re.compile(r"(?:(jw\d+)_)?(pal|pha)\.dat", re.IGNORECASE)
#: The 26 women; the other 22 speakers are men (index of the database,
#: github.com/rsprouse/xray_microbeam_database).
_WOMEN = (
    *("JW13", "JW14", "JW16", "JW20", "JW21", "JW25", "JW26", "JW27", "JW29", "JW30", "JW31", "JW33", "JW34"),
    *(
        "JW35",
        "JW36",
        "JW37",
        "JW39",
        "JW46",
        "JW48",
        "JW49",
        "JW502",
        "JW52",
        "JW54",
        "JW56",
        "JW60",
        "JW62",
    ),
)
#: Speaker and name to the files that claim to be it.
_Found = dict[tuple[str, str], list[Path]]


def read(root: Path) -> list[Utterance]:
    """List every recording that has a pellet file; see `CORPUS.layout`.

    Files that differ and claim to be the same recording, or the same outline of a speaker, are a problem of
    the recordings that need them.
    """
    tracks: _Found = defaultdict(list)
    sounds: _Found = defaultdict(list)
    outlines: _Found = defaultdict(list)
    for path in contract.walk(root):
        if key := _recording(path, root):
            (tracks if path.suffix.lower() == ".txy" else sounds)[key].append(path)
        elif (match := _OUTLINE.fullmatch(path.name)) and (speaker := _speaker(path, match[1], root)):
            outlines[speaker, match[2].lower()].append(path)
    return [
        _utterance(
            key, track, sounds.get(key, ()), *(outlines.get((key[0], name), ()) for name in ("pal", "pha"))
        )
        for key, track in sorted(tracks.items())
    ]


def ignored(root: Path) -> list[contract.Ignored]:
    """Files that are not read: misnamed pellets or audio, audio without pellets, second copies.

    Files without a speaker are among them.
    """
    return passed_over(
        root, contract.walk(root), ".txy", lambda path: _recording(path, root), "JW11/tp005.txy"
    )


def _sex(speaker: str) -> str:
    if not _SPEAKER.fullmatch(speaker):
        return ""
    return "F" if speaker in _WOMEN else "M"


def looks_like(root: Path) -> bool:
    """Whether pellet files named as XRMB's lie below `root`."""
    return contract.holds(root, r"(jw\d+_)?tp\d+(_\d+)?\.txy")


def read_pellets(path: Path, audio_s: float) -> Trajectories:
    """Read a `.txy` file.

    Args:
        path: Text of 17 columns: microseconds, then x and y of eight pellets in micrometres; 1000000 stands
            for a lost pellet.
        audio_s: Length of the audio in seconds; later frames are left out.

    Returns:
        16 channels in mm at about 145.65 Hz; x grows towards the lips, y upwards, origin at the tips of the
        upper incisors.

    Raises:
        CorpusError: A line is not 17 numbers, or the times do not run evenly from 0 on.
    """
    table = read_table(path, columns=17)
    note = est_track.late_frame(table[:, 0] * 1e-6)
    table = table[: est_track.even_frames(table[:, 0])]
    times = table[:, 0] * 1e-6
    step_s = _frame_period(path, times)
    micrometres = table[:, 1:]
    lost = (np.abs(micrometres) >= MISSING_UM).reshape(len(table), -1, 2).any(axis=2)
    valid = np.repeat(~lost, 2, axis=1)
    pellets = raw_values.millimetres(micrometres / 1000.0, valid, 1.0 / step_s, CHANNELS)
    return replace(raw_values.overlap(contract.delayed(pellets, float(times[0])), audio_s), note=note)


def read_anatomy(palate: Path, pharynx: Path | None) -> Anatomy:
    """Reads `PAL.DAT` and `PHA.DAT`: two columns in micrometres.

    A point with 1000000 in either column was not traced.

    Raises:
        CorpusError: A line is not two numbers, or fewer than two points were traced.
    """
    roof = _outline(palate)
    if roof[0, 0] < roof[-1, 0]:
        roof = roof[::-1]
    wall = None
    if pharynx is not None:
        wall = _outline(pharynx)
        wall = wall[np.argsort(-wall[:, 1], kind="stable")]
    return Anatomy(roof, wall, anterior=1)


def _utterance(
    key: tuple[str, str],
    tracks: Sequence[Path],
    sounds: Sequence[Path],
    palates: Sequence[Path],
    pharynges: Sequence[Path],
) -> Utterance:
    speaker, recording = key
    track, sound = tracks[0], sounds[0] if sounds else None
    task, _, repetition = recording.partition("_")
    extra: dict[str, str | int | float] = {"task": task, "repetition": int(repetition or 1)}
    audio_s = 0.0
    try:
        if sound is None:
            raise CorpusError(f"{track}: has no audio of the same name (.wav or .flac)")
        for files in (tracks, sounds, palates, pharynges):
            _refuse_different(files)
        header = audio.read_header(sound)
        audio_s = header.duration_s
        extra |= contract.lengths(track, audio_s, _last_time(track), LENGTH_LIMIT_S)
        contract.add_note(extra, header.note)
    except CorpusError as error:
        extra["problem"] = str(error)
    return Utterance(
        id=f"{speaker}/{recording}",
        speaker=speaker,
        prompt=task,
        duration_s=audio_s,
        audio=partial(_read_audio, sound or track.with_suffix(".wav")),
        trajectories=partial(read_pellets, track, audio_s),
        anatomy=partial(read_anatomy, palates[0], pharynges[0] if pharynges else None) if palates else None,
        extra=extra,
    )


def _read_audio(path: Path) -> Clip:
    return without_sync_tone(audio.read_clip(path))


def _speaker(path: Path, prefix: str | None, root: Path) -> str | None:
    if prefix:
        return prefix.upper()
    parents: Iterable[str] = reversed((root.resolve().name, *path.relative_to(root).parts[:-1]))
    return next((name.upper() for name in parents if _SPEAKER.fullmatch(name)), None)


def _recording(path: Path, root: Path) -> tuple[str, str] | None:
    match = _RECORDING.fullmatch(path.name)
    speaker = _speaker(path, match[1], root) if match else None
    return (speaker, match[2].lower()) if match and speaker else None


def _refuse_different(files: Sequence[Path]) -> None:
    for path in files[1:]:
        try:
            same = filecmp.cmp(files[0], path, shallow=False)
        except OSError as error:
            raise CorpusError(f"{path}: cannot be opened ({error.strerror})") from error
        if not same:
            raise CorpusError(
                f"{path}: claims to be the same as {files[0]} and differs from it; keep one of "
                "the two below the root"
            )


def _last_time(path: Path) -> float:
    """Time at which the last frame ends, from the end of the file alone."""
    return est_track.last_even(last_numbers(path, "a time in microseconds")) * 1e-6 + 1 / 145.645


def _frame_period(path: Path, times: NDArray[np.float64]) -> float:
    if len(times) < 2:
        raise CorpusError(f"{path}: has a single frame; the file is truncated")
    if times[0] < 0:
        raise CorpusError(f"{path}: line 1: negative time {times[0]:.6f} s")
    steps = np.diff(times)
    step = float(np.median(steps))
    uneven = np.flatnonzero(np.abs(steps - step) > 0.25 * abs(step))
    if step <= 0 or uneven.size:
        line = int(uneven[0]) + 2 if uneven.size else 2
        raise CorpusError(f"{path}: line {line}: time does not advance evenly; the file is damaged")
    if times[0] > step * len(times):
        raise CorpusError(f"{path}: line 1: starts at {times[0]:.3f} s, later than the file is long")
    return float((times[-1] - times[0]) / (len(times) - 1))


def _outline(path: Path) -> NDArray[np.float64]:
    micrometres = read_table(path, columns=2)
    traced = (np.abs(micrometres) < MISSING_UM).all(axis=1)
    return contract.outline(path, micrometres[traced] / 1000.0)


CORPUS = contract.Corpus(
    name="xrmb",
    title="Wisconsin X-ray microbeam database (XRMB)",
    home="University of Wisconsin-Madison; copies are passed on by the labs that hold it",
    licence="research and education only; not redistributable",
    citation="J. Westbury, X-ray Microbeam Speech Production Database User's Handbook, version 1.0, "
    "University of Wisconsin, 1994",
    layout="JW11/tp005.txy, JW11/tp005.wav, JW11/PAL.DAT, JW11/PHA.DAT, or "
    "jw11_tp005.txy and so on; any case",
    sensors={
        "upper_lip": "UL",
        "lower_lip": "LL",
        "tongue_tip": "T1",
        "tongue_front": "T2",
        "tongue_mid": "T3",
        "tongue_back": "T4",
        "jaw": "MNI",
        "jaw_back": "MNM",
    },
    read=read,
    looks_like=looks_like,
    ignored=ignored,
    splits={name: from_table("xrmb", name) for name in ("standard", "strict")},
    notes=(
        "x grows towards the lips, y upwards, origin at the tips of the upper incisors. Prompts are "
        "task numbers: nearly every speaker reads the same tasks. Audio exists at several rates; the "
        "header is believed. A tone near 1 kHz that opens a recording is silenced, because it is no "
        "speech; time does not move."
    ),
    sex=_sex,
)
