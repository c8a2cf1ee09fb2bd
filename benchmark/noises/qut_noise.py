"""QUT-NOISE: ten locations, two sessions of half an hour and more each (Dean et al. 2010)."""

from __future__ import annotations

from pathlib import Path

from benchmark.noises.catalogue import load_table
from benchmark.noises.contract import Listing, NoiseCorpus
from benchmark.noises.listing import by_table, named_in, with_others


def holds(folder: Path) -> bool:
    """Whether files such as CAFE-CAFE-1.wav lie in the folder."""
    known, _ = named_in(folder, load_table("qut_noise"))
    return bool(known)


def index(base: Path) -> Listing:
    """Lists the files of the twenty names; notes that there are others."""
    table = load_table("qut_noise")
    known, others = named_in(base, table)
    return with_others(by_table(base, known, table), others, NOISE.title)


NOISE = NoiseCorpus(
    name="qut_noise",
    title="QUT-NOISE",
    home="https://research.qut.edu.au/saivt/databases/qut-noise-databases-and-protocols/",
    licence="CC BY-SA 3.0",
    citation="D. Dean, S. Sridharan, R. Vogt, M. Mason, The QUT-NOISE-TIMIT corpus for the evaluation of "
    "voice activity detection algorithms, Interspeech 2010",
    layout="QUT-NOISE/CAFE-CAFE-1.wav and so on: {SCENE}-{LOCATION}-{SESSION}.wav at 48 kHz; the archive of "
    "each scene may lie in a folder of its own, as in CAFE/QUT-NOISE/CAFE-CAFE-1.wav",
    holds=holds,
    in_parts=True,
    index=index,
    notes=(
        "Of the two locations of a scene one trains; the sessions of the other are dev and test. "
        "The living room is not used: children and a television are heard there, which is neither "
        "babble nor free of it."
    ),
)
