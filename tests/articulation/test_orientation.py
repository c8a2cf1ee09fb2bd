from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from benchmark.articulation.orientation import Place, misplaced

#: Medians of one recording of XRMB, and of a head that leans forward, as in HPRC.
UPRIGHT = {
    "upper_lip": (14.2, 17.9),
    "lower_lip": (10.3, -25.3),
    "jaw": (0.3, -10.2),
    "tongue_tip": (-9.8, -7.1),
    "tongue_front": (-24.1, 1.6),
    "tongue_mid": (-38.0, 3.8),
    "tongue_back": (-52.2, 7.3),
}
LEANING = {
    "upper_lip": (9.2, 4.4),
    "lower_lip": (5.8, -21.8),
    "jaw": (-4.8, -24.0),
    "tongue_tip": (-16.2, -8.5),
    "tongue_mid": (-34.1, -3.0),
    "tongue_back": (-48.3, -5.6),
}
HEADS = pytest.mark.parametrize("head", [UPRIGHT, LEANING], ids=["upright", "leaning"])


@HEADS
@pytest.mark.parametrize("degrees", [-20, 0, 20])
def test_a_head_is_in_order_wherever_it_is_and_however_it_leans(
    head: dict[str, Place], degrees: float
) -> None:
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = {role: tuple(turn @ place + (90.0, -300.0)) for role, place in head.items()}
    assert misplaced(moved) == []


@HEADS
def test_every_exchange_of_two_sensors_is_named(head: dict[str, Place]) -> None:
    for one, other in combinations(head, 2):
        (line,) = misplaced({**head, one: head[other], other: head[one]})
        first, second = one.replace("_", " "), other.replace("_", " ")
        assert f"the {first} and the {second} are exchanged" in line


@HEADS
@pytest.mark.parametrize(
    ("axes", "said"),
    [
        (lambda x, y: (-x, y), "x points backwards"),
        (lambda x, y: (x, -y), "y points downwards"),
        (lambda x, y: (-x, -y), "x points backwards and y points downwards"),
        (lambda x, y: (y, x), "x and y are exchanged"),
    ],
)
def test_a_turned_axis_is_named(head: dict[str, Place], axes, said: str) -> None:
    (line,) = misplaced({role: axes(*place) for role, place in head.items()})
    assert line.endswith(said)


def test_lips_upside_down_alone_may_be_either() -> None:
    (line,) = misplaced({role: (x, -y) for role, (x, y) in UPRIGHT.items()})
    assert line.startswith("the upper lip lies 43 mm below the lower lip: ")
    assert line.endswith("the upper lip and the lower lip are exchanged or y points downwards")


@HEADS
@pytest.mark.parametrize("other", [0, 1])
def test_an_axis_across_the_head_is_named(head: dict[str, Place], other: int) -> None:
    flat = {role: (place[0], 1.0) if other else (1.0, place[1]) for role, place in head.items()}
    (line,) = misplaced(flat)
    assert f"{'y' if other else 'x'} seems to be the sideways axis" in line


def test_a_corner_of_the_mouth_is_no_lip() -> None:
    (line,) = misplaced({**LEANING, "lower_lip": (-10.1, -11.7)})
    assert "the sensor of the lower lip seems to be at the corner of the mouth" in line
    without_jaw = {role: place for role, place in LEANING.items() if role != "jaw"}
    (line,) = misplaced({**without_jaw, "lower_lip": (-10.1, -11.7)})
    assert line.endswith("the sensor of the lower lip seems to be at the corner of the mouth")


def test_what_no_exchange_explains_is_said_to_be_unlike_a_head() -> None:
    jumbled = {**UPRIGHT, "tongue_back": UPRIGHT["jaw"], "tongue_tip": (20.0, 0.0), "jaw": (-60.0, 0.0)}
    (line,) = misplaced(jumbled)
    assert line.endswith("the sensors lie as in no head")


@pytest.mark.parametrize("missing", sorted(UPRIGHT))
def test_what_is_not_there_is_not_judged(missing: str) -> None:
    assert misplaced({role: place for role, place in UPRIGHT.items() if role != missing}) == []
    assert misplaced({missing: UPRIGHT[missing]}) == []
