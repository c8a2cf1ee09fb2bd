"""Six tract variables from pellets: the lips' two, and place and degree of two tongue constrictions.

Convention, version `CONVENTION_VERSION` (`docs/targets.md` has the pictures):

- LA: distance between the pellets on upper and lower lip, mm.
- LP: how far the lower lip stands forward of the speaker's own median, mm, positive towards the front.
- Constriction degrees (TTCD, TBCD): least distance to the outer wall, mm. The outer wall is the palate trace
  from its front end backwards, joined by a straight line to the pharyngeal wall, and smoothed
  (`outline.smooth_outline`); where nothing was traced, it is estimated from the tongue's reach
  (`palate_estimate.estimate`). A degree is negative where the tongue has passed the wall, as happens in firm
  contact and through errors of the trace, and says then by how much at most.
- Constriction locations (TTCL, TBCL): where on the outer wall the tongue is near, in mm along the wall from
  the front end of the palate trace, growing backwards. It is the mean of all places l of the wall, weighted
  by how near the tongue is:

      location = sum over l of l w(l) / sum over l of w(l),   w(l) = exp(-d(l) / 4 mm),

  where d(l) is the distance of the wall at l from the tongue. For this the wall continues straight by 20 mm
  at both ends, so that locations ahead of the trace are negative. Neither shifting nor turning the whole head
  changes it.
- The tongue tip is its pellet. The tongue body is an arc of the circle through its pellets, from the first to
  the last of them: through three body pellets where there are three (XRMB: T2 T3 T4); where there are two,
  the tip pellet is the third point of the circle, and the arc runs between the two body pellets.

Why a mean and not the nearest place: a palate that is nearly straight faces a tongue that is nearly straight,
so that the nearest place is anybody's guess within a centimetre and jumps by several within 10 ms; on a drawn
line it also sticks to corners. The mean moves continuously with the tongue. 4 mm is the least weight with
which steps over 5 mm in 10 ms became rare (`docs/targets.md`).

Sources: Browman & Goldstein, Phonetica 49 (1992); Sivaraman et al., JASA 146(1):316 (2019); Attia, Tiede &
Espy-Wilson, arXiv 2305.10775. Published implementations differ in how they state location; this one is ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.articulation.arc import (
    Arcs,
    Gaps,
    arcs_through,
    gaps_to_arcs,
    gaps_to_points,
    nearest_to_arc,
    nearest_to_arcs,
)
from benchmark.articulation.outline import Outline, nearest_around
from benchmark.articulation.parameters import TRACT_VARIABLES
from benchmark.types import Trajectories

__all__ = [
    "CONVENTION_VERSION",
    "NAMES",
    "Track",
    "Value",
    "body_arc",
    "body_tops",
    "location",
    "nearest_to_arc",
    "track",
    "tract_variables",
    "tract_variables_of_speaker",
]

#: Of all targets; stored with them. 1: location was the nearest place on the trace as drawn, and a degree
#: could be that of a part of the wall behind the tongue. 2: as above.
CONVENTION_VERSION = "2"
NAMES = TRACT_VARIABLES
#: Places of the wall that are so much further from the tongue than the nearest one count 1 / e times as much,
#: mm.
LOCATION_SPREAD_MM = 4.0


class Track(NamedTuple):
    """One pellet in time.

    Attributes:
        xy: mm, shape (frames, 2).
        valid: bool, shape (frames,): both coordinates are known.
    """

    xy: NDArray[np.float64]
    valid: NDArray[np.bool_]


class Value(NamedTuple):
    """One tract variable in time: mm and validity, each of shape (frames,)."""

    mm: NDArray[np.float64]
    valid: NDArray[np.bool_]


def track(pellets: Trajectories, sensors: Mapping[str, str], role: str) -> Track | None:
    """The pellet that plays `role`, or None if these trajectories have none."""
    prefix = sensors.get(role)
    names = (f"{prefix}_x", f"{prefix}_y")
    if prefix is None or any(name not in pellets.names for name in names):
        return None
    x, y = (pellets.names.index(name) for name in names)
    return Track(pellets.values[:, [x, y]].astype(np.float64), pellets.valid[:, x] & pellets.valid[:, y])


def tract_variables(
    pellets: Trajectories, sensors: Mapping[str, str], outline: Outline | None, lip_rest_mm: float | None
) -> Trajectories:
    """The six tract variables of smooth pellets.

    Args:
        pellets: Coordinates in mm.
        sensors: Role to channel prefix, as in `Corpus.sensors`.
        outline: Outer wall of this speaker; None leaves the four tongue variables invalid.
        lip_rest_mm: The speaker's median of lower-lip x; None leaves LP invalid.

    Returns:
        Channels `NAMES` in mm, at the rate of the pellets; invalid wherever a pellet they need is invalid.
    """
    return tract_variables_of_speaker([pellets], sensors, outline, lip_rest_mm)[0]


def tract_variables_of_speaker(
    recordings: Sequence[Trajectories],
    sensors: Mapping[str, str],
    outline: Outline | None,
    lip_rest_mm: float | None,
) -> list[Trajectories]:
    """As `tract_variables`, of all recordings of one speaker at once, which is faster."""
    anterior = outline.anterior if outline else 1
    found = []
    for pellets, body in zip(recordings, _tongue_bodies(recordings, sensors, outline), strict=True):
        upper, lower, tip = (
            track(pellets, sensors, role) for role in ("upper_lip", "lower_lip", "tongue_tip")
        )
        front = _tongue_tip(tip, outline)
        parts = {
            "LA": _lip_aperture(upper, lower),
            "LP": _lip_protrusion(lower, lip_rest_mm, anterior),
            "TBCL": body and body.location,
            "TBCD": body and body.degree,
            "TTCL": front and front.location,
            "TTCD": front and front.degree,
        }
        found.append(_together(parts, len(pellets.values), pellets.rate_hz))
    return found


def _together(parts: Mapping[str, Value | None], frames: int, rate_hz: float) -> Trajectories:
    values, valid = np.zeros((frames, len(NAMES)), np.float32), np.zeros((frames, len(NAMES)), bool)
    for column, name in enumerate(NAMES):
        if value := parts[name]:
            values[:, column] = np.where(value.valid, value.mm, 0.0)
            valid[:, column] = value.valid
    return Trajectories(values, rate_hz, NAMES, valid)


def location(outline: Outline, to_wall: NDArray[np.float64]) -> NDArray[np.float64]:
    """Constriction location: the mean place on the wall, weighted by how near the tongue is.

    Args:
        outline: Outer wall.
        to_wall: Distance of every second of the wall's samples from the tongue, mm, shape (frames, every
            second sample): enough for a mean over places.

    Returns:
        mm along the wall from its front end, shape (frames,).
    """
    return _located(outline, to_wall.copy())


def _located(outline: Outline, to_wall: NDArray[np.float64]) -> NDArray[np.float64]:
    """As `location`, in the memory of the distances, which are lost."""
    nearness = np.subtract(to_wall.min(axis=1, keepdims=True), to_wall, out=to_wall)
    nearness /= LOCATION_SPREAD_MM
    np.exp(nearness, out=nearness)
    weighted = nearness @ outline.spaced.averaging
    return np.asarray(weighted[:, 0] / weighted[:, 1])


def _lip_aperture(upper: Track | None, lower: Track | None) -> Value | None:
    if upper is None or lower is None:
        return None
    apart = upper.xy - lower.xy
    return Value(np.hypot(apart[:, 0], apart[:, 1]), upper.valid & lower.valid)


def _lip_protrusion(lower: Track | None, rest_mm: float | None, anterior: int) -> Value | None:
    if lower is None or rest_mm is None:
        return None
    return Value(anterior * (lower.xy[:, 0] - rest_mm), lower.valid)


class _Constriction(NamedTuple):
    """Location and degree in time, mm, each of shape (frames,)."""

    location: Value
    degree: Value


class _Seen(NamedTuple):
    """Where a wall is near, in the frames that are valid.

    Attributes:
        location: mm, shape (valid frames,).
        closest: As in `Gaps`.
    """

    location: NDArray[np.float64]
    closest: NDArray[np.intp]


def _seen(outline: Outline, gaps: Iterable[Gaps]) -> _Seen:
    """Locations, and what is kept of the distances, of all valid frames."""
    found = ((_located(outline, part.to_wall), part.closest.copy()) for part in gaps)
    places, closest = zip(*found, strict=True)
    return _Seen(np.concatenate(places), np.concatenate(closest))


def _in_time(
    place: NDArray[np.float64], degree: NDArray[np.float64], valid: NDArray[np.bool_]
) -> _Constriction:
    """A constriction in all frames from its values in the valid ones."""
    places, degrees = np.zeros(len(valid)), np.zeros(len(valid))
    places[valid], degrees[valid] = place, degree
    return _Constriction(Value(places, valid), Value(degrees, valid))


def _tongue_tip(tip: Track | None, outline: Outline | None) -> _Constriction | None:
    if tip is None or outline is None:
        return None
    points = tip.xy[tip.valid]
    seen = _seen(outline, gaps_to_points(outline, points))
    nearest = nearest_around(outline, points, seen.closest[:, 0])
    return _in_time(seen.location, nearest.distance, tip.valid)


def _tongue_bodies(
    recordings: Sequence[Trajectories], sensors: Mapping[str, str], outline: Outline | None
) -> list[_Constriction | None]:
    """Of each recording; None where the tongue body or the wall is not known."""
    bodies = [_body(pellets, sensors) for pellets in recordings]
    known = [body for body in bodies if body is not None]
    if outline is None or not known:
        return [None] * len(recordings)
    arcs = Arcs(*(np.concatenate(parts) for parts in zip(*map(_arcs, known), strict=True)))
    seen = _seen(outline, gaps_to_arcs(outline, arcs))
    degree = nearest_to_arcs(outline, arcs, seen.closest).distance
    constrictions: list[_Constriction | None] = []
    start = 0
    for body in bodies:
        if body is None:
            constrictions.append(None)
            continue
        own = slice(start, start + int(np.count_nonzero(body.valid)))
        constrictions.append(_in_time(seen.location[own], degree[own], body.valid))
        start = own.stop
    return constrictions


class _Body(NamedTuple):
    """Pellets of the tongue body: three that the circle runs through, the arc's two ends, and validity."""

    circle: NDArray[np.float64]
    ends: NDArray[np.float64]
    valid: NDArray[np.bool_]


