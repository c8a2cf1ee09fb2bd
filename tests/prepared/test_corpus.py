from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmark import prepare, score, verify
from benchmark.errors import ManifestError
from benchmark.mixing.manifest import read_table
from benchmark.mixing.table_writer import write_table
from benchmark.prepared.corpus import PreparedCorpus


@pytest.fixture
def copy(small, tmp_path) -> Path:
    folder = tmp_path / "corpus"
    shutil.copytree(small, folder)
    return folder


def test_a_recipe_edited_after_preparing_is_refused_wherever_the_corpus_is_opened(copy, tmp_path, capsys):
    recipe = copy / "recipe.toml"
    before = recipe.read_text()
    recipe.write_text(before.replace("seed = ", "seed = 1"))
    with pytest.raises(ManifestError, match=r"recipe.toml: was edited after the corpus was prepared"):
        PreparedCorpus(copy)
    out = tmp_path / "results"
    assert score.main(["--corpus", str(copy), "--model", "noisy", "--out", str(out)]) == 2
    assert "was edited after the corpus was prepared" in capsys.readouterr().err
    assert not out.exists()
    assert verify.main(["--corpus", str(copy)]) == 1
    assert "changed: recipe.toml" in capsys.readouterr().out
    recipe.write_text("# a comment is no change\n" + before)
    assert PreparedCorpus(copy).recipe.name == "demo_noisy"


@pytest.mark.parametrize(
    "identity", ["../../outside/x", "/etc/x", "clean/../../x", "clean//x", "C:/x", "clean\\x", ".", ""]
)
@pytest.mark.parametrize("column", ["mixture_id", "utterance_id", "speaker", "split"])
def test_names_that_leave_the_corpus_are_refused_on_opening(copy, column, identity, capsys):
    for name, kind in (("manifest.parquet", "mixtures"), ("utterances.parquet", "utterances")):
        table = read_table(copy / name, kind)
        rows = table.rows
        if column in rows[0]:
            rows[0][column] = identity
            write_table(copy / name, kind, rows, table.facts)
    with pytest.raises(ManifestError, match="does not name a place inside the corpus"):
        PreparedCorpus(copy)
    assert verify.main(["--corpus", str(copy)]) == 2
    assert f"{column} {identity!r}" in capsys.readouterr().err


def test_mixtures_of_unknown_utterances_are_refused_on_opening(copy):
    table = read_table(copy / "manifest.parquet", "mixtures")
    rows = table.rows
    rows[0]["utterance_id"] = "X/1"
    write_table(copy / "manifest.parquet", "mixtures", rows, table.facts)
    with pytest.raises(ManifestError, match="lacks X/1"):
        PreparedCorpus(copy)


@pytest.mark.parametrize(
    "name", ["manifest.parquet", "utterances.parquet", "recipe.toml", "phones.parquet", "journal.jsonl"]
)
def test_a_folder_in_the_place_of_a_file_is_one_line(copy, name, capsys):
    (copy / name).unlink(missing_ok=True)
    (copy / name).mkdir()
    (copy / name / "mine.txt").touch()
    command = ["--recipe", "demo_noisy", "--out", str(copy), "--limit", "1", "--split", "test"]
    assert prepare.main(command) == 2
    error = capsys.readouterr().err.strip()
    assert error.splitlines()[-1].startswith("error: ")
    assert name in error
    assert (copy / name / "mine.txt").exists()


@pytest.mark.parametrize("pattern", ["audio/**/*.flac", "trajectories/*.parquet"])
def test_a_folder_in_the_place_of_audio_or_trajectories_is_named(copy, pattern, capsys):
    path = next(copy.glob(pattern))
    path.unlink()
    path.mkdir()
    command = ["--recipe", "demo_noisy", "--out", str(copy), "--limit", "1", "--split", "test"]
    assert prepare.main(command) == 2
    assert f"{path}: is a folder where a file should be; take it away" in capsys.readouterr().err
    assert verify.main(["--corpus", str(copy)]) == 1
    path.rmdir()
    assert prepare.main(command) == 0
    assert verify.main(["--corpus", str(copy)]) == 0


def test_the_hash_that_is_printed_covers_the_targets(small, copy):
    table = read_table(copy / "utterances.parquet", "utterances")
    rows = table.rows
    rows[0]["targets_sha256"] = "0" * 64
    write_table(copy / "utterances.parquet", "utterances", rows, table.facts)
    assert PreparedCorpus(copy).facts["content_sha256"] != PreparedCorpus(small).facts["content_sha256"]


def test_a_corpus_is_readable_and_opens_by_a_string(small):
    corpus = PreparedCorpus(str(small))
    assert repr(corpus).startswith(f"PreparedCorpus('{small}': demo_noisy, version ")
    frame = corpus.mixtures_frame()
    assert list(frame.index) == list(corpus.mixtures)
    assert set(frame["noise_kind"]) == {"clean", *corpus.recipe.noise_kinds}
    assert list(corpus.utterances_frame()["samples"]) == [
        row["samples"] for row in corpus.utterances.values()
    ]
    assert "<td>" in corpus._repr_html_()


def test_an_utterance_is_shown_with_a_player_for_each_of_its_mixtures(small):
    corpus = PreparedCorpus(small)
    key = next(iter(corpus.utterances))
    shown = corpus.show(key)._repr_html_()
    assert shown.count("<audio") == sum(row["utterance_id"] == key for row in corpus)
    assert shown.count("data:image/png;base64") == 1
    assert corpus.show(f"clean/{key}")._repr_html_().count("<audio") == 1
    with pytest.raises(KeyError, match="neither a mixture nor an utterance"):
        corpus.show("nobody")
