"""Noise of the Deep Noise Suppression Challenge: clips of AudioSet and Freesound.

Sources: Reddy et al. 2020; Dubey et al. 2022.
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmark.noises.catalogue import load_table
from benchmark.noises.contract import Listing, NoiseCorpus
from benchmark.noises.listing import audio_below, audio_in, by_table, stem

_FREESOUND = re.compile(r"(?P<label>.+)_freesound_validated_(?P<source>.+)_\d+")


def holds(folder: Path) -> bool:
    """Whether the folder is `noise_fullband` (or `noise`, at 16 kHz) with clips in it."""
    clips = audio_in(folder)
    # MUSAN has a folder called "noise" too, but no clips directly in it.
    named = bool(clips) and folder.resolve().name in {"noise_fullband", "noise"}
    return named or any(_FREESOUND.fullmatch(path.stem.casefold()) for path in clips)


def index(base: Path) -> Listing:
    """Lists the clips. Those cut from one recording of Freesound stay in one split."""
    return by_table(base, audio_below(base), load_table("dns"), key=_source, category=_label)


def _source(identity: str) -> str:
    found = _FREESOUND.fullmatch(stem(identity))
    return f"freesound {found['source']}" if found else Path(identity).stem


def _label(identity: str) -> str:
    found = _FREESOUND.fullmatch(stem(identity))
    return found["label"] if found else "audioset"


NOISE = NoiseCorpus(
    name="dns",
    title="DNS Challenge noise",
    home="https://github.com/microsoft/DNS-Challenge",
    licence="AudioSet CC BY 4.0, Freesound CC0; see the challenge's README",
    citation="H. Dubey et al., ICASSP 2022 Deep Noise Suppression Challenge, ICASSP 2022",
    layout="noise_fullband/*.wav at 48 kHz, names such as door_Freesound_validated_458454_3.wav",
    holds=holds,
    index=index,
    notes=(
        "Clips of Freesound carry a label in their name, which is their category; the others are "
        "'audioset'. Its makers removed clips in which a detector found speech; nobody has "
        "listened to all of them."
    ),
)
