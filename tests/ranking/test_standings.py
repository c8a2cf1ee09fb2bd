from __future__ import annotations

import dataclasses

import pytest

from benchmark.errors import StandingsError
from benchmark.ranking.standings import standings
from benchmark.scoring.results import Result
from tests.ranking.results import card, result, score


def means(scores):
    (standing,) = standings([Result(card("m", scores), scores)], replicates=10)
    return standing.lines[0].values


def test_utterances_average_within_speakers_then_speakers_then_parameters():
    scores = [
        score("A", 1, "babble", 0.0, "PPMC", "LA", 0.9),
        score("A", 2, "babble", 0.0, "PPMC", "LA", 0.7),
        score("A", 3, "babble", 0.0, "PPMC", "LA", 0.8),
        score("B", 1, "babble", 0.0, "PPMC", "LA", 0.2),
        score("A", 1, "babble", 0.0, "PPMC", "LP", 0.0),
        score("B", 1, "babble", 0.0, "PPMC", "LP", 0.4),
    ]
    # LA: A .8, B .2 -> .5; LP: .2; mean .35. A flat mean over rows would give .5.
    assert means(scores) == {("babble", 0.0): pytest.approx(0.35)}


def test_failures_count_and_left_out_scores_do_not():
    scores = [
        score("A", 1, "babble", 0.0, "PPMC", "LA", 0.8),
        score("A", 2, "babble", 0.0, "PPMC", "LA", 0.0, "failed", "crashed"),
        score("A", 3, "babble", 0.0, "PPMC", "LA", None, "left_out", "constant target"),
    ]
    assert means(scores) == {("babble", 0.0): pytest.approx(0.4)}


def test_averages_give_kinds_of_noise_equal_weight():
    scores = [
        score("A", 1, "clean", None, "PPMC", "LA", 0.8),
        score("A", 1, "babble", 0.0, "PPMC", "LA", 0.1),
        score("A", 1, "babble", 5.0, "PPMC", "LA", 0.3),
        score("A", 1, "nonbabble", 0.0, "PPMC", "LA", 0.6),
    ]
    (standing,) = standings([Result(card("m", scores), scores)])
    found = {key: item.value for key, item in standing.lines[0].estimates.items()}
    assert found["babble"] == pytest.approx(0.2)
    assert found["noisy"] == pytest.approx(0.4)
    assert found["drop"] == pytest.approx(-0.4)
    assert standing.headline == "noisy"


def test_without_noise_the_clean_condition_ranks():
    scores = [score("A", 1, "clean", None, "PPMC", "LA", 0.8)]
    (standing,) = standings([Result(card("m", scores), scores)])
    assert standing.headline == ("clean", None)
    assert standing.lines[0].rank == 1


def test_intervals_surround_their_value_and_come_again_the_same():
    (standing,) = standings([result("a", 0.3, speakers=5)])
    for estimate in standing.lines[0].estimates.values():
        assert estimate.low <= estimate.value <= estimate.high
    (again,) = standings([result("a", 0.3, speakers=5), result("b", 0.5, speakers=5)])
    assert again.lines[1].estimates == standing.lines[0].estimates


def test_an_incomplete_model_is_shown_but_not_ranked():
    whole, part = result("whole", 0.3), result("part", 0.9)
    scores = [row for row in part.scores if row["utterance_id"] != "S0/U000"]
    (standing,) = standings([whole, Result(card("part", scores), scores)])
    assert [(line.card.model, line.rank, line.lacking) for line in standing.lines] == [
        ("whole", 1, 0),
        ("part", None, 10),
    ]
    assert standing.lines[1].values["clean", None] == pytest.approx(0.91)


def test_diagnostics_are_not_ranked_and_come_last():
    both = standings([result("a", 0.3, measure="RMSE"), result("b", 0.3)])
    assert [item.measure.name for item in both] == ["PPMC", "RMSE"]
    assert both[1].lines[0].rank is None


def test_equal_models_share_a_rank():
    (standing,) = standings([result("a", 0.3), result("b", 0.3), result("c", 0.1)])
    assert [line.rank for line in standing.lines] == [1, 1, 3]


def test_better_models_come_first_and_oracles_last():
    (standing,) = standings(
        [result("weak", 0.3), result("oracle", 0.9, hears="clean"), result("strong", 0.6)]
    )
    assert [line.card.model for line in standing.lines] == ["strong", "weak", "oracle"]
    assert standing.conditions[0] == ("clean", None)
    assert standing.lines[0].values["clean", None] == pytest.approx(0.61)
    assert standing.lines[0].kind_mean("babble") == pytest.approx(0.56)


def test_lower_is_better_is_heeded():
    (standing,) = standings([result("large", 3.0, measure="RMSE"), result("small", 1.0, measure="RMSE")])
    assert [line.card.model for line in standing.lines] == ["small", "large"]


def test_results_of_different_corpora_are_not_mixed():
    with pytest.raises(StandingsError, match=r"toy/b: was scored on another corpus .* than a"):
        standings([result("a", 0.3), result("b", 0.4, corpus="d" * 64)])
    with pytest.raises(StandingsError, match=r"toy/a: .* than the committed manifest"):
        standings([result("a", 0.3)], "d" * 64)


def test_recipes_are_not_mixed():
    with pytest.raises(StandingsError, match="b was scored on other but a on toy"):
        standings([result("a", 0.3), result("b", 0.4, recipe="other")])


def test_versions_of_a_measure_are_not_mixed():
    with pytest.raises(StandingsError, match="PPMC is version 2 for b but 1 for a"):
        standings([result("a", 0.3), result("b", 0.4, version="2")])


def test_a_model_without_a_measure_is_not_in_its_table():
    both = standings([result("a", 0.3), result("b", 10.0, measure="SISDR")])
    assert [[line.card.model for line in standing.lines] for standing in both] == [["a"], ["b"]]


def test_cards_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        result("a", 0.3).card.model = "b"
