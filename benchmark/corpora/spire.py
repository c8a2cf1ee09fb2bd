"""SPIRE-EMA: 38 speakers of Indian English, 460 sentences each; torch files, read without torch."""

from __future__ import annotations

import re
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark import audio
from benchmark.corpora import contract
from benchmark.corpora.splits import SEED, Division, prompts_apart
from benchmark.corpora.unread_files import passed_over
from benchmark.errors import CorpusError
from benchmark.formats import raw_values, torch_files
from benchmark.randomness import Randomness
from benchmark.types import Clip, Trajectories, Utterance

SPEAKERS = tuple(f"spk{number}" for number in range(1, 39))
RATE_HZ = 100.0
LENGTH_LIMIT_S = 0.5
SENSORS = ("UL", "LL", "LI", "TT", "TB", "TD")
RAW, NORMALISED = "ema_raw", "ema_trimmed_and_normalised_with_6_articulators"
#: Where x of each of `SENSORS` stands among the raw columns, if the normalised copy does not tell.
DEFAULT_COLUMNS = (0, 2, 8, 10, 12, 14)
#: A coil is found where what its best match leaves unexplained is at most this part of what the second best
#: leaves.
_CLEAR = 0.5
_TIE = 1e-9
_STILL = 1e-9
_SPEAKER = re.compile(r"spk\d+", re.IGNORECASE)


def read(root: Path) -> list[Utterance]:
    """List all recordings that have a processed file."""
    sounds: dict[tuple[str, str], Path] = {}
    tracks: dict[tuple[str, str], Path] = {}
    for path in contract.walk(root):
        suffix = path.suffix.lower()
        kind = tracks if suffix == ".pt" else sounds if suffix in (".wav", ".flac") else None
        speaker = _speaker(path, root)
        if kind is not None and speaker:
            kind.setdefault((speaker, path.stem), path)
    return [_utterance(key, track, sounds.get(key)) for key, track in sorted(tracks.items())]


def looks_like(root: Path) -> bool:
    """Whether torch files in folders of speakers (spk1, spk2 ...) lie below `root`."""
    return any(path.suffix.lower() == ".pt" and _speaker(path, root) for path in contract.first_files(root))


def ignored(root: Path) -> list[contract.Ignored]:
    """Processed files and audio outside the folders of speakers, and audio without a processed file."""

    def recording(path: Path) -> tuple[str, str] | None:
        speaker = _speaker(path, root)
        return (speaker, path.stem) if speaker else None

    return passed_over(root, contract.walk(root), ".pt", recording, "spk1/NAME0001.pt")


def read_coils(path: Path, audio_s: float) -> Trajectories:
    """Read the raw coordinates of a processed file.

    The raw table has nine coils. Which of its columns are the six that the corpus' own normalised copy keeps
    (upper lip, lower lip, jaw, tongue tip, body, dorsum) is found by correlating the two: standardisation
    leaves a correlation of 1, smoothing a lower one. Where the copy, or the stretch that it was cut from, is
    missing or damaged, they are `DEFAULT_COLUMNS`.

    Args:
        path: A `.pt` file.
        audio_s: Length of the audio, which must agree.

    Returns:
        Channels UL_x ... TD_y in mm at 100 Hz; x grows towards the lips.

    Raises:
        CorpusError: The file is damaged, lacks the raw coordinates, its length is not that of the audio, or
            its normalised copy contradicts `DEFAULT_COLUMNS` without telling clearly which columns it keeps.
    """
    content = torch_files.read_dictionary(path)
    raw = _table(path, content.get(RAW), RAW)
    contract.lengths(path, audio_s, len(raw) / RATE_HZ, LENGTH_LIMIT_S)
    columns = _columns(path, raw, content)
    if max(columns) + 1 >= raw.shape[1]:
        raise CorpusError(f"{path}: {RAW} has {raw.shape[1]} columns; 18 are expected")
    values = raw[:, [column + axis for column in columns for axis in (0, 1)]]
    raw_values.refuse_blank(path, values)
    lips, tongue = values[:, 0], values[:, 10]
    with np.errstate(invalid="ignore"):
        backwards = bool(np.nanmedian(lips - tongue) < 0) if np.isfinite(lips - tongue).any() else False
    names = tuple(f"{sensor}_{axis}" for sensor in SENSORS for axis in "xy")
    coils = raw_values.millimetres(values, np.isfinite(values), RATE_HZ, names)
    if backwards:
        coils = contract.mirrored(coils, tuple(name for name in names if name.endswith("_x")))
    return raw_values.overlap(coils, audio_s)


