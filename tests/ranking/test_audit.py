"""What may not enter the tables is left out and named."""

from __future__ import annotations

import dataclasses
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmark import leaderboard
from benchmark.ranking.audit import admit
from benchmark.ranking.faults import faults
from benchmark.ranking.score_array import coded
from benchmark.ranking.standings import stand
from benchmark.scoring.results import Result, write_result
from benchmark.scoring.score_rows import as_table
from tests.ranking.results import card, edited, result


def faulty(item):
    return faults(item.card, coded(as_table(item.scores)))


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
    values = pa.array([value] * len(table), pa.float32())
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
            text for text in faulty(Result(card("m", scores), scores)) if "the card counts" not in text
        ]
        assert fault in found
    assert faulty(result("m", 0.3)) == []


def test_counts_of_the_card_have_to_be_those_of_the_scores():
    item = result("m", 0.3)
    fewer = Result(item.card, item.scores[:-1])
    assert faulty(fewer)[:2] == [
        "the card counts 60 expected scores, there are 59",
        "the card counts 60 ok scores, there are 59",
    ]
    twice = [*item.scores, item.scores[0]]
    assert faulty(Result(card("m", twice), twice)) == ["clean/S0/U000 PPMC LA is there 2 times"]
    other = dataclasses.replace(item.card, measures={"STOI": "1"})
    assert faulty(Result(other, item.scores)) == [
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


def test_where_nothing_says_which_corpus_is_right_all_are_left_out(tmp_path, capsys):
    root = stored(tmp_path / "results", result("a", 0.3), result("b", 0.4, corpus="d" * 64))
    models, why = admitted(root)
    assert models == []
    assert why["toy/a"].startswith("was scored on the corpus test cccccccccccc, others on another")
    assert why["toy/b"].startswith("was scored on the corpus test dddddddddddd, others on another")
    assert leaderboard.main(["--out", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "toy/a: was scored on" in told
    assert "toy/b: was scored on" in told


def test_an_undecided_recipe_does_not_take_the_others_down(tmp_path, capsys):
    root = stored(tmp_path / "results", result("a", 0.3), result("b", 0.4, corpus="d" * 64))
    stored(root, result("c", 0.5, recipe="zoo"))
    assert leaderboard.main(["--out", str(tmp_path)]) == 0
    text = (tmp_path / "README.md").read_text()
    assert "## zoo" in text
    assert "- `toy/a`: was scored on the corpus" in text
    assert leaderboard.main(["--out", str(tmp_path), "--check"]) == 1
    assert "kept out: toy/b: was scored on the corpus" in capsys.readouterr().out


def test_scores_of_another_version_of_a_measure_are_left_out(tmp_path):
    root = stored(tmp_path / "results", result("a", 0.3), result("b", 0.4, version="7"))
    models, why = admitted(root)
    assert models == ["a"]
    assert why == {"toy/b: PPMC": "version 7, this package has version 1; score the model again"}


def test_a_measure_that_is_not_known_is_left_out(tmp_path):
    root = stored(tmp_path / "results", result("a", 0.3), result("b", 0.4, measure="Magic", version="1"))
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


@pytest.mark.parametrize(
    ("key", "value"),
    [("real_time_factor", "fast"), ("title", None), ("measures", []), ("expected", True), ("model", 3)],
)
def test_a_card_that_holds_something_else_is_named(tmp_path, key, value):
    root = stored(tmp_path / "results", result("a", 0.3), result("b", 0.4))
    path = root / "toy" / "b" / "card.json"
    edited(path, **{key: value})
    models, why = admitted(root)
    assert models == ["a"]
    assert key in why["toy/b"] or "its card says" in why["toy/b"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("title", "a better one"),
        ("seconds", 0.1),
        ("real_time_factor", 0.001),
        ("when", "2020-01-01"),
        ("more", 1),
    ],
)
def test_an_edited_card_is_left_out(tmp_path, capsys, key, value):
    root = stored(tmp_path / "results", result("a", 0.3), result("b", 0.4))
    path = root / "toy" / "b" / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    models, why = admitted(root)
    assert models == ["a"]
    assert "toy/b" in why
    assert leaderboard.main(["--out", str(tmp_path), "--check"]) == 1
    assert "kept out: toy/b: " in capsys.readouterr().out


def test_a_card_without_its_hash_is_left_out(tmp_path):
    root = stored(tmp_path / "results", result("a", 0.3), result("b", 0.4))
    path = root / "toy" / "b" / "card.json"
    card = json.loads(path.read_text())
    del card["card_sha256"]
    path.write_text(json.dumps(card))
    assert admitted(root) == (["a"], {"toy/b": "the card bears no hash of itself; score the model again"})


def test_a_moved_result_is_named(tmp_path):
    root = stored(tmp_path / "results", result("a", 0.3), result("b", 0.4))
    edited(root / "toy" / "b" / "card.json", model="a")
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


def planned(corpus, name, change=(), corpus_sha256=None, split="test"):
    """A result on every mixture of a prepared corpus, with some rows changed."""
    described = ("mixture_id", "utterance_id", "speaker", "noise_kind", "noise_category", "snr_db")
    scores = [
        {
            **{key: row[key] for key in described},
            "measure": "STOI",
            "parameter": "",
            "value": 0.5,
            "status": "ok",
            "reason": "",
        }
        for row in corpus.of_split("test")
    ]
    for place, key, value in change:
        scores[place][key] = value
    made = card(name, scores, "STOI", corpus_sha256 or corpus.split_hash("test"), recipe="demo_noisy")
    return Result(dataclasses.replace(made, split=split, recipe_version=corpus.recipe.version), scores)


def against_manifest(root, corpus, *items):
    stored(root, *items)
    found = admit(root, corpus.folder.parent)["demo_noisy"]
    return stand(found.results, found.planned), dict(found.kept_out)


def test_results_are_held_against_the_committed_manifest(tmp_path, corpus):
    sound, foreign = planned(corpus, "sound"), planned(corpus, "foreign", corpus_sha256="d" * 64)
    invented = planned(corpus, "invented", [(3, "speaker", "VX99")])
    # Many results of another corpus do not outvote a manifest.
    others = [planned(corpus, f"other{i}", corpus_sha256="d" * 64) for i in range(3)]
    (standing,), why = against_manifest(tmp_path, corpus, sound, foreign, invented, *others)
    assert [line.card.model for line in standing.lines] == ["sound"]
    assert "than the committed manifest" in why["demo_noisy/foreign"]
    assert "is not described as the committed manifest does" in why["demo_noisy/invented"]
    assert set(why) == {
        f"demo_noisy/{name}" for name in ("foreign", "invented", "other0", "other1", "other2")
    }


def test_a_result_of_an_unknown_split_is_left_out(tmp_path, corpus):
    _, why = against_manifest(tmp_path, corpus, planned(corpus, "sound"), planned(corpus, "dev", split="dev"))
    assert list(why) == ["demo_noisy/dev"]


def test_a_part_of_the_planned_mixtures_is_incomplete_even_if_all_models_agree(tmp_path, corpus):
    whole = planned(corpus, "a")
    part = whole.scores[: len(whole.scores) // 2]
    (standing,), why = against_manifest(
        tmp_path,
        corpus,
        Result(dataclasses.replace(whole.card, expected=len(part), ok=len(part)), part),
    )
    assert why == {}
    assert standing.lines[0].lacking == len(whole.scores) - len(part)
    assert standing.lines[0].rank is None


def test_a_committed_manifest_of_another_version_is_named_and_hides_no_result(tmp_path):
    root = stored(tmp_path / "results", result("a", 0.3), result("b", 0.4))
    (tmp_path / "manifests" / "toy").mkdir(parents=True)
    pq.write_table(
        pa.table({"mixture_id": ["clean/A/1"]}), tmp_path / "manifests" / "toy" / "manifest.parquet"
    )
    models, why = admitted(root, tmp_path / "manifests")
    assert models == ["a", "b"]
    assert why["toy: committed manifest"].startswith("manifest.parquet: is not a table of mixtures of this")


def test_a_result_of_another_version_of_the_recipe_is_named_with_what_to_do(tmp_path, corpus):
    old = planned(corpus, "old")
    old = Result(dataclasses.replace(old.card, recipe_version=1), old.scores)
    _, why = against_manifest(tmp_path, corpus, planned(corpus, "sound"), old)
    assert why == {
        "demo_noisy/old": (
            f"was scored on version 1 of the recipe, version {corpus.recipe.version} is committed; prepare "
            "the corpus again and score the model on it"
        )
    }
