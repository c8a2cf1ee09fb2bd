"""Scoring and the leaderboard, as a user walks them."""

from __future__ import annotations

import json

import pytest

from benchmark import leaderboard, score
from benchmark.harness.results import read_result


def scored(small, out, model, *options):
    return score.main(["--corpus", str(small), "--model", model, "--out", str(out), *options])


def test_from_corpus_to_leaderboard(small, tmp_path, capsys):
    board = tmp_path / "board"
    for model in ("noisy", "clean", "ridge_noisy", "clean+ridge_noisy"):
        assert scored(small, board / "results", model, "--measures", "PPMC", "STOI", "--summary") == 0
    result = read_result(board / "results" / "demo_noisy" / "ridge_noisy")
    utterances = {row["utterance_id"] for row in result.scores}
    assert result.card.expected == len(result.scores) == len(utterances) * 13 * 6
    assert result.card.failed == 0
    capsys.readouterr()
    # The committed manifest describes the whole corpus, this is a part of it: it must not enter the table.
    assert leaderboard.main(["--out", str(board)]) == 2
    assert "was scored on another corpus" in capsys.readouterr().err


def test_two_runs_give_the_same_scores(small, tmp_path):
    hashes = set()
    for name in ("a", "b"):
        # Each with a store of its own: the second must not be given the predictions of the first.
        options = [
            "--measures",
            "PPMC",
            "--jobs",
            "2",
            "--summary",
            "--store",
            str(tmp_path / "stores" / name),
        ]
        assert scored(small, tmp_path / name, "ridge_clean", *options) == 0
        hashes.add(read_result(tmp_path / name / "demo_noisy" / "ridge_clean").card.scores_sha256)
    assert len(hashes) == 1


def test_keep_keeps_the_same_and_only_the_same(small, tmp_path, capsys):
    options = ["--measures", "STOI", "--keep", "--summary"]
    assert scored(small, tmp_path, "noisy", *options) == 0
    card = tmp_path / "demo_noisy" / "noisy" / "card.json"
    before = card.read_bytes()
    capsys.readouterr()
    assert scored(small, tmp_path, "noisy", *options) == 0
    assert "kept" in capsys.readouterr().out
    assert card.read_bytes() == before
    facts = json.loads(before)
    card.write_text(json.dumps({**facts, "source_sha256": "0" * 64}))
    assert scored(small, tmp_path, "noisy", *options) == 0
    assert "kept" not in capsys.readouterr().out
    assert json.loads(card.read_text())["source_sha256"] == facts["source_sha256"]


def test_a_trial_on_a_part_stores_nothing(small, tmp_path, capsys):
    out = tmp_path / "results"
    assert scored(small, out, "noisy", "--measures", "STOI", "--limit", "1") == 0
    assert "not stored" in capsys.readouterr().out
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "ridge_nosy"], "did you mean 'ridge_noisy'?"),
        (["--model", "nothing.py:Model"], "no such file"),
        (["--model", "noisy", "--measures", "PPMCC"], "no measure is called 'PPMCC'"),
    ],
)
def test_bad_input_is_one_clear_line(small, tmp_path, options, message, capsys):
    assert score.main(["--corpus", str(small), "--out", str(tmp_path / "r"), *options]) == 2
    captured = capsys.readouterr().err
    assert message in captured
    assert captured.count("\n") == 1
    assert not (tmp_path / "r").exists()


def test_a_folder_that_is_no_corpus_is_named(tmp_path, capsys):
    assert scored(tmp_path / "none", tmp_path / "r", "noisy") == 2
    assert "prepare it with" in capsys.readouterr().err


def test_a_measure_can_be_pooled(small, tmp_path):
    assert scored(small, tmp_path, "ridge_clean", "--measures", "PPMC(pool='corpus')", "--summary") == 0
    result = read_result(tmp_path / "demo_noisy" / "ridge_clean")
    speakers = {row["speaker"] for row in result.scores}
    assert len(result.scores) == len(speakers) * 13 * 6
    assert {row["utterance_id"] for row in result.scores} == {"*"}
