"""Means over utterances within speakers, then speakers; and how sure they are, by a two-stage bootstrap.

Speakers are drawn with replacement, and for each drawn speaker utterances of theirs, with replacement: the
nested scheme for clustered data of Davison & Hinkley, Bootstrap Methods and their Application (1997), section
3.8. All models are resampled alike, so that differences between them are paired. What is drawn comes from
hashes (`benchmark.randomness`): the same intervals on any machine.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from benchmark.randomness import Randomness, random_bytes
from benchmark.ranking.score_array import Array, Unit

REPLICATES = 1000
COVERAGE = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Speaker:
    """What is drawn of one speaker.

    Attributes:
        members: Indices of their units.
        counts: float64, shape (slots, members): how often each unit is in each slot that drew them.
        replicate: intp, shape (slots,): the replicate that the slot belongs to.
    """

    members: NDArray[np.intp]
    counts: Array
    replicate: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Resampling:
    """Which utterances are in each replicate.

    Attributes:
        replicates: How many there are.
        speakers: What is drawn of each speaker.
    """

    replicates: int
    speakers: tuple[Speaker, ...]


def identity(units: Sequence[Unit]) -> Resampling:
    """The sample itself: one replicate, every speaker and utterance once."""
    speakers = [
        Speaker(members, np.ones((1, len(members))), np.zeros(1, np.intp))
        for members in _by_speaker(units).values()
    ]
    return Resampling(1, tuple(speakers))


def resampling(units: Sequence[Unit], seed: Randomness, replicates: int = REPLICATES) -> Resampling:
    """Draws speakers, and utterances within them.

    Args:
        units: (speaker, utterance) of each unit.
        seed: Identity of the resampling; the same seed draws the same.
        replicates: How many samples to draw.
    """
    members = _by_speaker(units)
    count = len(members)
    drawn = uniform_integers(seed.token("speakers"), replicates * count, count).reshape(replicates, count)
    speakers = []
    for number, (name, own) in enumerate(members.items()):
        replicate, _ = np.nonzero(drawn == number)
        taken = uniform_integers(seed.token(f"utterances/{name}"), len(replicate) * len(own), len(own))
        speakers.append(Speaker(own, _counts(taken, len(replicate), len(own)), replicate))
    return Resampling(replicates, tuple(speakers))


def resampling_within(units: Sequence[Unit], seed: Randomness, replicates: int = REPLICATES) -> Resampling:
    """Draws utterances within every speaker, and keeps all speakers: for statements about these only."""
    speakers = []
    for name, own in _by_speaker(units).items():
        taken = uniform_integers(seed.token(f"within/{name}"), replicates * len(own), len(own))
        speakers.append(Speaker(own, _counts(taken, replicates, len(own)), np.arange(replicates)))
    return Resampling(replicates, tuple(speakers))


def speaker_means(values: Array, sample: Resampling) -> Array:
    """Mean over the utterances of a speaker, then over speakers, in every replicate.

    Args:
        values: Shape (..., units); NaN does not count, and a speaker without any value does not count either.
        sample: Of those units.

    Returns:
        Shape (replicates, ...); NaN where a replicate holds no value at all.
    """
    flat = values.reshape(-1, values.shape[-1])
    # Models lack the same utterances, if any, so what counts is worked out once for all columns that count
    # the same.
    kinds, kind_of = np.unique(np.packbits(~np.isnan(flat), axis=1), axis=0, return_inverse=True)
    counted = np.unpackbits(kinds, axis=1, count=flat.shape[1]).astype(float).T
    kind_of = kind_of.reshape(-1)
    filled = np.nan_to_num(flat, nan=0.0).T
    total = np.zeros((sample.replicates, flat.shape[0]))
    present = np.zeros((sample.replicates, counted.shape[1]))
    for speaker in sample.speakers:
        weight = speaker.counts @ counted[speaker.members]
        share = np.divide(1.0, weight, out=np.zeros_like(weight), where=weight > 0)
        means = (speaker.counts @ filled[speaker.members]) * share[:, kind_of]
        slots = len(speaker.replicate)
        gather = sparse.csr_array(
            (np.ones(slots), (speaker.replicate, np.arange(slots))), shape=(sample.replicates, slots)
        )
        total += gather @ means
        present += gather @ (weight > 0).astype(float)
    with np.errstate(invalid="ignore"):
        return np.asarray(total / present[:, kind_of]).reshape(sample.replicates, *values.shape[:-1])


def interval(replicates: Array) -> tuple[Array, Array]:
    """Percentile interval over the first axis; replicates that are NaN do not count."""
    ordered = np.sort(replicates, axis=0)  # NaN goes to the end
    last = (~np.isnan(ordered)).sum(axis=0) - 1
    tail = (1 - COVERAGE) / 2
    return _quantile(ordered, last, tail), _quantile(ordered, last, 1 - tail)


def too_few(values: Array, clusters: Sequence[Hashable]) -> NDArray[np.bool_]:
    """Where values come from fewer than two clusters, so that no interval can be had.

    Args:
        values: Shape (..., units), NaN where there is none.
        clusters: What is drawn: for each unit its speaker, or the utterance itself where speakers are given.

    Returns:
        Shape (...).
    """
    number = {name: i for i, name in enumerate(dict.fromkeys(clusters))}
    member = np.zeros((len(clusters), len(number)))
    member[np.arange(len(clusters)), [number[name] for name in clusters]] = 1.0
    return np.asarray(((~np.isnan(values)).astype(float) @ member > 0).sum(axis=-1) < 2)


def uniform_integers(token: str, count: int, below: int) -> NDArray[np.intp]:
    """`count` integers, uniform in 0 <= x < `below`, by integer arithmetic alone."""
    raw = np.frombuffer(random_bytes(token, 4 * count), dtype="<u4").astype(np.uint64)
    return ((raw * np.uint64(below)) >> np.uint64(32)).astype(np.intp)


def _counts(taken: NDArray[np.intp], slots: int, members: int) -> Array:
    """How often each member was taken in each slot."""
    flat = np.repeat(np.arange(slots) * members, members) + taken
    return np.bincount(flat, minlength=slots * members).reshape(slots, members).astype(float)


def _quantile(ordered: Array, last: NDArray[np.intp], share: float) -> Array:
    """Linear between order statistics, as numpy's default."""
    place = np.maximum(last, 0) * share
    below = np.floor(place).astype(np.intp)
    above = np.minimum(below + 1, np.maximum(last, 0))
    low = np.take_along_axis(ordered, below[None], axis=0)[0]
    high = np.take_along_axis(ordered, above[None], axis=0)[0]
    return np.asarray(low + (high - low) * (place - below))


def _by_speaker(units: Sequence[Unit]) -> dict[str, NDArray[np.intp]]:
    found: dict[str, list[int]] = {}
    for i, (speaker, _) in enumerate(units):
        found.setdefault(speaker, []).append(i)
    return {speaker: np.array(members, np.intp) for speaker, members in sorted(found.items())}
