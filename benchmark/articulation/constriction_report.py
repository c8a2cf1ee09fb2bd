"""How well constrictions are defined for a speaker: locations that jump or stick, and the palate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.articulation.target_sets import RATE_HZ, smooth_pellets, speaker_outline
from benchmark.articulation.tract_variables import tract_variables
from benchmark.errors import CorpusError
from benchmark.types import Trajectories, Utterance

#: A location that moves further in 10 ms has jumped from one near place to another.
JUMP_MM = 5.0
#: Values are counted as the same to this, mm.
_SAME_MM = 0.01
LOCATIONS = ("TBCL", "TTCL")


@dataclass(frozen=True, slots=True)
class Constrictions:
    """What is known of one speaker's constrictions.

    Attributes:
        palate: "traced", "estimated" or "none".
        outline_mm: Length of palate, velum and pharynx as far as they are known.
        smoothing_error_mm: How far the smooth line lies from the trace, at most.
        jumps: Location to the share of its steps of 10 ms that are longer than 5 mm.
        commonest: Location to the share of its frames that hold its commonest value, to 0.01 mm.
    """

    palate: str
    outline_mm: float
    smoothing_error_mm: float
    jumps: Mapping[str, float]
    commonest: Mapping[str, float]


def constrictions(utterances: Sequence[Utterance], sensors: Mapping[str, str]) -> Constrictions | None:
    """What is known of the constrictions of one speaker.

    None where no recording or the palate cannot be read.

    Args:
        utterances: Of one speaker.
        sensors: Role to channel prefix, as in `Corpus.sensors`.
    """
    pellets = list(filter(None, map(_pellets, utterances)))
    if not pellets:
        return None
    try:
        wall = speaker_outline(utterances, pellets, sensors)
    except CorpusError:
        return None  # A damaged trace is reported as damage.
    if wall is None:
        return Constrictions("none", 0.0, 0.0, {}, {})
    found: list[Trajectories] = [tract_variables(one, sensors, wall, None) for one in pellets]
    jumps, commonest = {}, {}
    for name in LOCATIONS:
        places = [one.select((name,)) for one in found]
        if any(place.valid.any() for place in places):
            jumps[name] = round(jump_share(places), 4)
            commonest[name] = round(commonest_share(places), 4)
    palate = "estimated" if wall.estimated else "traced"
    return Constrictions(palate, round(float(wall.along[-1]), 1), round(wall.error_mm, 2), jumps, commonest)


def jump_share(places: Sequence[Trajectories]) -> float:
    """Share of steps of 10 ms that are longer than `JUMP_MM`.

    Args:
        places: One channel each, mm, at `RATE_HZ`.
    """
    steps = [np.abs(np.diff(one.values[:, 0]))[one.valid[1:, 0] & one.valid[:-1, 0]] for one in places]
    together = np.concatenate(steps)
    return float(np.mean(together > JUMP_MM)) if together.size else 0.0


def commonest_share(places: Sequence[Trajectories]) -> float:
    """Share of valid frames that hold the commonest value, to 0.01 mm.

    Args:
        places: One channel each, mm.
    """
    together = np.concatenate([one.values[one.valid[:, 0], 0] for one in places])
    if not together.size:
        return 0.0
    _, counts = np.unique(np.rint(together / _SAME_MM), return_counts=True)
    return float(counts.max() / together.size)


def _pellets(utterance: Utterance) -> Trajectories | None:
    if utterance.trajectories is None:
        return None
    try:
        return smooth_pellets(utterance, RATE_HZ)
    except CorpusError:
        return None  # Damage is reported where recordings are read one by one.
