"""From files to recordings: what every reader of noise shares."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from benchmark.audio import Header, read_header
from benchmark.corpora.contract import walk
from benchmark.errors import CorpusError
from benchmark.noises.catalogue import Rule, rule_for, split_by_hash
from benchmark.noises.contract import Listing, Recording

SUFFIXES = (".wav", ".flac", ".aif", ".aiff", ".ogg", ".sph")
#: Below this rate a recording has nothing in the upper part of the band that mixtures have.
FULL_BAND_HZ = 16000
_LEVELS = 2
_FOLDERS_LOOKED_AT = 2000

Name = Callable[[str], str]
Remark = Callable[[str, Header], str]


def find_bases(root: Path, holds: Callable[[Path], bool], *, in_parts: bool = False) -> tuple[Path, ...]:
    """`root`, or the first folder at most two levels below it, of which `holds` is true; none if this is not the corpus.

    Folders that may not be read are passed over; of very many the first 2,000 are looked at.

    Args:
        root: Where to begin.
        holds: Whether a folder is one.
        in_parts: Take all of them: each may hold a part.

    Raises:
        CorpusError: Several folders side by side qualify where only one may, as when each archive of a corpus was unpacked
            into a folder of its own: taking one would leave out the rest.
    """
    level = [root]
    found: dict[Path, Path] = {}
    for _ in range(_LEVELS + 1):
        for folder in level:
            if _readable(folder, holds):
                found.setdefault(folder.resolve(), folder)
        if found and not in_parts:
            break
        level = list(islice((child for folder in level for child in _folders(folder)), _FOLDERS_LOOKED_AT))
    bases = tuple(found.values())
    if len(bases) > 1 and not in_parts:
        raise CorpusError(
            f"{root}: {bases[0].relative_to(root)} and {bases[1].relative_to(root)} both hold recordings of this "
            "corpus; move what they hold into one folder, or name one of them"
        )
    return bases


def audio_below(folder: Path) -> Iterator[Path]:
    """Audio files below a folder in sorted order, hidden ones left out; links to folders are followed once."""
    return (path for path in walk(folder) if path.suffix.lower() in SUFFIXES)


def audio_in(folder: Path) -> list[Path]:
    """Audio files directly in a folder, sorted, hidden ones left out."""
    return sorted(
        path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.name[0] != "."
    )


def stem(identity: str) -> str:
    """The name of a file without folder and suffix, in lower case."""
    return Path(identity).stem.casefold()


def by_table(
    base: Path,
    files: Iterable[Path],
    table: Sequence[Rule],
    *,
    key: Name = stem,
    talker: Name = stem,
    category: Name | None = None,
    remark: Remark | None = None,
) -> Listing:
    """Recordings as the table of their corpus describes them.

    Args:
        base: Ids are relative to it.
        files: Audio files.
        table: See `benchmark.noises.catalogue`.
        key: Id to what must stay in one split, where the table leaves the split to the hash.
        talker: Id to who speaks.
        category: Id to a category, where names tell more than the table.
        remark: Id and header to a note for the user.
    """

    def describe(identity: str, header: Header) -> Recording:
        rule = rules[identity]
        return Recording(
            identity,
            rule.category if category is None or rule.category else category(identity),
            rule.kind,
            split_by_hash(key(identity)) if rule.split == "hash" else rule.split,
            header.duration_s,
            talker(identity) if rule.kind == "talker" else "",
            "; ".join(filter(None, (band_note(header), remark(identity, header) if remark else ""))),
        )

    rules: dict[str, Rule] = {}
    for path in files:
        rule = rule_for(table, identity := path.relative_to(base).as_posix())
        if rule is not None and rule.kind != "unused":
            rules[identity] = rule
    return listed(base, rules, describe)


def listed(base: Path, identities: Iterable[str], describe: Callable[[str, Header], Recording]) -> Listing:
    """Reads headers and describes the files."""
    recordings, problems = [], []
    for identity in sorted(identities):
        try:
            recordings.append(describe(identity, read_header(base / identity)))
        except CorpusError as error:
            problems.append(str(error))
    return Listing(recordings, problems)


def remarks(recordings: Iterable[Recording]) -> list[str]:
    """One line for each different note, with the first file it is about and how many others."""
    seen: Counter[str] = Counter()
    first: dict[str, str] = {}
    for recording in recordings:
        if recording.notes:
            seen[recording.notes] += 1
            first.setdefault(recording.notes, recording.id)
    return [
        f"{first[note]}{f' and {count - 1} more' if count > 1 else ''}: {note}"
        for note, count in seen.items()
    ]


def band_note(header: Header) -> str:
    """A note on a recording that has not the band of the mixtures, else ""."""
    if header.rate_hz >= FULL_BAND_HZ:
        return ""
    return f"sampled at {header.rate_hz} Hz, so it holds nothing above {header.rate_hz // 2} Hz"


def _readable(folder: Path, holds: Callable[[Path], bool]) -> bool:
    try:
        return holds(folder)
    except OSError:
        return False


def _folders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            names = sorted(
                entry.name for entry in entries if entry.is_dir() and not entry.name.startswith(".")
            )
    except OSError:
        return []
    return [folder / name for name in names]
