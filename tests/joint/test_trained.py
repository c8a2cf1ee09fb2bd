from __future__ import annotations

import json
import re
import shutil
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from benchmark.errors import MissingExtraError, ModelError
from benchmark.joint.card import CARD, WEIGHTS, read_trained_card, without_path
from benchmark.joint.inference import wrapped
from benchmark.joint.trained import file_sha256, load_trained
from tests.joint.finished_runs import NAMES, config, finished_run


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    return finished_run(tmp_path_factory.mktemp("runs") / "joint", config())


@pytest.fixture
def run(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run", ignore=shutil.ignore_patterns("checkpoint"))


def rewritten(folder, tensors=None, **changes):
    """Changes the weights or the card of a run; the card goes on to describe the file of weights."""
    if tensors is not None:
        save_file(tensors, folder / WEIGHTS)
        changes["weights_sha256"] = file_sha256(folder / WEIGHTS)
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps({**card, **changes}))


def test_a_trained_model_comes_back_as_it_was(run):
    model = load_trained(run)
    stored = load_file(run / WEIGHTS)
    assert {name: value.tolist() for name, value in model.state_dict().items()} == {
        name: value.tolist() for name, value in stored.items()
    }
    assert model.names == NAMES
    assert not model.training
    assert model.target_mean.tolist() == pytest.approx([0.1, 1.1, 2.1, 3.1, 4.1, 5.1])
    assert model.encoder.origin == "untrained"


def test_half_precision_on_disk_is_single_in_memory(run):
    single = wrapped(load_trained(run)).invert(np.ones(1600, np.float32))
    tensors = load_file(run / WEIGHTS)
    rewritten(run, {name: value.half() if value.ndim > 1 else value for name, value in tensors.items()})
    model = load_trained(run)
    assert {value.dtype for value in model.state_dict().values() if value.is_floating_point()} == {
        torch.float32
    }
    half = wrapped(model).invert(np.ones(1600, np.float32))
    assert not np.array_equal(half.values, single.values)
    assert np.abs(half.values - single.values).max() < 0.02


def test_the_origin_of_the_encoder_survives(tmp_path):
    for origin in ("self-supervised", "supervised"):
        folder = finished_run(tmp_path / origin, config(enhances=False), origin)
        assert load_trained(folder).encoder.origin == origin
        assert read_trained_card(folder).title == f"the model joint; encoder small, {origin}"


def test_an_encoder_that_was_left_as_it_was_drawn_is_untrained(tmp_path):
    settings = config(enhances=False)
    frozen = settings.model_copy(update={"encoder": settings.encoder.model_copy(update={"trained": "none"})})
    assert read_trained_card(finished_run(tmp_path / "a", settings)).title.endswith(
        "small, untrained at the start"
    )
    assert read_trained_card(finished_run(tmp_path / "b", frozen)).title.endswith("small, untrained")


def test_a_part_that_no_loss_has_taught_is_not_scored(tmp_path):
    settings = config()
    without = settings.model_copy(update={"losses": settings.losses.model_copy(update={"enhancement": 0.0})})
    assert read_trained_card(finished_run(tmp_path / "a", settings)).does == ("enhance", "invert")
    assert read_trained_card(finished_run(tmp_path / "b", without)).does == ("invert",)


def missing_card(folder):
    (folder / CARD).unlink()


def missing_weights(folder):
    (folder / WEIGHTS).unlink()


