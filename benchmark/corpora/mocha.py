"""MOCHA-TIMIT: 460 sentences of each speaker, as EST Track files or headerless ASCII.

Audio is NIST SPHERE or RIFF.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmark import audio
from benchmark.corpora import contract
from benchmark.corpora.splits import Division, leave_one_out
from benchmark.corpora.unread_files import passed_over
from benchmark.errors import CorpusError
from benchmark.formats import est_track, raw_values
from benchmark.formats.text_tables import last_numbers, read_table
from benchmark.types import Anatomy, Clip, Trajectories, Utterance

#: In the order of the folds: where one is left out, the next is the dev speaker.
SPEAKERS = ("fsew0", "msak0", "faet0", "maps0", "ffes0", "mjjn0", "falh0")
LENGTH_LIMIT_S = 2.0
PER_MM = 100.0
#: Channels of the headerless copy, in the order in which the articulograph wrote them; "" is an unused input.
HEADERLESS = (
    *("ui_x", "li_x", "ul_x", "ll_x", "tt_x", "ui_y", "li_y", "ul_y", "ll_y", "tt_y"),
    *("tb_x", "td_x", "v_x", "", "bn_x", "tb_y", "td_y", "v_y", "", "bn_y"),
)
_RECORDING = re.compile(r"(?P<speaker>[a-z]{3,5}\d)_(?P<number>\d{1,4})\.ema", re.IGNORECASE)
_PALATE = re.compile(r"([a-z]{3,5}\d)_pal\.(?:dat|txt)", re.IGNORECASE)
_CHANNEL = re.compile(r"([a-z]{1,3})_([xy])", re.IGNORECASE)


def read(root: Path) -> list[Utterance]:
    """List all recordings that have a track file."""
    files = list(contract.walk(root))
    sounds = contract.sounds_below(root)
    palates = {match[1].lower(): path for path in files if (match := _PALATE.fullmatch(path.name))}
    found = ((path, _RECORDING.fullmatch(path.name)) for path in files)
    return [_utterance(path, match, sounds, palates) for path, match in found if match]


def looks_like(root: Path) -> bool:
    """Whether files named as MOCHA's lie below `root`."""
    return contract.holds(root, _RECORDING.pattern)


def ignored(root: Path) -> list[contract.Ignored]:
    """Track and audio files of other names, and audio without a track."""
    return passed_over(root, contract.walk(root), ".ema", _recording, "fsew0_001.ema")


def read_coils(path: Path, audio_s: float) -> Trajectories:
    """Read a track file.

    Args:
        path: EST Track, binary or ASCII, or rows of time, presence and 20 channels without a header; 1/100
            mm.
        audio_s: Length of the audio; later frames are left out.

    Returns:
        Channels UL_x, UL_y and so on in mm at 500 Hz. The files count x backwards from the upper incisors;
        here it grows towards the lips. A coil that never moves was not connected: it is invalid.

    Raises:
        CorpusError: The file is damaged.
    """
    track = _read_track(path)
    rate_hz = est_track.frame_rate(path, track.times)
    columns = [
        (i, match) for i, name in enumerate(track.names) if (match := _CHANNEL.fullmatch(name.strip()))
    ]
    if not columns:
        raise CorpusError(f"{path}: has no channel named like ul_x; there are {', '.join(track.names[:6])}")
    columns.sort(key=lambda column: (column[1][1].lower(), column[1][2].lower()))
    names = tuple(f"{match[1].upper()}_{match[2].lower()}" for _, match in columns)
    values = track.values[:, [i for i, _ in columns]] / PER_MM
    # x is known to the file as a distance behind the incisors.
    values *= np.array([-1.0 if name.endswith("_x") else 1.0 for name in names])
    raw_values.refuse_blank(path, values)
    valid = np.isfinite(values) & track.present[:, None]
    with np.errstate(invalid="ignore", over="ignore"):
        valid &= np.fmax.reduce(values) - np.fmin.reduce(values) > 0  # unlike max and min they pass over NaN
    coils = raw_values.millimetres(values, valid, rate_hz, names)
    found = raw_values.overlap(contract.delayed(coils, float(track.times[0])), audio_s)
    return replace(found, note=track.note)


