"""Words, letters and syllables spoken in KDE's games KTuberling and KLettres.

There are some thirty languages, with one voice for each.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from benchmark.noises.catalogue import load_table
from benchmark.noises.contract import Listing, NoiseCorpus
from benchmark.noises.listing import audio_below, by_table

_PARTS = ("ktuberling/sounds", "klettres")


def holds(folder: Path) -> bool:
    """Whether the sounds of one of the two games lie in the folder."""
    return any((folder / part).is_dir() for part in _PARTS)


def index(base: Path) -> Listing:
    """Lists the recordings of both games; a language is one talker."""
    files = (path for part in _PARTS for path in audio_below(base / part))
    return by_table(base, files, load_table("kde_voices"), talker=_language)


def _language(identity: str) -> str:
    parts = PurePosixPath(identity).parts
    return parts[1] if parts[0] == "klettres" else parts[2]


NOISE = NoiseCorpus(
    name="kde_voices",
    title="Spoken words of KTuberling and KLettres (KDE)",
    home="https://packages.debian.org/ktuberling-data and https://packages.debian.org/klettres-data "
    "(apt-get download, then dpkg-deb -x FILE DIR for each, into one DIR)",
    licence="GPL-2.0-or-later, like the games (/usr/share/doc/ktuberling-data/copyright, "
    "/usr/share/doc/klettres-data/copyright)",
    citation="KDE, KTuberling (A. Astals Cid, E. Bischoff, W. Rohdewald and others) and KLettres (A.-M. "
    "Mahfouf and others), with the voices of volunteers; version 22.12.3 was examined",
    layout="usr/share/ktuberling/sounds/LANGUAGE/*.ogg and usr/share/klettres/LANGUAGE/{alpha,syllab}/*.ogg",
    holds=holds,
    index=index,
    notes=(
        "Real people who say single words, so that babble of real voices needs no licensed corpus. Nobody "
        "says who speaks: a language counts as one talker, in both games together, and belongs to one "
        "split, dealt in the order of a hash. Languages recorded at 8000 Hz are not used."
    ),
    in_parts=True,
)
