"""What is known of a model before it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.models.contract import Model
from benchmark.models.declaration import NOT_STATED, Declaration

if TYPE_CHECKING:
    from benchmark.prepared.corpus import PreparedCorpus

Task = Literal["enhance", "invert", "represent", "embed"]
TASKS: tuple[Task, ...] = ("enhance", "invert", "represent", "embed")
#: The tasks whose answer is scored as it is. What a model represents is scored through a readout, what it
#: embeds by trials.
DIRECT: tuple[Task, ...] = ("enhance", "invert")


@dataclass(frozen=True, slots=True)
class Training:
    """How a model of this package learns, and how it is kept.

    Attributes:
        train: Trains it on the train split of the corpus that it will be scored on.
        arrays: What it learnt.
        restore: The model from what it learnt.
    """

    train: Callable[[PreparedCorpus], Model]
    arrays: Callable[[Model], dict[str, NDArray[np.generic]]]
    restore: Callable[[Mapping[str, NDArray[np.generic]]], Model]


@dataclass(frozen=True, slots=True)
class InProcess:
    """Code of this package, which is trusted.

    Attributes:
        does: What it does, known without making it.
        make: Makes the model; None if it has to be trained.
        training: How it is trained.
        kept: Whether what it gives is stored: not what a copy of the input is, nor what comes of an object
            whose weights have no hash.
        packages: Those that do its arithmetic, beside what every model computes with.
    """

    does: tuple[Task, ...]
    make: Callable[[], Model] | None = None
    training: Training | None = None
    kept: bool = True
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Submission:
    """A class in a submitted file or package, which is instantiated in a process of its own.

    Attributes:
        path: The file, or None.
        module: The module to import, where there is no file.
        attribute: Name of the class.
        arguments: Keyword arguments for it, as they are passed on.
    """

    path: Path | None
    module: str
    attribute: str
    arguments: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Command:
    """Any program that reads a folder of recordings and writes a folder of estimates.

    Attributes:
        words: The command line; "{in}" and "{out}" stand for the two folders.
    """

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Predictions:
    """Estimates that were computed before.

    Attributes:
        folder: Where they lie, named by mixture.
    """

    folder: Path


@dataclass(frozen=True, slots=True)
class Pair:
    """An enhancer, then an inverter on what it gives."""

    enhancer: Entry
    inverter: Entry


#: What a readout is fitted on: the clean speech of the train split, or all its mixtures.
FittedOn = Literal["clean", "noisy"]
FITTED_ON: tuple[FittedOn, ...] = ("clean", "noisy")


#: What is ranked together, the usual track first, and what tables call the others.
TRACKS: Mapping[str, str] = {
    "": "",
    "readout_clean": "readout fitted on clean speech",
    "readout_noisy": "readout fitted on clean and noisy speech",
    "enrolment": "told whom to follow by an enrolment",
}


@dataclass(frozen=True, slots=True)
class ThroughReadout:
    """A model whose articulation is read out of its features by a fixed regression.

    Instead of features it may give articulation under other names than the targets'.

    Attributes:
        model: The model.
        fitted_on: What the readout is fitted on.
        version: Of the readout.
    """

    model: Entry
    fitted_on: FittedOn
    version: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that can be scored.

    Attributes:
        name: As in tables; a file name.
        title: One line.
        version: Of the model.
        source: Where it comes from: a paper, a package, a file.
        source_sha256: Hash of the code that defines it, and of the files among its arguments.
        how: How it is run.
        hears: "noisy", or "clean" for an oracle, which is given the clean speech instead and shows what could
            be reached.
        arguments: What it was made with.
        licence: Under which it may be used, where known.
        extra: Optional packages that it needs, by the name of the extra; "" if it needs none.
        uncounted: Files that it may read and that are not in `source_sha256`.
        declared: What its maker says of it.
        track: A key of `TRACKS`: models of one track are ranked together, apart from those of another.
    """

    name: str
    title: str
    version: str
    source: str
    source_sha256: str
    how: InProcess | Submission | Command | Predictions | Pair | ThroughReadout
    hears: Literal["noisy", "clean"] = "noisy"
    arguments: Mapping[str, str] = field(default_factory=dict)
    licence: str = ""
    extra: str = ""
    uncounted: tuple[str, ...] = ()
    declared: Declaration = NOT_STATED
    track: str = ""
