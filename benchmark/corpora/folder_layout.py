"""Which files of a folder are sound, which articulation, and how names state speaker and recording."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

from benchmark.audio import SUFFIXES as SOUNDS
from benchmark.corpora import contract
from benchmark.corpora.folder_audio import read_header
from benchmark.errors import CorpusError
from benchmark.formats import array_files

#: Suffixes of files that are neither sound nor articulation.
OTHERS = frozenset(
    [
        ".toml",
        ".md",
        ".pdf",
        ".png",
        ".jpg",
        ".json",
        ".xml",
        ".textgrid",
        ".lab",
        ".phn",
        ".doc",
        ".docx",
        ".py",
        ".m",
        ".zip",
    ]
)


class Names(NamedTuple):
    """Files of one kind: their template, and (speaker, recording) to path."""

    template: str
    files: dict[tuple[str, str], Path]


class Layout(NamedTuple):
    """The sound and the articulation of a folder."""

    sounds: Names
    tracks: Names


def layout_of(root: Path) -> Layout:
    """The kinds of file that pair up best: sound, and what can be read as articulation."""
    by_suffix: dict[str, list[Path]] = defaultdict(list)
    for path in contract.walk(root):
        by_suffix[path.suffix].append(path.relative_to(root))
    sounds = {suffix: paths for suffix, paths in by_suffix.items() if suffix.lower() in SOUNDS}
    # MVIEW keeps both in one file; audio files beside it go first.
    sounds |= {suffix: paths for suffix, paths in by_suffix.items() if _with_sound(root, suffix, paths[0])}
    if not sounds:
        raise CorpusError(
            f"{root}: holds no audio ({', '.join(SOUNDS)}, or MVIEW's .mat); a draft needs "
            "audio and articulation"
        )
    best: tuple[int, Layout] | None = None
    for suffix, paths in by_suffix.items():
        if suffix.lower() in (*SOUNDS, *OTHERS) or not _readable(root, paths):
            continue
        for sound in sounds.values():
            for heard, moved in product(_namings(root, sound), _namings(root, paths)):
                both = len(set(heard.files) & set(moved.files))
                if both and (best is None or both > best[0]):
                    best = both, Layout(heard, moved)
    if best is None:
        kinds = ", ".join(sorted(by_suffix))
        raise CorpusError(
            f"{root}: no file of articulation that can be read has a name like that of an audio file; "
            f"there are files of kinds {kinds}"
        )
    return best[1]


def _with_sound(root: Path, suffix: str, path: Path) -> bool:
    """Whether files of a kind hold articulation and its audio."""
    if suffix.lower() != ".mat":
        return False
    try:
        return read_header(root / path).frames > 0
    except CorpusError:
        return False


def _readable(root: Path, paths: Sequence[Path]) -> bool:
    """Whether a file of a kind holds frames of at least four channels."""
    largest = max(paths, key=lambda path: (root / path).stat().st_size)
    try:
        columns = array_files.read_columns(root / largest)
    except CorpusError:
        return False
    frames, channels = columns.values.shape
    return bool(channels >= 4 and frames > channels)


def _namings(root: Path, paths: Sequence[Path]) -> list[Names]:
    """Ways in which the names of files may state speaker and recording, those with a speaker first."""
    found = []
    for depth in {len(path.parts) for path in paths}:
        own = [path for path in paths if len(path.parts) == depth]
        folders = [sorted({path.parts[level] for path in own}) for level in range(depth - 1)]
        varying = [level for level, names in enumerate(folders) if len(names) > 1]
        ending = _common_ending([path.stem for path in own])
        speakers = [*varying[:1], None] if varying else [None, *range(depth - 1)]
        for level in speakers:
            found += (
                _by_folder(root, own, level, ending) if level is not None else _by_stem(root, own, ending)
            )
    return [names for names in found if names.files]


def _by_folder(root: Path, paths: Sequence[Path], level: int, ending: str) -> list[Names]:
    """Speakers are folders at one level; their names may be repeated at the front of the file's name."""
    first = paths[0]
    joint = next(
        (j for j in ("_", "-") if all(path.stem.startswith(path.parts[level] + j) for path in paths)), None
    )
    prefix = f"{{speaker}}{joint}" if joint else ""
    parts = [("{speaker}" if i == level else part) for i, part in enumerate(first.parts[:-1])]
    template = "/".join([*parts, f"{prefix}{{recording}}{ending}{first.suffix}"])
    files = {}
    for path in paths:
        others = [part for i, part in enumerate(path.parts[:-1]) if i != level]
        if others != [part for i, part in enumerate(first.parts[:-1]) if i != level]:
            continue
        stem = path.stem.removesuffix(ending)
        stem = stem[len(path.parts[level]) + 1 :] if joint else stem
        files[path.parts[level], stem] = root / path
    return [Names(template, files)]


def _by_stem(root: Path, paths: Sequence[Path], ending: str) -> list[Names]:
    """Takes the first part of file names as speakers if some then have several recordings.

    Else all files are taken to be of one speaker.
    """
    folder = paths[0].parts[:-1]
    own = [path for path in paths if path.parts[:-1] == folder]
    where, suffix = "/".join([*folder, ""]) if folder else "", paths[0].suffix
    stems = {path: path.stem.removesuffix(ending) for path in own}
    found = []
    for joint in ("_", "-"):
        divided = {path: stem.split(joint, 1) for path, stem in stems.items()}
        if not all(len(parts) == 2 and all(parts) for parts in divided.values()):
            continue
        speakers = Counter(parts[0] for parts in divided.values())
        if 2 * len(speakers) <= len(own) and len(speakers) > 1:
            files = {(parts[0], parts[1]): root / path for path, parts in divided.items()}
            found.append(Names(f"{where}{{speaker}}{joint}{{recording}}{ending}{suffix}", files))
    files = {("speaker", stem): root / path for path, stem in stems.items()}
    return [*found, Names(f"{where}{{recording}}{ending}{suffix}", files)]


def _common_ending(stems: Sequence[str]) -> str:
    """What all names end in, from a joint on and without digits, such as "_ema"."""
    if len(set(stems)) < 2:
        return ""
    shared = stems[0]
    while shared and not all(stem.endswith(shared) for stem in stems):
        shared = shared[1:]
    match = re.search(r"[_\-.][A-Za-z]+$", shared)
    return match[0] if match else ""
