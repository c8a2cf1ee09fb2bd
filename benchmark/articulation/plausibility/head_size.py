"""Whether a head has the size of a head, which tells the unit of the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from benchmark.articulation.plausibility.finding import Finding, length_text
from benchmark.articulation.plausibility.sample import SpeakerSample
from benchmark.formats.raw_values import UNITS_MM

#: Where the sensors of an adult mostly are, mm; the origin does not matter.
_USUAL: Mapping[str, tuple[float, float]] = {
    "upper_lip": (11.0, 6.0),
    "lower_lip": (9.0, -16.0),
    "jaw": (-2.0, -13.0),
    "tongue_tip": (-12.0, -3.0),
    "tongue_front": (-23.0, 5.0),
    "tongue_mid": (-36.0, 4.0),
    "tongue_back": (-50.0, 2.0),
    "velum": (-66.0, 4.0),
}
#: Heads differ from the usual one by less than this factor, children's among them; centimetres and inches by
#: 2.5.
_HEADS_DIFFER = 1.75
#: Lengths in mm that a unit of the files may have: those with a name, and the parts of a millimetre that
#: recorders write.
_UNITS: Mapping[str, float] = {**UNITS_MM, "0.01": 0.01, "0.1": 0.1}
#: Channels that were normalised have a standard deviation near 1 about one common place.
_NORMALISED = (0.5, 2.0)


def unit_findings(sample: SpeakerSample) -> list[Finding]:
    """Whether the sensors lie as far apart as in a head, whichever of them is which."""
    roles = [role for role in sample.roles if role in _USUAL]
    if len(roles) < 2:
        return []
    places = {role: middle(sample.together(role)) for role in roles}
    apart, usual = _spread([places[role] for role in roles]), _spread([_USUAL[role] for role in roles])
    moves = float(np.median([sample.together(role).std(axis=0).mean() for role in roles]))
    if apart < moves and _NORMALISED[0] < moves < _NORMALISED[1]:
        return [
            Finding(
                sample.speaker,
                "unit",
                "all sensors lie about one place and move by one unit: the channels look normalised",
                (
                    "give positions as they were measured: tract variables need millimetres in one system "
                    "of coordinates"
                ),
            )
        ]
    if apart < moves:
        return [
            Finding(
                sample.speaker,
                "unit",
                "all sensors lie about one place: the mean of each channel seems to have been taken away",
                (
                    "give positions as they were measured: tract variables need all sensors in one system "
                    "of coordinates"
                ),
            )
        ]
    factor = usual / apart
    if 1 / _HEADS_DIFFER < factor < _HEADS_DIFFER:
        return []
    stated = length_mm(sample.unit)
    name = unit_of(places, stated)
    mm = _UNITS[name]
    what = (
        f"the head is {length_text(apart / usual * 60.0)} wide, from lips to tongue back, "
        "where about 60 mm is usual"
    )
    if mm == stated or not 1 / _HEADS_DIFFER < mm / (stated * factor) < _HEADS_DIFFER:
        advice = (
            f"the unit is wrong by a factor of {factor:.3g}, and no unit in use fits: ask who recorded it"
        )
    elif sample.unit:
        written = name if name[0].isdigit() else f'"{name}"'
        advice = (
            f'looks like {_unit_name(name)}; write unit = {written} instead of "{sample.unit}" in corpus.toml'
        )
    else:
        advice = (
            f"looks like {_unit_name(name)}; the files are not in the unit that this corpus is published in"
        )
    return [Finding(sample.speaker, "unit", what, advice)]


def unit_of(places: Mapping[str, tuple[float, float]], stated_mm: float = 1.0) -> str:
    """The unit in which the sensors lie as far apart as in a human head.

    It is given as `corpus.toml` states units: by name, or as a number of millimetres.

    Args:
        places: Role to where its sensor mostly is, in units of `stated_mm`.
        stated_mm: Length of the unit in which `places` were read.
    """
    known = [role for role in places if role in _USUAL]
    if len(known) < 2 or _spread([places[role] for role in known]) == 0:
        return "mm"
    factor = _spread([_USUAL[role] for role in known]) / _spread([places[role] for role in known])
    return min(_UNITS, key=lambda unit: abs(float(np.log(_UNITS[unit] / (stated_mm * factor)))))


def length_mm(unit: str) -> float:
    """Length in mm of a unit as `corpus.toml` states it, by name or number; 1 where none is stated."""
    return UNITS_MM[unit] if unit in UNITS_MM else float(unit or 1.0)


def middle(xy: NDArray[np.float64]) -> tuple[float, float]:
    """Where a sensor mostly is: the median of its positions, shape (frames, 2)."""
    x, y = np.median(xy, axis=0)
    return float(x), float(y)


def _spread(places: Sequence[tuple[float, float]]) -> float:
    """Mean distance between all pairs."""
    return float(np.mean([np.hypot(a[0] - b[0], a[1] - b[1]) for a, b in combinations(places, 2)]))


def _unit_name(name: str) -> str:
    return {"0.01": "1/100 mm", "0.1": "1/10 mm"}.get(name, name)
