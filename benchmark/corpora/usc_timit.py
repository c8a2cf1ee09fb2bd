"""USC-TIMIT, the part recorded by electromagnetic articulography: MVIEW-like files, audio inside or beside."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from benchmark import audio
from benchmark.corpora import contract, mview
from benchmark.corpora.passed_over import passed_over
from benchmark.errors import CorpusError
from benchmark.speech import Clip, Utterance

LENGTH_LIMIT_S = 1.0
_RECORDING = re.compile(r"usctimit_ema_(?P<speaker>[fm]\d+)_(?P<prompt>\d+(?:_\d+)?)\.mat", re.IGNORECASE)


def read(root: Path) -> list[Utterance]:
    """List all recordings; each holds a few sentences of the 460."""
    sounds = contract.sounds_below(root)
    found = ((path, _RECORDING.fullmatch(path.name)) for path in contract.walk(root))
    return [_utterance(path, match, sounds) for path, match in found if match]


def looks_like(root: Path) -> bool:
    """Whether files named as USC-TIMIT's lie below `root`."""
    return contract.holds(root, _RECORDING.pattern)


def ignored(root: Path) -> list[contract.Ignored]:
    """Files of MATLAB and audio of other names, and audio without articulation."""
    return passed_over(root, contract.walk(root), ".mat", _recording, "usctimit_ema_f1_001_005.mat")


def _recording(path: Path) -> str | None:
    return path.stem.lower() if _RECORDING.fullmatch(f"{path.stem}.mat") else None


def _utterance(path: Path, match: re.Match[str], sounds: dict[str, Path]) -> Utterance:
    extra: dict[str, str | int | float] = {}
    audio_s = 0.0
    read_audio = partial(mview.read_audio, path)
    try:
        listing = mview.list_recording(path)
        audio_s = listing.audio_s
        if not audio_s:
            sound = contract.beside(path, sounds)
            audio_s, read_audio = audio.duration_s(sound), partial(_read_audio, sound)
        extra["sentence"] = listing.sentence
        extra |= contract.lengths(path, audio_s, listing.articulation_s, LENGTH_LIMIT_S)
    except CorpusError as error:
        extra["problem"] = str(error)
    speaker = match["speaker"].upper()
    return Utterance(
        id=f"{speaker}/{path.stem}",
        speaker=speaker,
        prompt=match["prompt"],
        duration_s=audio_s,
        audio=read_audio,
        trajectories=partial(mview.read_sensors, path, audio_s, None),
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
        "S. Narayanan et al., Real-time magnetic resonance imaging and electromagnetic articulography database "
        "for speech production research (TC), JASA 136, 1307, 2014"
    ),
    layout="EMA/Data/F1/mat/usctimit_ema_f1_001_005.mat, with EMA/Data/F1/wav/usctimit_ema_f1_001_005.wav where audio is apart",
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
    notes=(
        "Column 0 is horizontal. Of the other two coordinates the one that moves more is taken as the vertical "
        "one. No palate is read: it is estimated from the reach of the tongue."
    ),
)
