"""MNGU0, day 1: one speaker; EST Track files in centimetres, or their normalised copies.

Normalised copies need the files with their means and deviations beside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark import audio
from benchmark.corpora import contract
from benchmark.corpora import mngu0_file_sets as file_sets
from benchmark.corpora.splits import Division
from benchmark.corpora.unread_files import passed_over
from benchmark.errors import CorpusError
from benchmark.formats import est_track, raw_values
from benchmark.formats.text_tables import read_table
from benchmark.types import Clip, Trajectories, Utterance

LENGTH_LIMIT_S = 1.0
MM_PER_CM = 10.0
COILS = ("T3", "T2", "T1", "JAW", "UL", "LL")
_SHORT = {"UPPERLIP": "UL", "LOWERLIP": "LL"}
_RECORDING = re.compile(r"mngu0_(?P<speaker>s\d+)_(?P<number>\d{4})\.ema", re.IGNORECASE)
_POSITION = re.compile(r"(?P<coil>[A-Za-z]+\d?)_?p?(?P<axis>[xyz])", re.IGNORECASE)
#: As a word of a folder's name: people and projects have it in theirs too ("norman", "enormous").
_NORMALISED = re.compile(r"(?<![a-z])norm(ali[sz]ed)?(?![a-z])", re.IGNORECASE)
_PARAMETERS = ("ema_means.txt", "ema_stds.txt")
_SILENCE = "#"
_LATEST_SPEECH_S = 60.0
#: The normalised copy states (value - mean) / (4 standard deviations).
_DEVIATIONS = 4.0
_UNLISTED = "in none of the file sets"


def read(root: Path) -> list[Utterance]:
    """List all recordings; of one that is there in both distributions the one in centimetres is taken.

    Where the released file sets lie below `root`, those in none of them are passed over.

    Raises:
        CorpusError: The file sets are damaged, or list none of the recordings.
    """
    files = list(contract.walk(root))
    tracks = _tracks(files, root)
    sets = file_sets.find(files)
    sounds = contract.sounds_below(root)
    labels = {path.stem.lower(): path for path in files if path.suffix.lower() == ".lab"}
    found = [_utterance(stem, path, root, sounds, labels.get(stem)) for stem, path in sorted(tracks.items())]
    if sets is None:
        return found
    listed = [replace(each, split=sets.members[each.id]) for each in found if each.id in sets.members]
    if found and not listed:
        raise CorpusError(
            f"{sets.folder}: its file sets list none of the {len(found)} recordings below {root}; restore "
            "what is missing, or move the lists away"
        )
    return listed


def looks_like(root: Path) -> bool:
    """Whether files named as MNGU0's lie below `root`."""
    return contract.holds(root, _RECORDING.pattern)


def ignored(root: Path) -> list[contract.Ignored]:
    """Files that `read` passes over.

    Track and audio files of other names, audio without a track, the normalised copy of what is there in
    centimetres, and tracks that are in none of the file sets.
    """
    files = list(contract.walk(root))
    tracks = _tracks(files, root)
    chosen = set(tracks.values())
    chosen_first = sorted(files, key=lambda path: (path not in chosen, str(path)))
    found = passed_over(root, chosen_first, ".ema", _recording, "mngu0_s1_0001.ema")
    sets = file_sets.find(files)
    if sets is None:
        return found
    stems = {identity.partition("/")[2] for identity in sets.members}
    unlisted = [path for stem, path in tracks.items() if stem not in stems]
    return found + [contract.Ignored(path.relative_to(root).as_posix(), _UNLISTED) for path in unlisted]


def read_coils(path: Path, audio_s: float) -> Trajectories:
    """Read a track file in centimetres.

    Args:
        path: EST Track with channels like T1_px, T1_py, T1_pz, upperlip_py.
        audio_s: Length of the audio; later frames are left out.

    Returns:
        Channels T1_x, T1_y, ... UL, LL, JAW in mm at 200 Hz. The file's py grows backwards and pz upwards;
        here x grows towards the lips.

    Raises:
        CorpusError: The file is damaged or lacks positions.
    """
    track = est_track.read_track(path)
    rate_hz = est_track.frame_rate(path, track.times)
    named = _positions(track.names)
    present = [coil for coil in COILS if {(coil, "y"), (coil, "z")} <= named.keys()]
    if not present:
        raise CorpusError(f"{path}: has no channel named like T1_py; there are {', '.join(track.names[:6])}")
    columns = [named[coil, axis] for coil in present for axis in "yz"]
    values = track.values[:, columns] * MM_PER_CM * np.tile([-1.0, 1.0], len(present))
    return _finish(path, values, track, rate_hz, present, audio_s)


