from __future__ import annotations

import csv
import dataclasses
import io
import re
import shutil
import sys

import pytest

from benchmark import leaderboard
from benchmark.pages.plots import data_hash, snr_plot, stamp
from benchmark.pages.render import render, stale
from benchmark.ranking.leaderboard import collect
from benchmark.ranking.tables import rests_on
from benchmark.scoring.results import Result, read_result, write_result
from benchmark.scoring.score_rows import as_rows, as_table
from tests.ranking.results import card, result, with_phones

FILES = ["README.md", "index.html", "toy.csv", "toy_PPMC.svg"]


@pytest.fixture
def results(tmp_path):
    root = tmp_path / "board" / "results"
    for item in (result("weak", 0.3), result("strong", 0.6), result("oracle", 0.9, hears="clean")):
        write_result(root, item)
    return root


def gathered(results):
    return collect(results, results / "no manifests")


def test_a_result_comes_back_as_it_was(tmp_path):
    item = result("a", 0.3)
    back = read_result(write_result(tmp_path, item))
    assert dataclasses.replace(back.card, card_sha256="") == item.card
    assert re.fullmatch("[0-9a-f]{64}", back.card.card_sha256)
    assert back.scores == as_rows(as_table(item.scores))


def test_the_table_ranks_marks_the_best_and_gives_intervals(results, tmp_path):
    render(tmp_path / "board", gathered(results))
    text = (tmp_path / "board" / "README.md").read_text()
    assert text.index("`strong`") < text.index("`weak`") < text.index("| oracle | `oracle`")
    assert "| 1 | `strong` | 0.560 [0.550, 0.570] | **0.560** | **0.560** | **0.610** | -0.050 | 0 |" in text
    assert "clean | babble -5 | babble 5 | non-babble -5 | non-babble 5 | babble mean" in text
    assert "3 speakers, 6 utterances a condition. With so few speakers intervals are rough" in text


def test_a_title_cannot_break_a_table(tmp_path):
    item = result("a", 0.3)
    evil = dataclasses.replace(item.card, title="good | better\n<script>x</script>")
    write_result(tmp_path / "results", Result(evil, item.scores))
    render(tmp_path, gathered(tmp_path / "results"))
    text = (tmp_path / "README.md").read_text()
    assert "| `a` | good \\| better &lt;script>x&lt;/script> | made up |" in text


def test_an_incomplete_model_is_said_to_be_incomplete(results, tmp_path):
    scores = [row for row in result("part", 0.95).scores if row["utterance_id"] != "S0/U000"]
    write_result(results, Result(card("part", scores), scores))
    render(tmp_path / "board", gathered(results))
    text = (tmp_path / "board" / "README.md").read_text()
    assert "| incomplete | `part` |" in text
    assert "| 0, lacks 10 |" in text


def test_the_csv_holds_every_column_with_its_interval(results, tmp_path):
    render(tmp_path / "board", gathered(results))
    rows = list(csv.DictReader(io.StringIO((tmp_path / "board" / "toy.csv").read_text())))
    assert len(rows) == 3 * (5 + 4)
    assert rows[0] == {
        "measure": "PPMC",
        "unit": "1",
        "model": "strong",
        "hears": "noisy",
        "rank": "1",
        "lacking": "0",
        "parameter": "",
        "noise_kind": "clean",
        "snr_db": "",
        "value": "0.610000",
        "low": "0.600000",
        "high": "0.620000",
        "failed": "0",
    }
    assert {row["noise_kind"] for row in rows} == {
        "clean",
        "babble",
        "nonbabble",
        "babble (mean)",
        "nonbabble (mean)",
        "noisy (mean)",
        "drop",
    }


def test_parameters_in_units_of_their_own_are_not_averaged(tmp_path):
    root = tmp_path / "results"
    write_result(root, result("a", 3.0, measure="RMSE"))
    render(tmp_path, gathered(root))
    assert "| model | LA | TTCD | failed |" in (tmp_path / "README.md").read_text()
    rows = list(csv.DictReader(io.StringIO((tmp_path / "toy.csv").read_text())))
    assert {row["parameter"] for row in rows} == {"LA", "TTCD"}


def test_check_tells_stale_from_fresh(results, tmp_path):
    board = tmp_path / "board"
    found = gathered(results)
    assert sorted(stale(board, found)) == FILES
    render(board, found)
    assert stale(board, found) == []
    assert leaderboard.main(["--out", str(board), "--check"]) == 0
    write_result(results, result("new", 0.5))
    assert sorted(stale(board, gathered(results))) == FILES
    assert leaderboard.main(["--out", str(board), "--check"]) == 1


@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_is_stale(results, tmp_path, name):
    board, found = tmp_path / "board", gathered(results)
    render(board, found)
    (board / name).write_text("something else")
    assert stale(board, found) == [name]


def test_two_renderings_are_the_same_bytes(results, tmp_path):
    texts = []
    for place in ("one", "two"):
        render(tmp_path / place, gathered(results))
        texts.append({path.name: path.read_bytes() for path in (tmp_path / place).iterdir()})
    assert texts[0] == texts[1]
    assert sorted(texts[0]) == FILES


