"""Walls and tongues of known shape, and distances found by brute force, in steps of 0.01 mm."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.articulation.outline import Outline

Points = NDArray[np.float64]

FLAT = Outline(np.array([[0.0, 20.0], [-60.0, 20.0]]))
DOME = Outline(
    np.stack([-30 + 30 * np.cos(np.linspace(0, np.pi, 721)), 30 * np.sin(np.linspace(0, np.pi, 721))], axis=1)
)
STEP_MM = 0.01


def on_circle(centre: tuple[float, float], radius: float, degrees: tuple[float, ...]) -> Points:
    angles = np.radians(degrees)
    return np.stack([centre[0] + radius * np.cos(angles), centre[1] + radius * np.sin(angles)], axis=1)


def stepped_arc(circle: Points, ends: Points, step: float = STEP_MM) -> Points:
    """The circle through three points, the shorter way from one end to the other."""
    (ax, ay), (bx, by), (cx, cy) = circle
    d = 2 * (ax * (by - cy) + bx * (cy - ay) + cx * (ay - by))
    squares = (circle**2).sum(axis=1)
    centre = np.array(
        [
            (squares[0] * (by - cy) + squares[1] * (cy - ay) + squares[2] * (ay - by)) / d,
            (squares[0] * (cx - bx) + squares[1] * (ax - cx) + squares[2] * (bx - ax)) / d,
        ]
    )
    first, last = np.arctan2(*(ends - centre).T[::-1])
    turn = (last - first + np.pi) % (2 * np.pi) - np.pi
    radius = float(np.hypot(*(ends[0] - centre)))
    angles = first + turn * np.linspace(0, 1, int(abs(turn) * radius / step) + 2)
    return centre + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def signed_distances(wall: Outline, points: Points) -> NDArray[np.float64]:
    """Signed distance of each point from the line, negative beyond it.

    Where two segments are equally near, the one that the point lies beside decides the sign.
    """
    line = np.asarray(wall.points, np.float64)
    run = np.diff(line, axis=0)
    length = np.hypot(*run.T)
    away = points[:, None] - line[:-1]
    free = (away * run).sum(axis=2) / length**2
    offset = away - np.clip(free, 0, 1)[..., None] * run
    distance = np.hypot(offset[..., 0], offset[..., 1])
    least = distance.min(axis=1)
    beside = (run[:, 0] * away[..., 1] - run[:, 1] * away[..., 0]) / length * wall.anterior
    tied = np.where(distance < least[:, None] + 1e-9, np.abs(beside), -1.0)
    rows, segment = np.arange(len(points)), tied.argmax(axis=1)
    ahead = (segment == 0) & (free[rows, segment] <= 0)
    behind = (segment == len(run) - 1) & (free[rows, segment] >= 1)
    return np.where((beside[rows, segment] < 0) & ~ahead & ~behind, -least, least)


def a_wall(generator: np.random.Generator) -> Outline:
    """Any line from front to back: smooth or jagged, coarse or fine."""
    count = int(generator.integers(2, 20))
    x = np.sort(generator.uniform(-80, 0, count))[::-1] + np.linspace(0.01, 0, count)
    waves = generator.uniform(0, 12) * np.sin(x / generator.uniform(5, 20) + generator.uniform(0, 6))
    return Outline(np.stack([x, 20 + waves + generator.normal(0, generator.uniform(0, 2), count)], axis=1))


def a_tongue(generator: np.random.Generator) -> Points:
    """Three random pellets, humped or hollow, with the back one in front or beyond the wall at times."""
    rest = np.array([[-20.0, 6.0], [-34.0, 10.0], [-50.0, 6.0]])
    return rest + generator.uniform(-10, 10, (3, 2)) + (0.0, generator.uniform(-10, 8))
