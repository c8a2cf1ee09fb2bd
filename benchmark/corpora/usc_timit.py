"""USC-TIMIT, the part recorded by electromagnetic articulography, in files like those of MVIEW.

Audio is inside these files or beside them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache, partial
from pathlib import Path

import numpy as np

from benchmark import audio
from benchmark.corpora import contract
from benchmark.corpora.splits import leave_one_out
from benchmark.corpora.unread_files import passed_over
from benchmark.errors import CorpusError
from benchmark.formats import mview
from benchmark.types import Clip, Trajectories, Utterance

#: In the order of the folds: where one is left out, the next is the dev speaker.
SPEAKERS = ("F1", "M1", "F5", "M3")
LENGTH_LIMIT_S = 1.0
#: Recordings of a speaker that are looked at to tell which coordinate is the vertical one.
LOOKED_AT = 12
_COLUMNS = (1, 2)
#: Longer than any recording.
_WHOLE_S = 1e6
_RECORDING = re.compile(r"usctimit_ema_(?P<speaker>[fm]\d+)_(?P<prompt>\d+(?:_\d+)?)\.mat", re.IGNORECASE)


def read(root: Path) -> list[Utterance]:
    """List all recordings; each holds a few sentences of the 460."""
    sounds = contract.sounds_below(root)
    found = [(path, match) for path in contract.walk(root) if (match := _RECORDING.fullmatch(path.name))]
    by_speaker: dict[str, list[Path]] = defaultdict(list)
    for path, match in found:
        by_speaker[match["speaker"].upper()].append(path)
    samples = {speaker: _spread(paths) for speaker, paths in by_speaker.items()}
    return [_utterance(path, match, sounds, samples[match["speaker"].upper()]) for path, match in found]


def looks_like(root: Path) -> bool:
    """Whether files named as USC-TIMIT's lie below `root`."""
    return contract.holds(root, _RECORDING.pattern)


def ignored(root: Path) -> list[contract.Ignored]:
    """Files of MATLAB and audio of other names, and audio without articulation."""
    return passed_over(root, contract.walk(root), ".mat", _recording, "usctimit_ema_f1_001_005.mat")


def read_coils(path: Path, audio_s: float, sample: tuple[Path, ...]) -> Trajectories:
    """Read the sensors of a recording.

    Args:
        path: MVIEW file.
        audio_s: Length of the audio; later frames are left out.
        sample: Recordings of the same speaker, by which the vertical coordinate is chosen.

    Returns:
        Channels NAME_x, NAME_y in mm.

    Raises:
        CorpusError: The file is damaged.
    """
    return mview.read_sensors(path, audio_s, vertical_column(sample))


def prompt_of(recording: str) -> str:
    """Number of the first sentence of a file, by its name."""
    digits = re.search(r"(\d+)(?:_\d+)?$", recording)
    return str(int(digits[1])) if digits else recording


@cache
def vertical_column(sample: tuple[Path, ...]) -> int:
    """Of columns 1 and 2 the one in which sensors move more: the other one is lateral.

    A single short recording may hold more drift to the side than speech. So each votes, with the weight of
    its length; those that cannot be read do not.
    """
    one, other = _COLUMNS
    votes = 0
    for path in sample:
        (frames, motion), (other_frames, other_motion) = _motion(path, one), _motion(path, other)
        votes += max(frames, other_frames) * int(np.sign(other_motion - motion))
    return other if votes >= 0 else one


def _motion(path: Path, column: int) -> tuple[int, float]:
    """Number of frames, and the variance along one coordinate, summed over sensors."""
    try:
        read = mview.read_sensors(path, _WHOLE_S, column)
    except CorpusError:  # damaged, or without that column
        return 0, 0.0
    variances = [
        np.var(read.values[read.valid[:, i], i], dtype=np.float64)
        for i, name in enumerate(read.names)
        if name.endswith("_y") and read.valid[:, i].any()
    ]
    return len(read.values), float(sum(variances))


def _spread(paths: list[Path]) -> tuple[Path, ...]:
    """At most `LOOKED_AT` of them, from all over the list."""
    chosen = np.unique(np.linspace(0, len(paths) - 1, LOOKED_AT).round().astype(int))
    return tuple(paths[i] for i in chosen)


def _recording(path: Path) -> str | None:
    return path.stem.lower() if _RECORDING.fullmatch(f"{path.stem}.mat") else None


def _utterance(
    path: Path, match: re.Match[str], sounds: dict[str, Path], sample: tuple[Path, ...]
) -> Utterance:
    extra: dict[str, str | int | float] = {}
    audio_s, note = 0.0, ""
    read_audio = partial(mview.read_audio, path)
    try:
        listing = mview.list_recording(path)
        audio_s = listing.audio_s
        if not audio_s:
            sound = contract.beside(path, sounds)
            header = audio.read_header(sound)
            audio_s, note = header.duration_s, header.note
            read_audio = partial(_read_audio, sound)
        extra["sentence"] = listing.sentence
        extra |= contract.lengths(path, audio_s, listing.articulation_s, LENGTH_LIMIT_S)
        contract.add_note(extra, note)
    except CorpusError as error:
        extra["problem"] = str(error)
    speaker = match["speaker"].upper()
    return Utterance(
        id=f"{speaker}/{path.stem.lower()}",
        speaker=speaker,
        prompt=match["prompt"],
        duration_s=audio_s,
        audio=read_audio,
        trajectories=partial(read_coils, path, audio_s, sample),
        extra=extra,
    )


def _read_audio(path: Path) -> Clip:
    return audio.read_clip(path)


CORPUS = contract.Corpus(
    name="usc_timit",
    title="USC-TIMIT (electromagnetic articulography)",
    home="https://sail.usc.edu/span/usc-timit/",
    licence="for research; see the terms on its page",
    citation=(
        "S. Narayanan et al., Real-time magnetic resonance imaging and electromagnetic articulography "
        "database for speech production research (TC), JASA 136, 1307, 2014"
    ),
    layout="EMA/Data/F1/mat/usctimit_ema_f1_001_005.mat, with "
    "EMA/Data/F1/wav/usctimit_ema_f1_001_005.wav where audio is apart",
    sensors={
        "upper_lip": "UL",
        "lower_lip": "LL",
        "tongue_tip": "TT",
        "tongue_mid": "TB",
        "tongue_back": "TD",
        "jaw": "JAW",
    },
    read=read,
    looks_like=looks_like,
    ignored=ignored,
    splits=leave_one_out("usc_timit", SPEAKERS, prompt_of),
    notes=(
        "Column 0 is horizontal. Of the other two coordinates the one in which a speaker's "
        "sensors move more is taken as the vertical one. No palate is read: it is estimated from "
        "the reach of the tongue."
    ),
    sex=partial(contract.sex_in_name, 0),
)
