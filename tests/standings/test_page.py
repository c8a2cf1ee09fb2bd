from __future__ import annotations

import json

import pytest

from benchmark import leaderboard
from benchmark.errors import StandingsError
from benchmark.harness.results import read_result, read_results, write_result
from benchmark.standings.page import collect, render, stale
from benchmark.standings.plots import data_hash, snr_plot, stamp
from tests.standings.results import result


@pytest.fixture
def results(tmp_path):
    root = tmp_path / "board" / "results"
    for item in (result("weak", 0.3), result("strong", 0.6), result("oracle", 0.9, hears="clean")):
        write_result(root, item)
    return root


def test_a_result_comes_back_as_it_was(tmp_path):
    item = result("a", 0.3)
    back = read_result(write_result(tmp_path, item))
    assert back.card == item.card
    assert sorted(map(str, back.scores)) == sorted(map(str, item.scores))


def test_the_table_ranks_and_marks_the_best(results, tmp_path):
    found = collect(results, tmp_path / "no manifests")
    render(tmp_path / "board", found)
    text = (tmp_path / "board" / "README.md").read_text()
    assert text.index("`strong`") < text.index("`weak`") < text.index("| oracle | `oracle`")
    assert "| 1 | `strong` | **0.610** | **0.510** |" in text
    assert "clean | babble -5 | babble 5 | non-babble -5 | non-babble 5 | babble mean" in text
    csv = (tmp_path / "board" / "toy.csv").read_text().splitlines()
    assert csv[0] == "measure,unit,model,oracle,noise_kind,snr_db,value,failed"
    assert csv[1] == "PPMC,1,strong,0,clean,,0.610000,0"


def test_check_tells_stale_from_fresh(results, tmp_path):
    board = tmp_path / "board"
    found = collect(results, tmp_path / "none")
    assert sorted(stale(board, found)) == ["README.md", "toy.csv", "toy_PPMC.svg"]
    render(board, found)
    assert stale(board, found) == []
    assert leaderboard.main(["--out", str(board), "--check"]) == 0
    write_result(results, result("new", 0.5))
    assert sorted(stale(board, collect(results, tmp_path / "none"))) == [
        "README.md",
        "toy.csv",
        "toy_PPMC.svg",
    ]
    assert leaderboard.main(["--out", str(board), "--check"]) == 1


def test_a_plot_is_the_same_bytes_again_and_bears_its_data(results, tmp_path):
    (standing,) = collect(results, tmp_path / "none")["toy"]
    svg = snr_plot(standing, "toy")
    assert svg == snr_plot(standing, "toy")
    assert stamp(svg) == data_hash(standing)
    assert "babble" in svg
    assert "strong" in svg


def test_edited_scores_are_refused(results, capsys, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = results / "toy" / "weak" / "scores.parquet"
    table = pq.read_table(path)
    values = pa.array([1.0] * len(table))
    pq.write_table(table.set_column(table.schema.get_field_index("value"), "value", values), path)
    with pytest.raises(StandingsError, match=r"toy/weak: the scores are not those of the card"):
        read_results(results)
    assert leaderboard.main(["--out", str(tmp_path / "board")]) == 2
    assert "toy/weak" in capsys.readouterr().err


def test_a_damaged_or_moved_result_is_named(results):
    path = results / "toy" / "weak" / "card.json"
    card = json.loads(path.read_text())
    path.write_text(json.dumps({**card, "model": "strong"}))
    with pytest.raises(StandingsError, match=r"toy/weak: its card says toy/strong"):
        read_results(results)
    path.write_text("{")
    with pytest.raises(StandingsError, match="toy/weak: is not a complete result"):
        read_results(results)


def test_no_results_is_an_error_that_says_what_to_do(tmp_path, capsys):
    assert leaderboard.main(["--out", str(tmp_path)]) == 2
    assert "python -m benchmark.score" in capsys.readouterr().err
