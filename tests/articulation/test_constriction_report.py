from __future__ import annotations

import numpy as np
import pytest

from benchmark import corpora
from benchmark.articulation.constriction_report import commonest_share, constrictions, jump_share
from benchmark.files import demo_corpus
from benchmark.types import Trajectories


def channel(values: list[float], lost: tuple[int, ...] = ()) -> Trajectories:
    valid = np.array([[i not in lost] for i in range(len(values))])
    return Trajectories(np.array(values, np.float32)[:, None], 100.0, ("TBCL",), valid)


def test_steps_over_five_millimetres_are_jumps_and_lost_frames_are_no_steps() -> None:
    assert jump_share([channel([0, 1, 7, 8, 2])]) == 0.5
    assert jump_share([channel([0, 1, 7, 8, 2], lost=(2,))]) == 0.5
    assert jump_share([channel([0, 10]), channel([0, 0, 0, 0])]) == 0.25
    assert jump_share([channel([3], lost=(0,))]) == 0.0


def test_the_commonest_value_is_counted_to_a_hundredth() -> None:
    assert commonest_share([channel([1.0, 1.001, 2.0, 3.0])]) == 0.5
    assert commonest_share([channel([1.0, 1.0, 2.0, 3.0], lost=(0,))]) == pytest.approx(1 / 3)


@pytest.mark.parametrize("traced", [True, False])
def test_no_location_of_an_embedded_speaker_sticks(traced: bool) -> None:
    from dataclasses import replace

    utterances = [one for one in corpora.read("virtual", demo_corpus()) if one.speaker == "VF01"]
    if not traced:
        utterances = [replace(one, anatomy=None) for one in utterances]
    found = constrictions(utterances, corpora.get("virtual").sensors)
    assert found is not None
    assert found.palate == ("traced" if traced else "estimated")
    assert 30 < found.outline_mm < 200
    assert found.smoothing_error_mm < 2
    assert set(found.commonest) == {"TBCL", "TTCL"}
    assert max(found.commonest.values()) < 0.02
