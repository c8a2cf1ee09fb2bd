"""Audio of a prepared corpus as files and as shards."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Audio, load_dataset

import benchmark
from benchmark import export, prepare, verify
from benchmark.audio import flac_bytes
from benchmark.errors import CorpusError
from benchmark.mixing.audio_store import AudioFiles, AudioShards, audio_store
from benchmark.prepared.corpus import PreparedCorpus

PART = ["--recipe", "demo_noisy", "--split", "test", "--limit", "2", "--json", "--out"]


def said(status: int, capsys: pytest.CaptureFixture[str]) -> dict:
    assert status == 0
    return json.loads(capsys.readouterr().out)


def row(mixture: str, utterance: str = "F01/U001") -> dict:
    facts = {"utterance_id": utterance, "speaker": "F01", "split": "test", "noise_kind": "babble"}
    return {"mixture_id": mixture, "snr_db": -5.0, **facts}


@pytest.fixture(scope="module")
def shards(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("shards") / "demo_noisy"
    assert prepare.main([*PART, str(folder), "--layout", "shards"]) == 0
    return folder


@pytest.fixture
def copy(shards, tmp_path) -> Path:
    return Path(shutil.copytree(shards, tmp_path / "copy"))


def test_shards_hold_the_samples_of_files(shards, tmp_path, capsys):
    files = said(prepare.main([*PART, str(tmp_path / "files")]), capsys)
    one, two = PreparedCorpus(shards), PreparedCorpus(tmp_path / "files")
    assert one.facts["content_sha256"] == two.facts["content_sha256"] == files["content_sha256"]
    assert len(list((shards / "shards").rglob("*.parquet"))) == 2
    assert not (shards / "audio").exists()
    for key in one.mixtures:
        assert np.array_equal(one.noisy(key).samples, two.noisy(key).samples)
        assert one.encoded(key) == two.encoded(key)
    scores = [
        benchmark.evaluate("logmmse", corpus, ["SISDR"], split="test").card.scores_sha256
        for corpus in (one, two)
    ]
    assert scores[0] == scores[1]


def test_a_rerun_keeps_the_layout_and_renders_what_is_damaged(copy, capsys):
    damaged, gone = sorted((copy / "shards").rglob("*.parquet"))
    gone.unlink()
    damaged.write_bytes(damaged.read_bytes()[:999])
    assert verify.main(["--corpus", str(copy)]) == 1
    found = capsys.readouterr().out
    assert f"missing: {gone.relative_to(copy)}" in found
    assert f"changed: {damaged.relative_to(copy)}" in found
    assert said(prepare.main([*PART, str(copy)]), capsys)["rendered"] == 26
    assert said(verify.main(["--corpus", str(copy), "--json"]), capsys)["changed"] == []
    assert said(prepare.main([*PART, str(copy), "--layout", "shards"]), capsys)["kept"] == 26


def test_a_mixture_that_a_shard_lacks_is_rendered_and_the_others_stay(copy, capsys):
    path = min((copy / "shards").rglob("*.parquet"))
    table = pq.read_table(path)
    pq.write_table(table.slice(1), path, row_group_size=1)
    lacking = table["mixture_id"][0].as_py()
    with pytest.raises(CorpusError, match=f"lacks {lacking}"):
        PreparedCorpus(copy).noisy(lacking)
    found = said(prepare.main([*PART, str(copy)]), capsys)
    assert (found["rendered"], found["kept"]) == (1, 25)
    assert pq.read_table(path).equals(table)


def test_another_layout_is_refused(copy, capsys):
    assert prepare.main([*PART, str(copy), "--layout", "files"]) == 2
    assert "was prepared with --layout shards; choose another folder with --out" in capsys.readouterr().err
    assert verify.main(["--corpus", str(copy)]) == 0


def test_a_shard_of_other_columns_is_told_and_replaced(copy):
    store = audio_store(copy)
    corpus = PreparedCorpus(copy)
    first = next(iter(corpus.mixtures.values()))
    pq.write_table(pq.read_table(store.path(first)).drop_columns("audio"), store.path(first))
    with pytest.raises(CorpusError, match="is damaged"):
        store.encoded(first)
    store.write([(first, flac_bytes(np.zeros(160, np.int16), 16000))])
    assert len(store.clip(first).samples) == 160


def changed(path: Path, change) -> None:
    table = pq.read_table(path)
    rows = table.to_pylist()
    change(rows)
    pq.write_table(pa.Table.from_pylist(rows, table.schema), path, row_group_size=1)


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows[0].update(mixture_id=None),
        lambda rows: rows[0].update(snr_db=99.0),
        lambda rows: rows[0].update(speaker="XX"),
        lambda rows: rows.append(rows[0]),
        lambda rows: rows[0]["audio"].update(path="other.flac"),
    ],
)
def test_rows_of_a_shard_that_say_something_else_are_damage_and_mended(copy, capsys, change):
    path = min((copy / "shards").rglob("*.parquet"))
    whole = pq.read_table(path)
    changed(path, change)
    assert verify.main(["--corpus", str(copy)]) == 1
    capsys.readouterr()
    assert said(prepare.main([*PART, str(copy)]), capsys)["rendered"] >= 1
    assert verify.main(["--corpus", str(copy)]) == 0
    assert pq.read_table(path).equals(whole)


def test_a_row_of_a_shard_that_no_table_names_is_told(copy, capsys):
    path = min((copy / "shards").rglob("*.parquet"))
    changed(path, lambda rows: rows.append({**rows[0], "mixture_id": "other/0/VF02/U001"}))
    assert verify.main(["--corpus", str(copy)]) == 1
    assert str(path.relative_to(copy)) in "".join(capsys.readouterr())


def test_a_shard_in_other_row_groups_gives_no_other_mixture(copy):
    corpus = PreparedCorpus(copy)
    path = min((copy / "shards").rglob("*.parquet"))
    sounds = {key: corpus.encoded(key) for key in corpus.mixtures}
    pq.write_table(pq.read_table(path), path, row_group_size=2)
    found = {}
    for key in pq.read_table(path)["mixture_id"].to_pylist():
        with suppress(CorpusError):
            found[key] = PreparedCorpus(copy).encoded(key)
    assert found == {key: sounds[key] for key in found}
    assert len(found) < 2


def test_a_plan_alone_has_no_layout(tmp_path, capsys):
    assert prepare.main([*PART, str(tmp_path / "x"), "--plan-only", "--layout", "shards"]) == 2
    assert "--plan-only writes none" in capsys.readouterr().err


def test_bytes_that_are_no_audio_are_told(tmp_path):
    store = audio_store(tmp_path, "shards")
    store.write([(row("babble/-5/F01/U001"), b"fLaC and nothing more")])
    with pytest.raises(CorpusError, match=r"babble/-5/F01/U001: damaged audio"):
        store.clip(row("babble/-5/F01/U001"))


def test_where_nothing_lies_audio_goes_to_files(tmp_path):
    assert audio_store(tmp_path) == AudioFiles(tmp_path)
    assert audio_store(tmp_path, "shards") == AudioShards(tmp_path)


def test_exports_refer_to_files_or_say_why_not(copy, tmp_path, capsys):
    corpus = ["--corpus", str(copy), "--json"]
    for form in ("lhotse", "kaldi", "pandas"):
        assert export.main([*corpus, "--to", form, "--out", str(tmp_path / form)]) == 2
        assert "export it --to huggingface" in capsys.readouterr().err
    assert export.main([*corpus, "--to", "croissant"]) == 0
    assert "shards/**/*.parquet" in (copy / "croissant.json").read_text()
    assert export.main([*corpus, "--to", "huggingface", "--out", str(tmp_path / "hf")]) == 0
    assert verify.main(["--corpus", str(copy)]) == 0


def test_datasets_read_shards_as_they_are(shards, tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    found = load_dataset(
        "parquet",
        data_files=str(shards / "shards" / "test" / "**" / "*.parquet"),
        split="train",
        cache_dir=str(tmp_path),
    )
    assert found.features["audio"] == Audio(sampling_rate=16_000)
    corpus = PreparedCorpus(shards)
    assert set(found["mixture_id"]) == set(corpus.mixtures)
    encoded = found.cast_column("audio", Audio(decode=False))[3]
    assert encoded["audio"]["bytes"] == corpus.encoded(encoded["mixture_id"])
