"""Means over utterances within speakers, then speakers; and how sure they are, by a two-stage bootstrap.

Speakers are drawn with replacement, and for each drawn speaker utterances of hers, with replacement: the nested scheme for clustered
data of Davison & Hinkley, Bootstrap Methods and their Application (1997), section 3.8. All models are resampled alike, so that
differences between them are paired. Draws are hashes (`benchmark.randomness`): the same intervals on any machine.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    """The draws of one speaker.

    Attributes:
        members: Indices of her units.
        counts: float64, shape (slots, members): how often each unit is in each slot that drew her.
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
        speakers: The draws of each speaker.
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
        seed: Identity of the draws; the same seed gives the same draws.
        replicates: How many samples to draw.
    """
    members = _by_speaker(units)
    count = len(members)
    drawn = uniform_integers(seed.token("speakers"), replicates * count, count).reshape(replicates, count)
    speakers = []
    for number, (name, own) in enumerate(members.items()):
        replicate, _ = np.nonzero(drawn == number)
        draws = uniform_integers(seed.token(f"utterances/{name}"), len(replicate) * len(own), len(own))
        counts = np.zeros((len(replicate), len(own)))
        np.add.at(counts, (np.repeat(np.arange(len(replicate)), len(own)), draws), 1.0)
        speakers.append(Speaker(own, counts, replicate))
    return Resampling(replicates, tuple(speakers))


def resampling_within(units: Sequence[Unit], seed: Randomness, replicates: int = REPLICATES) -> Resampling:
    """Draws utterances within every speaker, and all speakers in every replicate: for statements about these speakers only."""
    speakers = []
    for name, own in _by_speaker(units).items():
        draws = uniform_integers(seed.token(f"within/{name}"), replicates * len(own), len(own))
        counts = np.zeros((replicates, len(own)))
        np.add.at(counts, (np.repeat(np.arange(replicates), len(own)), draws), 1.0)
        speakers.append(Speaker(own, counts, np.arange(replicates)))
    return Resampling(replicates, tuple(speakers))


def speaker_means(values: Array, draws: Resampling) -> Array:
    """Mean over the utterances of a speaker, then over speakers, in every replicate.

    Args:
        values: Shape (..., units); NaN does not count, and a speaker without any value does not count either.
        draws: Of those units.

    Returns:
        Shape (replicates, ...); NaN where a replicate holds no value at all.
    """
    flat = values.reshape(-1, values.shape[-1]).T
    total = np.zeros((draws.replicates, flat.shape[1]))
    present = np.zeros_like(total)
    for speaker in draws.speakers:
        own = flat[speaker.members]
        counted = ~np.isnan(own)
        weight = speaker.counts @ counted
        with np.errstate(invalid="ignore"):
            means = (speaker.counts @ np.where(counted, own, 0.0)) / weight
        slots = len(speaker.replicate)
        gather = sparse.csr_array(
            (np.ones(slots), (speaker.replicate, np.arange(slots))), shape=(draws.replicates, slots)
        )
        total += gather @ np.where(weight > 0, means, 0.0)
        present += gather @ (weight > 0).astype(float)
    with np.errstate(invalid="ignore"):
        return np.asarray(total / present).reshape(draws.replicates, *values.shape[:-1])


def interval(replicates: Array) -> tuple[Array, Array]:
    """Percentile interval over the first axis; replicates without a value do not count, NaN where none has one."""
    tail = (1 - COVERAGE) / 2
    shape = replicates.shape[1:]
    columns = replicates.reshape(len(replicates), -1)
    bounds = np.quantile(columns, [tail, 1 - tail], axis=0)
    for i in np.flatnonzero(np.isnan(columns).any(axis=0)):
        counted = columns[~np.isnan(columns[:, i]), i]
        bounds[:, i] = np.quantile(counted, [tail, 1 - tail]) if len(counted) else np.nan
    return bounds[0].reshape(shape), bounds[1].reshape(shape)


def uniform_integers(token: str, count: int, below: int) -> NDArray[np.intp]:
    """`count` integers, uniform in 0 <= x < `below`, by multiplication and shift of 32 bits: no division, no float."""
    raw = np.frombuffer(random_bytes(token, 4 * count), dtype="<u4").astype(np.uint64)
    return ((raw * np.uint64(below)) >> np.uint64(32)).astype(np.intp)


def _by_speaker(units: Sequence[Unit]) -> dict[str, NDArray[np.intp]]:
    found: dict[str, list[int]] = {}
    for i, (speaker, _) in enumerate(units):
        found.setdefault(speaker, []).append(i)
    return {speaker: np.array(members, np.intp) for speaker, members in sorted(found.items())}
