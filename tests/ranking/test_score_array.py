from __future__ import annotations

import numpy as np
import pytest

from benchmark.ranking.score_array import packed, score_array
from benchmark.scoring.results import Result
from tests.ranking.results import CONDITIONS, card, result, score


def columns(*results, measure="PPMC"):
    return {item.card.model: packed(item).columns[measure] for item in results}


def without(item, keep):
    scores = [row for row in item.scores if keep(row)]
    return Result(card(item.card.model, scores), scores)


def test_scores_lie_where_their_parameter_condition_and_utterance_say():
    grid = score_array(columns(result("a", 0.3), result("b", 0.5)))
    assert grid.models == ("a", "b")
    assert grid.parameters == ("LA", "TTCD")
    assert grid.conditions == tuple(CONDITIONS)
    assert grid.units[:3] == (("S0", "S0/U000"), ("S0", "S0/U001"), ("S1", "S1/U000"))
    assert grid.values.shape == (2, 2, 5, 6)
    assert grid.values[1, 0, 1, 2] == pytest.approx(0.5 + 0.01 - 0.1)
    assert grid.speakers == ("S0", "S1", "S2")
    assert grid.lacking == (0, 0)


def test_what_another_model_has_is_lacking():
    partial = without(result("b", 0.5), lambda row: row["utterance_id"] != "S1/U001")
    grid = score_array(columns(result("a", 0.3), partial))
    assert grid.lacking == (0, 2 * len(CONDITIONS))
    assert np.isnan(grid.values[1, :, :, 3]).all()


def test_what_the_plan_has_is_lacking_even_if_no_model_has_it():
    planned = [
        (condition, (f"S{s}", f"S{s}/U{u:03d}"))
        for condition in CONDITIONS
        for s in range(3)
        for u in range(3)
    ]
    grid = score_array(columns(result("a", 0.3)), planned)
    assert grid.lacking == (2 * len(CONDITIONS) * 3,)


def test_a_model_may_not_leave_out_what_another_was_scored_on():
    item = result("b", 0.5)
    scores = [
        dict(row, value=None, status="left_out") if row["snr_db"] == -5.0 else row for row in item.scores
    ]
    both = columns(result("a", 0.3), Result(card("b", scores), scores))
    assert score_array(both).lacking == (0, 2 * 2 * 6)
    assert score_array({"b": both["b"]}).lacking == (0,)


def test_failures_are_counted_by_condition():
    scores = [
        score("A", 1, "babble", 0.0, "PPMC", "LA", 0.0, "failed", "crashed"),
        score("A", 1, "clean", None, "PPMC", "LA", 0.4),
        score("A", 2, "clean", None, "PPMC", "LA", None, "left_out", "constant"),
    ]
    grid = score_array(columns(Result(card("m", scores), scores)))
    assert grid.conditions == (("clean", None), ("babble", 0.0))
    assert grid.failed.tolist() == [[0, 1]]
    assert np.isnan(grid.values[0, 0, 0, 1])


def test_pooled_measures_are_planned_by_speaker():
    scores = [
        dict(
            score("A", 1, "clean", None, "PPMC", "LA", 0.4),
            utterance_id="*",
            mixture_id="clean/A/*",
            noise_category="*",
        )
    ]
    planned = [(("clean", None), ("A", f"A/U{u}")) for u in range(5)]
    assert score_array(columns(Result(card("m", scores), scores)), planned, pooled=True).lacking == (0,)