def truncated(folder):
    content = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(content[: len(content) // 2])


def pickled(folder):
    torch.save({"a": torch.zeros(1)}, folder / WEIGHTS)


def other_weights(folder):
    save_file({name: value + 1 for name, value in load_file(folder / WEIGHTS).items()}, folder / WEIGHTS)


def lacking(folder):
    tensors = load_file(folder / WEIGHTS)
    del tensors["target_mean"]
    rewritten(folder, tensors)


def foreign(folder):
    rewritten(folder, {**load_file(folder / WEIGHTS), "stranger": torch.zeros(1)})


def misshapen(folder):
    rewritten(folder, {**load_file(folder / WEIGHTS), "target_mean": torch.zeros(7)})


def whole_numbers(folder):
    rewritten(folder, {**load_file(folder / WEIGHTS), "target_mean": torch.zeros(6, dtype=torch.int32)})


def not_finite(folder):
    rewritten(folder, {**load_file(folder / WEIGHTS), "target_mean": torch.full((6,), torch.nan)})


def other_size(folder):
    card = json.loads((folder / CARD).read_text())
    card["config"]["encoder"]["width"] = 32
    rewritten(folder, config=card["config"])


def unknown_key(folder):
    card = json.loads((folder / CARD).read_text())
    rewritten(folder, config={**card["config"], "surprise": 1})


def no_hash(folder):
    rewritten(folder, weights_sha256=None)


def damaged_card(folder):
    (folder / CARD).write_text("{")


def no_table(folder):
    (folder / CARD).write_text("[]")


def invented_origin(folder):
    card = json.loads((folder / CARD).read_text())
    rewritten(folder, encoder={**card["encoder"], "origin": "divine"})


def only_pretrained(folder):
    card = json.loads((folder / CARD).read_text())
    heads = {"inverter": None, "enhancer": None, "task": "pretraining"}
    rewritten(folder, config={**card["config"], **heads})


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (missing_card, "holds no finished training; name a folder that"),
        (missing_weights, "model.safetensors: missing"),
        (truncated, "model.safetensors: holds no readable weights"),
        (pickled, "model.safetensors: holds no readable weights"),
        (other_weights, "is not the file that card.json describes"),
        (lacking, r"lacks target_mean \(1 missing, 0 unknown\)"),
        (foreign, r"holds stranger \(0 missing, 1 unknown\)"),
        (misshapen, r"target_mean has the shape \(7,\) .* describes has \(6,\)"),
        (whole_numbers, r"target_mean has the shape \(6,\) \(torch.int32\)"),
        (not_finite, "target_mean holds NaN or infinity"),
        (other_size, "of the shape|has the shape|of another model"),
        (unknown_key, "card.json: is no card of a trained model .*surprise"),
        (no_hash, "is not the file that card.json describes"),
        (damaged_card, "card.json: is damaged"),
        (no_table, "card.json: is damaged"),
        (invented_origin, "the origin of the encoder is 'divine'"),
        (only_pretrained, "neither enhances nor inverts"),
    ],
)
def test_whatever_is_wrong_with_a_folder_is_said(run, damage, said):
    damage(run)
    with pytest.raises(ModelError, match=said) as caught:
        load_trained(run)
    assert str(run) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("package", ["torch", "safetensors"])
def test_without_torch_the_card_is_read_and_the_extra_is_named(run, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    assert read_trained_card(run).does == ("enhance", "invert")
    with pytest.raises(MissingExtraError, match=rf"'{package}', .* pip install 'sinbad-bench\[joint\]'"):
        load_trained(run)


def test_a_card_says_what_the_model_does_and_which_seed_it_is(tmp_path):
    alone = finished_run(tmp_path / "a", config("se_alone", inverts=False, seed=3))
    card = read_trained_card(alone)
    assert (card.does, card.name) == (("enhance",), "se_alone_seed3")
    assert card.title == "the model se_alone; encoder small, untrained at the start"
    assert (card.parameters, card.seconds, card.memory_mb) == (
        sum(value.numel() for value in load_trained(alone).parameters()),
        12.5,
        34.5,
    )


@pytest.mark.parametrize(
    ("encoder", "shown"),
    [
        ("small", "small"),
        ("whisper-tiny.en", "whisper-tiny.en"),
        ("hf:microsoft/wavlm-large", "hf:microsoft/wavlm-large"),
        ("hf:/data/models/wavlm", "hf:wavlm"),
        ("hf:~/wavlm", "hf:wavlm"),
        ("torchaudio:WAVLM_LARGE=/data/w.pt", "torchaudio:WAVLM_LARGE=w.pt"),
    ],
)
def test_no_path_of_a_machine_is_shown(encoder, shown):
    assert without_path(encoder) == shown


def test_titles_hold_no_line_breaks(run):
    assert not re.search(r"\n", read_trained_card(run).title)
