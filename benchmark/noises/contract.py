"""What a noise corpus on disk looks like to the planner and the renderer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmark.speech import Clip


@dataclass(frozen=True, slots=True)
class Recording:
    """One noise recording, known without decoding it.

    Attributes:
        id: Relative to the root of the corpus, portable, with "/" between folders.
        category: e.g. "kitchen", "traffic", "babble", "music"; from the committed table of the corpus.
        kind: "babble" or "nonbabble": the condition it may serve in; "talker" for one person's speech, from which babble is made.
        split: "train", "dev" or "test"; decided once, by a hash of `id` (or by the corpus itself).
        duration_s: By its header.
        talker: Who speaks, for kind "talker".
    """

    id: str
    category: str
    kind: str
    split: str
    duration_s: float
    talker: str = ""


@dataclass(frozen=True, slots=True)
class NoiseCorpus:
    """A noise corpus that people have on disk.

    Attributes:
        name: As in recipes and `--noise-root NAME=DIR`.
        title: One line.
        home: Where it is to be had.
        licence: Under which terms.
        citation: How its makers want to be cited.
        layout: Which files are expected below the root.
        index: Lists the recordings below a root, sorted by id, headers only.
        read: Decodes one recording, first channel, at its own rate.
        looks_like: Whether a folder seems to be this corpus.
    """

    name: str
    title: str
    home: str
    licence: str
    citation: str
    layout: str
    index: Callable[[Path], list[Recording]]
    read: Callable[[Path, str], Clip]
    looks_like: Callable[[Path], bool]
