"""The outer wall of the mouth, palate to pharynx, as a line to which distances are measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import CorpusError
from benchmark.types import Anatomy

_BIN_MM = 2.0
# Less of the palate than this tells nothing of its shape.
_LEAST_MM = 10.0
#: Palate and velum fall more gently towards the pharynx; what falls more steeply is the back of a lowered tongue.
_STEEPEST_FALL = np.radians(25.0)
#: In traced heads the straight line from the end of the palate to the pharynx falls by 10 to 20 degrees.
_VELUM_FALL = np.radians(15.0)
_SCRATCH_MM = 1e-9


@dataclass(frozen=True, eq=False)
class Outline:
    """A polygonal line from the front of the palate backwards and down the pharynx.

    Attributes:
        points: float64, shape (points, 2), mm, no two neighbours equal.
        anterior: +1 if x grows towards the lips, -1 if towards the pharynx; tells which side is the cavity.
        estimated: True where no palate was recorded and the line was estimated from the tongue's reach.
    """

    points: NDArray[np.float64]
    anterior: int = 1
    estimated: bool = False

    @property
    def along(self) -> NDArray[np.float64]:
        """Distance of each point from the front end along the line, mm, shape (points,)."""
        steps = np.hypot(*np.diff(self.points, axis=0).T)
        return np.concatenate([[0.0], np.cumsum(steps)])


class Nearest(NamedTuple):
    """Where an outline comes closest; each array has one value a query point.

    Attributes:
        distance: mm, negative where the point lies beyond the outline (inside the tissue).
        place: mm along the outline from its front end.
    """

    distance: NDArray[np.float64]
    place: NDArray[np.float64]


def from_anatomy(anatomy: Anatomy) -> Outline:
    """The palate trace, joined by a straight line (the velum) to the pharyngeal wall where there is one.

    Raises:
        CorpusError: Fewer than two different points.
    """
    parts = [anatomy.palate] if anatomy.pharynx is None else [anatomy.palate, anatomy.pharynx]
    points = np.concatenate(parts).astype(np.float64)
    apart = np.hypot(*np.diff(points, axis=0).T) > _SCRATCH_MM
    points = points[np.concatenate([[True], apart])]
    if len(points) < 2 or not np.isfinite(points).all():
        raise CorpusError("a palate trace needs at least two different finite points")
    return Outline(points, anatomy.anterior)


def estimate(tongue: Sequence[NDArray[np.floating]], anterior: int = 1) -> Outline | None:
    """Guess an untraced palate: the upper convex hull of all places where the tongue has been.

    The tongue touches the hard palate in ordinary speech, so the hull of enough of it lies within a
    pellet's thickness of the palate where it was touched and cuts corners where it was not. The highest 1 %
    in each 2 mm of x is left out as tracking noise.

    Far back the tongue does not reach the roof: there the hull shows where the lowered tongue ended, and would be taken for a
    pharynx that nobody traced. So where it falls by more than 25 degrees towards the back, a straight line that falls by 15 degrees
    takes its place (the velum), as far back as the tongue has been. Both angles are against x, which corpora lay along the bite
    plane; some degrees of tilt do no harm.

    Args:
        tongue: Valid positions of tongue pellets, each of shape (frames, 2), mm.
        anterior: As in `Anatomy`.

    Returns:
        An outline marked as estimated, or None when the tongue, or what of its hull can be palate, covered less than 10 mm.
    """
    points = np.concatenate([np.asarray(part, np.float64) for part in tongue]) if tongue else np.zeros((0, 2))
    if len(points) < 2:
        return None
    bins = np.floor(points[:, 0] / _BIN_MM).astype(np.int64)
    tops = np.array(
        [(b * _BIN_MM + _BIN_MM / 2, np.quantile(points[bins == b, 1], 0.99)) for b in np.unique(bins)]
    )
    if np.ptp(tops[:, 0]) < _LEAST_MM:
        return None
    hull = _upper_hull(tops)
    line = _with_velum(hull[::-1] if anterior > 0 else hull, anterior)
    if line is None:
        return None
    return Outline(line, anterior, estimated=True)


def project(outline: Outline, queries: NDArray[np.float64]) -> NDArray[np.float64]:
    """The closest point of each segment to each query.

    Args:
        outline: With n points, n - 1 segments.
        queries: mm, shape (queries, 2).

    Returns:
        mm, shape (queries, segments, 2).
    """
    share = np.clip(_shares(outline, queries), 0.0, 1.0)
    return outline.points[:-1] + share[:, :, None] * np.diff(outline.points, axis=0)


def nearest(outline: Outline, queries: NDArray[np.float64]) -> Nearest:
    """Least distance of points to the outline and where along it that is.

    A point beyond the outline has a negative distance. In front of the outline's first and behind its last
    point there is no "beyond": distances are positive there, and the place continues along the straight
    prolongation of the end segment, so that it is below 0 in front and above the line's length behind.

    Args:
        outline: Outer wall.
        queries: mm, shape (queries, 2), finite.
    """
    shares = _shares(outline, queries)
    clipped = np.clip(shares, 0.0, 1.0)
    run = np.diff(outline.points, axis=0)
    feet = outline.points[:-1] + clipped[:, :, None] * run
    squared = ((feet - queries[:, None, :]) ** 2).sum(axis=2)
    segment = squared.argmin(axis=1)
    rows = np.arange(len(queries))
    share = clipped[rows, segment]
    lengths = np.hypot(run[:, 0], run[:, 1])
    free = np.clip(
        shares[rows, segment],
        np.where(segment == 0, -np.inf, 0.0),
        np.where(segment == len(run) - 1, np.inf, 1.0),
    )
    place = outline.along[segment] + free * lengths[segment]
    distance = np.sqrt(squared[rows, segment])
    return Nearest(distance * _side(outline, queries, feet[rows, segment], segment, share), place)


def _shares(outline: Outline, queries: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where on the line of each segment the foot of each query lies: 0 at its start, 1 at its end."""
    run = np.diff(outline.points, axis=0)
    away = queries[:, None, :] - outline.points[:-1]
    shares: NDArray[np.float64] = (away * run).sum(axis=2) / (run * run).sum(axis=1)
    return shares


