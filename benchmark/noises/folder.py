"""Any folder of noise: its subfolders are the categories."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from benchmark.audio import Header
from benchmark.noises.catalogue import split_by_hash
from benchmark.noises.contract import Listing, NoiseCorpus, Recording
from benchmark.noises.listing import audio_below, band_note, listed, unread_below
from benchmark.types import SPLITS

TALKERS, BABBLE, UNNAMED = "talkers", "babble", "noise"


def holds(folder: Path) -> bool:
    """Any folder will do."""
    return True


def index(base: Path) -> Listing:
    """Lists every audio file."""
    identities = (path.relative_to(base).as_posix() for path in audio_below(base))
    listing = listed(base, identities, _describe)
    return listing._replace(problems=[*listing.problems, *unread_below(base)])


def _describe(identity: str, header: Header) -> Recording:
    folders = list(PurePosixPath(identity).parent.parts)
    own_split = folders.pop(0).lower() if folders and folders[0].lower() in SPLITS else None
    category = folders[0] if folders else UNNAMED
    name = PurePosixPath(identity).stem
    if category.lower() == TALKERS:
        talker = folders[1] if len(folders) > 1 else name
        split = own_split or split_by_hash(f"talker {talker}")
        return Recording(identity, category, "talker", split, header.duration_s, talker, band_note(header))
    kind = "babble" if category.lower() == BABBLE else "nonbabble"
    split = own_split or split_by_hash(str(PurePosixPath(identity).with_suffix("")))
    return Recording(identity, category, kind, split, header.duration_s, "", band_note(header))


NOISE = NoiseCorpus(
    name="folder",
    title="a folder of your own noise",
    home="your disk",
    licence="yours to know",
    citation="",
    layout="CATEGORY/*.wav; the category 'babble' is babble, talkers/NAME/*.wav are single talkers; all of "
    "it may lie in train/, dev/ and test/, else files are split by a hash of their name",
    holds=holds,
    index=index,
    notes="Any audio that libsndfile or NIST SPHERE names, any rate, first channel.",
)
