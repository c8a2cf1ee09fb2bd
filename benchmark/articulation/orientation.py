"""Checks that pellets lie as in a head: finds axes turned or exchanged, and sensors exchanged.

From the lips to the pharynx the sensors of every head follow each other in one order, and the upper lip is
above the lower. Medians over a speaker's recordings keep that order with room to spare in every corpus that
was looked at, heads tilted by 20 degrees included; so an order that is broken is explained by the one change
of axes, or exchange of two sensors, that would mend it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations
from types import MappingProxyType

Place = tuple[float, float]
Places = Mapping[str, Place]

#: Role to its rank from the lips backwards.
_RANK: Mapping[str, int] = MappingProxyType(
    {
        "upper_lip": 0,
        "lower_lip": 0,
        "jaw": 1,
        "tongue_tip": 2,
        "tongue_front": 3,
        "tongue_mid": 4,
        "tongue_back": 5,
        "velum": 6,
    }
)
_LIPS = ("upper_lip", "lower_lip")
#: One lip is not further behind the other than this, unless the head is tilted; then it is also far below or
#: above.
_LIPS_APART_MM = 9.0
_LIPS_SLOPE = 1.2
#: What is out of order by less may be the speaker's anatomy, or the tilt of the head.
_TOLERANCE_MM = 2.0
#: Heads whose sensors all lie within less than this, from top to bottom or from front to back, have been
#: projected wrongly.
_FLAT_SHARE = 0.08

_AXES: Mapping[str, Callable[[Place], Place]] = MappingProxyType(
    {
        "x points backwards": lambda p: (-p[0], p[1]),
        "y points downwards": lambda p: (p[0], -p[1]),
        "x points backwards and y points downwards": lambda p: (-p[0], -p[1]),
        "x and y are exchanged": lambda p: (p[1], p[0]),
        "x and y are exchanged, and x points backwards": lambda p: (-p[1], p[0]),
        "x and y are exchanged, and y points downwards": lambda p: (p[1], -p[0]),
        "x and y are exchanged, and both are turned round": lambda p: (-p[1], -p[0]),
    }
)


def misplaced(places: Places) -> list[str]:
    """What cannot be if x grows towards the lips and y upwards, as every reader promises.

    Args:
        places: Role (see `Corpus.sensors`) to where its pellet mostly is, mm; roles that are not there are
            not judged.

    Returns:
        One line that says what is out of order and what would explain it, or nothing if all is in order.
    """
    if flat := _flat(places):
        return [flat]
    broken = _out_of_order(places)
    if not broken:
        return []
    worst = max(broken, key=lambda what: broken[what])
    explained = [*_lip_corner(places), *_explanations(places)]
    return [f"{worst}: {' or '.join(explained) if explained else 'the sensors lie as in no head'}"]


def _flat(places: Places) -> str:
    """Whether the sensors of lips and tongue differ along one axis only."""
    if len(places) < 4:
        return ""
    width = max(x for x, _ in places.values()) - min(x for x, _ in places.values())
    height = max(y for _, y in places.values()) - min(y for _, y in places.values())
    if height < _FLAT_SHARE * width:
        return f"all sensors lie at one height (within {height:.1f} mm): y seems to be the sideways axis"
    if width < _FLAT_SHARE * height:
        return f"all sensors lie at one depth (within {width:.1f} mm): x seems to be the sideways axis"
    return ""


def _out_of_order(places: Places) -> dict[str, float]:
    """What is out of order, in words, to by how many mm."""
    broken = {}
    ranked = [role for role in _RANK if role in places]
    for front, rear in combinations(ranked, 2):
        behind = places[rear][0] - places[front][0]
        if _RANK[front] < _RANK[rear] and behind > _TOLERANCE_MM:
            broken[f"{_said(rear)} lies {behind:.0f} mm in front of {_said(front)}"] = behind
    if "upper_lip" in places and "lower_lip" in places:
        below = places["lower_lip"][1] - places["upper_lip"][1]
        if below > 0:
            broken[f"{_said('upper_lip')} lies {below:.0f} mm below {_said('lower_lip')}"] = below
        behind = abs(places["upper_lip"][0] - places["lower_lip"][0])
        if behind > max(_LIPS_APART_MM, abs(below) / _LIPS_SLOPE):
            rear = min(_LIPS, key=lambda lip: places[lip][0])
            broken[f"{_said(rear)} lies {behind:.0f} mm behind {_said(_other(rear))}"] = behind
    return broken


def _explanations(places: Places) -> list[str]:
    """The changes of axes and exchanges of two sensors that mend the order, the simplest kind first."""
    turned = [
        what
        for what, turn in _AXES.items()
        if not _out_of_order({role: turn(place) for role, place in places.items()})
    ]
    exchanged = [
        f"{_said(one)} and {_said(other)} are exchanged"
        for one, other in combinations([role for role in _RANK if role in places], 2)
        if not _out_of_order({**places, one: places[other], other: places[one]})
    ]
    return [*exchanged, *turned]


def _lip_corner(places: Places) -> list[str]:
    """Suspects a sensor at the corner of the mouth: one lip alone lies far behind the other."""
    if not all(lip in places for lip in _LIPS):
        return []
    rear = min(_LIPS, key=lambda lip: places[lip][0])
    apart = places[_other(rear)][0] - places[rear][0]
    others = {role: place for role, place in places.items() if role != rear}
    before_tongue = all(
        places[rear][0] > places[role][0] - _TOLERANCE_MM for role in places if role.startswith("tongue")
    )
    if apart < _LIPS_APART_MM or not before_tongue or _out_of_order(others):
        return []
    if "jaw" in places and abs(places["jaw"][0] - places[_other(rear)][0]) < _LIPS_APART_MM:
        return []  # The sensor that is named the jaw lies where this lip should be: the two are exchanged.
    return [f"the sensor of {_said(rear)} seems to be at the corner of the mouth"]


def _other(lip: str) -> str:
    return _LIPS[1 - _LIPS.index(lip)]


def _said(role: str) -> str:
    return f"the {role.replace('_', ' ')}"
