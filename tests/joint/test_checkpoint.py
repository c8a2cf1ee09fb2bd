from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from benchmark.errors import ModelError
from benchmark.joint import checkpoint
from benchmark.joint.checkpoint import Progressed

RUN = {"config": {"training": {"seed": 1}}, "data": "a"}


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


def stepped(model, steps=3):
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.1, fused=True)
    for step in range(steps):
        optimiser.zero_grad()
        torch.manual_seed(step)
        model(torch.randn(5, 3)).square().sum().backward()
        optimiser.step()
    return optimiser


@pytest.fixture
def saved(tmp_path):
    model = network()
    optimiser = stepped(model)
    progressed = Progressed(
        epochs=1, steps=3, best_epoch=1, best_score=0.5, history=[{"epoch": 1, "loss": 0.1}]
    )
    checkpoint.save(tmp_path, model, optimiser, progressed, RUN)
    return tmp_path, model, optimiser, progressed


def test_everything_comes_back(saved):
    folder, model, optimiser, progressed = saved
    other = network(9)
    other_optimiser = torch.optim.AdamW(other.parameters(), lr=0.1, fused=True)
    assert checkpoint.restore(folder, other, other_optimiser, RUN) == progressed
    for one, two in ((model, optimiser), (other, other_optimiser)):
        # The next step is the same only if moments and counts came back too.
        two.zero_grad()
        torch.manual_seed(7)
        one(torch.randn(5, 3)).square().sum().backward()
        two.step()
    assert all(torch.equal(value, other.state_dict()[key]) for key, value in model.state_dict().items())


def test_only_the_last_epoch_and_the_best_are_kept(saved):
    folder, model, optimiser, progressed = saved
    best = model.state_dict()["0.weight"].clone()
    with torch.no_grad():
        model[0].weight += 1.0
    progressed.epochs = 2
    checkpoint.save(folder, model, optimiser, progressed, RUN)
    names = sorted(path.name for path in (folder / checkpoint.FOLDER).iterdir())
    assert names == ["best.safetensors", "epoch-0002.safetensors", "state.json"]
    assert torch.equal(checkpoint.best_weights(folder)["0.weight"], best)


def test_a_write_that_fails_leaves_the_checkpoint_before(saved, monkeypatch):
    folder, model, optimiser, progressed = saved
    before = {path.name: path.read_bytes() for path in (folder / checkpoint.FOLDER).iterdir()}

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    progressed.epochs = 2
    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save(folder, model, optimiser, progressed, RUN)
    assert {path.name: path.read_bytes() for path in (folder / checkpoint.FOLDER).iterdir()} == before


def test_another_configuration_is_not_gone_on_with(saved):
    folder, model, optimiser, _ = saved
    now = {"config": {"training": {"seed": 2}}, "data": "a"}
    with pytest.raises(
        ModelError, match=r"was started with config.training.seed = 1, now 2. Go on with the same"
    ):
        checkpoint.restore(folder, model, optimiser, now)


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("state.json", lambda raw: raw[:50], "state.json: is damaged"),
        ("state.json", lambda raw: b"[]", "state.json: is damaged"),
        ("state.json", lambda raw: raw.replace(b'"format": 1', b'"format": 7'), "another version"),
        ("epoch-0001.safetensors", lambda raw: raw[: len(raw) // 2], "holds no readable weights"),
        ("epoch-0001.safetensors", lambda raw: b"", "holds no readable weights"),
    ],
)
def test_damage_is_named(saved, name, damage, message):
    folder, model, optimiser, _ = saved
    path = folder / checkpoint.FOLDER / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ModelError, match=message):
        checkpoint.restore(folder, model, optimiser, RUN)


def test_weights_that_went_away_or_belong_elsewhere_are_named(saved):
    folder, _, optimiser, _ = saved
    small = nn.Linear(3, 4)
    with pytest.raises(ModelError, match=r"epoch-0001.safetensors: holds the weights of another model"):
        checkpoint.restore(folder, small, optimiser, RUN)
    (folder / checkpoint.FOLDER / "epoch-0001.safetensors").unlink()
    with pytest.raises(ModelError, match=r"epoch-0001.safetensors: missing"):
        checkpoint.restore(folder, network(), optimiser, RUN)


def test_nothing_in_a_checkpoint_is_a_pickle(saved):
    folder, *_ = saved
    json.loads((folder / checkpoint.FOLDER / "state.json").read_text())
    for path in (folder / checkpoint.FOLDER).glob("*.safetensors"):
        size = int.from_bytes(path.read_bytes()[:8], "little")
        json.loads(path.read_bytes()[8 : 8 + size])  # the header that every safetensors file begins with