def read_normalised(path: Path, parameters: Path, label: Path, audio_s: float) -> Trajectories:
    """Read a normalised track file and undo what was done to it.

    Args:
        path: EST Track with channels T3_x, T3_y, T2_x and so on to LL_y; where channels have no such names,
            the first twelve are taken for these.
        parameters: Folder with means and standard deviations (`ema_means.txt`, `ema_stds.txt`).
        label: Phone labels; the silence at the start, which was cut from the track, ends where its first
            label ends.
        audio_s: Length of the audio; later frames are left out.

    Returns:
        As `read_coils`; frames within the first silence are invalid.

    Raises:
        CorpusError: A file is damaged.
    """
    track = est_track.read_track(path)
    rate_hz = est_track.frame_rate(path, track.times)
    mean, deviation = (read_table(parameters / name).reshape(-1) for name in _PARAMETERS)
    named = _positions(track.names)
    columns = [named.get((coil, axis), -1) for coil in COILS for axis in "xy"] if named else list(range(12))
    if min(columns) < 0 or max(columns) >= min(len(mean), len(deviation), track.values.shape[1]):
        raise CorpusError(
            f"{path}: twelve normalised channels, T3_x to LL_y, with their means and deviations in "
            f"{parameters} are expected; copy the normalised distribution again"
        )
    centimetres = track.values[:, columns] * _DEVIATIONS * deviation[columns] + mean[columns]
    values = centimetres * MM_PER_CM * np.tile([-1.0, 1.0], 6)
    coils = _finish(path, values, track, rate_hz, list(COILS), audio_s)
    return replace(raw_values.overlap(contract.delayed(coils, _silence_end(label)), audio_s), note=track.note)


def _by_last_digits(utterance_id: str) -> str | None:
    """The rule by which the released file sets were made.

    It is published itself, because releases and papers keep different recordings: it makes 1219/68/67 of all
    1,354 that are numbered, 1137/63/63 of 1,263 of them, 1069/60/60 of 1,189.
    """
    number = re.search(r"(\d)(\d)$", utterance_id)
    if number is None:
        return None
    if number[2] != "0":
        return "train"
    return "dev" if int(number[1]) % 2 else "test"


def _listed(files: Iterable[Path]) -> Mapping[str, str] | None:
    sets = file_sets.find(files)
    return sets.members if sets else None


def _tracks(files: Iterable[Path], root: Path) -> dict[str, Path]:
    """Stem in lower case to the track file that is read."""
    candidates: dict[str, list[Path]] = {}
    for path in files:
        if _RECORDING.fullmatch(path.name):
            candidates.setdefault(path.stem.lower(), []).append(path)

    def preference(path: Path) -> tuple[bool, bool, str]:
        return _is_normalised(path, root), _says_normalised(path, root), str(path)

    # Headers are opened only where there is a choice.
    return {
        stem: min(paths, key=preference) if len(paths) > 1 else paths[0] for stem, paths in candidates.items()
    }


def _finish(
    path: Path,
    values: NDArray[np.float64],
    track: est_track.EstTrack,
    rate_hz: float,
    coils: list[str],
    audio_s: float,
) -> Trajectories:
    names = tuple(f"{coil}_{axis}" for coil in coils for axis in "xy")
    valid = np.isfinite(values) & track.present[:, None]
    raw_values.refuse_blank(path, values)
    found = raw_values.millimetres(values, valid, rate_hz, names)
    return replace(
        raw_values.overlap(contract.delayed(found, float(track.times[0])), audio_s), note=track.note
    )


def _positions(names: tuple[str, ...]) -> dict[tuple[str, str], int]:
    """Coil and axis to the column of a position; of two alike the first, because derivatives follow."""
    found: dict[tuple[str, str], int] = {}
    for column, name in enumerate(names):
        match = _POSITION.fullmatch(name.strip())
        coil = _SHORT.get(match["coil"].upper(), match["coil"].upper()) if match else ""
        if match and coil in COILS:
            found.setdefault((coil, match["axis"].lower()), column)
    return found


def _utterance(stem: str, path: Path, root: Path, sounds: dict[str, Path], label: Path | None) -> Utterance:
    match = _RECORDING.fullmatch(path.name)
    speaker, number = (match["speaker"].lower(), match["number"]) if match else ("s1", "0")
    extra: dict[str, str | int | float] = {}
    audio_s, sound = 0.0, path.with_suffix(".wav")
    read_trajectories = partial(read_coils, path, 0.0)
    try:
        sound = contract.beside(path, sounds)
        header = audio.read_header(sound)
        audio_s = header.duration_s
        read_trajectories = partial(read_coils, path, audio_s)
        limit_s = LENGTH_LIMIT_S
        if _is_normalised(path, root):
            read_trajectories = _normalised_reader(path, label, audio_s)
            limit_s = audio_s
        extra |= contract.lengths(path, audio_s, est_track.last_time(path), limit_s)
        contract.add_note(extra, header.note)
    except CorpusError as error:
        extra["problem"] = str(error)
    return Utterance(
        id=f"{speaker}/{stem}",
        speaker=speaker,
        prompt=number,
        duration_s=audio_s,
        audio=partial(_read_audio, sound),
        trajectories=read_trajectories,
        extra=extra,
    )


