from __future__ import annotations

import json
import shutil

import pytest

from benchmark.errors import CorpusError, RecipeError
from benchmark.files import demo_corpus
from benchmark.mixing.gather import Roots, gather
from benchmark.mixing.recipe_files import load_recipe, parse_recipe, recipe_text
from tests.corpora import writers
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
        talker.name
        for (source, _), there in found.talkers.items()
        if source == "corpus_voices"
        for talker in there
    }
    assert targets
    assert talkers
    assert not targets & talkers
    assert found.unassigned == len(found.voices["corpus_voices"])


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
    assert sum(len(there) for (source, _), there in found.stretches.items() if source == "demand") == 17


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


def folder_of(root, speakers, splits):
    writers.write_folder(root, speakers=speakers, seconds=0.9)
    path = root / "corpus.toml"
    path.write_text(path.read_text().split("[splits]")[0] + "[splits]\n" + splits)
    return Roots(root)


def test_one_speaker_is_divided_by_recordings_and_what_is_not_named_is_remarked_on(tmp_path):
    roots = folder_of(tmp_path, ("A", "B"), 'train = ["A/r1"]\ntest = ["A/r2"]\n')
    found = gather(load_recipe("folder_noisy"), roots)
    assert {utterance.id: utterance.split for utterance in found.targets} == {"A/r1": "train", "A/r2": "test"}
    assert found.unassigned == 2
    assert len(found.remarks) == 1
    assert found.remarks[0].startswith(
        "2 recordings are in no split of the corpus and take no part, e.g. B/r1"
    )
    assert not any(source == "corpus" for source, _ in found.talkers)


def test_a_folder_without_splits_says_what_to_do(tmp_path):
    with pytest.raises(RecipeError, match=r"states no split for A/r1 .*\[splits\] of corpus\.toml"):
        gather(load_recipe("folder_noisy"), folder_of(tmp_path, ("A", "B"), ""))


def test_babble_voices_of_a_folder_are_dealt_to_the_splits(tmp_path):
    text = recipe_text("folder_noisy").replace('sources = ["corpus", ', 'sources = ["corpus_voices", ')
    assert "corpus_voices" in text
    voices = [f"V{i}" for i in range(7)]
    splits = f'train = ["A"]\ntest = ["B"]\nbabble = {json.dumps(voices)}\n'
    found = gather(parse_recipe(text, "r.toml"), folder_of(tmp_path, ("A", "B", *voices), splits))
    talkers = {
        split: [talker.name for talker in there]
        for (source, split), there in found.talkers.items()
        if source == "corpus_voices"
    }
    assert sorted(map(len, talkers.values())) == [2, 2, 3]
    assert sorted(name for there in talkers.values() for name in there) == voices
    for voice in found.voices["corpus_voices"].values():
        assert voice.speaker in talkers[voice.extra["babble_split"]]
