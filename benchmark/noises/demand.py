"""DEMAND: 18 environments recorded by 16 microphones (Thiemann, Ito & Vincent 2013)."""

from __future__ import annotations

from pathlib import Path

from benchmark.noises.catalogue import load_table, rule_for
from benchmark.noises.contract import Listing, NoiseCorpus
from benchmark.noises.listing import audio_in, by_table

_NAMES = frozenset(rule.pattern.partition("/")[0] for rule in load_table("demand"))


def holds(folder: Path) -> bool:
    """Whether folders of environments lie in the folder."""
    return bool(_files(folder))


def index(base: Path) -> Listing:
    """Lists the first channel of each environment: the other 15 recorded the same sound at the same time."""
    return by_table(base, _files(base), load_table("demand"))


def _files(folder: Path) -> list[Path]:
    table = load_table("demand")
    environments = (child for child in folder.iterdir() if child.name.upper() in _NAMES and child.is_dir())
    files = (path for environment in environments for path in audio_in(environment))
    return [path for path in files if rule_for(table, path.relative_to(folder).as_posix())]


NOISE = NoiseCorpus(
    name="demand",
    title="DEMAND",
    home="https://zenodo.org/records/1227121",
    licence="CC BY-SA 3.0",
    citation="J. Thiemann, N. Ito, E. Vincent, The Diverse Environments Multi-channel Acoustic Noise "
    "Database (DEMAND), Proc. Meetings on Acoustics 19, 035081, 2013",
    layout="DKITCHEN/ch01.wav, PCAFETER/ch01.wav and so on, at 16 or 48 kHz; each may lie in a folder of "
    "its own, as in DKITCHEN_16k/DKITCHEN/ch01.wav",
    holds=holds,
    in_parts=True,
    index=index,
    notes=(
        "Only ch01 is used. Where people talk close by (cafeteria, restaurant, cafe, meeting) an "
        "environment is babble; the others are non-babble by the six categories of its makers. With three "
        "files a category, splits are dealt in the order of a hash and stand in the committed table."
    ),
)
