from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark import corpora
from benchmark.corpora.contract import ROLES
from benchmark.errors import CorpusError
from tests.corpora import writers


def test_every_corpus_says_what_it_is() -> None:
    for name, corpus in corpora.CORPORA.items():
        assert corpus.name == name
        for text in (corpus.title, corpus.home, corpus.licence, corpus.citation, corpus.layout):
            assert text.strip()
        assert set(corpus.sensors) <= set(ROLES)


def test_the_registry_imports_no_reader() -> None:
    code = (
        "import sys, benchmark.corpora; print(sorted(m for m in sys.modules if "
        "m.startswith('benchmark.corpora.')))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "['benchmark.corpora.contract', 'benchmark.corpora.splits']"


def test_an_unknown_corpus_lists_the_known_ones() -> None:
    with pytest.raises(CorpusError, match=r"no corpus is called 'xrnb'; there are .*xrmb"):
        corpora.get("xrnb")
    with pytest.raises(KeyError):
        corpora.CORPORA["xrnb"]


@pytest.mark.parametrize("name", sorted(corpora.CORPORA))
def test_a_useless_root_is_one_clear_line(name: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    empty, strange = tmp_path / "empty", tmp_path / "strange"
    empty.mkdir()
    strange.mkdir()
    (strange / "notes.txt").write_text("nothing here")
    for root, expected in (
        (tmp_path / "absent", "does not exist"),
        (file, "is a file"),
        (empty, "is empty"),
        (strange, "holds no|missing|cannot be read"),
    ):
        with pytest.raises(CorpusError, match=expected) as error:
            corpora.read(name, root)
        assert str(root) in str(error.value)
        assert "\n" not in str(error.value)


def test_two_copies_of_a_recording_are_refused_by_name(tmp_path: Path) -> None:
    writers.write_hprc(tmp_path / "one", speakers=("F01",))
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    first = corpora.read("hprc", tmp_path / "one")[0].id
    with pytest.raises(CorpusError, match=rf"{first} .*lies in more than one place.*keep one copy"):
        corpora.scan("hprc", tmp_path)
