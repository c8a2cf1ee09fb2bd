"""Compiled loops over the samples of a wall.

A corpus of five thousand recordings asks for some billions of distances between tongue and wall. Written with
NumPy, most of the time goes into carrying intermediate arrays to memory and back. The loops here keep them in
the processor, and add nothing up in an order that would depend on it: they give the same bits everywhere. All
arrays of numbers go through `plain` first.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import ParamSpec, TypeVar

import numba
import numpy as np
from numba.core.caching import FunctionCache
from numpy.typing import NDArray

_P = ParamSpec("_P")
_R = TypeVar("_R")
_Floats = NDArray[np.float64]
_Indices = NDArray[np.intp]

#: Samples in which no minimum lies are passed over by so many.
_BLOCK = 64


class _Kept(FunctionCache):  # type: ignore[misc]
    """What was compiled, beside this file or in the user's own cache, for later runs."""

    def save_overload(self, signature: object, compiled: object) -> None:
        """Keeps a function, or does without where the disk is full."""
        with suppress(OSError):
            super().save_overload(signature, compiled)


def _compiled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compiles when first called, and keeps it where there is a place for it."""
    compiled = numba.njit(error_model="numpy")(function)
    with suppress(RuntimeError):  # Neither beside this file nor in the user's cache may anything be written.
        compiled._cache = _Kept(function)
    found: Callable[_P, _R] = compiled
    return found


def plain(values: NDArray[np.floating]) -> _Floats:
    """The same values as these loops take them: in rows, writable, in the byte order of this machine.

    They are compiled for each layout of arrays that they are given, and two processes that keep two of them
    at once can mix them up. So there is only one.
    """
    return np.require(values, np.float64, ["C", "W"])


@_compiled
def _squares(x: _Floats, y: _Floats, at_x: float, at_y: float, squares: _Floats) -> None:
    """Squared distance of each sample from one point."""
    for i in range(len(x)):
        right, up = x[i] - at_x, y[i] - at_y
        squares[i] = right * right + up * up


@_compiled
def _least_bits(bits: NDArray[np.int64]) -> np.int64:
    least = bits[0]
    for i in range(len(bits)):
        value = bits[i]
        least = value if value < least else least
    return np.int64(least)


@_compiled
def _closest(distances: _Floats) -> int:
    """Index of the least of distances, none of which is negative; of several equal ones the first.

    Numbers that are not negative are in the order of their bits, and of integers a compiler makes a loop that
    looks at several at once, as it may not of floating-point numbers, one of which could be NaN.
    """
    bits = distances.view(np.int64)
    least, block = bits[0], 0
    for start in range(0, len(bits), _BLOCK):
        here = _least_bits(bits[start : start + _BLOCK])
        if here < least:
            least, block = here, start
    for i in range(block, len(bits)):
        if bits[i] == least:
            return i
    return 0


@_compiled
def closest_to_points(x: _Floats, y: _Floats, points: _Floats, closest: _Indices) -> None:
    """Finds the sample closest to each point.

    Args:
        x: Of the samples, mm, shape (samples,).
        y: As `x`.
        points: mm, shape (points, 2).
        closest: Is filled with indices of samples, shape (points,).
    """
    squares = np.empty(len(x))
    for point in range(len(points)):
        _squares(x, y, points[point, 0], points[point, 1], squares)
        closest[point] = _closest(squares)


@_compiled
def points_to_wall(
    x: _Floats, y: _Floats, own: tuple[int, int], points: _Floats, to_wall: _Floats, closest: _Indices
) -> None:
    """Measures how far every second sample of a wall is from points, and finds the closest of its own.

    Args:
        x: Of the samples, mm, shape (samples,).
        y: As `x`.
        own: First and last plus one of the samples that belong to the wall itself.
        points: mm, shape (frames, 2).
        to_wall: Is filled with distances of every second sample, mm, shape (frames, every second sample).
        closest: Is filled with indices among the wall's own samples, shape (frames, 1).
    """
    squares = np.empty(len(x))
    for frame in range(len(points)):
        _squares(x, y, points[frame, 0], points[frame, 1], squares)
        for i in range(to_wall.shape[1]):
            to_wall[frame, i] = np.sqrt(squares[2 * i])
        closest[frame, 0] = _closest(squares[own[0] : own[1]])


@_compiled
def _facing(
    x: _Floats, y: _Floats, centre: _Floats, radius: float, first: _Floats, last: _Floats, facing: _Floats
) -> None:
    """Distance of each sample from a circle; infinite outside the sector from edge `first` to edge `last`."""
    for i in range(len(x)):
        right, up = x[i] - centre[0], y[i] - centre[1]
        distance = abs(np.sqrt(right * right + up * up) - radius)
        inside = (first[0] * up - first[1] * right >= 0) & (last[0] * up - last[1] * right <= 0)
        facing[i] = distance if inside else np.inf


@_compiled
def _every_second(facing: _Floats, to_first: _Floats, to_last: _Floats, to_wall: _Floats) -> None:
    """Distance of every second sample from an arc: from its inside, or else from the nearer of its ends."""
    for i in range(len(to_wall)):
        first, last = to_first[2 * i], to_last[2 * i]
        to_end = np.sqrt(first if first < last else last)
        to_wall[i] = facing[2 * i] if facing[2 * i] < np.inf else to_end


@_compiled
def arcs_to_wall(
    x: _Floats,
    y: _Floats,
    own: tuple[int, int],
    centre: _Floats,
    radius: _Floats,
    edges: tuple[_Floats, _Floats],
    ends: _Floats,
    to_wall: _Floats,
    closest: _Indices,
) -> None:
    """As `points_to_wall`, of arcs of circles.

    Args:
        x: Of the samples, mm, shape (samples,).
        y: As `x`.
        own: First and last plus one of the samples that belong to the wall itself.
        centre: mm, shape (frames, 2).
        radius: mm, shape (frames,).
        edges: Ways from the centre to the two ends, anticlockwise, mm, each of shape (frames, 2).
        ends: First and last point of each arc, mm, shape (frames, 2, 2).
        to_wall: Is filled with distances of every second sample, mm, shape (frames, every second sample).
        closest: Is filled with indices among the wall's own samples, shape (frames, 3): of the closest that
            faces the inside of the arc (the first of all where none does), and of those closest to its first
            and to its last point.
    """
    facing, to_first, to_last = np.empty(len(x)), np.empty(len(x)), np.empty(len(x))
    for frame in range(len(radius)):
        _facing(x, y, centre[frame], radius[frame], edges[0][frame], edges[1][frame], facing)
        _squares(x, y, ends[frame, 0, 0], ends[frame, 0, 1], to_first)
        _squares(x, y, ends[frame, 1, 0], ends[frame, 1, 1], to_last)
        _every_second(facing, to_first, to_last, to_wall[frame])
        closest[frame, 0] = _closest(facing[own[0] : own[1]])
        closest[frame, 1] = _closest(to_first[own[0] : own[1]])
        closest[frame, 2] = _closest(to_last[own[0] : own[1]])


@_compiled
def nearest_around(
    wall: tuple[_Floats, _Floats, _Floats, _Floats, _Floats],
    anterior: int,
    queries: _Floats,
    closest: _Indices,
    distance: _Floats,
    place: _Floats,
) -> None:
    """Finds where a wall comes closest to points, on the two segments that meet at the closest samples.

    Args:
        wall: `xy`, `place`, `run`, `run_length` and `corner` as in `outline.Spaced`.
        anterior: As in `outline.Outline`.
        queries: mm, shape (queries, 2).
        closest: Index of one of the wall's own samples for each query.
        distance: Is filled with distances, mm, negative beyond the wall, shape (queries,).
        place: Is filled with places along the wall, mm, shape (queries,).
    """
    xy, along, run, run_length, corner = wall
    last = len(run) - 1
    for query in range(len(queries)):
        least, segment, free, right, up = np.nan, 0, 0.0, 0.0, 0.0
        for here in (max(closest[query] - 1, 0), min(closest[query], last)):
            x, y = queries[query, 0] - xy[here, 0], queries[query, 1] - xy[here, 1]
            square = run[here, 0] * run[here, 0] + run[here, 1] * run[here, 1]
            share = (x * run[here, 0] + y * run[here, 1]) / square
            on_segment = min(max(share, 0.0), 1.0)
            x -= on_segment * run[here, 0]
            y -= on_segment * run[here, 1]
            apart = np.sqrt(x * x + y * y)
            if apart < least or np.isnan(least):
                least, segment, free, right, up = apart, here, share, x, y
        vertex = segment + 1 if free >= 1 else segment
        inner = 0 < free < 1
        at_open_end = not inner and (vertex == 0 or vertex == last + 1)
        direction = run[segment] if inner else corner[vertex]
        beyond = (direction[0] * up - direction[1] * right) * anterior < 0
        distance[query] = -least if beyond and not at_open_end else least
        # In front of the first and behind the last point the wall is thought to continue.
        if free < 0 and segment > 0:
            free = 0.0
        elif free > 1 and segment < last:
            free = 1.0
        place[query] = along[segment] + free * run_length[segment]


@_compiled
def furthest(
    centre: _Floats,
    radius: _Floats,
    edges: tuple[_Floats, _Floats],
    ends: _Floats,
    origin: _Floats,
    direction: _Floats,
    reached: _Floats,
) -> None:
    """Measures how far the furthest point of each arc lies from a point in one direction.

    Args:
        centre: As in `arcs_to_wall`, and so are `radius`, `edges` and `ends`.
        radius: See there.
        edges: See there.
        ends: See there.
        origin: The point, mm, shape (2,).
        direction: Of length 1, shape (2,).
        reached: Is filled with distances in this direction, mm, shape (frames,).
    """
    right, up = direction[0], direction[1]
    for frame in range(len(radius)):
        first, last = edges[0][frame], edges[1][frame]
        most = -np.inf
        for end in range(2):
            x, y = ends[frame, end, 0] - origin[0], ends[frame, end, 1] - origin[1]
            most = max(most, x * right + y * up)
        if first[0] * up - first[1] * right >= 0 and last[0] * up - last[1] * right <= 0:
            x, y = centre[frame, 0] - origin[0], centre[frame, 1] - origin[1]
            most = max(most, x * right + y * up + radius[frame])
        reached[frame] = most
