from __future__ import annotations

import json
import shutil

import pytest

from benchmark.errors import CorpusError, RecipeError
from benchmark.mixing.gather import Roots, gather
from benchmark.recipe import load_recipe, parse_recipe, recipe_text
from benchmark.shipped import demo_corpus
from tests.noises import corpora as noise_corpora


def test_a_generated_corpus_that_is_not_there_says_how_to_make_it(monkeypatch, tmp_path):
    monkeypatch.setenv("SINBAD_CACHE", str(tmp_path))
    with pytest.raises(
        CorpusError, match=r"not there yet; make it with `python -m benchmark.synthesise virtual`"
    ):
        gather(load_recipe("virtual_noisy"), Roots())


def test_a_part_of_a_generated_corpus_is_not_taken_for_the_whole(monkeypatch, tmp_path):
    monkeypatch.setenv("SINBAD_CACHE", str(tmp_path))
    root = tmp_path / "virtual"
    shutil.copytree(demo_corpus(), root)
    assert gather(load_recipe("virtual_noisy"), Roots()).targets
    facts = json.loads((root / "corpus.json").read_text())
    (root / "corpus.json").write_text(json.dumps({**facts, "complete": False}))
    with pytest.raises(CorpusError, match="holds a part of the corpus; complete it with"):
        gather(load_recipe("virtual_noisy"), Roots())
    assert gather(load_recipe("virtual_noisy"), Roots(root)).targets


def test_babble_voices_are_never_targets():
    found = gather(load_recipe("demo_noisy"), Roots())
    targets = {utterance.speaker for utterance in found.targets}
    talkers = {
        talker.name for by_split in found.supply.talkers["corpus_voices"].values() for talker in by_split
    }
    assert targets
    assert talkers
    assert not targets & talkers
    assert found.unassigned == len(found.sources.voices["corpus_voices"])


def test_damaged_noise_is_left_out_and_reported_where_the_recipe_allows_it(tmp_path):
    root = noise_corpora.demand(tmp_path / "DEMAND")
    (root / "NPARK" / "ch01.wav").write_bytes(b"RIFF")
    text = recipe_text("demo_noisy").replace('sources = ["synthetic"]', 'sources = ["demand"]')
    roots = Roots(noises={"demand": root})
    with pytest.raises(CorpusError, match=r"NPARK/ch01\.wav: "):
        gather(parse_recipe(text, "r.toml"), roots)
    text = text.replace("level_dbfs", 'on_damage = "skip"\nlevel_dbfs')
    found = gather(parse_recipe(text, "r.toml"), roots)
    (line,) = found.remarks
    assert line.startswith(f"demand: left out, {root}/NPARK/ch01.wav: ")
    there = [
        material.noise_id
        for by_kind in found.supply.recordings["demand"].values()
        for by_category in by_kind.values()
        for recordings in by_category.values()
        for material in recordings
    ]
    assert len(there) == 17


@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        ('corpus = "virtual"', 'corpus = "virtuell"', CorpusError, "no corpus is called 'virtuell'"),
        ('sources = ["synthetic"]', 'sources = ["thunder"]', CorpusError, "no noise is called 'thunder'"),
        ('root = "shipped:demo"', 'root = "somewhere"', RecipeError, "use 'shipped:demo' or 'cache:NAME'"),
    ],
)
def test_names_that_do_not_exist_are_refused(old, new, error, message):
    text = recipe_text("demo_noisy")
    assert old in text
    with pytest.raises(error, match=message):
        gather(parse_recipe(text.replace(old, new), "r.toml"), Roots())
