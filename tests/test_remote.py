"""Corpora at an address: an S3 server on this machine, that of moto."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import datasets
import pytest
from datasets import Audio, load_dataset

from benchmark import export, prepare, score, verify
from benchmark.audio import read_clip
from benchmark.errors import SinbadError
from benchmark.files import demo_corpus, fetched, is_remote, mirrored, place, replacing
from benchmark.mixing.manifest import Manifest
from benchmark.prepared.corpus import PreparedCorpus


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "none")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        place("s3://corpora").mkdir()
        yield "s3://corpora"
    server.stop()


def said(status: int, capsys: pytest.CaptureFixture[str]) -> dict:
    assert status == 0
    return json.loads(capsys.readouterr().out)


def test_a_corpus_prepared_to_and_scored_from_s3_has_the_same_hashes(
    bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ["--recipe", "demo_noisy", "--split", "test", "--limit", "1", "--json", "--out"]
    away, here = f"{bucket}/deep/demo_noisy", str(tmp_path / "demo_noisy")
    there = said(prepare.main([*made, away]), capsys)
    assert there["content_sha256"] == said(prepare.main([*made, here]), capsys)["content_sha256"]
    assert said(prepare.main([*made, away]), capsys)["kept"] == there["rendered"] == 13
    scored = [
        "--model",
        "noisy",
        "--measures",
        "STOI",
        "--json",
        "--store",
        str(tmp_path / "store"),
        "--fresh",
    ]
    hashes = [
        said(score.main(["--corpus", corpus, *scored, "--out", str(tmp_path / str(i))]), capsys)
        for i, corpus in enumerate((away, here))
    ]
    assert hashes[0]["scores_sha256"] == hashes[1]["scores_sha256"]
    assert said(verify.main(["--corpus", away, "--json"]), capsys)["unexpected"] == []
    select = {"snr_db": -5.0, "columns": ["mixture_id", "pcm_sha256"]}
    kept = [Manifest(f"{folder}/manifest.parquet").select(**select) for folder in (away, here)]
    assert kept[0].equals(kept[1])
    data = f"{bucket}/for_datasets"
    shards = said(export.main(["--corpus", away, "--to", "huggingface", "--out", data, "--json"]), capsys)
    assert shards["written"] == [f"{data}/data/test-00000-of-00001.parquet"]
    # Other tests put the library offline, which for it means loopback, too.
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    found = load_dataset(
        "parquet", data_files=shards["written"], split="train", cache_dir=str(tmp_path / "hf")
    )
    assert found.features["audio"] == Audio(sampling_rate=16_000)
    assert set(found["mixture_id"]) == set(PreparedCorpus(away).mixtures)
    gone = place(f"{away}/audio/clean/{next(iter(PreparedCorpus(away).utterances))}.flac")
    gone.unlink()
    assert verify.main(["--corpus", away]) == 1
    assert "missing: audio/clean/" in capsys.readouterr().out
    gone.write_bytes(b"fLaC")
    assert verify.main(["--corpus", away]) == 1
    assert "changed: audio/clean/" in capsys.readouterr().out
    assert said(prepare.main([*made, away]), capsys)["rendered"] == 1


def test_shards_at_an_address_are_those_of_a_disk(
    bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = ["--recipe", "demo_noisy", "--split", "test", "--limit", "1", "--layout", "shards", "--json"]
    away = f"{bucket}/shards/demo_noisy"
    there = said(prepare.main([*made, "--out", away]), capsys)
    here = said(prepare.main([*made, "--out", str(tmp_path / "here")]), capsys)
    assert there["content_sha256"] == here["content_sha256"]
    one, two = PreparedCorpus(away), PreparedCorpus(tmp_path / "here")
    key = next(iter(one.mixtures))
    assert one.encoded(key) == two.encoded(key)
    assert said(verify.main(["--corpus", away, "--json"]), capsys)["checked"] == 13
    assert said(prepare.main([*made, "--out", away]), capsys)["kept"] == 13


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "Unable to locate credentials"),
        (
            {
                "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
                "AWS_ACCESS_KEY_ID": "a",
                "AWS_SECRET_ACCESS_KEY": "b",
            },
            ":9",
        ),
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        ["prepare", "--recipe", "demo_noisy", "--limit", "1", "--out", "s3://lab/demo"],
        ["score", "--model", "noisy", "--corpus", "s3://lab/demo"],
    ],
)
def test_a_store_that_cannot_be_reached_is_told(
    tmp_path: Path, command: list[str], settings: dict[str, str], told: str
) -> None:
    # In a process of its own: clients of a store are kept, with their credentials.
    nobody = {
        "AWS_CONFIG_FILE": "none",
        "AWS_SHARED_CREDENTIALS_FILE": "none",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-m", f"benchmark.{command[0]}", *command[1:]],
        cwd=tmp_path,
        env={**clean, **nobody, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "error: s3://lab/demo: the object store cannot be used" in done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_of_an_unknown_kind_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        verify.main(["--corpus", "nonsense://lab/demo"])
    assert "nonsense://lab/demo: cannot be reached" in capsys.readouterr().err


def test_a_root_at_an_address_is_copied_once_and_again_when_it_changes(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SINBAD_CACHE", str(tmp_path / "cache"))
    root = place(f"{bucket}/speech/demo")
    root.fs.put(f"{demo_corpus()}/", root.path + "/", recursive=True)  # type: ignore[attr-defined]
    planned = ["--recipe", "demo_noisy", "--split", "test", "--limit", "1", "--plan-only", "--json", "--out"]
    away = said(prepare.main([*planned, str(tmp_path / "away"), "--speech-root", str(root)]), capsys)
    assert (
        away["plan_sha256"] == said(prepare.main([*planned, str(tmp_path / "here")]), capsys)["plan_sha256"]
    )
    copy = mirrored(root)
    before = {path: path.stat().st_mtime_ns for path in copy.rglob("*") if path.is_file()}
    assert {str(path.relative_to(copy)) for path in before} == {
        str(path.relative_to(demo_corpus())) for path in demo_corpus().rglob("*") if path.is_file()
    }
    changed = next(path for path in before if path.suffix == ".flac")
    place(f"{root}/{changed.relative_to(copy)}").write_bytes(b"other")
    mirrored(root)
    after = {path: path.stat().st_mtime_ns for path in before}
    assert [path for path in before if after[path] != before[path]] == [changed]
    assert changed.read_bytes() == b"other"
    shutil.rmtree(copy)


def test_a_file_at_an_address_is_written_whole_or_not_at_all(bucket: str) -> None:
    path = place(f"{bucket}/some/text")
    assert is_remote(path)
    with pytest.raises(TypeError), replacing(path) as temporary:
        temporary.write_text(b"bytes")  # type: ignore[arg-type]
    assert not path.exists()
    with replacing(path) as temporary:
        temporary.write_text("whole")
    with fetched(path) as here:
        assert here.read_text() == "whole"
    assert not here.exists()
    with pytest.raises(SinbadError, match=rf"^{path}: not readable as audio"), fetched(path) as here:
        read_clip(here)


def test_an_address_with_nothing_is_an_error_with_its_name(
    bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify.main(["--corpus", f"{bucket}/nothing"]) == 2
    assert f"{bucket}/nothing: not found" in capsys.readouterr().err
    assert prepare.main(["--recipe", "demo_noisy", "--speech-root", f"{bucket}/nothing"]) == 2
    assert f"{bucket}/nothing: there is nothing" in capsys.readouterr().err
