"""Distances from the outer wall, and the smooth curve that is drawn along a trace."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.articulation.outline import Outline, from_anatomy, nearest, smooth_outline
from benchmark.errors import CorpusError
from benchmark.types import Anatomy
from tests.articulation.geometry import DOME, a_wall, signed_distances
from tests.corpora import voices


def test_ahead_of_the_palate_the_place_goes_on_below_zero() -> None:
    wall = Outline(np.array([[-4.0, 4.0], [-20.0, 4.0]]))
    found = nearest(wall, np.array([[-10.0, 0.0], [-4.0, 0.0], [1.0, 0.0], [3.0, 7.0]]))
    np.testing.assert_allclose(found.place, [6, 0, -5, -7])
    np.testing.assert_allclose(found.distance, [4, 4, np.hypot(5, 4), np.hypot(7, 3)])


def test_distance_is_signed_at_corners_too() -> None:
    roof = Outline(np.array([[0.0, 0.0], [-10.0, 10.0], [-20.0, 0.0]]))
    found = nearest(roof, np.array([[-10.0, 5.0], [-10.0, 14.0], [-10.0, 10.0]]))
    assert found.distance[0] > 0 > found.distance[1] == -4
    assert found.distance[2] == 0


def test_the_outline_runs_on_down_the_pharynx() -> None:
    anatomy = Anatomy(np.array([[-4.0, 4.0], [-40.0, 20.0]]), np.array([[-80.0, 10.0], [-80.0, -30.0]]))
    wall = from_anatomy(anatomy)
    found = nearest(wall, np.array([[-74.0, -10.0]]))
    assert found.distance[0] == pytest.approx(6.0, abs=1e-3)
    # Rounded corners are a little shorter than drawn ones.
    drawn = np.hypot(36, 16) + np.hypot(40, 10) + 20
    assert drawn - 1 < found.place[0] < drawn


def test_points_that_repeat_are_one_and_too_few_are_refused() -> None:
    wall = from_anatomy(Anatomy(np.array([[-4.0, 4.0], [-4.0, 4.0], [-40.0, 20.0]])))
    np.testing.assert_allclose(wall.points[[0, -1]], [[-4.0, 4.0], [-40.0, 20.0]], atol=1e-9)
    with pytest.raises(CorpusError, match="two different"):
        from_anatomy(Anatomy(np.array([[-4.0, 4.0], [-4.0, 4.0]])))


def test_a_wall_of_many_metres_is_sampled_sparsely() -> None:
    """Files in a wrong unit give one; saying so must not take hours."""
    wall = from_anatomy(Anatomy(np.array([[-4000.0, 4000.0], [-40000.0, 20000.0]])))
    assert len(wall.samples.xy) < 10_000
    assert nearest(wall, np.array([[-22000.0, 0.0]])).distance[0] > 10_000


def test_points_anywhere_agree_with_every_segment_looked_at() -> None:
    generator = np.random.default_rng(1)
    for _ in range(50):
        wall = a_wall(generator)
        points = generator.uniform((-90, -10), (10, 45), (400, 2))
        np.testing.assert_allclose(nearest(wall, points).distance, signed_distances(wall, points), atol=1e-5)


def turns(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Change of direction from one segment to the next, degrees."""
    angle = np.unwrap(np.arctan2(*np.diff(points, axis=0).T[::-1]))
    return np.degrees(np.abs(np.diff(angle)))


def test_a_trace_becomes_a_smooth_curve_that_stays_close_to_it() -> None:
    wall = from_anatomy(Anatomy(voices.PALATE, voices.PHARYNX))
    drawn = np.concatenate([voices.PALATE, voices.PHARYNX])
    assert np.hypot(*np.diff(wall.points, axis=0).T).max() <= 0.25
    assert turns(wall.points).max() < turns(drawn).max() / 5
    assert wall.error_mm == pytest.approx(np.abs(signed_distances(wall, drawn)).max(), abs=1e-6)
    # Where the drawn velum meets the drawn pharynx in a right angle.
    assert wall.error_mm < 0.6


def test_how_densely_a_palate_was_traced_hardly_changes_the_curve() -> None:
    coarse, fine = (smooth_outline(DOME.points[::step]) for step in (20, 1))
    assert coarse.error_mm < 0.05
    assert np.abs(nearest(coarse, fine.points).distance).max() < 0.1


def test_a_straight_trace_stays_straight() -> None:
    wall = smooth_outline(np.array([[0.0, 20.0], [-60.0, 20.0]]))
    np.testing.assert_allclose(wall.points[:, 1], 20.0, atol=1e-9)
    assert wall.error_mm == pytest.approx(0.0, abs=1e-9)
