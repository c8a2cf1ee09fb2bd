"""Which noise there is for which split, known by headers alone."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from benchmark.noises.contract import Recording
from benchmark.noises.synthetic import SYNTHETIC
from benchmark.types import RATE_HZ, SPLITS, Utterance

#: Generated noise is as long as it is wanted.
ENDLESS = 1 << 62


def samples_at_16k(duration_s: float) -> int:
    """Length at 16 kHz of a recording of `duration_s`, as polyphase resampling gives it (rounded up)."""
    return math.ceil(round(duration_s * RATE_HZ, 4))


@dataclass(frozen=True, slots=True)
class Stretch:
    """A recording, or the part of it that belongs to one split, from which noise can be cut.

    Attributes:
        noise_id: "SOURCE:ID", for generated noise "synthetic:CATEGORY".
        samples: Its length at 16 kHz.
        start: Its first sample in the recording.
        category: "" for a talker's speech.
        crowd: Whether many people talk in it.
    """

    noise_id: str
    samples: int
    start: int = 0
    category: str = ""
    crowd: bool = False


@dataclass(frozen=True)
class Talker:
    """One person (or virtual voice) whose speech can become part of babble."""

    name: str
    speech: tuple[Stretch, ...]

    @cached_property
    def ends(self) -> list[int]:
        """Where each stretch ends if all are laid end to end, samples at 16 kHz."""
        return list(accumulate(stretch.samples for stretch in self.speech))


#: (source, split) to what that source has for the split.
Talkers = Mapping[tuple[str, str], tuple[Talker, ...]]
Stretches = Mapping[tuple[str, str], tuple[Stretch, ...]]


def talkers_of(
    source: str, utterances: Iterable[tuple[str, Utterance]]
) -> dict[tuple[str, str], tuple[Talker, ...]]:
    """Groups (split, utterance) pairs into the talkers of each split, sorted by name."""
    return _grouped(
        source,
        (
            (split, item.speaker, Stretch(f"{source}:{item.id}", samples_at_16k(item.duration_s)))
            for split, item in utterances
        ),
    )


def recorded_talkers(
    source: str, recordings: Iterable[Recording]
) -> dict[tuple[str, str], tuple[Talker, ...]]:
    """The talkers of a noise corpus, as `talkers_of`."""
    return _grouped(
        source,
        ((item.split, item.talker, _stretch(source, item)) for item in recordings if item.kind == "talker"),
    )


def recorded_noise(
    source: str, recordings: Iterable[Recording]
) -> dict[tuple[str, str], tuple[Stretch, ...]]:
    """The recordings of a noise corpus that are not single talkers, sorted by id."""
    found: dict[tuple[str, str], list[Stretch]] = defaultdict(list)
    for item in sorted(recordings, key=lambda item: (item.id, item.start_s)):
        if item.kind != "talker":
            found[source, item.split].append(_stretch(source, item))
    return {key: tuple(stretches) for key, stretches in found.items()}


def generated_noise() -> dict[tuple[str, str], tuple[Stretch, ...]]:
    """The generated kinds of noise: all of them for every split, because no two mixtures share a seed."""
    every = tuple(Stretch(f"synthetic:{name}", ENDLESS, category=name) for name in SYNTHETIC)
    return {("synthetic", split): every for split in SPLITS}


def _grouped(
    source: str, found: Iterable[tuple[str, str, Stretch]]
) -> dict[tuple[str, str], tuple[Talker, ...]]:
    speech: dict[str, dict[str, list[Stretch]]] = defaultdict(lambda: defaultdict(list))
    for split, name, stretch in found:
        speech[split][name].append(stretch)
    return {
        (source, split): tuple(
            Talker(name, tuple(sorted(own, key=lambda stretch: stretch.noise_id)))
            for name, own in sorted(by_name.items())
        )
        for split, by_name in speech.items()
    }


def _stretch(source: str, item: Recording) -> Stretch:
    start = samples_at_16k(item.start_s)
    return Stretch(
        f"{source}:{item.id}",
        samples_at_16k(item.start_s + item.duration_s) - start,
        start,
        "" if item.kind == "talker" else item.category,
        item.kind == "babble",
    )
