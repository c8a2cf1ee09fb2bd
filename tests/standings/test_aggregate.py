from __future__ import annotations

import dataclasses

import pytest

from benchmark.errors import StandingsError
from benchmark.standings.aggregate import means, standings
from tests.standings.results import result, score


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
    with pytest.raises(StandingsError, match="toy/b: was scored on another corpus .* than a"):
        standings([result("a", 0.3), result("b", 0.4, corpus="d" * 64)])
    with pytest.raises(StandingsError, match="toy/a: .* than the committed manifest"):
        standings([result("a", 0.3)], "d" * 64)


def test_versions_of_a_measure_are_not_mixed():
    with pytest.raises(StandingsError, match="PPMC is version 2 for b but 1 for a"):
        standings([result("a", 0.3), result("b", 0.4, version="2")])


def test_a_model_without_a_measure_is_not_in_its_table():
    both = standings([result("a", 0.3), result("b", 10.0, measure="SISDR")])
    assert [[line.card.model for line in standing.lines] for standing in both] == [["a"], ["b"]]


def test_cards_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        result("a", 0.3).card.model = "b"
