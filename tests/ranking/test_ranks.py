"""Failing never ranks above answering; no interval, mean or digit that is not there."""

from __future__ import annotations

import csv
import io
import json
import math

import numpy as np
import pytest

from benchmark import leaderboard
from benchmark.ranking.bootstrap import interval
from benchmark.ranking.breakdown import by_noise_seen, by_over_loudest, by_speaker, by_talkers, pairs
from benchmark.ranking.rounding import as_text
from benchmark.ranking.standings import standings
from benchmark.scoring.results import Result, write_result
from tests.ranking.results import card, result, score

NOISY = [("clean", None), ("nonbabble", -5.0)]


def scored(model, measure, values, failed=False, speakers=4, recipe="toy"):
    """A model with one value an utterance, the same in every condition."""
    scores = [
        score(
            f"S{s}",
            u,
            kind,
            snr,
            measure,
            "LA",
            values[u],
            *(("failed", "crashed") if failed else ("ok", "")),
        )
        for s in range(speakers)
        for u in range(len(values))
        for kind, snr in NOISY
    ]
    return Result(card(model, scores, measure, recipe=recipe), scores)


@pytest.mark.parametrize(
    ("measure", "charge", "poor", "good"),
    [
        ("RMSE(scale='sd')", 2.0, [3.1, 2.9], [0.5, 0.6]),
        ("PPMC", 0.0, [-0.135, -0.2], [0.5, 0.6]),
        ("SISDR", -10.0, [-40.0, -30.0], [5.0, 6.0]),
    ],
)
def test_failing_never_ranks_above_answering(measure, charge, poor, good):
    models = [
        scored("failing", measure, [charge] * 2, failed=True),
        scored("poor", measure, poor),
        scored("good", measure, good),
    ]
    (standing,) = standings(models)
    lines = {line.card.model: line for line in standing.lines}
    assert [line.card.model for line in standing.lines] == ["good", "poor", "failing"]
    assert lines["failing"].rank >= lines["poor"].rank > lines["good"].rank
    assert lines["failing"].noisy_mean == pytest.approx(charge)
    (pair,) = pairs(standing, ["failing", "poor"], columns=["noisy"])
    assert pair.estimate.value == pytest.approx(0.0)


def test_failing_on_a_part_gains_nothing_on_that_part():
    partly = scored("partly", "PPMC", [0.0, -0.2])
    for row in partly.scores:
        if row["utterance_id"].endswith("U000"):
            row.update(status="failed", reason="crashed")
    (standing,) = standings([partly, scored("poor", "PPMC", [-0.135, -0.2])])
    assert [line.card.model for line in standing.lines] == ["poor", "partly"]


def test_what_an_oracle_or_an_incomplete_model_answers_does_not_count():
    oracle = scored("oracle", "PPMC", [-0.9, -0.9])
    oracle = Result(card("oracle", oracle.scores, hears="clean"), oracle.scores)
    (standing,) = standings(
        [oracle, scored("failing", "PPMC", [0.0] * 2, failed=True), scored("poor", "PPMC", [-0.1] * 2)]
    )
    assert standing.compared_point[1][standing.column("noisy")] == pytest.approx(-0.1)


@pytest.mark.parametrize("utterances", [1, 3])
def test_one_speaker_has_no_interval(tmp_path, capsys, utterances):
    write_result(tmp_path / "results", scored("m", "PPMC", [0.26, 0.3, 0.28][:utterances], speakers=1))
    (standing,) = standings([scored("m", "PPMC", [0.26] * utterances, speakers=1)])
    assert all(math.isnan(estimate.low) for estimate in standing.lines[0].estimates.values())
    assert leaderboard.main(["--out", str(tmp_path)]) == 0
    assert "[" not in (tmp_path / "README.md").read_text().partition("| 1 | `m` |")[2].partition("\n")[0]
    rows = list(csv.DictReader(io.StringIO((tmp_path / "toy.csv").read_text())))
    assert {(row["low"], row["high"]) for row in rows} == {("", "")}
    speakers = list(by_speaker(standing))
    assert all(math.isnan(row.estimate.low) for row in speakers) == (utterances == 1)


