"""The tongue body as arcs of circles, and how far they are from the outer wall."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.articulation import wall_loops
from benchmark.articulation.outline import (
    Nearest,
    Outline,
    Points,
    nearest,
    nearest_around,
)

#: An arc of a larger circle is a straight line: over 60 mm it departs from one by less than half a
#: micrometre.
_STRAIGHT_MM = 1e6
#: An arc that may pass the wall is searched at so many places, and around the deepest ones by so many
#: halvings.
_PLACES, _HALVINGS = 65, 14
_NUDGE = 1e-6
#: So many arcs are searched for their deepest points at once: the search takes as many steps for one as for
#: all.
_SEARCHED = 1024
#: So many arcs, whose closest samples are known, are looked at at once.
_AT_ONCE = 1024
#: So many frames are worked on at once: their distances from every second sample of a wall fit into a
#: processor's cache.
_CHUNK = 96


class Arcs(NamedTuple):
    """Arcs of less than half a circle, one a frame.

    Attributes:
        centre: mm, shape (frames, 2).
        radius: mm, shape (frames,).
        ends: mm, shape (frames, 2, 2): the first and the last point of each arc.
    """

    centre: Points
    radius: NDArray[np.float64]
    ends: Points

    def some(self, frames: slice | NDArray[np.generic]) -> Arcs:
        """The arcs of some frames."""
        return Arcs(self.centre[frames], self.radius[frames], self.ends[frames])

    def plain(self) -> Arcs:
        """The same arcs for `wall_loops`."""
        return Arcs(*map(wall_loops.plain, self))

    def points(self, shares: NDArray[np.float64]) -> Points:
        """Points of the arcs.

        Args:
            shares: Of the way from the first end (0) to the last (1), shape (shares,) or (frames, shares).

        Returns:
            mm, shape (frames, shares, 2).
        """
        half = self._half_angles()
        # By the chord and the height above it, because the centre of a nearly straight arc is far away.
        angle = half[:, None] * (2.0 * np.broadcast_to(shares, (len(half), np.shape(shares)[-1])) - 1.0)
        straight = np.abs(half) < 1e-5
        sine = np.where(straight, 1.0, np.sin(half))[:, None]
        forward = np.where(
            straight[:, None], angle / np.where(half == 0, 1.0, half)[:, None], np.sin(angle) / sine
        )
        upward = np.where(
            straight[:, None],
            0.0,
            2.0 * np.sin((half[:, None] - angle) / 2) * np.sin((half[:, None] + angle) / 2) / sine,
        )
        middle, reach = self.ends.mean(axis=1), (self.ends[:, 1] - self.ends[:, 0]) / 2
        across = np.stack([reach[:, 1], -reach[:, 0]], axis=1)
        found: Points = (
            middle[:, None] + forward[..., None] * reach[:, None] + upward[..., None] * across[:, None]
        )
        return found

    def middles(self) -> Points:
        """The point halfway along each arc, mm, shape (frames, 2)."""
        height = np.tan(self._half_angles() / 2)
        reach = (self.ends[:, 1] - self.ends[:, 0]) / 2
        across = np.stack([reach[:, 1], -reach[:, 0]], axis=1)
        found: Points = self.ends.mean(axis=1) + height[:, None] * across
        return found

    def _half_angles(self) -> NDArray[np.float64]:
        """Half the angle between the ends of each arc, seen from its centre, anticlockwise."""
        first, last = np.moveaxis(self.ends - self.centre[:, None], 1, 0)
        return np.asarray(np.arctan2(_cross(first, last), (first * last).sum(axis=1)) / 2)


def arcs_through(circle: Points, ends: Points) -> Arcs:
    """Arcs of the circles through three points each.

    Args:
        circle: Three points that the circle runs through, mm, shape (frames, 3, 2).
        ends: First and last point of the arc, on that circle, mm, shape (frames, 2, 2). The shorter way
            between them is meant; of a circle of more than a kilometre, or where points coincide, it is the
            straight line.
    """
    origin = circle[:, 0]
    b, c = circle[:, 1] - origin, circle[:, 2] - origin
    bb, cc = (b * b).sum(axis=1), (c * c).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = np.stack([c[:, 1] * bb - b[:, 1] * cc, b[:, 0] * cc - c[:, 0] * bb], axis=1)
        centre = centre / (2 * _cross(b, c))[:, None]
        curved = np.hypot(*centre.T) < _STRAIGHT_MM
    chord = ends[:, 1] - ends[:, 0]
    length = np.hypot(*chord.T)
    across = np.stack([-chord[:, 1], chord[:, 0]], axis=1) / np.where(length > 0, length, 1.0)[:, None]
    centre = np.where(curved[:, None], centre + origin, ends.mean(axis=1) + _STRAIGHT_MM * across)
    return Arcs(centre, np.hypot(*(ends[:, 0] - centre).T), ends)


class Gaps(NamedTuple):
    """How far a wall is from arcs or points, frame by frame.

    Attributes:
        to_wall: Distance of every second of its samples, `Samples.xy[::2]`, mm, shape (frames, every second
            sample), never negative.
        closest: Which of the wall's own samples is closest, shape (frames, kinds). Kinds are one for points,
            and three for arcs: among samples that face the inside of the arc, to its first end, to its last.
    """

    to_wall: NDArray[np.float64]
    closest: NDArray[np.intp]

    def first(self, frames: int) -> Gaps:
        """Those of the first frames."""
        return Gaps(self.to_wall[:frames], self.closest[:frames])


def gaps_to_points(outline: Outline, points: Points) -> Iterator[Gaps]:
    """Distances of single points, shape (frames, 2), from the wall, some frames after others.

    What is given lies in the same memory as what was given before.
    """
    spaced = outline.spaced
    room, points = _room(outline, 1), wall_loops.plain(points)
    for part in _parts(len(points), _CHUNK):
        some = points[part]
        gaps = room.first(len(some))
        wall_loops.points_to_wall(spaced.x, spaced.y, spaced.own, some, *gaps)
        yield gaps


def gaps_to_arcs(outline: Outline, arcs: Arcs) -> Iterator[Gaps]:
    """Distances of arcs from the wall, some frames after others.

    Seen from a point of the wall, the nearest point of an arc lies on the radius through the former if that
    radius is in the sector of the arc; else it is one of the arc's ends. What is given lies in the same
    memory as what was given before.
    """
    spaced = outline.spaced
    room, arcs = _room(outline, 3), arcs.plain()
    first, last = _sector(arcs)
    for part in _parts(len(arcs.radius), _CHUNK):
        centre, radius, ends = arcs.some(part)
        gaps = room.first(len(radius))
        edges = first[part], last[part]
        wall_loops.arcs_to_wall(spaced.x, spaced.y, spaced.own, centre, radius, edges, ends, *gaps)
        yield gaps


def _room(outline: Outline, kinds: int) -> Gaps:
    """Memory for the distances of as many frames as are worked on at once."""
    return Gaps(np.empty((_CHUNK, len(outline.spaced.averaging))), np.empty((_CHUNK, kinds), np.intp))


def _parts(frames: int, most: int) -> Iterator[slice]:
    """Slices of at most so many frames; one of none where there are none."""
    return (slice(start, start + most) for start in range(0, max(frames, 1), most))


def nearest_to_arcs(outline: Outline, arcs: Arcs, closest: NDArray[np.intp]) -> Nearest:
    """Where a wall comes closest to arcs; the distance is the least signed one of any point of an arc.

    An arc that may pass the wall, or go round an end of it, is searched for the point that lies deepest: its
    least signed distance (signs as in `outline.nearest`).

    Args:
        outline: Outer wall.
        arcs: Best all that a speaker has: a search for many takes hardly longer than one for a few.
        closest: Of their `Gaps`.
    """
    parts = _parts(len(closest), _AT_ONCE)
    beside = [_nearest_beside(outline, arcs.some(part), closest[part]) for part in parts]
    found = Nearest(*(np.concatenate(values) for values in zip(*beside, strict=True)))
    longest = outline.spaced.run_length.max()
    passing = np.flatnonzero((found.distance <= longest / 2) | _passes_an_end(outline, arcs))
    if not passing.size:
        return found
    right = Nearest(found.distance.copy(), found.place.copy())
    for start in range(0, len(passing), _SEARCHED):
        some = passing[start : start + _SEARCHED]
        deepest = _deepest(outline, arcs.some(some))
        beyond = deepest.distance < 0
        for part, whole in zip(deepest, right, strict=True):
            whole[some[beyond]] = part[beyond]
    return right


def nearest_to_arc(outline: Outline, circle: Points, ends: Points) -> Nearest:
    """Least distance between the outline and an arc, and the place on the outline that is nearest.

    Args:
        outline: Outer wall.
        circle: Three points that the circle runs through, mm, shape (frames, 3, 2).
        ends: First and last point of the arc, mm, shape (frames, 2, 2); the shorter way between them is
            meant.

    Returns:
        Distance and place, each of shape (frames,). The distance is the least signed distance of any point of
        the arc (`outline.nearest`): negative where the arc passes the outline, and then by how much at most.
    """
    arcs = arcs_through(circle, ends)
    closest = np.concatenate([gaps.closest.copy() for gaps in gaps_to_arcs(outline, arcs)])
    return nearest_to_arcs(outline, arcs, closest)


def _nearest_beside(outline: Outline, arcs: Arcs, closest: NDArray[np.intp]) -> Nearest:
    """Where a wall comes closest to arcs that do not pass it."""
    queries = np.concatenate([arcs.centre, arcs.ends[:, 0], arcs.ends[:, 1]])
    found = nearest_around(outline, queries, closest.T.ravel())
    to_centre, to_first, to_last = (
        Nearest(*part) for part in np.moveaxis(np.reshape(found, (2, 3, len(closest))), 1, 0)
    )
    inside = _nearest_inside(outline, arcs, closest[:, 0], to_centre.place)
    return _nearer(inside, _nearer(to_first, to_last))


def _nearest_inside(
    outline: Outline, arcs: Arcs, closest: NDArray[np.intp], foot: NDArray[np.float64]
) -> Nearest:
    """Where the wall faces the inside of each arc, at places `foot` or samples `closest`.

    Where it does so at neither, the distance is infinite.
    """
    xy, place = outline.spaced.xy, outline.spaced.place
    feet = np.stack([np.interp(foot, place, xy[:, axis]) for axis in (0, 1)], axis=1)
    found = [
        Nearest(
            np.where(_faces(arcs, points), np.abs(np.hypot(*(points - arcs.centre).T) - arcs.radius), np.inf),
            places,
        )
        for points, places in ((feet, foot), (xy[closest], place[closest]))
    ]
    return _nearer(*found)


def _nearer(one: Nearest, two: Nearest) -> Nearest:
    closer = one.distance < two.distance
    return Nearest(*(np.where(closer, a, b) for a, b in zip(one, two, strict=True)))


def _faces(arcs: Arcs, points: Points) -> NDArray[np.bool_]:
    """Whether one point a frame, shape (frames, 2), lies in the sector of its arc."""
    first, last = _sector(arcs)
    away = points - arcs.centre
    return np.asarray((_cross(first, away) >= 0) & (_cross(last, away) <= 0))


def _sector(arcs: Arcs) -> tuple[Points, Points]:
    """Vectors from the centre to the ends of each arc, ordered so that it turns anticlockwise."""
    first, last = np.moveaxis(arcs.ends - arcs.centre[:, None], 1, 0)
    clockwise = (_cross(first, last) < 0)[:, None]
    return (
        wall_loops.plain(np.where(clockwise, last, first)),
        wall_loops.plain(np.where(clockwise, first, last)),
    )


def _passes_an_end(outline: Outline, arcs: Arcs) -> NDArray[np.bool_]:
    """Whether an arc may go round an end of the wall.

    Then a point of it lies beyond that end, and one on the far side of the line that prolongs the wall there;
    of a wall that doubles back on itself no side is the far one, and arcs around it are not searched.
    """
    points = np.asarray(outline.points, np.float64)
    found = np.zeros(len(arcs.radius), bool)
    arcs = arcs.plain()
    edges = _sector(arcs)
    # Walking out of the line, the far side is to one hand at its front end, to the other at its back end.
    for end, before, hand in ((points[0], points[1], -1), (points[-1], points[-2], 1)):
        ahead = (end - before) / np.hypot(*(end - before))
        far = hand * outline.anterior * np.array([ahead[1], -ahead[0]])
        found |= np.logical_and(*(_furthest(arcs, edges, end, way) >= 0 for way in (ahead, far)))
    return found


def _furthest(
    arcs: Arcs, edges: tuple[Points, Points], origin: Points, direction: Points
) -> NDArray[np.float64]:
    """How far the furthest point of each arc lies from `origin` in a direction of length 1."""
    reached = np.empty(len(arcs.radius))
    wall_loops.furthest(arcs.centre, arcs.radius, edges, arcs.ends, origin, direction, reached)
    return reached


def _deepest(outline: Outline, arcs: Arcs) -> Nearest:
    """Least signed distance of points on the arcs, by sampling and then halving around each minimum."""
    shares = np.linspace(0.0, 1.0, _PLACES)
    frames = len(arcs.radius)
    depth, place = (
        values.reshape(frames, _PLACES) for values in nearest(outline, arcs.points(shares).reshape(-1, 2))
    )
    rows, best = np.arange(frames), depth.argmin(axis=1)
    least, where = depth[rows, best], place[rows, best]
    # Along an arc, which is at most pi / 2 times its chord, a distance changes by at most the way that one
    # goes.
    step = np.hypot(*(arcs.ends[:, 1] - arcs.ends[:, 0]).T) * (np.pi / 2) / (_PLACES - 1)
    padded = np.pad(depth, ((0, 0), (1, 1)), constant_values=np.inf)
    minimum = (depth <= padded[:, :-2]) & (depth <= padded[:, 2:])
    frame, sample = np.nonzero(minimum & (depth - step[:, None] < np.minimum(least, 0.0)[:, None]))
    some = arcs.some(frame)
    low, high = shares[np.maximum(sample - 1, 0)], shares[np.minimum(sample + 1, _PLACES - 1)]
    for _ in range(_HALVINGS if frame.size else 0):
        middle = (low + high) / 2
        pair = some.points(np.stack([middle - _NUDGE, middle + _NUDGE], axis=1))
        here = nearest(outline, pair.reshape(-1, 2))
        distance, places = here.distance.reshape(-1, 2), here.place[::2]
        deeper = distance[:, 0] < least[frame]
        # Of several minima of one frame the deepest is to be kept.
        order = np.argsort(-distance[deeper, 0], kind="stable")
        least[frame[deeper][order]], where[frame[deeper][order]] = (
            distance[deeper, 0][order],
            places[deeper][order],
        )
        rising = distance[:, 1] > distance[:, 0]
        low, high = np.where(rising, low, middle), np.where(rising, middle, high)
    return Nearest(least, where)


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    product: NDArray[np.float64] = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return product
