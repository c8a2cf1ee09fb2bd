"""Reports files that resemble recordings and are not read, such as misspelt names or missing halves."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from pathlib import Path

from benchmark.audio import SUFFIXES, UNREAD_SUFFIXES
from benchmark.corpora.contract import Ignored

SOUNDS = (*SUFFIXES, *UNREAD_SUFFIXES)


def passed_over(
    root: Path,
    files: Iterable[Path],
    articulation: str,
    key: Callable[[Path], Hashable | None],
    named: str,
    sounds: tuple[str, ...] = SOUNDS,
) -> list[Ignored]:
    """Find them among files of articulation and audio.

    Args:
        root: Where the corpus lies.
        files: All files below it; of several for one recording the first is the one that is read.
        articulation: Suffix of the articulation, in lower case.
        key: The recording that a file belongs to by its name, or None if no recording is named so.
        named: An example of a good name.
        sounds: Suffixes of the audio, in lower case; none where the audio is inside the articulation.
    """
    known = [
        (path, path.suffix.lower() == articulation, key(path))
        for path in files
        if path.suffix.lower() in (articulation, *sounds)
    ]
    recorded = {recording for _, is_articulation, recording in known if is_articulation}
    seen: set[tuple[bool, Hashable]] = set()
    ignored = []
    for path, is_articulation, recording in known:
        why = ""
        if recording is None:
            why = f"not named like {named}"
        elif recording not in recorded:
            why = f"no {articulation} file of that name"
        elif (is_articulation, recording) in seen:
            why = "second file of one recording"
        seen.add((is_articulation, recording))
        if why:
            ignored.append(Ignored(path.relative_to(root).as_posix(), why))
    return ignored