def test_units_of_their_own_have_no_mean(tmp_path, capsys):
    item = result("m", 3.0, measure="RMSE")
    for row in item.scores:
        row["parameter"] = {"LA": "LA", "TTCD": "pitch"}[row["parameter"]]
    (standing,) = standings([item])
    assert standing.lines[0].estimates == {}
    assert np.isnan(standing.point).all()


def test_every_output_shows_the_same_digits(tmp_path, capsys):
    write_result(tmp_path / "results", scored("m", "PPMC", [0.401487, 0.401487]))
    assert leaderboard.main(["--out", str(tmp_path)]) == 0
    assert "| 0.401 [0.401, 0.401] |" in (tmp_path / "README.md").read_text()
    assert {row["value"] for row in csv.DictReader(io.StringIO((tmp_path / "toy.csv").read_text()))} >= {
        "0.401487"
    }
    assert "[0.401487,0.401487,0.401487]" in (tmp_path / "index.html").read_text()
    capsys.readouterr()
    assert leaderboard.main(["--out", str(tmp_path), "--by", "speaker", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["value"] == 0.401487


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0625, 3, "0.063"),
        (-0.0625, 3, "-0.063"),
        (12.25, 1, "12.3"),
        (0.4014996, 3, "0.402"),
        (-0.0004, 3, "0.000"),
        (14.953, 2, "14.95"),
        (1e9, 2, "1000000000.00"),
    ],
)
def test_ties_are_rounded_away_from_zero_as_the_page_does(value, digits, text):
    assert as_text(value, digits) == text


def test_the_interval_is_that_of_numpy():
    values = np.cos(np.arange(300) ** 1.3).reshape(100, 3)
    low, high = interval(values)
    assert np.allclose(np.stack([low, high]), np.quantile(values, [0.025, 0.975], axis=0))


def described(**facts):
    item = result("m", 0.5)
    for row in item.scores:
        noise = row["snr_db"] is not None
        row |= {name: value(row) if noise else None for name, value in facts.items()}
    return item


def test_by_talkers_by_noise_seen_and_by_level_over_the_loudest():
    (standing,) = standings(
        [
            described(
                talkers=lambda row: 8 if row["noise_kind"] == "babble" else None,
                noise_seen=lambda row: row["noise_kind"] == "babble",
                over_loudest_db=lambda row: row["snr_db"] if row["noise_kind"] == "babble" else None,
            )
        ]
    )
    assert {row.group for row in by_talkers(standing)} == {"8 talkers"}
    assert {row.group for row in by_noise_seen(standing)} == {"seen in training", "unseen"}
    found = {(row.group, row.column): row.estimate.value for row in by_over_loudest(standing)}
    assert found["-5 to 0 dB", ("babble", -5.0)] == pytest.approx(0.41)
    assert found["5 to 10 dB", ("babble", 5.0)] == pytest.approx(0.51)


def test_scores_that_do_not_say_so_are_told_apart_from_a_fault(tmp_path, capsys):
    write_result(tmp_path / "results", result("m", 0.5))
    for by in ("talkers", "noise_seen", "over_loudest"):
        assert leaderboard.main(["--out", str(tmp_path), "--by", by]) == 2
        assert "then score the models again" in capsys.readouterr().err


def test_kinds_of_noise_are_any_names_in_natural_order():
    item = result("m", 0.5)
    for row in item.scores:
        kind = {"babble": "babble_16", "nonbabble": "babble_2"}.get(row["noise_kind"], row["noise_kind"])
        row |= {
            "noise_kind": kind,
            "mixture_id": row["mixture_id"].replace("non", "").replace("babble", kind),
        }
    (standing,) = standings([item])
    assert standing.kinds == ("babble_2", "babble_16")


@pytest.mark.parametrize(
    "words", [["--check", "--recipe", "toy"], ["--items", "x", "--by", "speaker"], ["--models", "noisy"]]
)
def test_options_of_different_jobs_are_not_mixed(words, capsys):
    with pytest.raises(SystemExit) as end:
        leaderboard.main(words)
    assert end.value.code == 2
