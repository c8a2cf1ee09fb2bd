"""Which sensor plays which role, guessed from the names that labs give to channels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

#: Names of sensors without case and punctuation, by role.
_ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "upper_lip": ("ul", "upperlip", "ulip", "lipupper", "uplip", "upper"),
        "lower_lip": ("ll", "lowerlip", "llip", "liplower", "lowlip", "lower"),
        "jaw": (
            *("li", "jaw", "ji", "lowerincisor", "lowerincisors", "lowinc", "mni", "lj", "mandible"),
            *("lt", "gum"),
        ),
        "velum": ("v", "vel", "velum", "vl", "softpalate"),
    }
)
#: Names of sensors on the tongue, from front to back; which of them is "mid" depends on the others.
_TONGUE: tuple[tuple[str, ...], ...] = (
    ("tt", "tonguetip", "ttip", "tip", "tngtip", "apex", "t1", "tongue1"),
    ("tf", "tl", "bl", "tonguefront", "tongueblade", "tblade", "blade", "tbl", "t2", "tongue2"),
    ("tm", "tonguemid", "tonguemiddle", "tmid", "mid", "t3", "tongue3"),
    ("tb", "tonguebody", "tbody", "body", "tbo", "tngbody"),
    ("td", "tonguedorsum", "tdorsum", "dorsum", "tdo", "tngdorsum", "tongueback", "tback", "t4", "tongue4"),
    ("tr", "tongueroot", "trear", "root"),
)
_CHANNEL = re.compile(
    r"(?P<sensor>.+?)(?P<joint>[ _.\-:]*)(?P<pos>pos|p)?(?P<axis>[xyz])(?:[ _(\[]*mm[)\]]?)?", re.IGNORECASE
)


class Channel(NamedTuple):
    """What the name of a column says: the sensor as it is written there, and its axis, "x", "y" or "z"."""

    sensor: str
    axis: str


def channel(name: str) -> Channel | None:
    """Sensor and axis that a name states, or None if it names no coordinate.

    Example:
        >>> channel("TDx"), channel("tt_posy"), channel("time")
        (Channel(sensor='TD', axis='x'), Channel(sensor='tt', axis='y'), None)
    """
    match = _CHANNEL.fullmatch(name.strip())
    if match is None:
        return None
    # "max" and "index" end in x and are no sensors: without a joint or capitals only what is known counts.
    known = _plain(match["sensor"]) in _known()
    if not (match["joint"] or known or match["sensor"].isupper()):
        return None
    return Channel(match["sensor"], match["axis"].lower())


def roles(sensors: Sequence[str]) -> dict[str, str]:
    """Role to sensor, for those whose names are known.

    Example:
        >>> roles(["UL", "LL", "TT", "TB", "TR", "REF"])
        {'upper_lip': 'UL', 'lower_lip': 'LL', 'tongue_tip': 'TT', 'tongue_mid': 'TB', 'tongue_back': 'TR'}
    """
    found = {}
    for role, names in _ALIASES.items():
        fitting = [sensor for sensor in sensors if _plain(sensor) in names]
        if fitting:
            found[role] = fitting[0]
    tongue = [
        (rank, sensor) for rank, names in enumerate(_TONGUE) for sensor in sensors if _plain(sensor) in names
    ]
    tip = [sensor for rank, sensor in tongue if rank == 0][:1]
    rest = [sensor for rank, sensor in tongue if rank > 0][:3]
    names = {0: (), 1: ("tongue_back",), 2: ("tongue_mid", "tongue_back")}.get(
        len(rest), ("tongue_front", "tongue_mid", "tongue_back")
    )
    return {
        **found,
        **dict(zip(["tongue_tip"] * len(tip), tip, strict=True)),
        **dict(zip(names, rest, strict=True)),
    }


def _plain(sensor: str) -> str:
    return re.sub(r"[^a-z0-9]", "", sensor.lower())


def _known() -> frozenset[str]:
    return frozenset(name for names in (*_ALIASES.values(), *_TONGUE) for name in names)
