"""The outer wall of the mouth, palate to pharynx, as a smooth line to which distances are measured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from benchmark.articulation import wall_loops
from benchmark.errors import CorpusError
from benchmark.types import Anatomy

#: Greatest distance between neighbouring samples of a wall, mm: between them a straight line is as good as
#: the curve.
SPACING_MM = 0.25
#: The smoothing spline forgets a bend of the trace within about this length, mm; a corner of a drawn line is
#: rounded by it.
SMOOTHING_MM = 1.0
#: The wall is thought to continue straight for so long at both ends where places, not distances, are asked
#: for.
PROLONGED_MM = 20.0
_LEAST_SAMPLES = 5
# The curve swings out a little at corners, so that its samples lie further apart than those of the drawing.
_DRAWN_MM = 0.2
#: No head's wall is longer, mm; in files of a wrong unit one is, and is sampled sparsely so that it does not
#: take hours to say so.
_LONGEST_MM = 1000.0
_SCRATCH_MM = 1e-9

Points = NDArray[np.float64]


class Samples(NamedTuple):
    """A wall and its two straight prolongations as closely spaced points, front to back.

    Attributes:
        xy: mm, shape (samples, 2).
        place: mm along the wall from its front end, shape (samples,); negative ahead of it.
        own: Which of the samples belong to the wall itself.
    """

    xy: Points
    place: NDArray[np.float64]
    own: slice


class Spaced(NamedTuple):
    """What distances to a wall are computed from, prepared once for each wall.

    Places are averaged over every second of its samples, `Samples.xy[::2]`; degrees are looked for among all
    samples of the wall itself.

    Attributes:
        x: Of all samples, mm, shape (samples,).
        y: As `x`.
        own: First and last plus one of those that belong to the wall itself.
        averaging: Shape (every second sample, 2): the length of wall that each stands for, times its place
            and alone.
        xy: Samples of the wall itself, mm, shape (own samples, 2).
        place: Where they lie along it, mm.
        run: From each to the next, mm, shape (own samples - 1, 2).
        run_length: Lengths of these, mm.
        corner: Direction at each sample: at a corner the mean of its two segments tells the sides apart.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    own: tuple[int, int]
    averaging: NDArray[np.float64]
    xy: Points
    place: NDArray[np.float64]
    run: Points
    run_length: NDArray[np.float64]
    corner: Points

    def closest(self, queries: Points) -> NDArray[np.intp]:
        """Which of the wall's own samples is closest to each query, (queries, 2)."""
        found = np.empty(len(queries), np.intp)
        own = slice(*self.own)
        wall_loops.closest_to_points(self.x[own], self.y[own], wall_loops.plain(queries), found)
        return found


@dataclass(frozen=True, eq=False)
class Outline:
    """A line from the front of the palate backwards and down the pharynx.

    Attributes:
        points: float64, shape (points, 2), mm, no two neighbours equal; straight lines run between them.
        anterior: +1 if x grows towards the lips, -1 if towards the pharynx; tells which side is the cavity.
        estimated: True where no palate was recorded and the line was estimated from the tongue's reach.
        error_mm: How far the line lies from the trace that it smooths, at most.
    """

    points: Points
    anterior: int = 1
    estimated: bool = False
    error_mm: float = 0.0

    @property
    def along(self) -> NDArray[np.float64]:
        """Distance of each point from the front end along the line, mm, shape (points,)."""
        return along(self.points)

    @cached_property
    def samples(self) -> Samples:
        """The line with further points in between, at most `SPACING_MM` apart, and its prolongations."""
        points = np.asarray(self.points, np.float64)
        own = _subdivided(points, SPACING_MM * _sparser(float(self.along[-1])))
        steps = np.arange(SPACING_MM, PROLONGED_MM + SPACING_MM / 2, SPACING_MM)
        front, back = _unit(points[0] - points[1]), _unit(points[-1] - points[-2])
        xy = np.concatenate([points[0] + steps[::-1, None] * front, own, points[-1] + steps[:, None] * back])
        inside = along(own)
        place = np.concatenate([-steps[::-1], inside, inside[-1] + steps])
        return Samples(xy, place, slice(len(steps), len(steps) + len(own)))

    @cached_property
    def spaced(self) -> Spaced:
        """What distances are computed from."""
        xy, place, own = self.samples
        averaged = place[::2]
        step = np.diff(averaged, prepend=averaged[0], append=averaged[-1])
        stands_for = (step[:-1] + step[1:]) / 2
        run = np.diff(xy[own], axis=0)
        length = np.sqrt((run * run).sum(axis=1))
        unit = run / length[:, None]
        return Spaced(
            xy[:, 0].copy(),
            xy[:, 1].copy(),
            (own.start, own.stop),
            np.stack([stands_for * averaged, stands_for], axis=1),
            xy[own],
            place[own],
            run,
            length,
            np.concatenate([unit[:1], unit[:-1] + unit[1:], unit[-1:]]),
        )


