"""Estimates a palate from the reach of the tongue, and judges whether it looks like one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.articulation.outline import Outline, smooth_outline

_BIN_MM = 2.0
# Less of the palate than this tells nothing of its shape.
_LEAST_MM = 10.0
#: Palate and velum fall more gently towards the pharynx; what falls more steeply is the back of a lowered
#: tongue.
_STEEPEST_FALL = np.radians(25.0)
#: In traced heads the straight line from the end of the palate to the pharynx falls by 10 to 20 degrees.
_VELUM_FALL = np.radians(15.0)


def estimate(tongue: Sequence[NDArray[np.floating]], anterior: int = 1) -> Outline | None:
    """Guess an untraced palate: the smoothed upper convex hull of all places where the tongue has been.

    The tongue touches the hard palate in ordinary speech, so the hull of enough of it lies within a
    pellet's thickness of the palate where it was touched and cuts corners where it was not. The highest 1 %
    in each 2 mm of x is left out as tracking noise.

    Far back the tongue does not reach the roof: there the hull shows where the lowered tongue ended, and
    would be taken for a pharynx that nobody traced. So where it falls by more than 25 degrees towards the
    back, a straight line that falls by 15 degrees takes its place (the velum), as far back as the tongue has
    been. Both angles are against x, which corpora lay along the bite plane; some degrees of tilt do no harm.

    Args:
        tongue: Valid positions of tongue pellets, each of shape (frames, 2), mm.
        anterior: As in `Anatomy`.

    Returns:
        An outline marked as estimated, or None when the tongue, or what of its hull can be palate, covered
        less than 10 mm.
    """
    points = np.concatenate([np.asarray(part, np.float64) for part in tongue]) if tongue else np.zeros((0, 2))
    if len(points) < 2:
        return None
    bins = np.floor(points[:, 0] / _BIN_MM).astype(np.int64)
    order = np.argsort(bins, kind="stable")
    numbers, starts = np.unique(bins[order], return_index=True)
    heights = np.split(points[order, 1], starts[1:])
    tops = np.stack([(numbers + 0.5) * _BIN_MM, [np.quantile(part, 0.99) for part in heights]], axis=1)
    if np.ptp(tops[:, 0]) < _LEAST_MM:
        return None
    hull = _upper_hull(tops)
    line = _with_velum(hull[::-1] if anterior > 0 else hull, anterior)
    return None if line is None else smooth_outline(line, anterior, estimated=True)


def _with_velum(line: NDArray[np.float64], anterior: int) -> NDArray[np.float64] | None:
    """Replaces the steep rear of a hull by a gently falling line; None if hardly any hull is left.

    The hull runs from front to back.
    """
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
