"""Arcs of any shape are as far from any wall as their nearest point is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.articulation.arc import arcs_through, gaps_to_arcs, nearest_to_arc
from benchmark.articulation.outline import Outline, smooth_outline
from tests.articulation.geometry import (
    DOME,
    FLAT,
    a_tongue,
    a_wall,
    on_circle,
    signed_distances,
    stepped_arc,
)


@pytest.mark.parametrize("seed", range(4))
def test_500_arcs_of_any_kind_agree_with_brute_force_in_steps_of_a_hundredth_of_a_millimetre(seed):
    generator = np.random.default_rng(seed)
    worst, passed = 0.0, 0
    for _ in range(500):
        wall, tongue = a_wall(generator), a_tongue(generator)
        ends = tongue[[0, 2]] if generator.random() < 0.5 else tongue[1:]
        true = signed_distances(wall, stepped_arc(tongue, ends)).min()
        worst = max(worst, abs(nearest_to_arc(wall, tongue[None], ends[None]).distance[0] - true))
        passed += true < 0
    assert worst < 0.02
    assert passed > 50


def test_a_smoothed_trace_is_measured_as_exactly():
    generator = np.random.default_rng(9)
    for _ in range(40):
        wall, tongue = smooth_outline(a_wall(generator).points), a_tongue(generator)
        true = signed_distances(wall, stepped_arc(tongue, tongue[[0, 2]])).min()
        assert nearest_to_arc(wall, tongue[None], tongue[None, [0, 2]]).distance[0] == pytest.approx(
            true, abs=0.02
        )


def test_a_back_pellet_before_the_middle_one_is_no_25_mm_beyond_the_palate():
    """A real palate and tongue, which once gave -24.94 mm.

    That was the distance of a part of the wall behind the tongue.
    """
    drawn = [[121, -76.8], [101, -57.2], [97, -53.8], [95, -53], [93, -52.8]]
    drawn += [[85, -53.7], [79, -54.6], [77, -55], [75, -55.5], [73, -56]]
    wall = Outline(np.array(drawn), 1, True)
    tongue = np.array([[115.45, -78.26], [99.6, -74.86], [97.2, -62.15]])
    found = nearest_to_arc(wall, tongue[None], tongue[None, 1:])
    assert found.distance[0] > 6
    assert found.distance[0] == pytest.approx(
        signed_distances(wall, stepped_arc(tongue, tongue[1:])).min(), abs=0.02
    )


@given(gap=st.floats(0.1, 15), x=st.floats(-45, -15), radius=st.floats(10, 40))
def test_a_round_tongue_under_a_flat_palate(gap, x, radius):
    arc = on_circle((x, 20.0 - gap - radius), radius, (60, 85, 120))[None]
    found = nearest_to_arc(FLAT, arc, arc[:, [0, 2]])
    assert found.distance[0] == pytest.approx(gap, abs=1e-6)
    assert found.place[0] == pytest.approx(-x, abs=1e-6)


@given(gap=st.floats(0.1, 8), direction=st.floats(60, 120), radius=st.floats(8, 18))
def test_a_round_tongue_in_a_round_dome(gap, direction, radius):
    """The circle inside a larger one comes closest along the line through both centres."""
    shift = 30 - radius - gap
    angle = np.radians(direction)
    centre = (-30 + shift * np.cos(angle), shift * np.sin(angle))
    arc = on_circle(centre, radius, (direction - 40, direction + 3, direction + 40))[None]
    found = nearest_to_arc(DOME, arc, arc[:, [0, 2]])
    assert found.distance[0] == pytest.approx(gap, abs=2e-3)
    if shift > 3:
        assert found.place[0] == pytest.approx(30 * angle, abs=30 * np.radians(1.5))


@pytest.mark.parametrize("bend", [0.0, 1e-9, 1e-6, 1e-4, -1e-4])
def test_pellets_nearly_in_a_line_are_a_straight_tongue(bend):
    line = np.array([[[-20.0, 5.0], [-35.0, 8.0 + bend], [-50.0, 11.0]]])
    found = nearest_to_arc(FLAT, line, line[:, [0, 2]])
    assert found.distance[0] == pytest.approx(9.0, abs=1e-9)
    assert found.place[0] == pytest.approx(50.0, abs=1e-9)


@pytest.mark.parametrize("middle", [(-20.0, 5.0), (-50.0, 11.0)])
def test_pellets_in_one_place_are_a_straight_tongue(middle):
    line = np.array([[[-20.0, 5.0], middle, [-50.0, 11.0]]])
    wall = Outline(np.array([[-30.0, 20.0], [-31.0, 9.5], [-32.0, 20.0]]))
    found = nearest_to_arc(wall, line, line[:, [0, 2]])
    straight = np.linspace(line[0, 0], line[0, 2], 30_001)
    assert found.distance[0] == pytest.approx(signed_distances(wall, straight).min(), abs=0.01)


def test_a_hollow_tongue_is_closest_at_its_rim():
    hollow = np.array([[[-20.0, 12.0], [-35.0, 6.0], [-50.0, 11.0]]])
    found = nearest_to_arc(FLAT, hollow, hollow[:, [0, 2]])
    assert found.distance[0] == pytest.approx(8.0, abs=1e-9)
    assert found.place[0] == pytest.approx(20.0, abs=1e-9)


def test_a_tongue_through_the_palate_has_a_negative_distance_that_grows_smoothly():
    heights = np.linspace(-2, 2, 41)
    arcs = np.stack([on_circle((-30, 20 - 15 - height), 15, (60, 90, 120)) for height in heights])
    found = nearest_to_arc(FLAT, arcs, arcs[:, [0, 2]])
    np.testing.assert_allclose(found.distance, heights, atol=1e-7)


def test_every_second_sample_of_a_wall_is_as_far_as_from_the_nearest_point_of_the_arc():
    generator = np.random.default_rng(3)
    for _ in range(20):
        wall, tongue = a_wall(generator), a_tongue(generator)
        ends = tongue[[0, 2]]
        found = next(gaps_to_arcs(wall, arcs_through(tongue[None], ends[None]))).to_wall[0]
        arc = stepped_arc(tongue, ends)
        some = wall.samples.xy[::10]
        true = np.hypot(*np.moveaxis(some[:, None] - arc, 2, 0)).min(axis=1)
        np.testing.assert_allclose(found[::5], true, atol=0.005)


def test_points_of_an_arc_lie_on_its_circle():
    tongue = on_circle((-30.0, 0.0), 15.0, (60, 90, 120))[None]
    for turned in (tongue, tongue[:, ::-1]):
        points = arcs_through(turned, turned[:, [0, 2]]).points(np.linspace(0, 1, 9))[0]
        np.testing.assert_allclose(np.hypot(*(points - (-30.0, 0.0)).T), 15.0, rtol=1e-12)
        np.testing.assert_allclose(points[[0, 4, 8]], turned[0], atol=1e-12)
