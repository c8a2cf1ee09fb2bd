"""What a reader of articulatory corpora promises, and the small tools that every reader shares."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.audio import SUFFIXES
from benchmark.corpora.splits import Division
from benchmark.errors import CorpusError, LengthError
from benchmark.files import never_ends
from benchmark.types import Trajectories, Utterance

#: Roles that `Corpus.sensors` may name; the tongue body runs from front to back.
ROLES = (
    "upper_lip",
    "lower_lip",
    "lip_corner",
    "tongue_tip",
    "tongue_front",
    "tongue_mid",
    "tongue_back",
    "jaw",
    "jaw_back",
    "velum",
    "velum_opening",
    "f0",
)

#: A difference in length that is worth a note, seconds.
NOTED_S = 0.1

_PORTABLE_ID = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+")
_ENTRIES_LOOKED_AT = 20_000


class Ignored(NamedTuple):
    """A file that looks as if it were part of a corpus and is not read.

    Attributes:
        path: Relative to the root, with "/".
        why: A few words, the same for all files that are left out for one reason.
    """

    path: str
    why: str


def _nothing(_: Path) -> list[Ignored]:
    return []


def _not_known(_: str) -> str:
    return ""


@dataclass(frozen=True)
class Corpus:
    """One kind of articulatory corpus and its reader.

    Attributes:
        name: Key in the registry, lower case.
        title: Full name.
        home: Where to ask for it or get it.
        licence: Under which terms it may be used.
        citation: What to cite.
        layout: The files that the reader expects, for people to read.
        sensors: Role (see `ROLES`) to the prefix of its channels: "T1" stands for "T1_x" and "T1_y".
            The roles "velum_opening" and "f0" name one channel by its full name.
        read: Lists the utterances below a root, sorted by id. Headers are read, samples are not. An
            utterance whose files are damaged or missing stays in the list with the reason in
            `extra["problem"]`; `benchmark.corpora.read` refuses or leaves out such utterances.
        looks_like: Whether a folder seems to hold this corpus; quick, reads names and a few headers.
        ignored: Lists the files below a root that resemble recordings and that `read` passes over; reads
            names alone.
        splits: Name of each published division of the corpus into train, dev and test (see
            `benchmark.corpora.splits`).
        notes: What a user should know of coordinates, rates and known faults.
        sex: "F" or "M" for a speaker, as the corpus states it; "" where it does not. Impostors of speaker
            verification are of the same sex.
    """

    name: str
    title: str
    home: str
    licence: str
    citation: str
    layout: str
    sensors: Mapping[str, str]
    read: Callable[[Path], list[Utterance]]
    looks_like: Callable[[Path], bool]
    ignored: Callable[[Path], list[Ignored]] = _nothing
    splits: Mapping[str, Division] = field(default_factory=dict)
    notes: str = ""
    sex: Callable[[str], str] = _not_known


def sex_in_name(place: int, speaker: str) -> str:
    """Reads the sex of a speaker from letter `place` of their label, as in F01 or VM03; else ""."""
    letter = speaker[place : place + 1].upper()
    return letter if letter in ("F", "M") else ""


def walk(root: Path) -> Iterator[Path]:
    """Files below `root` in sorted order, symbolic links followed once, hidden files and folders left out.

    A link to nothing is listed, so that its missing file is reported; pipes, sockets and devices
    are not.
    """
    seen: set[str] = set()
    for folder, subfolders, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            subfolders.clear()
            continue
        seen.add(real)
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(files):
            path = Path(folder, name)
            if not name.startswith(".") and not never_ends(path):
                yield path


def holds(root: Path, pattern: str, at_least: int = 1) -> bool:
    """Whether `at_least` file names below `root` match `pattern` in full, whatever their case.

    Looks at the first 20,000 files.
    """
    matcher = re.compile(pattern, re.IGNORECASE)
    found = (path for path in first_files(root) if matcher.fullmatch(path.name))
    return sum(1 for _ in islice(found, at_least)) >= at_least


def first_files(root: Path) -> Iterator[Path]:
    """The first 20,000 files below `root`: enough to tell what it holds."""
    return islice(walk(root), _ENTRIES_LOOKED_AT)


def portable_id(identity: str, path: Path) -> str:
    """Return `identity` if it is a portable utterance id, else say which file's name is to blame."""
    if not _PORTABLE_ID.fullmatch(identity) or ".." in identity:
        raise CorpusError(
            f"{path}: the name gives the id '{identity}'; use letters, digits, '_', '-' and '.' only"
        )
    return identity


