"""From files to recordings: what every reader of noise shares."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from benchmark.audio import SUFFIXES, UNREAD_SUFFIXES, Header, read_header, refuse_cut_off
from benchmark.corpora.contract import walk
from benchmark.errors import CorpusError
from benchmark.files import never_ends
from benchmark.noises.catalogue import (
    BY_HASH,
    BY_TIME,
    GUARD_S,
    Rule,
    divided_in_time,
    rule_for,
    split_by_hash,
)
from benchmark.noises.contract import Listing, Recording

#: Below this rate a recording has nothing in the upper part of the band that mixtures have.
FULL_BAND_HZ = 16000
_LEVELS = 2
_FOLDERS_LOOKED_AT = 2000
_NAMED = 3

Name = Callable[[str], str]
Remark = Callable[[str, Header], str]


def find_bases(root: Path, holds: Callable[[Path], bool], *, in_parts: bool = False) -> tuple[Path, ...]:
    """`root`, or the first folder at most two levels below it that looks like this corpus.

    `holds` decides whether a folder does; the result is empty if none does.

    Folders that may not be read are passed over; of very many the first 2,000 are looked at.

    Args:
        root: Where to begin.
        holds: Whether a folder is one.
        in_parts: Take all of them: each may hold a part.

    Raises:
        CorpusError: Several folders side by side qualify where only one may, as when each archive of a corpus
            was unpacked into a folder of its own: taking one would leave out the rest.
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
            f"{root}: {bases[0].relative_to(root)} and {bases[1].relative_to(root)} both hold recordings "
            "of this corpus; move what they hold into one folder, or name one of them"
        )
    return bases


def audio_below(folder: Path) -> Iterator[Path]:
    """Audio files below a folder in sorted order, without hidden ones; links are followed once."""
    return (path for path in walk(folder) if path.suffix.lower() in SUFFIXES)


def unread_below(folder: Path) -> list[str]:
    """One line for each audio file below a folder of a kind that is not read."""
    paths = (path for path in walk(folder) if path.suffix.lower() in UNREAD_SUFFIXES)
    return [
        f"{path}: {path.suffix} is no kind of audio that is read here; convert it to WAV or FLAC"
        for path in paths
    ]


def audio_in(folder: Path) -> list[Path]:
    """Audio files directly in a folder, sorted, hidden ones left out."""
    named = (path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.name[0] != ".")
    return sorted(path for path in named if not path.is_dir() and not never_ends(path))


def stem(identity: str) -> str:
    """The name of a file without folder and suffix, in lower case."""
    return Path(identity).stem.casefold()


def by_table(
    base: Path,
    files: Iterable[Path],
    table: Sequence[Rule],
    *,
    known_as: Name = str,
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
        known_as: Id to the one that the table has for it, where copies of the corpus spell names in several
            ways.
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
            split_by_hash(key(identity)) if rule.split == BY_HASH else rule.split,
            header.duration_s,
            talker(identity) if rule.kind == "talker" else "",
            "\n".join(filter(None, (band_note(header), remark(identity, header) if remark else ""))),
        )

    rules: dict[str, Rule] = {}
    for path in files:
        identity = path.relative_to(base).as_posix()
        rule = rule_for(table, known_as(identity))
        if rule is not None and rule.kind != "unused":
            rules[identity] = rule
    return _parted(base, listed(base, rules, describe))


def listed(base: Path, identities: Iterable[str], describe: Callable[[str, Header], Recording]) -> Listing:
    """Reads headers, tries whether compressed files are whole, and describes the files."""
    recordings, problems = [], []
    for identity in sorted(identities):
        try:
            _refuse_unwritable(base / identity, identity)
            header = read_header(base / identity)
            refuse_cut_off(base / identity)
            recordings.append(describe(identity, header))
        except CorpusError as error:
            problems.append(str(error))
    return Listing(recordings, problems)


def _parted(base: Path, listing: Listing) -> Listing:
    """The same listing, with a recording for each split where the table divides one in time."""
    recordings, problems = [], list(listing.problems)
    for recording in listing.recordings:
        if recording.split != BY_TIME:
            recordings.append(recording)
            continue
        parts = divided_in_time(recording.duration_s)
        if min(end - start for start, end in parts.values()) < GUARD_S:
            problems.append(
                f"{base / recording.id}: lasts {recording.duration_s:.1f} s, too short to be divided in "
                "time among the splits; get a whole copy"
            )
            continue
        for split, (start, end) in parts.items():
            notes = recording.notes if not start else ""
            recordings.append(
                replace(recording, split=split, start_s=start, duration_s=end - start, notes=notes)
            )
    return Listing(recordings, problems)


def remarks(recordings: Iterable[Recording]) -> list[str]:
    """One line for each different note, with the first file it is about and how many others."""
    seen: Counter[str] = Counter()
    first: dict[str, str] = {}
    for recording in recordings:
        for note in recording.notes.splitlines():
            seen[note] += 1
            first.setdefault(note, recording.id)
    return [
        f"{first[note]}{f' and {count - 1} more' if count > 1 else ''}: {note}"
        for note, count in seen.items()
    ]


def named_in(folder: Path, table: Sequence[Rule], known_as: Name = str) -> tuple[list[Path], list[Path]]:
    """Audio files directly in a folder: those of a name that the table has, and the others.

    Args:
        folder: Where they lie.
        table: See `benchmark.noises.catalogue`.
        known_as: See `by_table`.
    """
    known: list[Path] = []
    others: list[Path] = []
    for path in audio_in(folder):
        (known if rule_for(table, known_as(path.name)) else others).append(path)
    return known, others


def with_others(listing: Listing, others: Sequence[Path], title: str) -> Listing:
    """Notes on the first recording which audio files beside it have no name of the corpus.

    A misspelt name would else be missing in silence.
    """
    if not others or not listing.recordings:
        return listing
    named = ", ".join(path.name for path in others[:_NAMED])
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    note = f"beside it lie files that are not used, because {title} has none of their names: {named}{more}"
    first, *rest = listing.recordings
    return listing._replace(
        recordings=[replace(first, notes="\n".join(filter(None, (first.notes, note)))), *rest]
    )


def band_note(header: Header) -> str:
    """Notes that a recording is narrower in band than the mixtures, or has a harmless fault; else ""."""
    if header.rate_hz >= FULL_BAND_HZ:
        return header.note
    band = f"sampled at {header.rate_hz} Hz, so it holds nothing above {header.rate_hz // 2} Hz"
    return "\n".join(filter(None, (header.note, band)))


def _refuse_unwritable(path: Path, identity: str) -> None:
    """An id is part of a plan, which is UTF-8 on every machine."""
    try:
        identity.encode()
    except UnicodeEncodeError:
        raise CorpusError(
            f"{path}: its name below the folder of noise is not UTF-8; rename the file or the "
            "folder that it lies in"
        ) from None


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
