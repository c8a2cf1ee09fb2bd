"""NOISEX-92: 15 noises of 235 s (Varga & Steeneken 1993)."""

from __future__ import annotations

import re
from pathlib import Path

from benchmark.audio import Header
from benchmark.noises.catalogue import load_table
from benchmark.noises.contract import Listing, NoiseCorpus
from benchmark.noises.listing import by_table, named_in, with_others

RATE_HZ = 19980
_ENOUGH = 2
_SEPARATORS = re.compile(r"[ _-]")


def holds(folder: Path) -> bool:
    """Whether files of at least two of the 15 names lie in the folder."""
    known, _ = named_in(folder, load_table("noisex92"), _joined)
    return len(known) >= _ENOUGH


def index(base: Path) -> Listing:
    """Lists the files of the 15 names; notes other sampling rates than the original and other names."""
    table = load_table("noisex92")
    known, others = named_in(base, table, _joined)
    found = by_table(base, known, table, known_as=_joined, remark=_resampled)
    return with_others(found, others, NOISE.title)


def _joined(name: str) -> str:
    """A name as the table has it: copies write hfchannel, hf_channel, hf-channel and "hf channel"."""
    return _SEPARATORS.sub("", name)


def _resampled(identity: str, header: Header) -> str:
    if header.rate_hz == RATE_HZ:
        return ""
    return (
        f"sampled at {header.rate_hz} Hz where NOISEX-92 is at {RATE_HZ} Hz: a resampled copy, or one "
        "whose header is wrong; it should last about 235 s"
    )


NOISE = NoiseCorpus(
    name="noisex92",
    title="NOISEX-92",
    home="copies are passed on by many labs; first published on CD-ROM by the Speech "
    "Research Unit, DRA Malvern",
    licence="research; ask the holder of the copy",
    citation="A. Varga, H. Steeneken, Assessment for automatic speech recognition: II. NOISEX-92, "
    "Speech Communication 12(3):247-251, 1993",
    layout="babble.wav, factory1.wav, hfchannel.wav (or hf_channel.wav) and so on in one folder",
    holds=holds,
    index=index,
    notes=(
        "Copies differ in rate; the header is believed and a rate other than 19980 Hz is reported. There "
        "is one recording of each noise, babble included: it is divided in time, 60 % train, 20 % dev and "
        "20 % test, with a second between them that is not used."
    ),
)
