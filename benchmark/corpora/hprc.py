"""Haskins Production Rate Comparison (HPRC): eight speakers, MVIEW files with audio inside."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from benchmark.corpora import contract
from benchmark.corpora.splits import leave_one_out
from benchmark.corpora.unread_files import passed_over
from benchmark.errors import CorpusError
from benchmark.formats import mview
from benchmark.types import Utterance

#: In the order of the folds: where one is left out, the next is the dev speaker.
SPEAKERS = ("F01", "M01", "F02", "M02", "F03", "M03", "F04", "M04")
LENGTH_LIMIT_S = 0.5
_VERTICAL = 2
_RECORDING = re.compile(
    r"(?P<speaker>[FM]\d{2})_(?P<prompt>B\d+_S\d+)_R(?P<repetition>\d+)_(?P<rate>[NF])\.mat", re.IGNORECASE
)
_RATES = {"N": "normal", "F": "fast"}


def read(root: Path) -> list[Utterance]:
    """List all recordings; palate traces are not speech and are skipped."""
    found = ((path, _RECORDING.fullmatch(path.name)) for path in contract.walk(root))
    return [_utterance(path, match) for path, match in found if match and not _is_palate(path)]


def looks_like(root: Path) -> bool:
    """Whether files named as HPRC's lie below `root`."""
    return contract.holds(root, _RECORDING.pattern)


def ignored(root: Path) -> list[contract.Ignored]:
    """Files of MATLAB that have another name; palate traces are known not to be speech."""
    files = (path for path in contract.walk(root) if not _is_palate(path))
    return passed_over(root, files, ".mat", _recording, "F01_B01_S01_R01_N.mat", sounds=())


def prompt_of(recording: str) -> str:
    """Label of the sentence, by the name of a recording; equal for all who read it."""
    found = re.search(r"B\d+_S\d+", recording, re.IGNORECASE)
    return found[0].upper() if found else recording


def _is_palate(path: Path) -> bool:
    return "palate" in path.name.lower()


def _recording(path: Path) -> str | None:
    return path.stem.upper() if _RECORDING.fullmatch(path.name) else None


def _utterance(path: Path, match: re.Match[str]) -> Utterance:
    extra: dict[str, str | int | float] = {
        "repetition": int(match["repetition"]),
        "rate": _RATES[match["rate"].upper()],
    }
    audio_s = 0.0
    try:
        listing = mview.list_recording(path)
        audio_s = listing.audio_s
        extra["sentence"] = listing.sentence
        if not audio_s:
            raise CorpusError(f"{path}: holds no audio element")
        extra |= contract.lengths(path, audio_s, listing.articulation_s, LENGTH_LIMIT_S)
    except CorpusError as error:
        extra["problem"] = str(error)
    speaker = match["speaker"].upper()
    return Utterance(
        id=f"{speaker}/{path.stem.upper()}",
        speaker=speaker,
        prompt=match["prompt"].upper(),
        duration_s=audio_s,
        audio=partial(mview.read_audio, path),
        trajectories=partial(mview.read_sensors, path, audio_s, _VERTICAL),
        extra=extra,
        phones=partial(mview.read_phones, path),
    )


CORPUS = contract.Corpus(
    name="hprc",
    title="Haskins Production Rate Comparison (HPRC)",
    home="https://yale.app.box.com/s/cfn8hj2puveo65fq54rp1ml2mk7moj3h",
    licence="for research; see the terms that come with it",
    citation=(
        "M. Tiede et al., Quantifying kinematic aspects of reduction in a contrasting rate production "
        "task, JASA 141, 3580, 2017"
    ),
    layout="F01/F01_B01_S01_R01_N.mat and so on (any depth)",
    sensors={
        "upper_lip": "UL",
        "lower_lip": "LL",
        "tongue_tip": "TT",
        "tongue_mid": "TB",
        "tongue_back": "TR",
        "jaw": "JAW",
    },
    read=read,
    looks_like=looks_like,
    ignored=ignored,
    splits=leave_one_out("hprc", SPEAKERS, prompt_of),
    notes=(
        "100 Hz; x (column 0) grows towards the lips, z (column 2) upwards and is called y here. No palate "
        "is read: the palate is estimated from the reach of the tongue."
    ),
    sex=partial(contract.sex_in_name, 0),
)
