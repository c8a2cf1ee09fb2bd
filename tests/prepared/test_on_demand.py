from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import benchmark
from benchmark.errors import RecipeError, SinbadError
from benchmark.files import recipes_folder
from benchmark.mixing.build import Report, build
from benchmark.mixing.training_plan import Conditions, training_plan, without_test
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.prepared.on_demand import OnDemandCorpus
from tests import recipe_corpora


@pytest.fixture
def fresh(on_demand: OnDemandCorpus) -> OnDemandCorpus:
    """The same corpus without what other tests measured."""
    found = copy.copy(on_demand)
    found.mixtures = dict(on_demand.mixtures)
    return found


def test_every_mixture_is_bit_equal_to_the_prepared_one_in_any_order(
    small: Path, on_demand: OnDemandCorpus
) -> None:
    stored = PreparedCorpus(small)
    for key in sorted(stored.mixtures, key=lambda key: key[::-1]):
        np.testing.assert_array_equal(on_demand.noisy(key).samples, stored.noisy(key).samples)
    utterance = next(iter(stored.utterances))
    np.testing.assert_array_equal(on_demand.clean(utterance).samples, stored.clean(utterance).samples)
    np.testing.assert_array_equal(on_demand.targets(utterance).values, stored.targets(utterance).values)


def test_a_model_is_scored_alike_without_a_prepared_copy(small: Path, fresh: OnDemandCorpus) -> None:
    stored = PreparedCorpus(small)
    # `small` has one utterance of the two.
    for key in [key for key in fresh.mixtures if "/".join(key.split("/")[-2:]) not in stored.utterances]:
        if fresh.mixtures[key]["split"] == "test":
            del fresh.mixtures[key]
    there, here = (benchmark.evaluate("noisy", corpus, ["STOI"]) for corpus in (stored, fresh))
    assert here.card.corpus_sha256 == there.card.corpus_sha256
    assert here.card.scores_sha256 == there.card.scores_sha256
    assert all(row["pcm_sha256"] for row in fresh if row["split"] == "test")
    assert all(row["pcm_sha256"] is None for row in fresh if row["split"] == "train")


