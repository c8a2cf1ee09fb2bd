"""WHAM! noise: restaurants, cafes, bars and parks, two channels (Wichern et al. 2019)."""

from __future__ import annotations

from pathlib import Path

from benchmark.noises.catalogue import load_table
from benchmark.noises.contract import Listing, NoiseCorpus
from benchmark.noises.listing import audio_below, audio_in, by_table

_SPLITS = ("tr", "cv", "tt")


def holds(folder: Path) -> bool:
    """Whether a folder has two of `tr`, `cv` and `tt`, or one with audio; many take the test set alone."""
    there = [folder / name for name in _SPLITS if (folder / name).is_dir()]
    return len(there) > 1 or any(audio_in(split) for split in there)


def index(base: Path) -> Listing:
    """Lists the files of the three splits."""
    files = (path for split in _SPLITS for path in audio_below(base / split))
    return by_table(base, files, load_table("wham"))


NOISE = NoiseCorpus(
    name="wham",
    title="WHAM! noise",
    home="http://wham.whisper.ai/",
    licence="CC BY-NC 4.0",
    citation="G. Wichern et al., WHAM!: Extending Speech Separation to Noisy Environments, Interspeech 2019",
    layout="wham_noise/{tr,cv,tt}/*.wav",
    holds=holds,
    index=index,
    notes=(
        "The corpus' own splits. All of it is babble: nearly every place recorded is full of people "
        "talking. The left channel is used."
    ),
)