def prompt_of(recording: str) -> str:
    """Number of the sentence, by the name of a recording."""
    digits = re.search(r"(\d+)$", recording)
    return str(int(digits[1][-4:])) if digits else recording


def _by_speaker(utterance_id: str) -> str | None:
    speaker = utterance_id.rpartition("/")[0]
    if speaker not in SPEAKERS:
        return None
    place = _order().index(speaker)
    return "test" if place < 4 else "dev" if place < 8 else "train"


@cache
def _order() -> tuple[str, ...]:
    return tuple(
        sorted(SPEAKERS, key=lambda name: Randomness(("spire", "speakers", SEED, name)).token("order"))
    )


def _columns(path: Path, raw: NDArray[np.float64], content: dict[str, Any]) -> tuple[int, ...]:
    """First column of each of the six coils."""
    copy = content.get(NORMALISED)
    if not isinstance(copy, np.ndarray) or copy.ndim != 2:
        return DEFAULT_COLUMNS
    kept, part = _upright(copy), raw[_stretch(content.get("begin_end"), len(raw))]
    if len(part) != len(kept) or len(part) < 10 or min(kept.shape[1], raw.shape[1]) < 2 * len(SENSORS):
        return DEFAULT_COLUMNS
    alike = np.abs(_correlation(kept[:, : 2 * len(SENSORS)], part))
    # How alike coil i of the copy and the raw columns j and j + 1 are, in x and y.
    scores = (alike[0::2, :-1] + alike[1::2, 1:]) / 2
    found = tuple(int(column) for column in scores.argmax(axis=1))
    second, best = np.sort(scores, axis=1)[:, -2:].T
    clear = 1 - best + _TIE <= _CLEAR * (1 - second)
    if clear.all() and len(set(found)) == len(found):
        return found
    usual = [
        row[column] if column < len(row) else 0.0 for row, column in zip(scores, DEFAULT_COLUMNS, strict=True)
    ]
    # A coil that correlates with nothing, because it was still or has gaps, contradicts nothing.
    if (np.asarray(usual) >= best - _TIE).all():
        return DEFAULT_COLUMNS
    matches = zip(SENSORS, found, best, strict=True)
    pairs = ", ".join(f"{sensor} {column + 1} ({score:.2f})" for sensor, column, score in matches)
    raise CorpusError(
        f"{path}: its normalised copy contradicts the usual columns of {RAW} and does not tell clearly "
        f"which are right (most alike, counted from 1, with their correlation: {pairs}); copy the file "
        f"again, or remove '{NORMALISED}' from it"
    )


def _stretch(begin_end: object, frames: int) -> slice:
    """The frames that the normalised copy was cut from: all if nothing is said, none if it makes no sense."""
    if begin_end is None:
        return slice(0, frames)
    try:
        bounds = np.asarray(begin_end).reshape(-1)
    except (ValueError, OverflowError):  # nested unevenly, or beyond all numbers
        return slice(0)
    if bounds.dtype.kind not in "iuf" or len(bounds) != 2:
        return slice(0)
    begin, end = bounds.tolist()
    if not (0 <= begin < end <= frames and begin == int(begin) and end == int(end)):
        return slice(0)
    return slice(int(begin), int(end))


