"""Scoring and the leaderboard, as a user walks them."""

from __future__ import annotations

import json

import pytest

from benchmark import leaderboard, score
from benchmark.scoring.results import read_result


def scored(small, out, model, *options):
    return score.main(["--corpus", str(small), "--model", model, "--out", str(out), *options])


def test_from_corpus_to_leaderboard(small, tmp_path, capsys):
    board = tmp_path / "board"
    for model, *measures in (
        ("noisy", "STOI"),
        ("clean", "STOI"),
        ("ridge_noisy", "PPMC"),
        ("clean+ridge_noisy", "PPMC", "STOI"),
    ):
        assert scored(small, board / "results", model, "--measures", *measures, "--summary") == 0
    result = read_result(board / "results" / "demo_noisy" / "ridge_noisy")
    utterances = {row["utterance_id"] for row in result.scores}
    assert result.card.expected == len(result.scores) == len(utterances) * 13 * 6
    assert result.card.failed == 0
    capsys.readouterr()
    # The committed manifest describes the whole corpus, this is a part of it: it must not enter the table.
    assert leaderboard.main(["--out", str(board)]) == 2
    assert "was scored on another corpus" in capsys.readouterr().err


def test_several_models_are_scored_one_after_the_other(small, tmp_path, capsys):
    options = ["--measures", "STOI", "--limit", "1"]
    assert scored(small, tmp_path, "noisy", "--model", "clean", *options, "--json") == 0
    together = json.loads(capsys.readouterr().out)
    assert list(together) == ["noisy", "clean"]
    assert scored(small, tmp_path, "clean", *options, "--json") == 0
    alone = json.loads(capsys.readouterr().out)
    assert alone["scores_sha256"] == together["clean"]["scores_sha256"]
    assert scored(small, tmp_path, "noisy", "--model", "clean", *options, "--summary") == 0
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ["noisy", "clean"]
    assert scored(small, tmp_path, "noisy", "--model", "clean", "--name", "mine") == 2
    assert "one --model" in capsys.readouterr().err
    assert scored(small, tmp_path, "noisy", "--model", "nonsense") == 2
    assert not (tmp_path / "demo_noisy").exists()


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


def wrapper(folder, factor):
    folder.mkdir(exist_ok=True)
    path = folder / "model.py"
    path.write_text(
        f"class Model:\n    sample_rate = 16000\n    def enhance(self, noisy): return noisy * {factor}\n"
        "class Other(Model): pass\n"
    )
    return f"{path}:Model"


def test_a_model_does_not_take_the_place_of_another_of_its_name(small, tmp_path, capsys):
    one, other = wrapper(tmp_path / "a", 0.5), wrapper(tmp_path / "b", 0.25)
    out = tmp_path / "results"
    options = ["--measures", "SISDR", "--summary"]
    card = out / "demo_noisy" / "model.Model" / "card.json"
    assert scored(small, out, one, *options) == 0
    before = card.read_bytes()
    capsys.readouterr()
    for model, more in (
        (other, []),
        (one.replace(":Model", ":Other"), ["--name", "model.Model"]),
        ("noisy", ["--name", "model.Model"]),
    ):
        assert scored(small, out, model, *options, *more) == 2
        told = capsys.readouterr().err
        assert (
            f"{card.parent}: holds the result of another model, 'Model of model.py' from model.py:Model"
            in told
        )
        assert "--name" in told
        assert "--replace" in told
        assert card.read_bytes() == before
    # Another name, or a part that is not stored, harms nothing.
    assert scored(small, out, other, *options, "--name", "mine") == 0
    assert scored(small, out, other, *options, "--limit", "1") == 0
    # Its own place: the same again, and a changed version of it.
    assert scored(small, out, one, *options) == 0
    assert wrapper(tmp_path / "a", 0.75) == one
    assert scored(small, out, one, *options) == 0
    assert read_result(card.parent).card.source_sha256 != json.loads(before)["source_sha256"]
    assert scored(small, out, other, *options, "--replace") == 0
    assert scored(small, out, one, *options) == 2


def test_a_card_without_a_spec_is_known_by_its_source(small, tmp_path, capsys):
    options = ["--measures", "SISDR", "--summary"]
    assert scored(small, tmp_path, "noisy", *options) == 0
    path = tmp_path / "demo_noisy" / "noisy" / "card.json"
    card = {**json.loads(path.read_text()), "source_sha256": "0" * 64}
    path.write_text(json.dumps({**card, "spec_sha256": ""}))
    assert scored(small, tmp_path, "noisy", *options) == 0
    path.write_text(json.dumps({**card, "spec_sha256": "", "source": "elsewhere"}))
    assert scored(small, tmp_path, "noisy", *options) == 2
    path.write_text("{")
    assert scored(small, tmp_path, "noisy", *options) == 0


def test_another_measure_is_added_to_a_stored_result(small, tmp_path, capsys):
    card = tmp_path / "demo_noisy" / "noisy" / "card.json"
    assert scored(small, tmp_path, "noisy", "--measures", "STOI", "SISDR", "--summary") == 0
    before = read_result(card.parent)
    assert scored(small, tmp_path, "noisy", "--measures", "LSD", "--summary") == 0
    after = read_result(card.parent)
    assert set(after.card.measures) == {"STOI", "SISDR", "LSD"}
    assert [row for row in after.scores if row["measure"] != "LSD"] == before.scores
    capsys.readouterr()
    assert scored(small, tmp_path, "noisy", "--measures", "LSD", "--keep", "--summary") == 0
    assert "kept" in capsys.readouterr().out
    assert scored(small, tmp_path, "noisy", "--measures", "PPMC", "--summary") == 2
    assert "noisy: has no invert and so no PPMC" in capsys.readouterr().err
    assert read_result(card.parent) == after


def test_what_is_printed_as_json_is_the_stored_card(small, tmp_path, capsys):
    for measure in ("STOI", "SISDR"):
        capsys.readouterr()
        assert scored(small, tmp_path, "noisy", "--measures", measure, "--json") == 0
    stored = (tmp_path / "demo_noisy" / "noisy" / "card.json").read_text()
    assert json.loads(capsys.readouterr().out) == json.loads(stored)


def test_a_new_version_of_a_model_has_all_the_measures_that_the_old_one_had(small, tmp_path, capsys):
    own, out = wrapper(tmp_path / "a", 0.5), tmp_path / "results"
    folder = out / "demo_noisy" / "model.Model"
    assert scored(small, out, own, "--measures", "SISDR", "LSD", "--summary") == 0
    before = read_result(folder).card
    assert wrapper(tmp_path / "a", 0.25) == own
    assert scored(small, out, own, "--measures", "SISDR", "--summary") == 0
    after = read_result(folder).card
    assert set(after.measures) == {"SISDR", "LSD"}
    assert (after.source_sha256 != before.source_sha256, after.expected) == (True, before.expected)


def test_a_result_on_one_split_does_not_take_the_place_of_one_on_another(small, tmp_path, capsys):
    folder = tmp_path / "demo_noisy" / "noisy"
    assert scored(small, tmp_path, "noisy", "--measures", "SISDR", "--summary") == 0
    capsys.readouterr()
    assert scored(small, tmp_path, "noisy", "--measures", "SISDR", "--summary", "--split", "train") == 2
    assert "holds a result on the split 'test'" in capsys.readouterr().err
    assert read_result(folder).card.split == "test"


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
