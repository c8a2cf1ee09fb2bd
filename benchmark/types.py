"""The small value types that everything passes around."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:  # commands need the names below for their options, and should not wait for numpy
    import numpy as np
    from numpy.typing import NDArray

Item = TypeVar("Item")

#: Sampling rate of every mixture, hertz: recordings and noise are brought to it before they are mixed.
RATE_HZ = 16_000
#: The splits of a benchmark, in the order of tables.
SPLITS = ("train", "dev", "test")


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One channel of audio.

    Attributes:
        samples: float32 or float64, shape (samples,), full scale = 1.0.
        rate_hz: Sampling rate.
    """

    samples: NDArray[np.floating]
    rate_hz: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 1:
            raise ValueError(f"a clip has one channel, got an array of shape {self.samples.shape}")
        if self.rate_hz <= 0:
            raise ValueError(f"a clip's rate must be positive, got {self.rate_hz}")

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate_hz


@dataclass(frozen=True, slots=True, eq=False)
class Trajectories:
    """Channels that move in time: pellet coordinates, or tract variables derived from them.

    Attributes:
        values: float32, shape (frames, channels); finite everywhere, arbitrary where `valid` is False.
            Lengths are millimetres, angles degrees, F0 hertz; other channels state their unit where they are
            made.
        rate_hz: Frames per second. Frame 0 is at the first audio sample.
        names: One name a channel, e.g. ("UL_x", "UL_y") or ("LA", "LP").
        valid: bool, same shape as `values`; False where the sensor was lost or the quantity is undefined.
        recorded_s: Length in seconds as recorded, where a reader left out what lies past the end of the
            audio; else None.
        note: What a reader had to mend, for people to read; "" if nothing.
    """

    values: NDArray[np.float32]
    rate_hz: float
    names: tuple[str, ...]
    valid: NDArray[np.bool_]
    recorded_s: float | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape != self.valid.shape:
            raise ValueError(
                f"values and valid must share one shape (frames, channels), got {self.values.shape} "
                f"and {self.valid.shape}"
            )
        if self.values.shape[1] != len(self.names):
            raise ValueError(f"{self.values.shape[1]} channels but {len(self.names)} names: {self.names}")
        if not self.rate_hz > 0:
            raise ValueError(f"rate_hz must be positive, got {self.rate_hz}")

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.values) / self.rate_hz

    def select(self, names: tuple[str, ...]) -> Trajectories:
        """The channels called `names`, in that order.

        Raises:
            KeyError: A name is not a channel.
        """
        position = {name: i for i, name in enumerate(self.names)}
        missing = [name for name in names if name not in position]
        if missing:
            raise KeyError(f"no channel {', '.join(missing)}; there are {', '.join(self.names)}")
        columns = [position[name] for name in names]
        return Trajectories(self.values[:, columns], self.rate_hz, tuple(names), self.valid[:, columns])


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What a model makes of speech for others to read: a sequence of vectors without names or units.

    Attributes:
        values: float32, shape (frames, channels).
        rate_hz: Frames per second. Frame 0 is at the first audio sample.
    """

    values: NDArray[np.float32]
    rate_hz: float

    def __post_init__(self) -> None:
        if self.values.ndim != 2:
            raise ValueError(f"features have the shape (frames, channels), got {self.values.shape}")
        if not self.rate_hz > 0:
            raise ValueError(f"rate_hz must be positive, got {self.rate_hz}")

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.values) / self.rate_hz


@dataclass(frozen=True, slots=True, eq=False)
class Anatomy:
    """What stays fixed in a speaker's head, in the coordinates of the pellets.

    Attributes:
        palate: float64, shape (points, 2), millimetres, x then y, ordered from the front (anterior) to the
            back.
        pharynx: float64, shape (points, 2) or None: the rear pharyngeal wall, ordered from the top down.
        anterior: +1 if x grows towards the lips (XRMB), -1 if it grows towards the pharynx.
    """

    palate: NDArray[np.float64]
    pharynx: NDArray[np.float64] | None = None
    anterior: int = 1


class Segment(NamedTuple):
    """A labelled stretch of an utterance.

    Attributes:
        phone: The symbol of the corpus; "" for silence.
        phone_class: One of `benchmark.formats.phones.CLASSES`; "" for what belongs to none (silence, breath,
            noise, unknown symbols).
        start_s: Where it begins, seconds after the first audio sample.
        end_s: Where the next one may begin.
    """

    phone: str
    phone_class: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """One recording of one speaker, audio and articulation read only on demand.

    The callables must be picklable (a `functools.partial` of a module-level function is), so that utterances
    can travel to worker processes.

    Attributes:
        id: Stable and portable, relative to the corpus, of the form "SPEAKER/RECORDING"; letters, digits,
            "_", "-", "." and "/".
        speaker: Speaker label, unique in the corpus.
        prompt: What was to be said; the key by which prompt-disjoint splits are made. "" where unknown.
        duration_s: Length of the audio by its header, in seconds.
        audio: Reads the recording at its own rate.
        trajectories: Reads the raw articulation at its own rate, frame 0 at the first audio sample.
        anatomy: Reads palate and pharynx of the speaker, where the corpus has them.
        split: "train", "dev", "test" or "babble" where the corpus itself says so, else None.
        extra: Further facts a reader knows (sex, age, task, repetition ...), plain strings and numbers.
        phones: Reads the phones in time, in order, where the corpus labels them.
    """

    id: str
    speaker: str
    prompt: str
    duration_s: float
    audio: Callable[[], Clip]
    trajectories: Callable[[], Trajectories] | None = None
    anatomy: Callable[[], Anatomy] | None = None
    split: str | None = None
    extra: dict[str, str | int | float] = field(default_factory=dict)
    phones: Callable[[], tuple[Segment, ...]] | None = None


class Progress(Protocol):
    """Wraps an iterable of known length and reports how much of it is done."""

    def __call__(self, items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
        """Yields the items unchanged."""


def silent(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
    """Reports no progress."""
    yield from items
