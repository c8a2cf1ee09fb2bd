"""What stands beside a score: training, seeds, submitters, re-runs, fronts."""

import json
from dataclasses import replace

import pytest

from benchmark.errors import ModelError
from benchmark.models.declaration import Declaration, declared, joined
from benchmark.ranking.leaderboard import collect
from benchmark.ranking.trust import flag, pareto, training
from benchmark.scoring.rerun import own_key, record, signed, write_rerun
from benchmark.scoring.results import read_card, write_result
from tests.ranking.results import result


def stored(root, name, level, **facts):
    found = result(name, level)
    return write_result(root / "results", replace(found, card=replace(found.card, **facts)))


def board(root):
    return collect(root / "results", root / "manifests")


def test_seeds_of_one_model_share_a_line_with_a_spread(tmp_path):
    for seed, level in enumerate((0.3, 0.4, 0.8)):
        stored(tmp_path, f"net_seed{seed}", level, seed_of="net", submitter="Jo")
    stored(tmp_path, "other", 0.6)
    found = board(tmp_path)
    alone, together = (standings["toy"][0].lines for standings in (found.recipes, found.shown))
    assert [line.card.model for line in alone] == ["net_seed2", "other", "net_seed1", "net_seed0"]
    # The lucky seed is not ahead of what the model does on average.
    assert [line.card.model for line in together] == ["other", "net"]
    runs = [line.noisy_mean for line in alone if line.card.model != "other"]
    assert together[1].noisy_mean == pytest.approx(sum(runs) / 3)
    known = found.trust["toy"]["net"]
    assert known.seeds.runs == ("net_seed0", "net_seed1", "net_seed2")
    assert known.seeds.spread["PPMC", "noisy"] == pytest.approx(0.26458, abs=1e-5)
    assert (known.submitter, known.entries) == ("Jo", 3)
    assert found.trust["toy"]["other"].seeds is None


def test_one_seed_alone_keeps_its_line(tmp_path):
    stored(tmp_path, "net_seed1", 0.5, seed_of="net")
    found = board(tmp_path)
    assert found.shown["toy"] == found.recipes["toy"]


def test_a_seed_that_was_scored_on_less_stays_apart(tmp_path):
    stored(tmp_path, "net_seed1", 0.5, seed_of="net")
    half = result("net_seed2", 0.5)
    rows = half.scores[: len(half.scores) // 2]
    card = replace(half.card, seed_of="net", expected=len(rows), ok=len(rows))
    write_result(tmp_path / "results", replace(half, card=card, scores=rows))
    assert {line.card.model for line in board(tmp_path).shown["toy"][0].lines} == {"net_seed1", "net_seed2"}


def test_training_on_the_corpus_of_the_test_speakers_is_flagged():
    card = result("net", 0.5).card
    assert training(card) == "not stated"
    heard = replace(card, trained_on=["train", "xrmb"], training_note="with <b>care</b>")
    assert training(heard) == "train split, xrmb; with <b>care</b>"
    assert "corpus of the test speakers" in flag(heard, "xrmb")
    assert flag(heard, "hprc") == flag(card, "xrmb") == flag(heard, "") == ""


def test_the_train_split_of_another_recipe_of_the_corpus_is_its_corpus():
    shipped = Declaration(("train", "speech"), recipe="virtual_noisy")
    assert shipped.scored_on("virtual_noisy") == ("train", "speech")
    assert shipped.scored_on("demo_noisy") == ("virtual", "speech")
    assert shipped.scored_on("xrmb_noisy") == ("virtual", "speech")


def test_what_is_declared_is_of_a_vocabulary():
    assert declared(Declaration(), ["xrmb"], "two years", 10, "Jo", "net").parameters == 10
    for words in (["telepathy"], ["nothing", "xrmb"]):
        with pytest.raises(ModelError):
            declared(Declaration(), words)
    with pytest.raises(ModelError, match="-1 parameters"):
        declared(Declaration(), parameters=-1)
    with pytest.raises(ModelError, match="folder"):
        declared(Declaration(), seed_of="../../up")


def test_a_pair_states_what_both_state():
    heard, untrained = Declaration(("speech",), parameters=3), Declaration(("nothing",), parameters=0)
    assert joined(heard, untrained).trained_on == ("speech",)
    assert joined(heard, untrained).parameters == 3
    assert joined(heard, Declaration()) == Declaration()


def test_a_front_holds_whom_nobody_beats_in_both_respects():
    points = {"fast": (0.1, 9.0), "good": (0.9, 1.0), "both": (0.5, 5.0), "beaten": (0.4, 5.0)}
    assert pareto(points) == {"fast", "good", "both"}
    assert pareto({"a": (1.0, 1.0), "b": (1.0, 1.0)}) == {"a", "b"}


def test_a_re_run_by_a_reviewer_is_shown_and_by_anybody_else_is_named(tmp_path):
    folder = stored(tmp_path, "net", 0.5)
    card = read_card(folder)
    key = own_key(tmp_path / "key")
    made = signed(record(card, None, card, 1e-3, 0.0, "Jo"), key)
    write_rerun(folder, made)
    assert board(tmp_path).trust["toy"]["net"].rerun is None
    assert [what for what, _ in board(tmp_path).kept_out] == ["toy/net: re-run"]
    (tmp_path / "reviewers.json").write_text(json.dumps({"Jo": made.key}))
    found = board(tmp_path)
    assert found.trust["toy"]["net"].rerun == made
    assert found.kept_out == ()
