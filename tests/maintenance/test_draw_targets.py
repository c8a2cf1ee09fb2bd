"""Pictures of the targets say what the targets are."""

from __future__ import annotations

import pytest

from benchmark.articulation.tract_variables import location
from maintenance.draw_targets import _FRAME, Head, _seen


@pytest.mark.parametrize("name", ["TBC", "TTC"])
def test_a_picture_shows_the_place_and_the_degree_that_are_the_targets(name):
    head = Head()
    seen = _seen(head, f"{name}L")
    targets = dict(zip(head.targets.names, head.targets.values[_FRAME], strict=True))
    assert location(head.wall, seen.gaps.to_wall)[0] == pytest.approx(targets[f"{name}L"], abs=1e-3)
    assert seen.nearest.distance[0] == pytest.approx(targets[f"{name}D"], abs=1e-3)
