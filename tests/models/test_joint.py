"""Trained models under the names that people type."""

from __future__ import annotations

import ast
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import benchmark.joint
from benchmark.cli import inventory as overview
from benchmark.errors import MissingExtraError, ModelError
from benchmark.files import trained_models
from benchmark.joint.card import CARD, WEIGHTS
from benchmark.models import REGISTERED, load
from benchmark.models.entry import InProcess, Pair
from benchmark.models.joint import HEARING, shipped_entries
from benchmark.runners.open_runner import RunOptions, open_runner
from benchmark.runners.prediction import Item
from benchmark.types import Clip
from tests.joint.finished_runs import NAMES, config, finished_run

NOISE = Clip(np.random.default_rng(1).normal(0, 0.1, 4000).astype(np.float32), 16000)


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """Three finished runs: both tasks, enhancement, inversion with another seed."""
    root = tmp_path_factory.mktemp("finished")
    finished_run(root / "joint+all", config())
    finished_run(root / "se", config("se_alone", inverts=False))
    finished_run(root / "si", config("si_noisy", enhances=False, seed=2))
    return root


def heard(entry, store=None):
    runner = open_runner(entry, RunOptions(), store)
    try:
        tasks = runner.tasks()
        (prediction,) = runner.run([Item("x", NOISE)])
        return tasks, prediction, runner.facts()
    finally:
        runner.close()


def test_a_folder_is_a_model(runs, tmp_path):
    entry = load(f"trained:{runs}/joint+all")
    assert (entry.name, entry.how.does) == ("joint", ("enhance", "invert"))
    assert entry.title == "the model joint; encoder small, untrained at the start"
    assert str(runs) not in f"{entry.title}{entry.source}{entry.arguments}"
    assert entry.arguments["parameters"].isdigit()
    assert entry.arguments | {"parameters": ""} == {
        "encoder": "small, untrained",
        "memory_mb": "34.5",
        "parameters": "",
        "seed": "1",
        "training_device": "cpu",
        "training_epochs": "1",
        "training_seconds": "12.5",
    }
    tasks, prediction, facts = heard(entry, tmp_path)
    assert tasks == {"enhance", "invert"}
    assert prediction.enhanced.samples.shape == NOISE.samples.shape
    assert prediction.trajectories.names == NAMES
    assert set(facts) == {"torch", "safetensors"}


def test_another_seed_is_another_row(runs):
    assert load(f"trained:{runs}/si").name == "si_noisy_seed2"
    assert load(f"trained:{runs}/si", name="mine").name == "mine"


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("trained:{}/se+ridge_noisy", "se_alone+ridge_noisy"),
        ("trained:{}/se+trained:{}/si", "se_alone+si_noisy_seed2"),
        ("trained:{}/joint+all+trained:{}/joint+all", "joint+joint"),
        ("trained:{}/joint+all+ridge_clean", "joint+ridge_clean"),
        ("dfn3+trained:{}/si", "dfn3+si_noisy_seed2"),
        ("clean+trained:{}/joint+all", "clean+joint"),
    ],
)
def test_trained_models_stand_in_pairs(runs, spec, name):
    entry = load(spec.replace("{}", str(runs)))
    assert isinstance(entry.how, Pair)
    assert entry.name == name


def test_a_pair_of_trained_models_runs(runs):
    entry = load(f"trained:{runs}/se+trained:{runs}/si")
    assert {"1.parameters", "2.parameters", "2.training_seconds"} <= set(entry.arguments)
    _, prediction, _ = heard(entry)
    assert prediction.enhance_error == prediction.invert_error == ""
    assert prediction.trajectories.names == NAMES
    with pytest.raises(ModelError, match="has no method invert"):
        heard(load(f"dfn3+trained:{runs}/se"))


def test_what_is_no_finished_run_is_said_before_anything_runs(runs, tmp_path):
    with pytest.raises(ModelError, match="holds no finished training"):
        load(f"trained:{tmp_path}/none")
    with pytest.raises(ModelError, match="takes no arguments"):
        load(f"trained:{runs}/se", {"a": "b"})


def test_the_hash_follows_weights_and_card(runs, tmp_path):
    folder = shutil.copytree(runs / "se", tmp_path / "se")
    hashes = {load(f"trained:{runs}/se").source_sha256, load(f"trained:{folder}").source_sha256}
    assert len(hashes) == 1
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes() + b" ")
    hashes.add(load(f"trained:{folder}").source_sha256)
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps({**card, "seconds": 13.0}))
    hashes.add(load(f"trained:{folder}").source_sha256)
    assert len(hashes) == 3
    with pytest.raises(ModelError, match=r"model\.safetensors: holds no readable weights"):
        heard(load(f"trained:{folder}"))


def test_the_hash_covers_all_that_a_trained_model_runs_through():
    folder = Path(benchmark.joint.__file__).parent
    found, waiting = set(), ["trained"]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        tree = ast.parse((folder / f"{name}.py").read_text())
        imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        own = [module.removeprefix("benchmark.joint.") for module in imported if "benchmark.joint." in module]
        waiting += [module.replace(".", "/") for module in own if not module.startswith("encoders")]
        waiting += ["inference"] * (name == "trained")
    # How files are read has no part in what is computed; what was read has, and its hash is compared.
    assert found - {"card", "checkpoint"} == set(HEARING)


def test_shipped_models_are_listed_by_their_folders(runs, tmp_path, monkeypatch):
    monkeypatch.setattr("benchmark.models.joint.trained_models", lambda: tmp_path)
    assert shipped_entries() == []
    shutil.copytree(runs / "si", tmp_path / "other_name")
    shutil.copytree(runs / "se", tmp_path / "se_alone")
    # Without a card it is not (or not yet) there; a pretrained encoder is for other models to begin with.
    (tmp_path / "half_copied").mkdir()
    pretrained = shutil.copytree(runs / "si", tmp_path / "pretrain")
    card = json.loads((pretrained / CARD).read_text())
    (pretrained / CARD).write_text(json.dumps({**card, "task": "pretraining"}))
    assert [(entry.name, entry.licence) for entry in shipped_entries()] == [
        ("other_name", "MIT"),
        ("se_alone", "MIT"),
    ]


def test_whatever_is_shipped_is_registered_and_whole():
    shipped = [path.parent for path in trained_models().glob(f"*/{CARD}")]
    joint = [folder for folder in shipped if json.loads((folder / CARD).read_text())["task"] == "joint"]
    assert {folder.name for folder in joint} <= set(REGISTERED)
    for folder in joint:
        entry = REGISTERED[folder.name]
        assert isinstance(entry.how, InProcess)
        _, prediction, _ = heard(entry)
        assert prediction.enhance_error == prediction.invert_error == ""
    assert sum((folder / WEIGHTS).stat().st_size for folder in joint) <= 15e6


@pytest.mark.parametrize("package", ["torch", "safetensors"])
def test_without_torch_a_trained_model_is_listed_and_says_what_it_needs(runs, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    entry = load(f"trained:{runs}/se")
    assert entry.version == "absent"
    monkeypatch.setattr("benchmark.models.registry.REGISTERED", {"se_alone": replace(entry, name="se_alone")})
    (item,) = [item for item in overview.models() if item.name == "se_alone"]
    assert item.needs == ("its package: pip install 'sinbad-bench[joint]'",)
    assert {item.needs[:1] for item in overview.configs()} == {("pip install 'sinbad-bench[joint]'",)}
    with pytest.raises(MissingExtraError, match=rf"'{package}'.*sinbad-bench\[joint\]"):
        heard(entry)