def _recording(path: Path) -> str | None:
    return path.stem.lower() if _RECORDING.fullmatch(f"{path.stem}.ema") else None


def _read_audio(path: Path) -> Clip:
    return audio.read_clip(path)


def _is_normalised(path: Path, root: Path) -> bool:
    """Whether a file is normalised, judged by its channels.

    Where the names of the channels do not say, files beside it and folders below `root` decide.
    """
    try:
        named = _positions(est_track.read_header(path).names)
    except CorpusError:
        named = {}
    if not named:
        return _parameters_beside(path) is not None or _says_normalised(path, root)
    # The distribution in centimetres has three coordinates, T3_px, T3_py, T3_pz; the normalised one has T3_x
    # and T3_y alone.
    return not any(axis == "z" for _, axis in named)


def _says_normalised(path: Path, root: Path) -> bool:
    return any(_NORMALISED.search(part) for part in path.relative_to(root).parts[:-1])


def _parameters_beside(path: Path) -> Path | None:
    return next(
        (found for found in (path.parent / "norm_parms", path.parent) if _has_parameters(found)), None
    )


def _normalised_reader(path: Path, label: Path | None, audio_s: float) -> partial[Trajectories]:
    folder = _parameters_beside(path)
    if folder is None:
        raise CorpusError(
            f"{path}: normalised, by its channels or its folder; its means and deviations "
            "(norm_parms/ema_means.txt, ema_stds.txt) are missing: restore them beside it"
        )
    if label is None:
        raise CorpusError(
            f"{path}: silence was cut from it; the label file {path.stem}.lab is needed "
            "to put it back in time"
        )
    _silence_end(label)  # a damaged label is better told now than when half of the corpus is read
    return partial(read_normalised, path, folder, label, audio_s)


def _has_parameters(folder: Path) -> bool:
    return all((folder / name).is_file() for name in _PARAMETERS)


def _silence_end(label: Path) -> float:
    """End of the first label in seconds if it is silence, else 0.

    Raises:
        CorpusError: The file cannot be opened or has no first label: without it the track would be shifted in
            time.
    """
    try:
        lines = [line.strip() for line in label.read_text(encoding="latin-1").splitlines()]
    except OSError as error:
        raise CorpusError(
            f"{label}: cannot be opened ({error.strerror}); restore it from the labels of MNGU0"
        ) from error
    # A header, where there is one, ends with a line of "#" alone.
    body = lines[lines.index("#") + 1 :] if "#" in lines else lines
    first = next((line for line in body if line), "")
    try:
        time, _, phone, *_ = first.split()
        end_s = float(time)
    except ValueError:
        phone, end_s = "", -1.0
    if not 0 <= end_s < _LATEST_SPEECH_S:
        raise CorpusError(
            f"{label}: its first label, '{first[:40]}', is no time, number and phone; the silence that was "
            "cut from the track is not known without it: restore the file from the labels of MNGU0"
        )
    return end_s if phone.rstrip(";") == _SILENCE else 0.0


CORPUS = contract.Corpus(
    name="mngu0",
    title="MNGU0 (day 1)",
    home="http://www.mngu0.org",
    licence="research only; not redistributable",
    citation=(
        "K. Richmond, P. Hoole, S. King, Announcing the electromagnetic articulography (day 1) subset of the "
        "mngu0 articulatory corpus, Proc. Interspeech 2011"
    ),
    layout="mngu0_s1_ema_basic_1.1.0/mngu0_s1_0001.ema and "
    "mngu0_s1_wav_16kHz_1.1.0/mngu0_s1_0001.wav (any depth)",
    sensors={
        "upper_lip": "UL",
        "lower_lip": "LL",
        "tongue_tip": "T1",
        "tongue_mid": "T2",
        "tongue_back": "T3",
        "jaw": "JAW",
    },
    read=read,
    looks_like=looks_like,
    ignored=ignored,
    splits={"standard": Division(_by_last_digits, _listed)},
    notes=(
        "200 Hz; centimetres become mm and x is turned so that it grows towards the lips. No palate is "
        "read: it is estimated from the reach of the tongue. Where the file sets (trainfiles.txt, "
        "validationfiles.txt, testfiles.txt) lie below the root, recordings in none of them are not read."
    ),
)
