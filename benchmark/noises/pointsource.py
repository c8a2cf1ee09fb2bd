"""Point-source noises of RIRS_NOISES (Ko et al. 2017), most of them taken from MUSAN."""

from __future__ import annotations

from pathlib import Path

from benchmark.noises.catalogue import load_table
from benchmark.noises.contract import Listing, NoiseCorpus
from benchmark.noises.listing import audio_below, by_table


def holds(folder: Path) -> bool:
    """Whether the folder is `pointsource_noises`."""
    return folder.resolve().name == "pointsource_noises"


def index(base: Path) -> Listing:
    """Lists the noises; one that MUSAN holds too has the same split in both."""
    return by_table(base, audio_below(base), load_table("pointsource"))


NOISE = NoiseCorpus(
    name="pointsource",
    title="RIRS_NOISES point-source noises",
    home="https://www.openslr.org/28/",
    licence="Apache 2.0",
    citation="T. Ko et al., A study on data augmentation of reverberant speech for robust speech "
    "recognition, ICASSP 2017",
    layout="RIRS_NOISES/pointsource_noises/noise-free-sound-*.wav",
    holds=holds,
    index=index,
    notes="These are recordings of MUSAN's noise part; the hash of their name gives them the same "
    "split in both corpora.",
)