@pytest.fixture
def two(results):
    """A second recipe, larger, with other models, other measures and scores by phone class."""
    for name, level in (("strong", 0.5), ("other", 0.4)):
        item = with_phones(result(name, level, recipe="zoo", corpus="e" * 64, speakers=5))
        write_result(results, item)
    write_result(results, result("loud", 12.0, measure="SISDR", recipe="zoo", corpus="e" * 64, speakers=5))
    return results


def test_two_recipes_stand_side_by_side_each_with_its_own_models(two, tmp_path):
    board = tmp_path / "board"
    render(board, gathered(two))
    assert sorted(path.name for path in board.iterdir() if path.is_file()) == sorted(
        [*FILES, "zoo.csv", "zoo_PPMC.svg"]
    )
    text = (board / "README.md").read_text()
    zoo, toy = text[text.index("## zoo") : text.index("## toy")], text[text.index("## toy") :]
    assert "5 speakers, 10 utterances a condition" in zoo
    assert "3 speakers, 6 utterances a condition" in toy
    assert "`weak`" not in zoo
    assert "`other`" not in toy
    assert "| 1 | `strong` | 0.470" in zoo
    assert "| 1 | `strong` | 0.560" in toy
    assert "PPMC by phone class" in zoo
    assert "phone class" not in toy
    assert "### SISDR" in zoo
    for recipe, models in (("zoo", {"strong", "other", "loud"}), ("toy", {"weak", "strong", "oracle"})):
        rows = csv.DictReader(io.StringIO((board / f"{recipe}.csv").read_text()))
        assert {row["model"] for row in rows} == models


def test_check_tells_which_of_two_recipes_is_stale_or_edited(two, tmp_path, capsys):
    board = tmp_path / "board"
    words = ["--out", str(board)]
    assert leaderboard.main(words) == 0
    assert leaderboard.main([*words, "--check"]) == 0
    (board / "zoo.csv").write_text("something else")
    capsys.readouterr()
    assert leaderboard.main([*words, "--check"]) == 1
    assert capsys.readouterr().out == f"stale: {board / 'zoo.csv'}\n"
    assert leaderboard.main(words) == 0
    path = two / "zoo" / "other" / "card.json"
    path.write_text(path.read_text().replace('"seconds": 1.0', '"seconds": 0.1'))
    capsys.readouterr()
    assert leaderboard.main([*words, "--check"]) == 1
    out = capsys.readouterr().out
    assert "kept out: zoo/other: the card was edited or damaged" in out
    assert "toy" not in out


def test_what_was_rendered_for_removed_results_is_stale(two, tmp_path, capsys):
    board = tmp_path / "board"
    words = ["--out", str(board)]
    assert leaderboard.main(words) == 0
    strangers = {"mine.csv": "a,b\n1,2\n", "logo.svg": "<svg/>"}
    for name, text in strangers.items():
        (board / name).write_text(text)
    shutil.rmtree(two / "zoo")
    (board / "README.md").unlink()
    assert stale(board, gathered(two)) == ["README.md", "index.html", "zoo.csv", "zoo_PPMC.svg"]
    capsys.readouterr()
    assert leaderboard.main([*words, "--check"]) == 1
    assert f"stale: {board / 'zoo_PPMC.svg'}\n" in capsys.readouterr().out
    assert leaderboard.main(words) == 0
    assert leaderboard.main([*words, "--check"]) == 0
    assert sorted(path.name for path in board.iterdir() if path.is_file()) == sorted([*FILES, *strangers])


def test_a_question_without_a_recipe_is_answered_for_both(two, tmp_path, capsys):
    words = ["--out", str(tmp_path / "board"), "--measure", "PPMC", "--format", "csv"]
    assert leaderboard.main([*words, "--by", "speaker"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["recipe"] for row in rows} == {"toy", "zoo"}
    assert leaderboard.main([*words, "--by", "phone_class"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {(row["recipe"], row["model"]) for row in rows} == {("zoo", "strong"), ("zoo", "other")}


def test_a_plot_bears_its_data(results):
    (standing,) = gathered(results).recipes["toy"]
    svg = snr_plot(standing, "toy")
    assert svg == snr_plot(standing, "toy")
    assert stamp(svg) == data_hash(standing)
    assert "babble" in svg
    assert "strong" in svg


def test_without_jinja2_all_but_the_page_is_rendered(results, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    board = tmp_path / "board"
    assert leaderboard.main(["--out", str(board)]) == 0
    assert "pip install 'sinbad-bench[page]'" in capsys.readouterr().out
    assert (board / "README.md").is_file()
    assert not (board / "index.html").exists()
    assert leaderboard.main(["--out", str(board), "--check"]) == 2


def test_one_speaker_is_said_to_prove_nothing(tmp_path):
    write_result(tmp_path, result("a", 0.3, speakers=1))
    write_result(tmp_path, result("b", 0.6, speakers=1))
    (standing,) = gathered(tmp_path).recipes["toy"]
    assert "With one speaker nothing can be said about others" in rests_on(standing)
    assert [line.rank for line in standing.lines] == [1, 1]