def test_it_is_opened_again_from_its_plan_unless_sources_changed(
    on_demand: OnDemandCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("built again")

    monkeypatch.setattr("benchmark.prepared.on_demand.build", never)
    again = benchmark.open("demo_noisy", limit=2, folder=on_demand.folder)
    assert again.facts["content_sha256"] == on_demand.facts["content_sha256"]
    with pytest.raises(RecipeError):
        benchmark.open("demo_nosy")


def test_training_mixtures_share_nothing_with_the_test_split(on_demand: OnDemandCorpus) -> None:
    sources = without_test(on_demand.sources)
    assert {item.split for item in sources.targets} == {"train", "dev"}
    train = [item for item in sources.targets if item.split == "train"]
    rows = [
        row
        for epoch in range(3)
        for row in training_plan(on_demand.recipe, sources, train, Conditions(), 0, epoch)
    ]
    heard = {str(row["pieces"]) for row in rows if row["pieces"]}
    assert heard.isdisjoint(str(row["pieces"]) for row in on_demand)
    assert {row["noise_kind"] for row in rows} == {"clean", "babble", "nonbabble"}
    babbling = {piece["noise_id"] for row in rows if row["talkers"] for piece in row["pieces"]}
    tested = {
        piece["noise_id"]
        for row in on_demand
        if row["split"] == "test" and row["talkers"]
        for piece in row["pieces"]
    }
    assert babbling.isdisjoint(tested)
    other = [item for item in on_demand.sources.targets if item.split == "test"]
    with pytest.raises(RecipeError, match="is not of the train or dev split"):
        training_plan(on_demand.recipe, on_demand.sources, other, Conditions(), 0, 0)
    with pytest.raises(RecipeError, match="has no noise 'wind'; it has babble, nonbabble"):
        training_plan(on_demand.recipe, sources, train, Conditions(kinds=["wind"]), 0, 0)


def test_conditions_are_drawn_as_asked(on_demand: OnDemandCorpus) -> None:
    train = [item for item in on_demand.sources.targets if item.split == "train"]
    asked = Conditions(kinds=["babble"], snr_db=[-3.0, 3.0], clean_share=0.0)
    rows = training_plan(on_demand.recipe, on_demand.sources, train, asked, 0, 0)
    assert len(rows) == len(train)
    assert {row["noise_kind"] for row in rows} == {"babble"}
    assert {row["snr_db"] for row in rows} == {-3.0, 3.0}


def test_the_command_scores_a_recipe_without_a_prepared_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from benchmark import prepare, score

    part = tmp_path / "part.toml"
    part.write_text((recipes_folder() / "demo_noisy.toml").read_text())
    prepared = str(tmp_path / "prepared")
    assert prepare.main(["--recipe", str(part), "--out", prepared]) == 0
    monkeypatch.setenv("SINBAD_CACHE", str(tmp_path / "cache"))
    capsys.readouterr()
    hashes = []
    for i, given in enumerate((["--corpus", prepared], ["--recipe", str(part)])):
        out = ["--out", str(tmp_path / f"results{i}"), "--store", str(tmp_path / f"store{i}")]
        model = ["--model", "noisy", "--measures", "SISDR", "--json"]
        assert score.main([*given, *model, *out]) == 0
        card = json.loads(capsys.readouterr().out)
        hashes.append((card["corpus_sha256"], card["scores_sha256"]))
    assert hashes[0] == hashes[1]
    assert not list((tmp_path / "cache").rglob("*.flac"))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--corpus", "here", "--speech-root", "there"], "go with --recipe"),
        (["--corpus", "here", "--noise-root", "musan=there"], "go with --recipe"),
        (
            ["--recipe", "xrmb_noisy"],
            "then run: python -m benchmark.prepare --recipe xrmb_noisy --speech-root DIR",
        ),
        (["--recipe", "demo_nosy"], "demo_nosy"),
    ],
)
def test_what_a_recipe_needs_is_told(
    small: Path, given: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from benchmark import score

    assert score.main([*(str(small) if one == "here" else one for one in given), "--model", "noisy"]) == 2
    assert told in capsys.readouterr().err


def test_one_of_corpus_and_recipe_is_given(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from benchmark import score

    for given in ([], ["--corpus", str(small), "--recipe", "demo_noisy"]):
        with pytest.raises(SystemExit):
            score.main([*given, "--model", "noisy"])
        assert "--corpus" in capsys.readouterr().err


def test_targets_are_made_again_where_the_speech_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SINBAD_CACHE", str(tmp_path / "cache"))
    recipe_corpora.WRITERS["xrmb"](tmp_path / "xrmb")
    before = benchmark.open("xrmb_noisy", speech_root=tmp_path / "xrmb", limit=1)
    same = benchmark.open("xrmb_noisy", speech_root=tmp_path / "xrmb", limit=1)
    assert same.folder == before.folder
    key = next(iter(before.utterances))
    path = tmp_path / "xrmb" / f"{key}.txy"
    path.write_bytes(b"\n".join(path.read_bytes().splitlines()[:-40]) + b"\n")
    after = benchmark.open("xrmb_noisy", speech_root=tmp_path / "xrmb", limit=1)
    assert after.utterances[key]["targets_sha256"] != before.utterances[key]["targets_sha256"]


def test_two_that_open_a_recipe_at_once_both_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SINBAD_CACHE", str(tmp_path / "cache"))
    recipe_corpora.WRITERS["xrmb"](tmp_path / "xrmb")
    others: list[OnDemandCorpus] = []
    entered: list[bool] = []

    def slow(*given: Any, **named: Any) -> Report:
        if not entered:
            entered.append(True)
            others.append(benchmark.open("xrmb_noisy", speech_root=tmp_path / "xrmb", limit=1))
        return build(*given, **named)

    monkeypatch.setattr("benchmark.prepared.on_demand.build", slow)
    found = benchmark.open("xrmb_noisy", speech_root=tmp_path / "xrmb", limit=1)
    assert found.folder == others[0].folder
    for corpus in (found, others[0]):
        for key in corpus.utterances:
            assert corpus.targets(key).values.size
    assert len(list((tmp_path / "cache" / "planned").iterdir())) == 1


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SINBAD_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(SinbadError, match=r"cannot be written \(Not a directory\); set SINBAD_CACHE"):
        benchmark.open("demo_noisy", limit=1)


def test_what_a_killed_planning_left_goes_after_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SINBAD_CACHE", str(tmp_path))
    old, running = (tmp_path / "planned" / f".demo_noisy-0123.{name}" for name in ("old", "running"))
    for folder in (old, running):
        (folder / "targets").mkdir(parents=True)
    os.utime(old, (0, 0))
    benchmark.open("demo_noisy", limit=1)
    assert not old.exists()
    assert running.exists()