def with_problem(utterance: Utterance, problem: str) -> Utterance:
    """The same utterance, marked as damaged."""
    return replace(utterance, extra={**utterance.extra, "problem": problem})


def length_problem(path: Path, audio_s: float, articulation_s: float, limit_s: float) -> str | None:
    """Why audio and articulation cannot belong together, or None if they agree within `limit_s` seconds."""
    if abs(audio_s - articulation_s) <= limit_s:
        return None
    return (
        f"{path}: audio lasts {audio_s:.3f} s and articulation {articulation_s:.3f} s, more than "
        f"{limit_s:g} s apart; one of the two is truncated or belongs to another recording, or the rate of "
        "the articulation is wrong"
    )


def lengths(
    path: Path, audio_s: float, articulation_s: float, limit_s: float, rate_hz: float = 0.0
) -> dict[str, str | int | float]:
    """Facts for `Utterance.extra` about how well audio and articulation agree in length.

    Args:
        path: Of the articulation.
        audio_s: Length of the audio.
        articulation_s: Length of the articulation.
        limit_s: How far the two may be apart.
        rate_hz: Of the articulation, where it is known.

    Returns:
        "articulation_s", and "notes" where they differ by more than `NOTED_S`: then only the overlap is used.

    Raises:
        LengthError: They differ by more than `limit_s`.
    """
    if problem := length_problem(path, audio_s, articulation_s, limit_s):
        error = LengthError(problem)
        error.audio_s, error.articulation_s, error.rate_hz = audio_s, articulation_s, rate_hz
        raise error
    facts: dict[str, str | int | float] = {"articulation_s": round(articulation_s, 6)}
    apart = articulation_s - audio_s
    if abs(apart) > NOTED_S:
        facts["notes"] = f"articulation {abs(apart):.2f} s {'longer' if apart > 0 else 'shorter'} than audio"
    return facts


def add_note(extra: dict[str, str | int | float], note: str) -> None:
    """Put what a reader had to mend behind the other notes of an utterance; "" adds nothing."""
    if note:
        extra["notes"] = "; ".join(filter(None, (str(extra.get("notes", "")), note)))


def delayed(trajectories: Trajectories, start_s: float) -> Trajectories:
    """Shifts trajectories so that frame 0 lies at the first audio sample.

    Invalid frames are put in front, or frames before the audio are left out.

    Args:
        trajectories: Frame 0 is at `start_s`.
        start_s: Seconds; negative where the articulation begins before the audio.
    """
    late = round(start_s * trajectories.rate_hz)
    if late == 0:
        return trajectories
    if late < 0:
        rest = min(-late, len(trajectories.values) - 1)
        return Trajectories(
            trajectories.values[rest:], trajectories.rate_hz, trajectories.names, trajectories.valid[rest:]
        )
    front = ((late, 0), (0, 0))
    return Trajectories(
        np.pad(trajectories.values, front),
        trajectories.rate_hz,
        trajectories.names,
        np.pad(trajectories.valid, front),
    )


def mirrored(trajectories: Trajectories, names: tuple[str, ...]) -> Trajectories:
    """The same trajectories with the sign of some channels changed."""
    signs = np.array([-1.0 if name in names else 1.0 for name in trajectories.names], np.float32)
    return Trajectories(
        trajectories.values * signs, trajectories.rate_hz, trajectories.names, trajectories.valid
    )


def beside(path: Path, sounds: Mapping[str, Path]) -> Path:
    """The audio file that has the same stem as `path`.

    Args:
        path: Articulation.
        sounds: Stem in lower case to audio file.

    Raises:
        CorpusError: There is none.
    """
    sound = sounds.get(path.stem.lower())
    if sound is None:
        raise CorpusError(f"{path}: has no audio of the same name (.wav or .flac)")
    return sound


def sounds_below(root: Path) -> dict[str, Path]:
    """All audio files below `root`, by stem in lower case; of equal stems the first in order."""
    found: dict[str, Path] = {}
    for path in walk(root):
        if path.suffix.lower() in SUFFIXES:
            found.setdefault(path.stem.lower(), path)
    return found


def outline(path: Path, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points that were read from `path`, if a line can be drawn through them.

    Args:
        path: Named in messages.
        points: Shape (points, 2).

    Raises:
        CorpusError: Fewer than two of them differ, or one is not finite.
    """
    different = len(np.unique(points, axis=0))
    if different < 2 or not np.isfinite(points).all():
        raise CorpusError(
            f"{path}: an outline needs at least two different points, found {different}; copy the file again"
        )
    return points