def _side(
    outline: Outline,
    queries: NDArray[np.float64],
    feet: NDArray[np.float64],
    segment: NDArray[np.intp],
    share: NDArray[np.float64],
) -> NDArray[np.float64]:
    """+1 in the cavity, -1 beyond the outline. At a corner the mean direction of its two segments decides."""
    run = np.diff(outline.points, axis=0)
    unit = run / np.hypot(*run.T)[:, None]
    corner = np.concatenate([unit[:1], unit[:-1] + unit[1:], unit[-1:]])
    inner = (share > 0) & (share < 1)
    vertex = segment + (share >= 1)
    direction = np.where(inner[:, None], unit[segment], corner[vertex])
    offset = queries - feet
    cross = direction[:, 0] * offset[:, 1] - direction[:, 1] * offset[:, 0]
    beyond = cross * outline.anterior < 0
    open_end = ~inner & ((vertex == 0) | (vertex == len(run)))
    return np.where(beyond & ~open_end, -1.0, 1.0)


def _with_velum(line: NDArray[np.float64], anterior: int) -> NDArray[np.float64] | None:
    """A hull from front to back, its steep rear replaced by a line that falls gently; None where that leaves hardly any hull."""
    back, up = (np.diff(line, axis=0) * (-anterior, 1)).T
    steep = up < -np.tan(_STEEPEST_FALL) * back
    if not steep.any():
        return line
    kept = line[: int(steep.argmax()) + 1]
    if abs(kept[-1, 0] - kept[0, 0]) < _LEAST_MM:
        return None
    reach = abs(line[-1, 0] - kept[-1, 0])
    end = kept[-1] + reach * np.array([-anterior, -np.tan(_VELUM_FALL)])
    return np.concatenate([kept, end[None]])


def _upper_hull(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Upper convex hull of points sorted by x (Andrew's monotone chain)."""
    hull: list[NDArray[np.float64]] = []
    for point in points:
        while len(hull) > 1:
            (ax, ay), (bx, by) = hull[-2], hull[-1]
            if (bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax) < 0:
                break
            hull.pop()
        hull.append(point)
    return np.array(hull)
