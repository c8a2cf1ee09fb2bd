from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from benchmark.errors import ModelError, SinbadError
from benchmark.joint.encoders.registry import load_encoder
from benchmark.joint.encoders.small import SmallEncoder
from benchmark.joint.encoders.stored import load_weights, save_weights
from tests.joint.encoders.checkpoints import as_if_trained, write


def small(width=16):
    return SmallEncoder(2, width, 2, 0.1)


@pytest.mark.parametrize("origin", ["self-supervised", "supervised", "untrained"])
def test_weights_and_origin_come_back(tmp_path, origin) -> None:
    saved, loaded = small(), small()
    saved.origin = origin
    save_weights(saved, tmp_path / "deep" / "x.safetensors")
    load_weights(loaded, tmp_path / "deep" / "x.safetensors")
    assert loaded.origin == origin
    assert all(torch.equal(value, loaded.state_dict()[name]) for name, value in saved.state_dict().items())


def test_an_untrained_encoder_stays_so_when_others_learnt_before_it(tmp_path) -> None:
    write(tmp_path / "hf", "wavlm")
    untrained, pretrained = (
        load_encoder(f"hf:{tmp_path / 'hf'}", **options) for options in ({"untrained": True}, {})
    )
    as_if_trained(untrained)
    save_weights(untrained, tmp_path / "x.safetensors")
    load_weights(pretrained, tmp_path / "x.safetensors")
    assert pretrained.origin == "untrained"


def test_another_network_is_refused_and_nothing_changes(tmp_path) -> None:
    save_weights(small(32), tmp_path / "x.safetensors")
    encoder = small()
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    with pytest.raises(
        ModelError, match=r"x\.safetensors: holds the encoder 'small', not 'small' of this size"
    ):
        load_weights(encoder, tmp_path / "x.safetensors")
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())
    assert encoder.origin == "untrained"


def test_files_without_origin_truncated_or_missing(tmp_path) -> None:
    path = tmp_path / "x.safetensors"
    with pytest.raises(ModelError, match="no such file"):
        load_weights(small(), path)
    save_file(small().state_dict(), path)
    with pytest.raises(ModelError, match="does not say where its weights come from"):
        load_weights(small(), path)
    save_file(small().state_dict(), path, {"origin": "found somewhere"})
    with pytest.raises(ModelError, match="does not say where its weights come from"):
        load_weights(small(), path)
    save_weights(small(), path)
    whole = path.read_bytes()
    for size in (0, 4, 100, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(ModelError, match="not a whole safetensors file"):
            load_weights(small(), path)


def test_a_folder_that_cannot_be_written(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SinbadError, match="cannot be written"):
        save_weights(small(), tmp_path / "file" / "x.safetensors")
