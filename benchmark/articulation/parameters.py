"""The parameters that can be predicted: names, units, and named sets of them.

The module is quick to import, because every recipe is checked against it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from benchmark.errors import CorpusError


class Parameter(NamedTuple):
    """One thing to predict.

    Attributes:
        unit: "mm", "Hz", "1" for a share between 0 and 1, ...
        description: One line.
    """

    unit: str
    description: str


#: Short names of the midsagittal pellets by role, front to back; the same in every corpus. They make up the
#: set "pellets".
PELLET_NAMES: Mapping[str, str] = {
    "upper_lip": "UL",
    "lower_lip": "LL",
    "jaw": "LI",
    "tongue_tip": "TT",
    "tongue_front": "TF",
    "tongue_mid": "TM",
    "tongue_back": "TB",
}
#: Further pellets, which a recipe may list.
OTHER_PELLETS: Mapping[str, str] = {"lip_corner": "LC", "jaw_back": "LM", "velum": "V"}
ALL_PELLETS = {**PELLET_NAMES, **OTHER_PELLETS}

PARAMETERS: Mapping[str, Parameter] = {
    "LA": Parameter("mm", "lip aperture: distance between upper and lower lip"),
    "LP": Parameter("mm", "lip protrusion: lower lip forward of the speaker's median"),
    "TBCL": Parameter("mm", "tongue body constriction location, along the outer wall from the front"),
    "TBCD": Parameter("mm", "tongue body constriction degree: least distance to the outer wall"),
    "TTCL": Parameter("mm", "tongue tip constriction location, along the outer wall from the front"),
    "TTCD": Parameter("mm", "tongue tip constriction degree: least distance to the outer wall"),
    "aperiodicity": Parameter("1", "share of the spectrum that sounds and is not periodic"),
    "periodicity": Parameter("1", "share of the spectrum that is periodic"),
    "pitch": Parameter("Hz", "fundamental frequency; undefined where unvoiced"),
    "velum": Parameter("mm or mm2", "opening of the velopharyngeal port, as the corpus measured it"),
    **{
        f"{short}_{axis}": Parameter("mm", f"{role.replace('_', ' ')}, {direction}")
        for role, short in ALL_PELLETS.items()
        for axis, direction in (("x", "forward"), ("y", "upward"))
    },
}

TRACT_VARIABLES = ("LA", "LP", "TBCL", "TBCD", "TTCL", "TTCD")
SOURCE = ("aperiodicity", "periodicity", "pitch")
#: Those that are measured from the outer wall.
CONSTRICTIONS = TRACT_VARIABLES[2:]
TARGET_SETS: Mapping[str, tuple[str, ...]] = {
    "tv6": TRACT_VARIABLES,
    "tv9": (*TRACT_VARIABLES, *SOURCE),
    "tv10": (*TRACT_VARIABLES, *SOURCE, "velum"),
    "pellets": tuple(f"{short}_{axis}" for short in PELLET_NAMES.values() for axis in "xy"),
}


def target_names(targets: str | Sequence[str]) -> tuple[str, ...]:
    """Parameters of a named set, or those listed, in their order.

    Raises:
        CorpusError: No set or parameter is called so, or one is listed twice.
    """
    if isinstance(targets, str):
        if targets not in TARGET_SETS:
            raise CorpusError(f"no target set is called '{targets}'; there are {', '.join(TARGET_SETS)}")
        return TARGET_SETS[targets]
    unknown = [name for name in targets if name not in PARAMETERS]
    if unknown or not targets:
        raise CorpusError(
            f"no target is called {', '.join(unknown) or 'nothing'}; there are {', '.join(PARAMETERS)}"
        )
    if len(set(targets)) != len(targets):
        raise CorpusError(f"lists a target twice: {', '.join(targets)}")
    return tuple(targets)
