"""Six tract variables from pellets: the lips' two, and place and degree of two tongue constrictions.

Convention, version `VERSION`:

- LA: distance between the pellets on upper and lower lip, mm.
- LP: how far the lower lip stands forward of the speaker's own median, mm, positive towards the front.
- Constriction degrees (TTCD, TBCD): least distance to the outer wall, mm. The outer wall is the palate trace
  from its front end backwards, joined by a straight line to the pharyngeal wall; where nothing was traced, it is
  estimated from the tongue's reach (`outline.estimate`). A degree is negative where the pellet has passed the
  wall, as happens in firm contact and through errors of the trace; it is not folded back, so that it stays smooth.
- Constriction locations (TTCL, TBCL): where on the outer wall that least distance lies, in mm along the wall
  from the front end of the palate trace, growing backwards; ahead of that end the line is thought to continue
  straight, and the location is negative. Neither shifting nor turning the whole head changes it.
- The tongue tip is its pellet. The tongue body is an arc of the circle through its pellets, from the first to
  the last of them: through three body pellets where there are three (XRMB: T2 T3 T4); where there are two, the
  tip pellet is the third point of the circle, and the arc runs between the two body pellets.

Sources: Browman & Goldstein, Phonetica 49 (1992); Sivaraman et al., JASA 146(1):316 (2019); Attia, Tiede &
Espy-Wilson, arXiv 2305.10775. Published implementations differ in how they state location; this one is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.articulation.outline import Nearest, Outline, nearest, project
from benchmark.types import Trajectories

VERSION = "2"
NAMES = ("LA", "LP", "TBCL", "TBCD", "TTCL", "TTCD")
_FLATTEST = 1e-3


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
    pair = pellets.select(names)
    both: NDArray[np.bool_] = np.logical_and(pair.valid[:, 0], pair.valid[:, 1])
    return Track(pair.values.astype(np.float64), both)


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
    frames = len(pellets.values)
    upper, lower, tip = (track(pellets, sensors, role) for role in ("upper_lip", "lower_lip", "tongue_tip"))
    anterior = outline.anterior if outline else 1
    body = _tongue_body(pellets, sensors, outline)
    front = _tongue_tip(tip, outline)
    found = {
        "LA": _lip_aperture(upper, lower),
        "LP": _lip_protrusion(lower, lip_rest_mm, anterior),
        "TBCL": body and Value(body[0].place, body[1]),
        "TBCD": body and Value(body[0].distance, body[1]),
        "TTCL": front and Value(front[0].place, front[1]),
        "TTCD": front and Value(front[0].distance, front[1]),
    }
    values, valid = np.zeros((frames, len(NAMES)), np.float32), np.zeros((frames, len(NAMES)), bool)
    for column, name in enumerate(NAMES):
        if value := found[name]:
            values[:, column] = np.where(value.valid, value.mm, 0.0)
            valid[:, column] = value.valid
    return Trajectories(values, pellets.rate_hz, NAMES, valid)


def nearest_to_arc(outline: Outline, circle: NDArray[np.float64], ends: NDArray[np.float64]) -> Nearest:
    """Least distance between the outline and an arc, and where along the outline it lies.

    The distance is exact: it is found either at an end of the arc, or where the arc's normal meets the
    outline's closest point to the centre (or, if the arc bends the other way, at a corner of the outline).

    Args:
        outline: Outer wall.
        circle: Three points that the circle runs through, mm, shape (frames, 3, 2), front to back.
        ends: First and last point of the arc, mm, shape (frames, 2, 2); the shorter way between them is
            meant.

    Returns:
        Distance and place, each of shape (frames,); distance is negative where the arc passes the outline.
    """
    centre, radius, bulge = _circle(circle)
    bulge = bulge * outline.anterior
    corners = np.broadcast_to(outline.points, (len(centre), *outline.points.shape))
    away = np.concatenate([project(outline, centre), corners], axis=1) - centre[:, None, :]
    reach = np.hypot(away[..., 0], away[..., 1])
    gaps = bulge[:, None] * (reach - radius[:, None])
    gaps = np.where(_faces(away, ends - centre[:, None, :]), gaps, np.inf)
    rows, least = np.arange(len(centre)), gaps.argmin(axis=1)
    touch = centre + away[rows, least] * (radius / np.maximum(reach[rows, least], _FLATTEST))[:, None]
    at_ends = [nearest(outline, ends[:, side]).distance for side in (0, 1)]
    gaps = np.column_stack([gaps[rows, least], *at_ends])
    nearby = np.stack([touch, ends[:, 0], ends[:, 1]], axis=1)
    least = gaps.argmin(axis=1)
    return Nearest(gaps[rows, least], nearest(outline, nearby[rows, least]).place)


def _lip_aperture(upper: Track | None, lower: Track | None) -> Value | None:
    if upper is None or lower is None:
        return None
    apart = upper.xy - lower.xy
    return Value(np.hypot(apart[:, 0], apart[:, 1]), upper.valid & lower.valid)


def _lip_protrusion(lower: Track | None, rest_mm: float | None, anterior: int) -> Value | None:
    if lower is None or rest_mm is None:
        return None
    return Value(anterior * (lower.xy[:, 0] - rest_mm), lower.valid)


def _tongue_tip(tip: Track | None, outline: Outline | None) -> tuple[Nearest, NDArray[np.bool_]] | None:
    if tip is None or outline is None:
        return None
    return nearest(outline, tip.xy), tip.valid


def _tongue_body(
    pellets: Trajectories, sensors: Mapping[str, str], outline: Outline | None
) -> tuple[Nearest, NDArray[np.bool_]] | None:
    body = _body(pellets, sensors)
    if outline is None or body is None:
        return None
    found = nearest_to_arc(outline, body.circle, body.ends)
    return found, body.valid & np.isfinite(found.distance)


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


def body_arc(pellets: Trajectories, sensors: Mapping[str, str], frame: int) -> NDArray[np.float64] | None:
    """The tongue-body arc of one frame as 33 points from front to back, mm; None where it is not known."""
    body = _body(pellets, sensors)
    if body is None or not body.valid[frame]:
        return None
    centre, radius, _ = _circle(body.circle[frame : frame + 1])
    away = body.ends[frame] - centre
    # Directions between the two ends, by angle; on a nearly straight arc this is the chord to within rounding.
    first, last = np.arctan2(away[:, 1], away[:, 0])
    turn = (last - first + np.pi) % (2 * np.pi) - np.pi
    angles = first + turn * np.linspace(0.0, 1.0, 33)
    return np.asarray(centre + radius[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1))


def body_tops(pellets: Trajectories, sensors: Mapping[str, str]) -> NDArray[np.float64]:
    """Middle of the tongue-body arc in every frame where it is known, mm, shape (frames known, 2)."""
    body = _body(pellets, sensors)
    if body is None:
        return np.zeros((0, 2))
    centre, radius, _ = _circle(body.circle[body.valid])
    middle = body.ends[body.valid].mean(axis=1) - centre
    reach = np.maximum(np.hypot(middle[:, 0], middle[:, 1]), _FLATTEST)
    return np.asarray(centre + middle * (radius / reach)[:, None])


def _circle(
    points: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Centre, radius and sense of turn (+1 anticlockwise) of circles through three points each.

    Points on one line get a circle so large that its arc is straight to within rounding.
    """
    first = points[:, 0]
    b, c = points[:, 1] - first, points[:, 2] - first
    turn = b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]
    sense = np.where(turn < 0, -1.0, 1.0)
    double_area = 2 * np.where(np.abs(turn) < _FLATTEST, sense * _FLATTEST, turn)
    bb, cc = (b * b).sum(axis=1), (c * c).sum(axis=1)
    across = np.column_stack([c[:, 1] * bb - b[:, 1] * cc, b[:, 0] * cc - c[:, 0] * bb])
    centre = across / double_area[:, None]
    return centre + first, np.hypot(centre[:, 0], centre[:, 1]), sense


def _faces(away: NDArray[np.float64], ends: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether directions from the centre point into the sector between the arc's two ends."""
    one, two = ends[:, None, 0], ends[:, None, 1]
    span = _cross(one, two)
    faces: NDArray[np.bool_] = (away * (one + two)).sum(axis=2) > 0
    faces &= (_cross(one, away) * span >= 0) & (_cross(away, two) * span >= 0)
    return faces


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    product: NDArray[np.float64] = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return product
