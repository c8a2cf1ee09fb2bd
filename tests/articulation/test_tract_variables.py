"""A tongue of known shape at a known place below a known palate gives that distance and place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmark.articulation.outline import Outline, smooth_outline
from benchmark.articulation.tract_variables import NAMES, tract_variables
from benchmark.types import Trajectories
from tests.articulation.geometry import DOME, FLAT, on_circle, signed_distances, stepped_arc
from tests.corpora import voices

SENSORS = {
    "upper_lip": "UL",
    "lower_lip": "LL",
    "tongue_tip": "T1",
    "tongue_front": "T2",
    "tongue_mid": "T3",
    "tongue_back": "T4",
}
TRACE = smooth_outline(voices.PALATE)


def pellets(places: dict[str, tuple[float, float]], lost: tuple[str, ...] = ()) -> Trajectories:
    names = tuple(f"{name}_{axis}" for name in places for axis in "xy")
    values = np.array([[number for place in places.values() for number in place]], np.float32)
    valid = np.array([[name.split("_")[0] not in lost for name in names]])
    return Trajectories(values, 100.0, names, valid)


def a_head(tongue: NDArray[np.float64]) -> dict[str, tuple[float, float]]:
    places = {"UL": (10.0, 14.0), "LL": (9.0, -9.0), "T1": (-8.0, 5.0)}
    return places | {f"T{i + 2}": (float(x), float(y)) for i, (x, y) in enumerate(tongue)}


def everything(
    places: dict[str, tuple[float, float]], wall: Outline | None, rest: float | None = 9.0
) -> dict[str, float]:
    found = tract_variables(pellets(places), SENSORS, wall, rest)
    assert found.valid.all()
    return dict(zip(NAMES, found.values[0].astype(float), strict=True))


def test_the_six_by_hand() -> None:
    tongue = on_circle((-30.0, 0.0), 15.0, (60, 90, 120))
    found = everything(a_head(tongue), FLAT)
    places = np.arange(-20.0, 80.005, 0.01)
    wall = np.stack([-places, np.full(len(places), 20.0)], axis=1)
    assert found == pytest.approx(
        {
            "LA": np.hypot(1, 23),
            "LP": 0.0,
            "TBCL": 30.0,
            "TBCD": 5.0,
            "TTCL": mean_place(places, np.hypot(*(wall - (-8.0, 5.0)).T)),
            "TTCD": 15.0,
        },
        abs=1e-3,
    )


def mean_place(places: NDArray[np.float64], distances: NDArray[np.float64]) -> float:
    """The location by its formula: places weighted by exp(-d / 4 mm)."""
    weights = np.exp(-distances / 4.0)
    return float((weights * places).sum() / weights.sum())


def test_the_location_of_the_tongue_body_is_the_mean_of_near_places() -> None:
    """By brute force: the wall and the arc in steps of a hundredth and a twentieth of a millimetre."""
    generator = np.random.default_rng(2)
    for _ in range(12):
        tongue = np.array([[-20.0, 2.0], [-34.0, 6.0], [-50.0, 2.0]]) + generator.uniform(-4, 4, (3, 2))
        found = everything(a_head(tongue), TRACE)
        length = TRACE.along
        places = np.arange(-20.0, length[-1] + 20, 0.01)
        wall = np.stack([along_line(places, length, TRACE.points[:, axis]) for axis in (0, 1)], axis=1)
        arc = stepped_arc(tongue, tongue[[0, 2]], 0.05)
        distances = np.concatenate(
            [
                np.hypot(*np.moveaxis(part[:, None] - arc, 2, 0)).min(axis=1)
                for part in np.array_split(wall, 40)
            ]
        )
        assert found["TBCL"] == pytest.approx(mean_place(places, distances), abs=0.02)
        assert found["TBCD"] == pytest.approx(signed_distances(TRACE, arc).min(), abs=0.02)


def along_line(
    places: NDArray[np.float64], length: NDArray[np.float64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Linear interpolation that goes on straight at both ends."""
    slopes = (values[1] - values[0]) / length[1], (values[-1] - values[-2]) / (length[-1] - length[-2])
    inside = np.interp(places, length, values)
    ahead, behind = np.minimum(places, 0.0), np.maximum(places - length[-1], 0.0)
    return inside + ahead * slopes[0] + behind * slopes[1]


def test_a_location_moves_on_where_the_nearest_place_would_jump() -> None:
    """A nearly straight tongue tilts under a straight palate: its nearest point jumps from end to end."""
    flat = np.array([[15.0, 0.0], [0.0, 0.0], [-15.0, 0.0]])
    found = []
    for tilt in np.radians(np.linspace(-6, 6, 121)):
        turn = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
        found.append(everything(a_head(flat @ turn.T - (35.0, -10.0)), FLAT)["TBCL"])
    assert np.abs(np.diff(found)).max() < 0.25
    assert abs(found[-1] - found[0]) > 5


def test_ahead_of_the_palate_locations_are_negative() -> None:
    places = a_head(on_circle((-30.0, 0.0), 15.0, (60, 90, 120))) | {"T1": (6.0, 16.0)}
    # The nearest place is -6; the wall's prolongation ends at -20, so that more of it counts behind than
    # ahead.
    assert -6.0 < everything(places, FLAT)["TTCL"] < -5.5


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
        if name not in ("TBCL", "TTCL"):  # the width over which places are averaged is not that of the head
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
    whole = tract_variables(
        pellets({"T1": tuple(tip), "T2": tuple(mid), "T3": (-30.0, 15.0), "T4": tuple(back)}),
        {"tongue_front": "T2", "tongue_mid": "T3", "tongue_back": "T4"},
        FLAT,
        None,
    )
    column = NAMES.index("TBCL")
    assert found.values[0, column] == pytest.approx(whole.values[0, column], abs=1e-4)


def test_a_second_of_speech_takes_milliseconds() -> None:
    import time

    many = np.repeat(pellets(a_head(on_circle((-30.0, 3.0), 12.0, (50, 95, 130)))).values, 10_000, axis=0)
    table = Trajectories(many, 100.0, pellets(a_head(np.zeros((3, 2)))).names, np.ones(many.shape, bool))
    wall = Outline(DOME.points[::20])
    start = time.perf_counter()
    tract_variables(table, SENSORS, wall, 0.0)
    assert time.perf_counter() - start < 3.0