def _body(pellets: Trajectories, sensors: Mapping[str, str]) -> _Body | None:
    roles = ("tongue_tip", "tongue_front", "tongue_mid", "tongue_back")
    tip, *found = (track(pellets, sensors, role) for role in roles)
    body = [pellet for pellet in found if pellet is not None]
    through = body if len(body) == 3 or tip is None else [tip, *body]
    if len(body) < 2 or len(through) != 3:
        return None
    return _Body(
        np.stack([pellet.xy for pellet in through], axis=1),
        np.stack([body[0].xy, body[-1].xy], axis=1),
        np.logical_and.reduce([pellet.valid for pellet in through]),
    )


def _arcs(body: _Body) -> Arcs:
    """The arcs of the valid frames."""
    return arcs_through(body.circle[body.valid], body.ends[body.valid])


def body_arc(pellets: Trajectories, sensors: Mapping[str, str], frame: int) -> NDArray[np.float64] | None:
    """The tongue-body arc of one frame as 33 points from front to back, mm; None where it is not known."""
    body = _body(pellets, sensors)
    if body is None or not body.valid[frame]:
        return None
    arcs = arcs_through(body.circle[frame : frame + 1], body.ends[frame : frame + 1])
    return np.asarray(arcs.points(np.linspace(0.0, 1.0, 33))[0])


def body_tops(pellets: Trajectories, sensors: Mapping[str, str]) -> NDArray[np.float64]:
    """Middle of the tongue-body arc in every frame where it is known, mm, shape (frames known, 2)."""
    body = _body(pellets, sensors)
    return np.zeros((0, 2)) if body is None else _arcs(body).middles()
