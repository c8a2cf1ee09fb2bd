from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmark.joint.encoders.origin import never_learnt, stated_origin


@pytest.mark.parametrize(
    ("architectures", "keys", "wanted"),
    [
        (["WavLMModel"], [], "self-supervised"),
        (["Wav2Vec2ForPreTraining"], ["quantizer.codevectors", "project_hid.weight"], "self-supervised"),
        (["HubertForCTC"], [], "supervised"),
        (["SomethingNew"], [], "supervised"),
        (["WavLMModel"], ["lm_head.weight"], "supervised"),
        ([], ["classifier.bias"], "supervised"),
        ([], [], "self-supervised"),
    ],
)
def test_what_a_checkpoint_says_of_itself(architectures, keys, wanted) -> None:
    assert stated_origin(architectures, keys) == wanted


def test_one_moved_normalisation_is_enough_to_have_learnt() -> None:
    network = nn.Sequential(
        nn.Linear(3, 4), nn.LayerNorm(4), nn.GroupNorm(2, 4, affine=False), nn.LayerNorm(4)
    )
    assert never_learnt(network)
    nn.init.normal_(network[0].weight)
    assert never_learnt(network)
    with torch.no_grad():
        network[3].bias[2] = 1e-6
    assert not never_learnt(network)