def _correlation(one: NDArray[np.float64], two: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pearson correlation of each column of `one` with each of `two`, over the frames where both are finite.

    It is 0 for columns that never move and for pairs of which more than half of the frames have gaps.
    """
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        (x, in_x), (y, in_y) = _scaled(one), _scaled(two)
        frames = in_x.T @ in_y
        sum_x, sum_y = x.T @ in_y, in_x.T @ y
        spread_x = (x * x).T @ in_y - sum_x * sum_x / frames
        spread_y = in_x.T @ (y * y) - sum_y * sum_y / frames
        found = (x.T @ y - sum_x * sum_y / frames) / np.sqrt(spread_x * spread_y)
        # What remains of the spread of a column that stands still is rounding.
        usable = (frames >= len(one) / 2) & (np.minimum(spread_x, spread_y) > _STILL * frames)
    return np.where(usable & np.isfinite(found), found, 0.0)


def _scaled(table: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Columns scaled to mean 0 and deviation 1 over finite frames, and a mask of these frames.

    Frames that are not finite become 0; the mask is 1.0 where a frame is finite.
    """
    finite = np.isfinite(table)
    frames = np.maximum(finite.sum(axis=0), 1)
    centred = np.where(finite, table - np.where(finite, table, 0).sum(axis=0) / frames, 0)
    scaled = np.nan_to_num(
        centred / np.sqrt((centred * centred).sum(axis=0) / frames), posinf=0.0, neginf=0.0
    )
    return scaled, finite.astype(np.float64)


def _table(path: Path, value: object, name: str) -> NDArray[np.float64]:
    if (
        not isinstance(value, np.ndarray)
        or value.ndim != 2
        or value.dtype.kind not in "fiu"
        or 0 in value.shape
    ):
        raise CorpusError(f"{path}: has no table of numbers '{name}'")
    return _upright(value)


def _upright(table: NDArray[Any]) -> NDArray[np.float64]:
    """Frames in rows: some exports keep coils in rows, and there are always more frames than coils."""
    return np.asarray(table.T if table.shape[0] < table.shape[1] else table, np.float64)


def _utterance(key: tuple[str, str], track: Path, sound: Path | None) -> Utterance:
    speaker, recording = key
    extra: dict[str, str | int | float] = {}
    audio_s = 0.0
    identity = f"{speaker}/{recording}"
    try:
        contract.portable_id(identity, track)
        if sound is None:
            raise CorpusError(f"{track}: has no audio of the same name (.wav or .flac)")
        header = audio.read_header(sound)
        audio_s = header.duration_s
        contract.add_note(extra, header.note)
    except CorpusError as error:
        extra["problem"] = str(error)
    return Utterance(
        id=identity,
        speaker=speaker,
        prompt=prompt_of(recording),
        duration_s=audio_s,
        audio=partial(_read_audio, sound or track),
        trajectories=partial(read_coils, track, audio_s),
        extra=extra,
    )


def _read_audio(path: Path) -> Clip:
    return audio.read_clip(path)


def _speaker(path: Path, root: Path) -> str | None:
    parents = reversed((root.resolve().name, *path.relative_to(root).parts[:-1]))
    return next((name.lower() for name in parents if _SPEAKER.fullmatch(name)), None)


CORPUS = contract.Corpus(
    name="spire",
    title="SPIRE-EMA",
    home="https://huggingface.co/datasets/SpireLab/SPIRE_EMA_CORPUS (audios.zip and processed.zip, unpacked)",
    licence="CC-BY-4.0",
    citation=(
        "J. Bandekar, S. Udupa, P. K. Ghosh, Articulatory synthesis using representations learnt through "
        "phonetic label-aware contrastive loss, Proc. Interspeech 2024"
    ),
    layout="audios/spk1/NAME0001.wav and processed/spk1/NAME0001.pt",
    sensors={
        "upper_lip": "UL",
        "lower_lip": "LL",
        "jaw": "LI",
        "tongue_tip": "TT",
        "tongue_mid": "TB",
        "tongue_back": "TD",
    },
    read=read,
    looks_like=looks_like,
    ignored=ignored,
    splits={
        "standard": Division(_by_speaker),
        "strict": Division(prompts_apart("spire", _by_speaker, prompt_of)),
    },
    notes=(
        "100 Hz. x is turned, where needed, so that it grows towards the lips. No palate: it is estimated "
        "from the reach of the tongue. Prompts are the MOCHA-TIMIT sentence numbers."
    ),
)
