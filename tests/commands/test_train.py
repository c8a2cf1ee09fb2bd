"""`train` as a user types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark import train
from benchmark.joint import trained
from tests.joint.runs import config_file, planned_corpus

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def planned(tmp_path_factory) -> Path:
    return planned_corpus(tmp_path_factory.mktemp("planned") / "small", limit=2)


def test_it_trains_and_tells(planned, tmp_path, capsys):
    given = ["--config", str(config_file(tmp_path)), "--corpus", str(planned), "--out", str(tmp_path / "out")]
    options = ["--epochs", "1", "--seed", "3", "--threads", "1", "--device", "cpu"]
    assert train.main([*given, *options, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["epochs"], told["config"]["training"]["seed"], told["threads"]) == (1, 3, 1)
    assert told["folder"] == str(tmp_path / "out")
    assert train.main([*given, *options]) == 2
    assert "holds a run; add --resume" in capsys.readouterr().err
    assert train.main([*given, *options, "--resume"]) == 0
    assert "minute, best of 1 epochs: 1 (dev: loss" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--config", "jont"], "no configuration 'jont'; did you mean 'joint'?"),
        (["--config", "joint", "--epochs", "3", "--seed", "-1"], "'training.seed' = -1"),
        (["--config", "joint", "--set", "training.rate=1"], "unknown key 'training.rate'"),
        (["--config", "joint", "--corpus", "nowhere"], "nowhere: not found; prepare it with"),
    ],
)
def test_mistakes_are_one_line_and_status_2(planned, tmp_path, capsys, given, message):
    assert train.main(["--corpus", str(planned), "--out", str(tmp_path / "out"), *given]) == 2
    errors = capsys.readouterr().err
    assert errors.startswith("error: ")
    assert message in errors
    assert errors.count("\n") == 1


def test_without_torch_it_says_what_to_install(planned, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(trained, "find_spec", lambda name: None)
    given = ["--config", "joint", "--corpus", str(planned), "--out", str(tmp_path / "out")]
    assert train.main(given) == 2
    assert "pip install 'sinbad-bench[joint]'" in capsys.readouterr().err


@pytest.mark.slow
def test_torchrun_trains_with_two_processes(planned, tmp_path):
    config = config_file(tmp_path)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    given = ["--config", config, "--corpus", planned, "--out", tmp_path / "out", "--device", "cpu", "--json"]
    done = subprocess.run(
        [*torchrun, "-m", "benchmark.train", *map(str, given)],
        cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)  # one process tells
    assert (told["processes"], told["epochs"]) == (2, 3)
