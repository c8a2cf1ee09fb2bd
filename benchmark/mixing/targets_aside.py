"""Targets put aside on disk while a corpus is prepared, speaker by speaker, so that they need no memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmark.errors import SinbadError
from benchmark.types import Trajectories


class SetAside(Mapping[str, dict[str, Trajectories]]):
    """Speaker to utterance id to targets, read anew each time a speaker is looked up.

    Args:
        folder: Where `put_aside` has put them.
        speakers: Whose targets are there.
        names: The parameters wanted of them.
    """

    def __init__(self, folder: Path, speakers: Sequence[str], names: tuple[str, ...]) -> None:
        self._folder, self._speakers, self._names = folder, dict.fromkeys(speakers), names

    def __getitem__(self, speaker: str) -> dict[str, Trajectories]:
        if speaker not in self._speakers:
            raise KeyError(speaker)
        with np.load(_path(self._folder, speaker), allow_pickle=False) as kept:
            starts = np.cumsum(kept["frames"])[:-1]
            values, valid = np.split(kept["values"], starts), np.split(kept["valid"], starts)
            ids, names, rates = kept["ids"].tolist(), tuple(kept["names"].tolist()), kept["rates_hz"].tolist()
        return {
            key: Trajectories(*item).select(self._names)
            for key, *item in zip(ids, values, rates, [names] * len(ids), valid, strict=True)
        }

    def __contains__(self, speaker: object) -> bool:
        return speaker in self._speakers

    def __iter__(self) -> Iterator[str]:
        return iter(self._speakers)

    def __len__(self) -> int:
        return len(self._speakers)


def put_aside(folder: Path, speaker: str, targets: Mapping[str, Trajectories]) -> None:
    """Keeps the targets of a speaker, at least one and all with the same parameters, for `SetAside`.

    Raises:
        SinbadError: They cannot be written.
    """
    items = list(targets.values())
    try:
        np.savez(
            _path(folder, speaker),
            ids=np.array(list(targets), dtype=np.str_),
            names=np.array(items[0].names, dtype=np.str_),
            rates_hz=np.array([item.rate_hz for item in items]),
            frames=np.array([len(item.values) for item in items], dtype=np.int64),
            values=np.concatenate([item.values for item in items]),
            valid=np.concatenate([item.valid for item in items]),
        )
    except OSError as error:
        raise SinbadError(
            f"{folder}: cannot be written ({error.strerror}); set TMPDIR to a folder with more room"
        ) from error


def _path(folder: Path, speaker: str) -> Path:
    """A name of its own for each speaker, whatever the corpus calls them."""
    return folder / f"{hashlib.sha256(speaker.encode()).hexdigest()}.npz"
