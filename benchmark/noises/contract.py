"""What a noise corpus on disk looks like to the planner and the renderer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Recording:
    """One noise recording, known without decoding more than its end.

    Attributes:
        id: Relative to the base of the corpus, portable, with "/" between folders.
        category: e.g. "kitchen", "traffic", "babble", "music"; from the committed table of the corpus.
        kind: "babble" or "nonbabble": the condition it may serve in; "talker" for one person's speech, from
            which babble is made.
        split: "train", "dev" or "test"; decided once, by a hash, by the committed table, or by the corpus
            itself.
        duration_s: By its header, or that of the part that belongs to the split.
        talker: Who speaks, for kind "talker".
        notes: What the user should know of this file (a rate that is not the original one ...), a line for
            each thing.
        start_s: Where the part begins that belongs to the split, where one recording is divided in time among
            the splits.
    """

    id: str
    category: str
    kind: str
    split: str
    duration_s: float
    talker: str = ""
    notes: str = ""
    start_s: float = 0.0


class Listing(NamedTuple):
    """What lies below a folder.

    Attributes:
        recordings: Those that are sound as far as their headers and ends tell, sorted by id.
        problems: One line for each damaged file, naming it.
    """

    recordings: list[Recording]
    problems: list[str]


@dataclass(frozen=True, slots=True)
class NoiseCorpus:
    """A noise corpus that people have on disk. Of several channels the first is taken.

    Attributes:
        name: As in recipes and `--noise-root NAME=DIR`.
        title: One line.
        home: Where it is to be had.
        licence: Under which terms.
        citation: How its makers want to be cited.
        layout: Which files are expected.
        holds: Whether a folder is a base, to which ids are relative: the root that the user names or one
            close below it. So ids are the same whether the corpus is named or the folder that it lies in.
        index: Lists the recordings below a base; of each the header is read and, if it is compressed, the
            end.
        notes: What was decided on kinds and splits, and why.
        in_parts: Whether there may be several bases, each with a part of the corpus.
    """

    name: str
    title: str
    home: str
    licence: str
    citation: str
    layout: str
    holds: Callable[[Path], bool]
    index: Callable[[Path], Listing]
    notes: str = ""
    in_parts: bool = False
