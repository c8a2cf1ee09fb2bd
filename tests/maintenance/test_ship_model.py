from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from benchmark.errors import ModelError
from benchmark.joint.card import CARD, WEIGHTS, read_card, read_trained_card
from benchmark.joint.footprint import with_memory
from benchmark.joint.inference import wrapped
from benchmark.joint.trained import file_sha256, load_trained
from maintenance import ship_model
from maintenance.small_copy import ship
from tests.joint.finished_runs import config, finished_run

NOISE = np.random.default_rng(1).normal(0, 0.1, 8000).astype(np.float32)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return finished_run(tmp_path_factory.mktemp("run") / "joint", config())


def test_a_copy_is_half_as_large_and_says_nearly_the_same(run, tmp_path):
    ship(run, tmp_path / "copy")
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == [CARD, WEIGHTS]
    stored = load_file(tmp_path / "copy" / WEIGHTS)
    assert {value.dtype for value in stored.values() if value.ndim > 1} == {torch.float16}
    assert stored["target_mean"].dtype == torch.float32
    ours, theirs = (wrapped(load_trained(folder)) for folder in (run, tmp_path / "copy"))
    first, second = ours.invert(NOISE).values, theirs.invert(NOISE).values
    assert 0 < np.abs(first - second).max() < 0.02
    assert np.abs(ours.enhance(NOISE) - theirs.enhance(NOISE)).max() < 1e-3


def test_the_card_of_a_copy_knows_its_original_and_no_folder(run, tmp_path):
    source = shutil.copytree(run, tmp_path / "run")
    card = read_card(source)
    card["config"]["init"] = "/home/somebody/runs/pretrain"
    (source / CARD).write_text(json.dumps({**card, "log": "/home/somebody"}))
    shipped = ship(source, tmp_path / "copy")
    assert "somebody" not in (tmp_path / "copy" / CARD).read_text()
    assert shipped["config"]["init"] == "pretrain"
    assert shipped["copy_of"]["weights_sha256"] == card["weights_sha256"]
    assert shipped["weights_sha256"] == file_sha256(tmp_path / "copy" / WEIGHTS)
    assert read_trained_card(tmp_path / "copy").name == "joint"


def test_two_copies_are_the_same_bytes(run, tmp_path):
    for name in ("one", "two"):
        ship(run, tmp_path / name)
    for file in (CARD, WEIGHTS):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_what_cannot_be_copied_is_said(run, tmp_path):
    with pytest.raises(ModelError, match="would be replaced by its own copy"):
        ship(run, run / "..//joint")
    source = shutil.copytree(run, tmp_path / "run")
    tensors = load_file(source / WEIGHTS)
    large = next(name for name, value in tensors.items() if value.ndim > 1)
    save_file({**tensors, large: tensors[large] + 1e6}, source / WEIGHTS)
    with pytest.raises(ModelError, match=r"is not the file that card\.json describes"):
        ship(source, tmp_path / "copy")
    card = {**read_card(source), "weights_sha256": file_sha256(source / WEIGHTS)}
    (source / CARD).write_text(json.dumps(card))
    with pytest.raises(ModelError, match=rf"{large} holds 1e\+06, more than half precision can"):
        ship(source, tmp_path / "copy")
    assert not (tmp_path / "copy" / CARD).exists()


def test_the_command(run, tmp_path, capsys):
    assert ship_model.main([str(run), "--out", str(tmp_path)]) == 0
    size = (tmp_path / "joint" / WEIGHTS).stat().st_size
    assert f"{tmp_path / 'joint'}: {size / 1e6:.2f} MB" in capsys.readouterr().out
    assert ship_model.main([str(run), "--out", str(tmp_path), "--name", "tiny_two", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["folder"] == str(tmp_path / "tiny_two")
    assert ship_model.main([str(run), "--out", str(tmp_path), "--name", "../up"]) == 2
    assert "will be a folder" in capsys.readouterr().err
    assert ship_model.main([str(tmp_path / "none")]) == 2
    assert "holds no finished training" in capsys.readouterr().err


def test_memory_is_measured_and_kept(run, tmp_path):
    source = shutil.copytree(run, tmp_path / "run")
    before = read_card(source)
    card = with_memory(source)
    assert card == read_card(source)
    assert card == before | {"memory_mb": card["memory_mb"]}
    # Ten seconds as float32 are 0.64 MB; nothing of width 16 needs a gigabyte.
    assert 0.64 < card["memory_mb"] < 1000


def test_where_memory_cannot_be_measured_the_card_stays(run, tmp_path):
    source = shutil.copytree(run, tmp_path / "run")
    card = {**read_card(source), "task": "pretraining"}
    (source / CARD).write_text(json.dumps(card))
    assert with_memory(source) == card
    (source / WEIGHTS).unlink()
    (source / CARD).write_text(json.dumps({**card, "task": "joint"}))
    assert with_memory(source) == {**card, "task": "joint"}


def test_a_model_on_the_files_of_others_is_refused_before_anything_is_written(run, tmp_path):
    source = shutil.copytree(run, tmp_path / "run")
    card = read_card(source)
    card["config"]["encoder"]["spec"] = "hf:/somewhere/wavlm"
    (source / CARD).write_text(json.dumps(card))
    with pytest.raises(ModelError, match="built from files of its own"):
        ship(source, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