class Nearest(NamedTuple):
    """Where an outline comes closest; each array has one value a query point.

    Attributes:
        distance: mm, negative where the point lies beyond the outline (inside the tissue).
        place: mm along the outline from its front end.
    """

    distance: NDArray[np.float64]
    place: NDArray[np.float64]


def along(points: Points) -> NDArray[np.float64]:
    """Distance of each point from the first along the line through all, shape (points,)."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])


def from_anatomy(anatomy: Anatomy) -> Outline:
    """The palate trace, smoothed, and joined to the pharyngeal wall where there is one.

    The joint, a straight line, stands for the velum.

    Raises:
        CorpusError: Fewer than two different points.
    """
    parts = [anatomy.palate] if anatomy.pharynx is None else [anatomy.palate, anatomy.pharynx]
    points = np.concatenate(parts).astype(np.float64)
    apart = np.hypot(*np.diff(points, axis=0).T) > _SCRATCH_MM
    points = points[np.concatenate([[True], apart])]
    if len(points) < 2 or not np.isfinite(points).all():
        raise CorpusError("a palate trace needs at least two different finite points")
    return smooth_outline(points, anatomy.anterior)


def smooth_outline(trace: Points, anterior: int = 1, estimated: bool = False) -> Outline:
    """A smooth curve along a drawn line, so that no corner of the drawing attracts constriction locations.

    Both coordinates are smoothing splines of the length along the line, sampled at most every `SPACING_MM`:
    of all functions f they minimise the integral of (trace - f)^2 + b^4 (f'')^2, where b is `SMOOTHING_MM`.
    The weight does not depend on how densely the line was traced.

    Args:
        trace: mm, shape (points, 2), front to back, no two neighbours equal.
        anterior: As in `Outline`.
        estimated: As in `Outline`.
    """
    length = along(trace)
    drawn_mm = _DRAWN_MM * _sparser(float(length[-1]))
    count = max(int(np.ceil(length[-1] / drawn_mm)) + 1, _LEAST_SAMPLES)
    places, step = np.linspace(0.0, length[-1], count, retstep=True)
    drawn = [np.interp(places, length, trace[:, axis]) for axis in (0, 1)]
    penalty = SMOOTHING_MM**4 / float(step)
    curve = np.stack(
        [scipy.interpolate.make_smoothing_spline(places, part, lam=penalty)(places) for part in drawn], axis=1
    )
    error = nearest(Outline(curve), np.asarray(trace, np.float64)).distance
    return Outline(curve, anterior, estimated, float(np.abs(error).max()))


def nearest(outline: Outline, queries: Points) -> Nearest:
    """Least distance of points to the outline and where along it that is.

    A point beyond the outline has a negative distance. In front of the outline's first and behind its last
    point there is no "beyond": distances are positive there, and the place continues along the straight
    prolongation of the end segment, so that it is below 0 in front and above the line's length behind.

    Args:
        outline: Outer wall.
        queries: mm, shape (queries, 2), finite.
    """
    return nearest_around(outline, queries, outline.spaced.closest(queries))


def nearest_around(outline: Outline, queries: Points, closest: NDArray[np.intp]) -> Nearest:
    """As `nearest`, faster: the sample closest to each query is known.

    Only the two segments that meet there are looked at.

    Args:
        outline: Outer wall.
        queries: mm, shape (queries, 2).
        closest: Index of one of the wall's own samples for each query.
    """
    found = Nearest(np.empty(len(queries)), np.empty(len(queries)))
    spaced = outline.spaced
    wall_loops.nearest_around(
        (spaced.xy, spaced.place, spaced.run, spaced.run_length, spaced.corner),
        int(outline.anterior),
        wall_loops.plain(queries),
        np.require(closest, np.intp, ["C", "W"]),
        *found,
    )
    return found


def _sparser(length_mm: float) -> float:
    """By how much further apart the samples of a wall lie that is longer than any head's."""
    return max(1.0, length_mm / _LONGEST_MM)


def _subdivided(points: Points, spacing_mm: float) -> Points:
    """The same line with evenly spaced points added on segments longer than `spacing_mm`."""
    run = np.diff(points, axis=0)
    counts = np.maximum(np.ceil(np.hypot(*run.T) / spacing_mm - 1e-9), 1).astype(np.intp)
    segment = np.repeat(np.arange(len(run)), counts)
    within = np.arange(len(segment)) - np.repeat(np.cumsum(counts) - counts, counts)
    between = points[segment] + run[segment] * (within / counts[segment])[:, None]
    return np.concatenate([between, points[-1:]])


def _unit(vector: Points) -> Points:
    return np.asarray(vector / np.hypot(*vector))
