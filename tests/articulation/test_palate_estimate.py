"""A palate that nobody traced is estimated from the reach of the tongue."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.articulation.arc import nearest_to_arc
from benchmark.articulation.outline import Outline
from benchmark.articulation.palate_estimate import estimate
from tests.articulation.geometry import on_circle


def test_a_palate_is_estimated_from_where_the_tongue_has_been() -> None:
    generator = np.random.default_rng(0)
    x = generator.uniform(-58, -3, 20_000)
    ceiling = 30 * np.sqrt(1 - ((x + 30) / 30) ** 2)
    reached = np.stack([x, ceiling * generator.uniform(0.2, 1, 20_000)], axis=1)
    wall = estimate([reached])
    assert wall is not None
    assert wall.estimated
    assert wall.points[0, 0] > wall.points[-1, 0]
    # Further back such a dome falls more steeply than any palate.
    middle = np.linspace(-44, -10, 30)
    height = np.interp(middle, wall.points[::-1, 0], wall.points[::-1, 1])
    np.testing.assert_allclose(height, 30 * np.sqrt(1 - ((middle + 30) / 30) ** 2), atol=1.5)


def roof(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """A palate 36 mm wide and high enough, and a velum that falls by 15 degrees behind it."""
    palate = 18 - (x + 30) ** 2 / 40
    return np.where(x > -36, palate, 17.1 + np.tan(np.radians(15)) * (x + 36))


def reach_below_the_roof(tilt: float = 0.0) -> NDArray[np.float64]:
    """Where a tongue has been: everywhere below the roof in front, ever lower behind x = -44."""
    generator = np.random.default_rng(0)
    x = generator.uniform(-58, -4, 40_000)
    y = np.minimum(roof(x), 15 + 2.5 * (x + 44) / 1.5) - generator.exponential(4, len(x))
    angle = np.radians(tilt)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.stack([x, y], axis=1) @ turn.T


def test_a_lowered_tongue_does_not_make_a_pharynx() -> None:
    wall = estimate([reach_below_the_roof()])
    assert wall is not None
    assert wall.points[-1, 0] < -56
    x = np.linspace(wall.points[-1, 0], -8, 80)
    np.testing.assert_allclose(np.interp(x, wall.points[::-1, 0], wall.points[::-1, 1]), roof(x), atol=2.5)


def test_along_an_estimated_roof_location_and_degree_move_smoothly() -> None:
    """From a raised front to a lowered back of the tongue: a steep flank was once nearest all at once."""
    wall = estimate([reach_below_the_roof()])
    assert wall is not None
    share = np.linspace(0, 1, 200)
    centres = np.stack([-22 - 22 * share, roof(-22 - 22 * share) - 13 - 12 * share], axis=1)
    arcs = np.stack([on_circle((x, y), 11, (60, 90, 120)) for x, y in centres])
    found = nearest_to_arc(wall, arcs, arcs[:, [0, 2]])
    true = nearest_to_arc(
        Outline(np.stack([-np.arange(4.0, 90), roof(-np.arange(4.0, 90))], axis=1)), arcs, arcs[:, [0, 2]]
    )
    assert np.abs(np.diff(found.place)).max() < 3.0
    np.testing.assert_allclose(found.distance, true.distance, atol=2.0)
    np.testing.assert_allclose(found.place - found.place[0], true.place - true.place[0], atol=4.0)


def test_an_estimate_mirrors_with_the_head_and_bears_some_tilt() -> None:
    straight, mirrored = estimate([reach_below_the_roof()]), estimate([reach_below_the_roof() * (-1, 1)], -1)
    assert straight is not None
    assert mirrored is not None
    np.testing.assert_allclose(mirrored.points * (-1, 1), straight.points, atol=0.3)
    for tilt in (-8.0, 8.0):
        tilted = estimate([reach_below_the_roof(tilt)])
        assert tilted is not None
        angle = np.radians(tilt)
        back = tilted.points @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        x = np.linspace(-54, -10, 60)
        np.testing.assert_allclose(np.interp(x, back[::-1, 0], back[::-1, 1]), roof(x), atol=3.0)


def test_a_tongue_that_hardly_moved_tells_nothing() -> None:
    assert estimate([]) is None
    assert estimate([np.zeros((1, 2))]) is None
    assert estimate([np.random.default_rng(0).uniform(0, 5, (100, 2))]) is None
