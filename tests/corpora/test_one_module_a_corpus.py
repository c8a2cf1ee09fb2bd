"""To add a corpus takes a module, a recipe and a test: here all three are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmark import corpora, prepare
from benchmark.mixing.recipe_files import recipe_text
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.types import SPLITS
from tests.corpora import writers

MODULE = '''
"""A toy corpus: the recordings of MOCHA-TIMIT's layout under another name, divided by the last digit."""

from benchmark.corpora import contract, mocha
from benchmark.corpora.splits import Division


def by_last_digit(utterance_id):
    return {"2": "dev", "3": "test"}.get(utterance_id[-1], "train")


CORPUS = contract.Corpus(
    name="toy",
    title="a toy corpus",
    home="nowhere",
    licence="none",
    citation="none",
    layout="fsew0/fsew0_001.ema",
    sensors=mocha.CORPUS.sensors,
    read=mocha.read,
    looks_like=mocha.looks_like,
    splits={"standard": Division(by_last_digit)},
)
'''


def test_a_corpus_is_added_by_one_module_and_one_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "toy.py").write_text(MODULE)
    (tmp_path / "more" / "helper.py").write_text('"""No corpus."""\n')
    monkeypatch.setattr(corpora, "__path__", [*corpora.__path__, str(tmp_path / "more")])
    assert "toy" in corpora.CORPORA
    assert "helper" not in corpora.CORPORA
    assert list(corpora.CORPORA) == sorted(corpora.CORPORA)
    text = re.sub('corpus = "mocha"', 'corpus = "toy"', recipe_text("mocha_noisy"))
    text = re.sub('name = "mocha_noisy"', 'name = "toy_noisy"', text)
    (tmp_path / "toy_noisy.toml").write_text(re.sub(r"snr_db = \[.*\]", "snr_db = [0.0]", text))
    writers.write_mocha(tmp_path / "speech", sentences=3, seconds=0.9)
    options = ["--recipe", str(tmp_path / "toy_noisy.toml"), "--speech-root", str(tmp_path / "speech")]
    assert prepare.main([*options, "--out", str(tmp_path / "out"), "--jobs", "1"]) == 0
    assert set(PreparedCorpus(tmp_path / "out").splits) == set(SPLITS)