def read_anatomy(path: Path) -> Anatomy:
    """Read a palate trace: two columns in mm, x backwards from the upper incisors.

    Raises:
        CorpusError: The file is damaged.
    """
    points = contract.outline(path, read_table(path, columns=2)) * (-1.0, 1.0)
    return Anatomy(points if points[0, 0] > points[-1, 0] else points[::-1], None, anterior=1)


def prompt_of(recording: str) -> str:
    """Number of the sentence, by the name of a recording."""
    digits = re.search(r"(\d+)$", recording)
    return str(int(digits[1])) if digits else recording


def _by_last_digit(utterance_id: str) -> str | None:
    number = re.search(r"(\d)$", utterance_id)
    return {"2": "dev", "6": "test"}.get(number[1], "train") if number else None


def _recording(path: Path) -> str | None:
    return path.stem.lower() if _RECORDING.fullmatch(f"{path.stem}.ema") else None


def _utterance(
    path: Path, match: re.Match[str], sounds: dict[str, Path], palates: dict[str, Path]
) -> Utterance:
    speaker = match["speaker"].lower()
    extra: dict[str, str | int | float] = {}
    audio_s, sound = 0.0, path.with_suffix(".wav")
    try:
        sound = contract.beside(path, sounds)
        header = audio.read_header(sound)
        audio_s = header.duration_s
        extra |= contract.lengths(path, audio_s, _last_time(path), LENGTH_LIMIT_S)
        contract.add_note(extra, header.note)
    except CorpusError as error:
        extra["problem"] = str(error)
    palate = palates.get(speaker)
    return Utterance(
        id=f"{speaker}/{path.stem.lower()}",
        speaker=speaker,
        prompt=prompt_of(path.stem),
        duration_s=audio_s,
        audio=partial(_read_audio, sound),
        trajectories=partial(read_coils, path, audio_s),
        anatomy=partial(read_anatomy, palate) if palate else None,
        extra=extra,
    )


def _read_audio(path: Path) -> Clip:
    return audio.read_clip(path)


def _has_header(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(len(est_track.MAGIC)) == est_track.MAGIC
    except OSError as error:
        raise CorpusError(f"{path}: cannot be opened ({error.strerror})") from error


def _read_track(path: Path) -> est_track.EstTrack:
    if _has_header(path):
        return est_track.read_track(path)
    rows = read_table(path, columns=2 + len(HEADERLESS), gaps=True)
    note = est_track.late_frame(rows[:, 0])
    rows = rows[: est_track.even_frames(rows[:, 0])]
    return est_track.EstTrack(rows[:, 0], rows[:, 1] != 0, rows[:, 2:], HEADERLESS, note)


def _last_time(path: Path) -> float:
    if _has_header(path):
        return est_track.last_time(path)
    return est_track.last_even(last_numbers(path, "a time in seconds"))


CORPUS = contract.Corpus(
    name="mocha",
    title="MOCHA-TIMIT",
    home="https://data.cstr.ed.ac.uk/mocha/",
    licence="free for research and education; see LICENCE.txt in it",
    citation="A. Wrench, A multichannel articulatory database and its use for automatic speech recognition, "
    "Proc. 5th Seminar on Speech Production, 2000",
    layout="fsew0/fsew0_001.ema and fsew0/fsew0_001.wav (any depth), fsew0_pal.dat where there is one",
    sensors={
        "upper_lip": "UL",
        "lower_lip": "LL",
        "tongue_tip": "TT",
        "tongue_mid": "TB",
        "tongue_back": "TD",
        "jaw": "LI",
        "velum": "V",
    },
    read=read,
    looks_like=looks_like,
    ignored=ignored,
    splits={"standard": Division(_by_last_digit), **leave_one_out("mocha", SPEAKERS, prompt_of)},
    notes="500 Hz; x is turned so that it grows towards the lips, origin at the upper incisors, y upwards.",
    sex=partial(contract.sex_in_name, 0),
)
