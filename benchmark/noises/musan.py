"""MUSAN: music, speech and noise (Snyder, Chen & Povey, arXiv 1510.08484)."""

from __future__ import annotations

from pathlib import Path

from benchmark.noises.catalogue import load_table
from benchmark.noises.contract import Listing, NoiseCorpus
from benchmark.noises.listing import audio_below, by_table

_PARTS = {
    "speech": ("librivox", "us-gov"),
    "noise": ("free-sound", "sound-bible"),
    "music": ("fma", "rfm", "jamendo"),
}


def holds(folder: Path) -> bool:
    """Whether `music`, `noise` and `speech`, or one of them, lie in the folder."""
    return any((folder / part / source).is_dir() for part, sources in _PARTS.items() for source in sources)


def index(base: Path) -> Listing:
    """Lists the recordings of the three parts."""
    files = (path for part in _PARTS for path in audio_below(base / part))
    return by_table(base, files, load_table("musan"))


NOISE = NoiseCorpus(
    name="musan",
    title="MUSAN",
    home="https://www.openslr.org/17/",
    licence="CC BY 4.0 (parts in the public domain)",
    citation="D. Snyder, G. Chen, D. Povey, MUSAN: A Music, Speech, and Noise Corpus, arXiv:1510.08484, 2015",
    layout="music/*/*.wav, noise/{free-sound,sound-bible}/*.wav, speech/librivox/*.wav",
    holds=holds,
    index=index,
    notes=(
        "Talkers are the LibriVox readings, each file one talker: the corpus does not say which files "
        "share a reader. The hearings in speech/us-gov are not used: a file holds several people, who "
        "return in other files. Split by a hash of the file's name, which gives the noises that "
        "RIRS_NOISES took from here the same split there."
    ),
)
