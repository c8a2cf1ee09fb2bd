from __future__ import annotations

import pytest

from benchmark.articulation.orientation import misplaced

HEAD = {
    "upper_lip": (10.0, 14.0),
    "lower_lip": (9.0, -12.0),
    "tongue_tip": (-10.0, -2.0),
    "tongue_mid": (-38.0, 7.0),
    "tongue_back": (-52.0, 3.0),
    "jaw": (0.0, -9.0),
}


def test_a_head_is_in_order_wherever_it_is() -> None:
    assert misplaced(HEAD) == []
    assert misplaced({role: (x + 90, y - 300) for role, (x, y) in HEAD.items()}) == []


def test_a_mirrored_head_is_not() -> None:
    front, tip = misplaced({role: (-x, y) for role, (x, y) in HEAD.items()})
    assert front.startswith("the tongue lies 61 mm in front of the lips")
    assert tip.startswith("the tip of the tongue lies 42 mm behind its back")


def test_neither_is_one_that_stands_on_its_head() -> None:
    (line,) = misplaced({role: (x, -y) for role, (x, y) in HEAD.items()})
    assert line.startswith("the upper lip lies 26 mm below the lower")


def test_exchanged_coils_of_the_tongue_are_told_from_a_turned_axis() -> None:
    (line,) = misplaced(HEAD | {"tongue_tip": HEAD["tongue_back"], "tongue_back": HEAD["tongue_tip"]})
    assert "sensors exchanged" in line


@pytest.mark.parametrize("missing", sorted(HEAD))
def test_what_is_not_there_is_not_judged(missing: str) -> None:
    assert misplaced({role: place for role, place in HEAD.items() if role != missing}) == []
    assert misplaced({missing: HEAD[missing]}) == []
