from __future__ import annotations

import csv
import io
import json

import pytest

from benchmark import leaderboard
from benchmark.ranking.breakdown import by_noise_category, by_parameter, by_speaker, gains, pairs
from benchmark.ranking.standings import standings
from benchmark.scoring.results import Result, write_result
from tests.ranking.results import card, result, score


@pytest.fixture
def board(tmp_path):
    for item in (result("weak", 0.2), result("strong", 0.5), result("oracle", 0.9, hears="clean")):
        write_result(tmp_path / "results", item)
    return tmp_path


def asked(board, capsys, *words):
    assert leaderboard.main(["--out", str(board), *words]) == 0
    return capsys.readouterr().out


def shifted(model, shift):
    """A model whose scores depend on parameter, speaker and category by known amounts."""
    extra = {"LA": 0.0, "TTCD": 0.1, "white": 0.02, "machine": 0.04}
    scores = [
        {**score(f"S{s}", u, kind, snr, "PPMC", parameter, 0.0), "noise_category": category}
        for s in range(3)
        for u in range(4)
        for kind, snr, category in (("clean", None, ""), ("nonbabble", 0.0, ("white", "machine")[u % 2]))
        for parameter in ("LA", "TTCD")
    ]
    for row in scores:
        row["value"] = (
            shift
            + extra[row["parameter"]]
            + 0.01 * int(row["speaker"][1])
            + extra.get(row["noise_category"], 0.0)
        )
    return Result(card(model, scores), scores)


def headlines(rows):
    return {row.group: row.estimate for row in rows if row.column == "noisy"}


def test_by_parameter_speaker_and_category():
    (standing,) = standings([shifted("m", 0.3)])
    assert {k: round(v.value, 6) for k, v in headlines(by_parameter(standing)).items()} == {
        "LA": 0.34,
        "TTCD": 0.44,
    }
    by_speakers = headlines(by_speaker(standing))
    assert {k: round(v.value, 6) for k, v in by_speakers.items()} == {"S0": 0.38, "S1": 0.39, "S2": 0.40}
    assert by_speakers["S0"].low == pytest.approx(0.37)
    assert by_speakers["S0"].high == pytest.approx(0.39)
    found = headlines(by_noise_category(standing))
    assert {k: round(v.value, 6) for k, v in found.items()} == {"machine": 0.40, "white": 0.38}
    assert found["white"].low == pytest.approx(0.37)


def test_gain_is_in_per_cent_of_the_baseline():
    (standing,) = standings([result("base", 0.4), result("new", 0.5)])
    (row,) = [row for row in gains(standing, "base") if row.column == ("clean", None)]
    assert row.model == "new"
    assert row.estimate.value == pytest.approx(100 * 0.1 / 0.41)
    assert row.estimate.low <= row.estimate.value <= row.estimate.high
    (worse,) = [row for row in gains(standing, "new") if row.column == "noisy"]
    assert worse.estimate.value == pytest.approx(-100 * 0.1 / 0.46)


def test_gain_is_positive_where_less_is_better_and_absolute_in_decibels():
    (standing,) = standings([result("base", 4.0, measure="LSD"), result("new", 3.0, measure="LSD")])
    assert next(iter(gains(standing, "base"))).estimate.value > 0
    (standing,) = standings([result("base", 4.0, measure="SISDR"), result("new", 3.0, measure="SISDR")])
    assert next(iter(gains(standing, "base"))).estimate.value == pytest.approx(-1.0)


def test_pairs_are_corrected_for_their_number():
    names = ("a", "b", "c")
    (standing,) = standings(
        [shifted(name, level) for name, level in zip(names, (0.3, 0.31, 0.5), strict=True)]
    )
    found = pairs(standing, names, columns=["noisy"])
    assert [(pair.first, pair.second) for pair in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert found[0].estimate.value == pytest.approx(-0.01)
    assert all(pair.p <= pair.p_holm for pair in found)
    assert len(pairs(standing, names)) == 3 * len(standing.columns)


def test_csv_of_a_breakdown(board, capsys):
    text = asked(
        board, capsys, "--recipe", "toy", "--measure", "PPMC", "--by", "noise_category", "--format", "csv"
    )
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["group"] for row in rows} == {"white"}
    assert list(rows[0]) == [
        "recipe",
        "measure",
        "model",
        "group",
        "noise_kind",
        "snr_db",
        "value",
        "low",
        "high",
    ]
    (row,) = [row for row in rows if row["model"] == "strong" and row["noise_kind"] == "noisy (mean)"]
    assert float(row["value"]) == pytest.approx(0.46)


def test_json_of_a_comparison(board, capsys):
    found = json.loads(asked(board, capsys, "--compare", "strong", "weak", "--format", "json"))
    (row,) = [row for row in found if row["noise_kind"] == "noisy (mean)"]
    assert row["value"] == pytest.approx(0.3)
    assert row["p_holm"] == 0.0


def test_markdown_of_everything_else(board, capsys):
    assert "| 1 | `strong` | 0.460" in asked(board, capsys, "--recipe", "toy")
    assert "| `strong` | 0.460 [" in asked(board, capsys, "--by", "parameter")
    assert "over weak" in asked(board, capsys, "--baseline", "weak")
    assert "`strong` − `weak`" in asked(board, capsys, "--compare", "strong", "weak")
    assert not (board / "README.md").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--recipe", "other"], "no results of the recipe 'other'; there are: toy"),
        (["--measure", "STOI"], "no scores of STOI; there are: PPMC"),
        (["--measure", "Magic"], "no measure is called 'Magic'"),
        (["--baseline", "none"], "no results of a model 'none'; there are: oracle, strong, weak"),
        (["--compare", "strong"], "name another model"),
        (["--compare", "strong", "weak", "--by", "speaker"], "--compare stands alone"),
        (["--baseline", "weak", "--by", "speaker"], "leave out --by"),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(board, capsys, words, message):
    assert leaderboard.main(["--out", str(board), *words]) == 2
    assert message in capsys.readouterr().err


def test_units_of_their_own_are_not_averaged(board, capsys):
    write_result(board / "more", result("a", 3.0, measure="RMSE"))
    words = ["--results", str(board / "more"), "--measure", "RMSE"]
    assert "| `a` | 2.96 [" in asked(board, capsys, *words)
    assert "| model | LA | TTCD |" in asked(board, capsys, *words, "--by", "parameter")
    assert leaderboard.main(["--out", str(board), *words, "--by", "speaker"]) == 2
    assert "RMSE is in the unit of each parameter" in capsys.readouterr().err


def test_an_incomplete_model_cannot_be_compared(board, capsys):
    scores = [row for row in result("part", 0.95).scores if row["utterance_id"] != "S0/U000"]
    write_result(board / "results", Result(card("part", scores), scores))
    assert leaderboard.main(["--out", str(board), "--compare", "part", "weak"]) == 2
    assert "part: lacks 10 scores of PPMC; an incomplete model cannot be compared" in capsys.readouterr().err
