"""What may not enter the tables is left out and named."""

from __future__ import annotations

import dataclasses
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmark import leaderboard
from benchmark.errors import StandingsError
from benchmark.harness.results import Result, write_result
from benchmark.standings.audit import admit, faults
from tests.standings.results import card, result


def stored(root, *items):
    for item in items:
        write_result(root, item)
    return root


def admitted(root, manifests=None):
    found = admit(root, manifests or root.parent / "no manifests")["toy"]
    return [item.card.model for item in found.results], dict(found.kept_out)


def edit_scores(root, model, value):
    path = root / "toy" / model / "scores.parquet"
    table = pq.read_table(path)
    values = pa.array([value] * len(table), pa.float64())
    pq.write_table(table.set_column(table.schema.get_field_index("value"), "value", values), path)


def test_edited_scores_are_left_out_and_the_others_stay(tmp_path):
    root = stored(tmp_path / "results", result("a", 0.3), result("b", 0.4))
    edit_scores(root, "b", 1.0)
    models, why = admitted(root)
    assert models == ["a"]
    assert why["toy/b"].startswith("the scores are not those of the card; they were edited or damaged")


def test_check_refuses_edited_results_and_says_which(tmp_path, capsys):
    root = stored(tmp_path / "results", result("a", 0.3), result("b", 0.4))
    assert leaderboard.main(["--out", str(tmp_path)]) == 0
    assert leaderboard.main(["--out", str(tmp_path), "--check"]) == 0
    edit_scores(root, "b", 1.0)
    capsys.readouterr()
    assert leaderboard.main(["--out", str(tmp_path), "--check"]) == 1
    assert "kept out: toy/b: the scores are not those of the card" in capsys.readouterr().out
    # Rendering again does not make an edited result acceptable.
    assert leaderboard.main(["--out", str(tmp_path)]) == 0
    assert "- `toy/b`: the scores are not those" in (tmp_path / "README.md").read_text()
    assert leaderboard.main(["--out", str(tmp_path), "--check"]) == 1


def test_scores_edited_together_with_their_hash_still_contradict_themselves():
    rows = result("m", 0.3).scores
    for change, fault in (
        ({"value": 1.5}, "1.5 cannot be the value of a score that is 'ok'"),
        ({"value": 0.5, "status": "failed"}, "0.5 cannot be the value of a score that is 'failed'"),
        ({"value": float("nan")}, "nan cannot be the value"),
        ({"value": 0.1, "status": "left_out"}, "0.1 cannot be the value of a score that is 'left_out'"),
    ):
        scores = [{**rows[0], **change}, *rows[1:]]
        (found,) = [
            text for text in faults(Result(card("m", scores), scores)) if "the card counts" not in text
        ]
        assert fault in found
    assert faults(result("m", 0.3)) == []


def test_counts_of_the_card_have_to_be_those_of_the_scores():
    item = result("m", 0.3)
    fewer = Result(item.card, item.scores[:-1])
    assert faults(fewer)[:2] == [
        "the card counts 60 expected scores, there are 59",
        "the card counts 60 ok scores, there are 59",
    ]
    twice = [*item.scores, item.scores[0]]
    assert faults(Result(card("m", twice), twice)) == ["clean/S0/U000 PPMC LA is there 2 times"]
    other = dataclasses.replace(item.card, measures={"STOI": "1"})
    assert faults(Result(other, item.scores)) == [
        "card and scores do not name the same measures (PPMC, STOI)"
    ]


def test_a_result_from_a_changed_corpus_is_left_out(tmp_path):
    root = stored(
        tmp_path / "results", result("a", 0.3), result("b", 0.4), result("old", 0.9, corpus="d" * 64)
    )
    models, why = admitted(root)
    assert models == ["a", "b"]
    assert why["toy/old"].startswith(
        "was scored on another corpus (test dddddddddddd) than most other results"
    )


def test_where_nothing_says_which_corpus_is_right_everything_is_refused(tmp_path, capsys):
    root = stored(tmp_path / "results", result("a", 0.3), result("b", 0.4, corpus="d" * 64))
    with pytest.raises(StandingsError, match="none is in the majority"):
        admitted(root)
    assert leaderboard.main(["--out", str(tmp_path)]) == 2
    assert "a on cccccccccccc, b on dddddddddddd" in capsys.readouterr().err


def test_scores_of_another_version_of_a_measure_are_left_out(tmp_path):
    root = stored(tmp_path / "results", result("a", 0.3), result("b", 0.4, version="7"))
    models, why = admitted(root)
    assert models == ["a"]
    assert why == {"toy/b: PPMC": "version 7, this package has version 1; score the model again"}


def test_a_measure_that_is_not_known_is_left_out(tmp_path):
    root = stored(tmp_path / "results", result("a", 0.3), result("b", 0.4, measure="Magic"))
    models, why = admitted(root)
    assert models == ["a"]
    assert "this package has version unknown" in why["toy/b: Magic"]


@pytest.mark.parametrize("text", ["{", "[]", '{"model": "a"}', ""])
def test_a_damaged_card_is_named(tmp_path, text):
    root = stored(tmp_path / "results", result("a", 0.3), result("b", 0.4))
    (root / "toy" / "b" / "card.json").write_text(text)
    models, why = admitted(root)
    assert models == ["a"]
    assert "toy/b" in why


def test_a_moved_result_is_named(tmp_path):
    root = stored(tmp_path / "results", result("a", 0.3), result("b", 0.4))
    path = root / "toy" / "b" / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "model": "a"}))
    models, why = admitted(root)
    assert models == ["a"]
    assert why["toy/b"].startswith("its card says toy/a; it was moved or edited")


def test_a_result_without_its_card_is_named(tmp_path):
    root = stored(tmp_path / "results", result("a", 0.3), result("b", 0.4))
    (root / "toy" / "b" / "card.json").unlink()
    assert "toy/b" in admitted(root)[1]


def test_reasons_do_not_depend_on_where_the_folder_lies(tmp_path):
    reasons = []
    for place in ("one", "two"):
        root = stored(tmp_path / place / "results", result("a", 0.3), result("b", 0.4))
        edit_scores(root, "b", 1.0)
        reasons.append(admitted(root)[1])
    assert reasons[0] == reasons[1]


def test_no_results_is_an_error_that_says_what_to_do(tmp_path, capsys):
    assert leaderboard.main(["--out", str(tmp_path)]) == 2
    assert "python -m benchmark.score" in capsys.readouterr().err


def test_if_nothing_is_left_the_error_says_why(tmp_path, capsys):
    stored(tmp_path / "results", result("a", 0.3, version="7"))
    assert leaderboard.main(["--out", str(tmp_path)]) == 2
    assert "toy/a: PPMC: version 7" in capsys.readouterr().err
