"""The breakdown by class of phone, and which scores may enter it."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmark import leaderboard
from benchmark.formats.phones import classes_in
from benchmark.pages.page import page
from benchmark.pages.render import render
from benchmark.ranking.audit import admit
from benchmark.ranking.breakdown import by_phone_class
from benchmark.ranking.leaderboard import collect
from benchmark.ranking.standings import stand
from benchmark.scoring.phone_scores import PhoneScores, read_phone_scores, write_phone_scores
from benchmark.scoring.results import Result, write_result
from tests.ranking.results import card, result, with_phones


def stored(root, *items):
    for item in items:
        write_result(root, item)
    return root


def admitted(root):
    found = admit(root, root.parent / "no manifests")["toy"]
    return {item.card.model: item.phones for item in found.results}, dict(found.kept_out)


def standing(root):
    found = admit(root, root.parent / "no manifests")["toy"]
    (only,) = stand(found.results, found.planned)
    return only


def rewritten(folder, change=lambda rows: rows, **facts):
    """Scores by phone class written again with other content and a hash that fits it."""
    old = read_phone_scores(folder)
    new = PhoneScores.of(change(old.table.to_pylist()), old.measures, old.labels_sha256)
    write_phone_scores(folder, dataclasses.replace(new, **{"scores_sha256": old.scores_sha256, **facts}))


def test_scores_come_back_as_they_were(tmp_path):
    item = with_phones(result("a", 0.3))
    back = read_phone_scores(write_result(tmp_path, item))
    assert back.table.cast(item.phones.table.schema).equals(item.phones.table)
    assert (back.measures, back.labels_sha256) == ({"PPMC": "1"}, "l" * 64)
    assert (
        back.content_sha256
        == dataclasses.replace(item.phones, scores_sha256=item.card.scores_sha256).content_sha256
    )


def test_two_writings_are_the_same_bytes_whatever_the_order_of_rows(tmp_path):
    item = with_phones(result("a", 0.3))
    turned = PhoneScores.of(item.phones.table.to_pylist()[::-1], item.phones.measures, "l" * 64)
    folders = [
        write_result(tmp_path / str(i), dataclasses.replace(item, phones=phones))
        for i, phones in enumerate((item.phones, turned))
    ]
    assert len({(folder / "phone_scores.parquet").read_bytes() for folder in folders}) == 1


def test_nothing_else_of_a_result_depends_on_them(tmp_path):
    plain = write_result(tmp_path / "plain", result("a", 0.3))
    labelled = write_result(tmp_path / "labelled", with_phones(result("a", 0.3)))
    for name in ("card.json", "scores.parquet"):
        assert (plain / name).read_bytes() == (labelled / name).read_bytes()


def test_a_new_result_takes_the_old_scores_by_phone_class_with_it(tmp_path):
    folder = write_result(tmp_path, with_phones(result("a", 0.3)))
    assert (folder / "phone_scores.parquet").is_file()
    write_result(tmp_path, result("a", 0.3))
    assert sorted(path.name for path in folder.iterdir()) == ["card.json", "scores.parquet"]


def test_each_class_is_averaged_and_resampled_as_the_whole_is(tmp_path):
    root = stored(tmp_path / "results", with_phones(result("a", 0.3)), with_phones(result("b", 0.5)))
    found = standing(root)
    rows = {(row.model, row.group, row.column): row.estimate for row in by_phone_class(found)}
    assert {group for _, group, _ in rows} == {"vowel", "plosive"}
    for model in ("a", "b"):
        (line,) = [line for line in found.lines if line.card.model == model]
        for column, whole in line.estimates.items():
            shift = 0.0 if column == "drop" else 0.05
            assert rows[model, "vowel", column] == pytest.approx([value + shift for value in whole], abs=1e-6)


def test_a_model_without_them_is_left_out_of_the_breakdown_alone(tmp_path):
    root = stored(tmp_path / "results", with_phones(result("a", 0.3)), result("b", 0.5))
    found = standing(root)
    assert {line.card.model for line in found.lines} == {"a", "b"}
    assert {row.model for row in by_phone_class(found)} == {"a"}


def test_an_utterance_without_a_class_does_not_count_in_it(tmp_path):
    item = result("a", 0.3)
    lacking = with_phones(
        item, keep=lambda row: row["phone_class"] != "plosive" or not row["mixture_id"].endswith("S2/U001")
    )
    found = standing(stored(tmp_path / "results", lacking))
    clean = {row.group: row.estimate for row in by_phone_class(found) if row.column == ("clean", None)}
    assert clean["plosive"].value == pytest.approx(0.3 + 0.01 - 0.1, abs=1e-6)


def test_the_question_is_answered_as_csv_and_markdown(tmp_path, capsys):
    stored(tmp_path / "results", with_phones(result("a", 0.3)), result("b", 0.5))
    words = ["--out", str(tmp_path), "--recipe", "toy", "--measure", "PPMC", "--by", "phone_class"]
    assert leaderboard.main([*words, "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    (row,) = [row for row in rows if row["group"] == "plosive" and row["noise_kind"] == "noisy (mean)"]
    assert (row["model"], float(row["value"])) == ("a", pytest.approx(0.16))
    assert float(row["low"]) < float(row["value"]) < float(row["high"])
    assert leaderboard.main(words) == 0
    assert "| model | vowel | plosive |" in capsys.readouterr().out


def test_a_measure_in_units_of_its_own_is_answered_by_class_and_parameter(tmp_path, capsys):
    stored(tmp_path / "results", with_phones(result("a", 3.0, measure="RMSE")))
    words = ["--out", str(tmp_path), "--measure", "RMSE", "--by", "phone_class", "--format", "json"]
    assert leaderboard.main(words) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["group"] for row in rows} == {"vowel LA", "vowel TTCD", "plosive LA", "plosive TTCD"}


def test_where_there_are_none_the_question_says_what_to_do(tmp_path, capsys):
    stored(tmp_path / "results", result("a", 0.3))
    assert leaderboard.main(["--out", str(tmp_path), "--by", "phone_class"]) == 2
    assert "no scores of PPMC by phone class" in capsys.readouterr().err


def test_readme_and_page_show_them(tmp_path):
    root = stored(tmp_path / "results", with_phones(result("a", 0.3)), result("b", 0.5))
    board = collect(root, tmp_path / "no manifests")
    render(tmp_path, board)
    text = (tmp_path / "README.md").read_text()
    assert "<summary>PPMC by phone class, noisy mean</summary>" in text
    assert "| model | vowel | plosive |\n| :--- | ---: | ---: |\n| `a` | 0.310 | 0.160 |\n\n" in text
    embedded = re.search(r'id="data">(.*?)</script>', page(board.recipes), re.S).group(1)
    (measure,) = json.loads(embedded)["recipes"][0]["measures"]
    assert measure["phones"]["groups"] == ["vowel", "plosive"]
    assert measure["phones"]["values"] == [
        [[None] * 4] * 2,
        [[0.36, 0.31, 0.31, 0.31], [0.21, 0.16, 0.16, 0.16]],
    ]


def test_edited_scores_are_left_out_and_the_result_stays(tmp_path, capsys):
    root = stored(tmp_path / "results", with_phones(result("a", 0.3)), with_phones(result("b", 0.4)))
    path = root / "toy" / "b" / "phone_scores.parquet"
    table = pq.read_table(path)
    values = pa.array([1.0] * len(table), pa.float32())
    pq.write_table(table.set_column(table.schema.get_field_index("value"), "value", values), path)
    phones, why = admitted(root)
    assert phones["a"]
    assert not phones["b"]
    assert why == {
        "toy/b: phone classes": (
            "its scores by phone class do not match their hash; they were edited or "
            "damaged. Score the model again"
        )
    }
    assert leaderboard.main(["--out", str(tmp_path)]) == 0
    capsys.readouterr()
    assert leaderboard.main(["--out", str(tmp_path), "--check"]) == 1
    assert "kept out: toy/b: phone classes: " in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"PAR1 nothing PAR1"])
def test_damaged_scores_are_left_out_and_the_result_stays(tmp_path, content):
    root = stored(tmp_path / "results", with_phones(result("a", 0.3)))
    (root / "toy" / "a" / "phone_scores.parquet").write_bytes(content)
    phones, why = admitted(root)
    assert phones == {"a": {}}
    assert "is not a readable table" in why["toy/a: phone classes"]


def test_another_table_is_left_out(tmp_path):
    root = stored(tmp_path / "results", with_phones(result("a", 0.3)))
    path = root / "toy" / "a" / "phone_scores.parquet"
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["reason"]), path)
    assert "has other columns" in admitted(root)[1]["toy/a: phone classes"]


def changed(**values):
    return lambda rows: [{**rows[0], **values}, *rows[1:]]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (changed(value=1.5), "a value that it cannot have"),
        (changed(value=0.5, status="failed"), "a value that it cannot have"),
        (changed(value=None), "a value that it cannot have"),
        (changed(status="fine"), "have the status 'fine'"),
        (changed(phone_class="click"), "have the phone_class 'click'"),
        (changed(mixture_id="babble/0/S9/U999"), "babble/0/S9/U999 has scores by phone class and none"),
        (changed(parameter="LP"), "PPMC has other parameters by phone class"),
        (lambda rows: rows[1:], "not for every measure and parameter"),
        (lambda rows: [*rows, rows[0]], "are there twice"),
        (lambda rows: [], "are none"),
    ],
)
def test_scores_edited_together_with_their_hash_still_contradict_themselves(tmp_path, change, fault):
    root = stored(tmp_path / "results", with_phones(result("a", 0.3)))
    rewritten(root / "toy" / "a", change)
    phones, why = admitted(root)
    assert phones == {"a": {}}
    assert fault in why["toy/a: phone classes"]


def test_scores_of_another_result_are_left_out(tmp_path):
    root = stored(tmp_path / "results", with_phones(result("a", 0.3)), with_phones(result("b", 0.4)))
    (root / "toy" / "b" / "phone_scores.parquet").replace(root / "toy" / "a" / "phone_scores.parquet")
    assert admitted(root)[1] == {
        "toy/a: phone classes": "scores by phone class belong to other scores; score the model again"
    }


def test_scores_of_another_version_of_a_measure_are_left_out(tmp_path):
    root = stored(tmp_path / "results", with_phones(result("a", 0.3)))
    rewritten(root / "toy" / "a", measures={"PPMC": "0"})
    assert "are of PPMC version 0, the card has 1" in admitted(root)[1]["toy/a: phone classes"]


def test_without_a_manifest_most_results_say_which_labels_are_right_and_what_is_complete(tmp_path):
    whole = [with_phones(result(name, 0.3)) for name in ("a", "b")]
    other = with_phones(result("other", 0.3), labels="o" * 64)
    part = with_phones(
        result("part", 0.3),
        keep=lambda row: row["phone_class"] != "plosive" or not row["mixture_id"].startswith("babble/5/S1"),
    )
    phones, why = admitted(stored(tmp_path / "results", *whole, other, part))
    assert {model for model, found in phones.items() if found} == {"a", "b"}
    assert why == {
        "toy/other: phone classes": (
            "were made with other phone labels (oooooooooooo) than most other results "
            "(llllllllllll); score the model again"
        ),
        "toy/part: phone classes": "lack 2 of 60 mixtures and classes; score the model again",
    }


def test_the_committed_phones_say_which_labels_are_right_and_what_is_complete(tmp_path, corpus):
    def planned(name, keep=lambda row: True, labels=None):
        described = ("mixture_id", "utterance_id", "speaker", "noise_kind", "noise_category", "snr_db")
        facts = {"measure": "PPMC", "parameter": "LA", "value": 0.5, "status": "ok", "reason": ""}
        scores = [{**{key: row[key] for key in described}, **facts} for row in corpus.of_split("test")]
        rows = [
            {"mixture_id": row["mixture_id"], "phone_class": phone_class, **facts}
            for row in scores
            for phone_class in classes_in(corpus.phones[row["utterance_id"]])
        ]
        made = dataclasses.replace(
            card(name, scores, corpus=corpus.split_hash("test"), recipe="demo_noisy"),
            recipe_version=corpus.recipe.version,
        )
        phones = PhoneScores.of(list(filter(keep, rows)), {"PPMC": "1"}, labels or corpus.labels_hash("test"))
        return Result(made, scores, phones)

    gone = next(iter(corpus.mixtures))
    stored(
        tmp_path,
        planned("whole"),
        *(planned(f"part{i}", lambda row: row["mixture_id"] != gone) for i in range(2)),
        *(planned(f"other{i}", labels="o" * 64) for i in range(3)),
    )
    found = admit(tmp_path, corpus.folder.parent)["demo_noisy"]
    assert [item.card.model for item in found.results if item.phones] == ["whole"]
    assert len(found.results) == 6
    reasons = [reason for _, reason in found.kept_out]
    assert sum("than the committed manifest" in reason for reason in reasons) == 3
    assert (
        sum(re.match(r"lack \d of \d+ mixtures and classes", reason) is not None for reason in reasons) == 2
    )
