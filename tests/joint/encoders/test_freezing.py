from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmark.errors import ModelError
from benchmark.joint.encoders.freezing import set_trainable
from benchmark.joint.encoders.small import SmallEncoder
from benchmark.joint.encoders.whisper import WhisperEncoder

LAYERS = 3


@pytest.fixture(params=["small", "whisper"])
def encoder(request):
    torch.manual_seed(2)
    if request.param == "small":
        return SmallEncoder(LAYERS, 16, 0.3)
    return WhisperEncoder("untrained", 64, LAYERS, 1)


def learning(encoder):
    """For each block whether its weights learn; they all do or none does."""
    found = [{weight.requires_grad for weight in block.parameters()} for block in encoder.trainable_blocks()]
    assert all(len(states) == 1 for states in found)
    return [states == {True} for states in found]


@pytest.mark.parametrize(
    ("which", "wanted"),
    [
        ("all", [True, True, True, True]),
        ("none", [False, False, False, False]),
        ("no-front", [False, True, True, True]),
        ("last:1", [False, False, False, True]),
        ("last:2", [False, False, True, True]),
        ("last:3", [False, True, True, True]),
    ],
)
def test_what_is_asked_for_learns(encoder, which, wanted) -> None:
    for before in ("all", "none"):
        set_trainable(encoder, before)
        set_trainable(encoder, which)
        assert learning(encoder) == wanted


def test_only_what_learns_changes_in_a_step(encoder) -> None:
    set_trainable(encoder, "last:1")
    encoder.train()
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    optimiser = torch.optim.AdamW(encoder.parameters(), lr=0.1)
    encoder(torch.randn(2, 4000))[-1].square().mean().backward()
    optimiser.step()
    changed = {name for name, value in encoder.state_dict().items() if not torch.equal(value, before[name])}
    last = encoder.trainable_blocks()[-1]
    allowed = {
        name for name, weight in encoder.named_parameters() if any(weight is own for own in last.parameters())
    }
    assert changed
    assert changed <= allowed


def test_a_frozen_encoder_stays_in_evaluation_when_the_whole_model_trains() -> None:
    encoder = SmallEncoder(LAYERS, 16, 0.5)
    model = nn.Sequential(encoder)
    set_trainable(encoder, "none")
    model.train()
    heard = torch.randn(1, 4000)
    assert model.training
    assert not [module for module in encoder.modules() if module.training]
    assert all(torch.equal(one, other) for one, other in zip(encoder(heard), encoder(heard), strict=True))


def test_frozen_layers_stay_in_evaluation_below_ones_that_learn() -> None:
    encoder = SmallEncoder(LAYERS, 16, 0.5).train()
    set_trainable(encoder, "last:1")
    for _ in range(2):
        front, *lower, last = encoder.trainable_blocks()
        assert not [module for block in (front, *lower) for module in block.modules() if module.training]
        assert last.training
        encoder.train()


def test_what_learns_again_returns_to_training_and_evaluation_stays_evaluation() -> None:
    encoder = SmallEncoder(LAYERS, 16, 0.5)
    set_trainable(encoder, "none")
    assert not encoder.training
    set_trainable(encoder, "all")
    encoder.train()
    assert all(module.training for module in encoder.modules())
    encoder.eval()
    set_trainable(encoder, "last:1")
    assert not any(module.training for module in encoder.modules())


@pytest.mark.parametrize("which", ["last:0", "last:4", "last:99"])
def test_as_many_layers_as_there_are(encoder, which) -> None:
    with pytest.raises(ModelError, match=f"{which}: the encoder .* has 3 layers; N is from 1 to 3"):
        set_trainable(encoder, which)


@pytest.mark.parametrize("which", ["", "some", "last", "last:-1", "last:x", "last:1 ", "ALL"])
def test_other_words_are_refused_and_change_nothing(encoder, which) -> None:
    set_trainable(encoder, "no-front")
    with pytest.raises(ModelError, match="all, none, last:N or no-front"):
        set_trainable(encoder, which)
    assert learning(encoder) == [False, True, True, True]
