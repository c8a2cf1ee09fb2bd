"""Synthetic geometry: a tongue of known shape at a known distance from a known palate gives that distance and place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmark.articulation.outline import Outline, estimate, from_anatomy, nearest
from benchmark.articulation.tract_variables import NAMES, nearest_to_arc, tract_variables
from benchmark.errors import CorpusError
from benchmark.types import Anatomy, Trajectories
from tests.corpora import voices

SENSORS = {
    "upper_lip": "UL",
    "lower_lip": "LL",
    "tongue_tip": "T1",
    "tongue_front": "T2",
    "tongue_mid": "T3",
    "tongue_back": "T4",
}
FLAT = Outline(np.array([[0.0, 20.0], [-60.0, 20.0]]))
#: Coarse as a real trace is; in a dome of tiny facets the closest place is ill-defined to a facet's width.
TRACE = Outline(voices.PALATE)
DOME = Outline(
    np.stack([-30 + 30 * np.cos(np.linspace(0, np.pi, 721)), 30 * np.sin(np.linspace(0, np.pi, 721))], axis=1)
)


def pellets(places: dict[str, tuple[float, float]], lost: tuple[str, ...] = ()) -> Trajectories:
    names = tuple(f"{name}_{axis}" for name in places for axis in "xy")
    values = np.array([[number for place in places.values() for number in place]], np.float32)
    valid = np.array([[name.split("_")[0] not in lost for name in names]])
    return Trajectories(values, 100.0, names, valid)


def on_circle(centre: tuple[float, float], radius: float, degrees: tuple[float, ...]) -> NDArray[np.float64]:
    angles = np.radians(degrees)
    return np.stack([centre[0] + radius * np.cos(angles), centre[1] + radius * np.sin(angles)], axis=1)


def a_head(tongue: NDArray[np.float64]) -> dict[str, tuple[float, float]]:
    places = {"UL": (10.0, 14.0), "LL": (9.0, -9.0), "T1": (-8.0, 5.0)}
    return places | {f"T{i + 2}": (float(x), float(y)) for i, (x, y) in enumerate(tongue)}


@given(gap=st.floats(0.1, 15), x=st.floats(-45, -15), radius=st.floats(10, 40))
def test_a_round_tongue_under_a_flat_palate(gap: float, x: float, radius: float) -> None:
    centre = (x, 20.0 - gap - radius)
    arc = on_circle(centre, radius, (60, 85, 120))[None]
    found = nearest_to_arc(FLAT, arc, arc[:, [0, 2]])
    assert found.distance[0] == pytest.approx(gap, abs=1e-6)
    assert found.place[0] == pytest.approx(-x, abs=1e-6)


@given(gap=st.floats(0.1, 8), direction=st.floats(60, 120), radius=st.floats(8, 18))
def test_a_round_tongue_in_a_round_dome(gap: float, direction: float, radius: float) -> None:
    """The circle inside a larger one comes closest along the line through both centres."""
    shift = 30 - radius - gap
    angle = np.radians(direction)
    centre = (-30 + shift * np.cos(angle), shift * np.sin(angle))
    arc = on_circle(centre, radius, (direction - 40, direction + 3, direction + 40))[None]
    found = nearest_to_arc(DOME, arc, arc[:, [0, 2]])
    assert found.distance[0] == pytest.approx(gap, abs=2e-3)
    if shift > 3:
        assert found.place[0] == pytest.approx(30 * angle, abs=30 * np.radians(1.5))


@given(st.integers(0, 10_000))
@settings(max_examples=60)
def test_the_arc_is_as_close_as_its_closest_point(seed: int) -> None:
    generator = np.random.default_rng(seed)
    wall = Outline(np.stack([np.linspace(0, -70, 25), 20 + 3 * np.sin(np.linspace(0, 9, 25) + seed)], axis=1))
    tongue = np.array([[-20.0, 6.0], [-34.0, 10.0], [-50.0, 6.0]]) + generator.uniform(-6, 6, (3, 2))
    found = nearest_to_arc(wall, tongue[None], tongue[None, [0, 2]])
    sampled = nearest(wall, sampled_arc(tongue))
    best = sampled.distance.argmin()
    assert found.distance[0] == pytest.approx(sampled.distance[best], abs=2e-3)


def sampled_arc(three: NDArray[np.float64], count: int = 4001) -> NDArray[np.float64]:
    """Points of the circle through three points, from the first to the last."""
    (ax, ay), (bx, by), (cx, cy) = three
    d = 2 * (ax * (by - cy) + bx * (cy - ay) + cx * (ay - by))
    squares = (three**2).sum(axis=1)
    centre = np.array(
        [
            (squares[0] * (by - cy) + squares[1] * (cy - ay) + squares[2] * (ay - by)) / d,
            (squares[0] * (cx - bx) + squares[1] * (ax - cx) + squares[2] * (bx - ax)) / d,
        ]
    )
    first, last = np.arctan2(*(three[[0, 2]] - centre).T[::-1])
    turn = (last - first + np.pi) % (2 * np.pi) - np.pi
    angles = first + turn * np.linspace(0, 1, count)
    return centre + np.hypot(*(three[0] - centre)) * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def test_pellets_in_a_line_are_a_straight_tongue() -> None:
    line = np.array([[[-20.0, 5.0], [-35.0, 8.0], [-50.0, 11.0]]])
    found = nearest_to_arc(FLAT, line, line[:, [0, 2]])
    assert found.distance[0] == pytest.approx(9.0, abs=1e-3)
    assert found.place[0] == pytest.approx(50.0, abs=1e-2)


def test_a_hollow_tongue_is_closest_at_its_rim() -> None:
    hollow = np.array([[[-20.0, 12.0], [-35.0, 6.0], [-50.0, 11.0]]])
    found = nearest_to_arc(FLAT, hollow, hollow[:, [0, 2]])
    assert found.distance[0] == pytest.approx(8.0, abs=1e-9)
    assert found.place[0] == pytest.approx(20.0, abs=1e-9)


def test_a_tongue_through_the_palate_has_a_negative_degree_that_grows_smoothly() -> None:
    heights = np.linspace(-2, 2, 41)
    arcs = np.stack([on_circle((-30, 20 - 15 - height), 15, (60, 90, 120)) for height in heights])
    found = nearest_to_arc(FLAT, arcs, arcs[:, [0, 2]])
    np.testing.assert_allclose(found.distance, heights, atol=1e-9)


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


def everything(
    places: dict[str, tuple[float, float]], wall: Outline | None, rest: float | None = 9.0
) -> dict[str, float]:
    found = tract_variables(pellets(places), SENSORS, wall, rest)
    assert found.valid.all()
    return dict(zip(NAMES, found.values[0].astype(float), strict=True))


def test_the_six_by_hand() -> None:
    tongue = on_circle((-30.0, 0.0), 15.0, (60, 90, 120))
    found = everything(a_head(tongue), FLAT)
    assert found == pytest.approx(
        {"LA": np.hypot(1, 23), "LP": 0.0, "TBCL": 30.0, "TBCD": 5.0, "TTCL": 8.0, "TTCD": 15.0}, abs=1e-5
    )


@given(dx=st.floats(-20, 20), dy=st.floats(-20, 20), turn=st.floats(-30, 30))
@settings(max_examples=40)
def test_moving_or_turning_the_whole_head_changes_nothing(dx: float, dy: float, turn: float) -> None:
    angle = np.radians(turn)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def moved(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return points @ rotation.T + (dx, dy)

    places = a_head(on_circle((-30.0, 3.0), 12.0, (50, 95, 130)))
    before = everything(places, TRACE)
    shifted = {name: tuple(moved(np.array(place))) for name, place in places.items()}
    after = everything(shifted, Outline(moved(TRACE.points)))  # type: ignore[arg-type]
    for name in ("LA", "TBCL", "TBCD", "TTCL", "TTCD"):
        assert after[name] == pytest.approx(before[name], abs=2e-4)
    straight = everything({n: (x + dx, y + dy) for n, (x, y) in places.items()}, TRACE, 9.0 + dx)
    assert straight["LP"] == pytest.approx(before["LP"], abs=1e-4)


@given(scale=st.floats(0.7, 1.3))
def test_a_larger_head_has_larger_variables(scale: float) -> None:
    places = a_head(on_circle((-30.0, 3.0), 12.0, (50, 95, 130)))
    before = everything(places, TRACE, 5.0)
    larger = {name: (x * scale, y * scale) for name, (x, y) in places.items()}
    after = everything(larger, Outline(TRACE.points * scale), 5.0 * scale)
    for name in NAMES:
        assert after[name] == pytest.approx(scale * before[name], abs=1e-3)


def test_a_mirrored_head_gives_the_same() -> None:
    places = a_head(on_circle((-30.0, 3.0), 12.0, (50, 95, 130)))
    mirrored = {name: (-x, y) for name, (x, y) in places.items()}
    after = everything(mirrored, Outline(TRACE.points * (-1, 1), anterior=-1), -5.0)
    assert after == pytest.approx(everything(places, TRACE, 5.0), abs=1e-4)


@pytest.mark.parametrize(
    ("lost", "invalid"),
    [
        ("UL", {"LA"}),
        ("LL", {"LA", "LP"}),
        ("T1", {"TTCL", "TTCD"}),
        ("T2", {"TBCL", "TBCD"}),
        ("T4", {"TBCL", "TBCD"}),
    ],
)
def test_a_lost_pellet_costs_only_what_needs_it(lost: str, invalid: set[str]) -> None:
    places = a_head(on_circle((-30.0, 0.0), 15.0, (60, 90, 120)))
    found = tract_variables(pellets(places, lost=(lost,)), SENSORS, FLAT, 9.0)
    assert {name for name, valid in zip(NAMES, found.valid[0], strict=True) if not valid} == invalid
    del places[lost]
    if lost not in ("T2", "T4"):
        absent = tract_variables(pellets(places), SENSORS, FLAT, 9.0)
        assert {name for name, valid in zip(NAMES, absent.valid[0], strict=True) if not valid} == invalid


def test_without_an_outline_the_lips_remain() -> None:
    places = a_head(on_circle((-30.0, 0.0), 15.0, (60, 90, 120)))
    found = tract_variables(pellets(places), SENSORS, None, None)
    assert found.valid[0].tolist() == [True, False, False, False, False, False]


def test_two_body_pellets_bend_with_the_tip() -> None:
    tip, mid, back = on_circle((-30.0, 0.0), 15.0, (20, 70, 120))
    sensors = {"tongue_tip": "T1", "tongue_mid": "T2", "tongue_back": "T3"}
    found = tract_variables(
        pellets({"T1": tuple(tip), "T2": tuple(mid), "T3": tuple(back)}), sensors, FLAT, None
    )  # type: ignore[dict-item]
    assert found.values[0, NAMES.index("TBCD")] == pytest.approx(5.0, abs=1e-5)
    assert found.values[0, NAMES.index("TBCL")] == pytest.approx(30.0, abs=1e-4)


def test_the_outline_runs_on_down_the_pharynx() -> None:
    anatomy = Anatomy(np.array([[-4.0, 4.0], [-40.0, 20.0]]), np.array([[-80.0, 10.0], [-80.0, -30.0]]))
    wall = from_anatomy(anatomy)
    found = nearest(wall, np.array([[-74.0, -10.0]]))
    assert found.distance[0] == pytest.approx(6.0)
    assert found.place[0] == pytest.approx(np.hypot(36, 16) + np.hypot(40, 10) + 20)


def test_points_that_repeat_are_one_and_too_few_are_refused() -> None:
    wall = from_anatomy(Anatomy(np.array([[-4.0, 4.0], [-4.0, 4.0], [-40.0, 20.0]])))
    assert len(wall.points) == 2
    with pytest.raises(CorpusError, match="two different"):
        from_anatomy(Anatomy(np.array([[-4.0, 4.0], [-4.0, 4.0]])))


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
    """From a raised front to a lowered back of the tongue, beneath which a steep flank used to be nearest at once."""
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


def test_a_second_of_speech_takes_milliseconds() -> None:
    import time

    many = np.repeat(pellets(a_head(on_circle((-30.0, 3.0), 12.0, (50, 95, 130)))).values, 10_000, axis=0)
    table = Trajectories(many, 100.0, pellets(a_head(np.zeros((3, 2)))).names, np.ones(many.shape, bool))
    wall = Outline(DOME.points[::20])
    start = time.perf_counter()
    tract_variables(table, SENSORS, wall, 0.0)
    assert time.perf_counter() - start < 3.0
