"""Names of the parameters of speech inversion and the groups over which the field averages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

TV6 = ("LA", "LP", "TBCL", "TBCD", "TTCL", "TTCD")
"""Lip aperture and protrusion, location and degree of the tongue body's and the tongue tip's constriction."""

TV9 = (*TV6, "aperiodicity", "periodicity", "pitch")
"""The tract variables and the source features."""

TV10 = (*TV9, "nasalance")
"""All of it, with nasalance."""

_UNITS: Mapping[str, str] = MappingProxyType(
    {
        "aperiodicity": "1",
        "periodicity": "1",
        "pitch": "Hz",
        "nasalance": "1",
        "velum": "as the corpus has it",
    }
)


def unit_of(parameter: str) -> str:
    """Unit of a parameter: lengths and coordinates are in "mm", pitch in "Hz", shares in "1".

    The opening of the velum is in mm or mm2, as the corpus measured it.

    Example:
        >>> unit_of("LA"), unit_of("TT_x"), unit_of("pitch")
        ('mm', 'mm', 'Hz')
    """
    return _UNITS.get(parameter, "mm")


def by_unit(parameters: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Groups parameters by their unit, in their order.

    Errors in the unit of the parameter may be averaged within a group only.

    Example:
        >>> by_unit(("LA", "LP", "periodicity", "pitch"))
        {'mm': ('LA', 'LP'), '1': ('periodicity',), 'Hz': ('pitch',)}
    """
    groups: dict[str, tuple[str, ...]] = {}
    for parameter in parameters:
        groups[unit_of(parameter)] = (*groups.get(unit_of(parameter), ()), parameter)
    return groups
