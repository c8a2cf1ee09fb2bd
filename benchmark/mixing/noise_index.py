"""Which noise there is for which split, known by headers alone."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmark.noises.contract import Recording
from benchmark.types import RATE_HZ, Utterance


def samples_at_16k(duration_s: float) -> int:
    """Length at 16 kHz of a recording of `duration_s`, as polyphase resampling gives it (rounded up)."""
    return math.ceil(round(duration_s * RATE_HZ, 4))


@dataclass(frozen=True, slots=True)
class Material:
    """One recording that noise can be cut from: its full noise id ("SOURCE:ID") and its length at 16 kHz."""

    noise_id: str
    samples: int


@dataclass(frozen=True, slots=True)
class Talker:
    """One person (or virtual voice) whose speech can become part of babble."""

    name: str
    material: tuple[Material, ...]


@dataclass(frozen=True, slots=True)
class Supply:
    """All noise at hand.

    Attributes:
        talkers: Source name, then split, to talkers sorted by name.
        recordings: Source name, then split, then kind ("babble", "nonbabble"), then category, to recordings sorted by length,
            then id.
    """

    talkers: Mapping[str, Mapping[str, tuple[Talker, ...]]] = field(default_factory=dict)
    recordings: Mapping[str, Mapping[str, Mapping[str, Mapping[str, tuple[Material, ...]]]]] = field(
        default_factory=dict
    )


def talkers_of(source: str, utterances: Iterable[tuple[str, Utterance]]) -> dict[str, tuple[Talker, ...]]:
    """Groups (split, utterance) pairs into the talkers of each split."""
    grouped: dict[str, dict[str, list[Material]]] = defaultdict(lambda: defaultdict(list))
    for split, utterance in sorted(utterances, key=lambda pair: pair[1].id):
        material = Material(f"{source}:{utterance.id}", samples_at_16k(utterance.duration_s))
        grouped[split][utterance.speaker].append(material)
    return {
        split: tuple(Talker(name, tuple(material)) for name, material in sorted(by_name.items()))
        for split, by_name in grouped.items()
    }


def by_length(found: Iterable[Material]) -> tuple[Material, ...]:
    """Sorted by length, then id, so that those that are long enough are found by bisection."""
    return tuple(sorted(found, key=lambda material: (material.samples, material.noise_id)))


def recordings_of(
    source: str, recordings: Sequence[Recording]
) -> tuple[
    dict[str, tuple[Talker, ...]],
    dict[str, dict[str, dict[str, tuple[Material, ...]]]],
]:
    """Sorts the recordings of a noise corpus into its talkers and, by split, kind and category, everything else."""
    talkers: dict[str, dict[str, list[Material]]] = defaultdict(lambda: defaultdict(list))
    others: dict[str, dict[str, dict[str, list[Material]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for recording in sorted(recordings, key=lambda recording: recording.id):
        material = Material(f"{source}:{recording.id}", samples_at_16k(recording.duration_s))
        if recording.kind == "talker":
            talkers[recording.split][recording.talker].append(material)
        else:
            others[recording.split][recording.kind][recording.category].append(material)
    return (
        {
            split: tuple(Talker(name, tuple(found)) for name, found in sorted(by_name.items()))
            for split, by_name in talkers.items()
        },
        {
            split: {
                kind: {category: by_length(found) for category, found in sorted(by_category.items())}
                for kind, by_category in by_kind.items()
            }
            for split, by_kind in others.items()
        },
    )
