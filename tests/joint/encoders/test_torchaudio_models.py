from __future__ import annotations

import re

import pytest
import torch

from benchmark.errors import ModelError
from benchmark.joint.encoders import torchaudio_guard
from benchmark.joint.encoders.contract import frames_of
from benchmark.joint.encoders.freezing import set_trainable
from benchmark.joint.encoders.registry import load_encoder
from tests.joint.encoders.checkpoints import (
    FAMILIES,
    LAYERS,
    WIDTH,
    Evil,
    as_if_trained,
    break_weights,
    change_json,
    waves,
    write,
)


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_both_libraries_give_equal_hidden_states(tmp_path, family, large) -> None:
    write(tmp_path, family, large=large)
    one, other = load_encoder(f"hf:{tmp_path}"), load_encoder(f"torchaudio:{tmp_path}")
    assert (one.width, one.layers, one.origin) == (other.width, other.layers, other.origin)
    batch, lengths = waves(7777, batch=2), torch.tensor([7777, 3000])
    batch[1, 3000:] = 0.0
    for given in (None, lengths):
        for ours, theirs in zip(one(batch, given), other(batch, given), strict=True):
            assert ours.shape == (2, frames_of(7777), WIDTH)
            torch.testing.assert_close(ours[0], theirs[0], atol=1e-5, rtol=0)
            torch.testing.assert_close(
                ours[1, : frames_of(3000)], theirs[1, : frames_of(3000)], atol=1e-5, rtol=0
            )


def test_both_libraries_train_alike(copy) -> None:
    slopes = []
    for kind in ("hf", "torchaudio"):
        encoder = load_encoder(f"{kind}:{copy}").eval()
        set_trainable(encoder, "all")
        heard = waves(4000).requires_grad_()
        sum(layer.square().mean() for layer in encoder(heard)).backward()
        assert not [name for name, weight in encoder.named_parameters() if weight.grad is None]
        slopes.append(heard.grad)
    torch.testing.assert_close(slopes[0], slopes[1], atol=1e-5, rtol=1e-3)


def test_blocks_hold_every_weight_once(tmp_path) -> None:
    for large in (False, True):
        encoder = load_encoder(f"torchaudio:{write(tmp_path / str(large), 'hubert', large=large)}")
        held = [id(weight) for block in encoder.trainable_blocks() for weight in block.parameters()]
        assert len(encoder.trainable_blocks()) == LAYERS + 1
        assert sorted(held) == sorted(id(weight) for weight in encoder.parameters())


@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
def test_weights_named_as_torchaudio_names_them_need_a_config_beside_them(copy, ending) -> None:
    from safetensors.torch import save_file

    encoder = load_encoder(f"torchaudio:{copy}")
    state = {name: value.contiguous() for name, value in encoder.network.state_dict().items()}
    path = copy / f"weights{ending}"
    torch.save(state, path) if ending == ".pt" else save_file(state, path)
    again = load_encoder(f"torchaudio:{path}")
    assert again.origin == "self-supervised"
    assert torch.equal(again(waves(3000))[-1], encoder(waves(3000))[-1])
    (copy / "config.json").unlink()
    with pytest.raises(ModelError, match=r"put its config\.json .* beside the file"):
        load_encoder(f"torchaudio:{path}")


def test_a_file_with_a_head_is_supervised_and_one_never_trained_untrained(copy) -> None:
    state = load_encoder(f"torchaudio:{copy}").network.state_dict()
    torch.save(state | {"aux.weight": torch.zeros(3, WIDTH)}, copy / "weights.pt")
    assert load_encoder(f"torchaudio:{copy / 'weights.pt'}").origin == "supervised"
    state = load_encoder(f"torchaudio:{copy}", untrained=True).network.state_dict()
    torch.save(state, copy / "weights.pt")
    assert load_encoder(f"torchaudio:{copy / 'weights.pt'}").origin == "untrained"


def test_the_layouts_own_file_stands_for_its_folder(copy) -> None:
    one, other = (load_encoder(f"torchaudio:{place}") for place in (copy, copy / "model.safetensors"))
    assert torch.equal(one(waves(3000))[-1], other(waves(3000))[-1])


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", {"encoder.x": torch.zeros(1)}, [1, 2], {"x": Evil("/tmp/never")}]
)
def test_files_of_something_else_are_refused(copy, content) -> None:
    path = copy / "weights.pt"
    path.write_bytes(content) if isinstance(content, bytes) else torch.save(content, path)
    with pytest.raises(ModelError, match=r"weights\.pt: not the weights of the network"):
        load_encoder(f"torchaudio:{path}")


def test_damage_in_a_folder_is_said_as_for_transformers(copy) -> None:
    break_weights(copy)
    with pytest.raises(ModelError, match=re.escape(f"{copy}: the weights cannot be loaded")):
        load_encoder(f"torchaudio:{copy}")


def test_what_torchaudio_has_no_network_for_is_sent_to_transformers(copy) -> None:
    change_json(copy / "config.json", hidden_act="relu")
    with pytest.raises(ModelError, match="load it with hf:"):
        load_encoder(f"torchaudio:{copy}")


@pytest.fixture
def bundles(monkeypatch, tmp_path):
    """Two tiny bundles of torchaudio, one of them fine-tuned, and a hub folder for them."""
    library = torchaudio_guard.torchaudio()
    sizes = {
        "extractor_mode": "layer_norm",
        "extractor_conv_layer_config": [(16, 10, 5), *[(16, 3, 2)] * 4, *[(16, 2, 2)] * 2],
        "extractor_conv_bias": True,
        "encoder_embed_dim": WIDTH,
        "encoder_projection_dropout": 0.0,
        "encoder_pos_conv_kernel": 16,
        "encoder_pos_conv_groups": 4,
        "encoder_num_layers": LAYERS,
        "encoder_num_heads": 4,
        "encoder_attention_dropout": 0.0,
        "encoder_ff_interm_features": 48,
        "encoder_ff_interm_dropout": 0.0,
        "encoder_dropout": 0.0,
        "encoder_layer_norm_first": True,
        "encoder_layer_drop": 0.5,
    }
    plain, asr = library.pipelines.HUBERT_LARGE, library.pipelines.HUBERT_ASR_LARGE
    monkeypatch.setattr(plain, "_params", sizes | {"aux_num_out": None})
    monkeypatch.setattr(asr, "_params", sizes | {"aux_num_out": len(asr.get_labels())})
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return plain, asr, folder


def state_of(bundle, trained=True):
    torch.manual_seed(1)
    network = torchaudio_guard.torchaudio().models.wav2vec2_model(**bundle._params)
    if trained:
        as_if_trained(network)
    state = network.state_dict()
    if hasattr(bundle, "get_labels"):
        # The published files carry three outputs that torchaudio takes out again.
        for name in ("aux.weight", "aux.bias"):
            state[name] = torch.cat(
                [state[name][:1], torch.zeros(3, *state[name].shape[1:]), state[name][1:]]
            )
    return state


def test_bundles_come_from_torchs_hub_folder_or_a_given_file(bundles, tmp_path) -> None:
    plain, _, folder = bundles
    torch.save(state_of(plain), folder / plain._path)
    encoder = load_encoder("torchaudio:HUBERT_LARGE")
    assert (encoder.origin, encoder.normalise, encoder.masks) == ("self-supervised", True, True)
    states = encoder.train()(waves(4000))
    assert [tuple(layer.shape) for layer in states] == [(1, 13, WIDTH)] * (LAYERS + 1)
    (folder / plain._path).rename(tmp_path / "mine.pt")
    again = load_encoder(f"torchaudio:HUBERT_LARGE={tmp_path / 'mine.pt'}")
    assert torch.equal(again.eval()(waves(4000))[-1], encoder.eval()(waves(4000))[-1])


def test_bundles_fine_tuned_for_transcription_are_supervised_and_lose_their_head(bundles) -> None:
    _, asr, folder = bundles
    torch.save(state_of(asr), folder / asr._path)
    encoder = load_encoder("torchaudio:HUBERT_ASR_LARGE")
    assert encoder.origin == "supervised"
    assert not [name for name, _ in encoder.named_parameters() if "aux" in name]


def test_a_bundles_file_of_random_weights_is_untrained(bundles) -> None:
    plain, _, folder = bundles
    torch.save(state_of(plain, trained=False), folder / plain._path)
    assert load_encoder("torchaudio:HUBERT_LARGE").origin == "untrained"


def test_bundles_with_missing_foreign_or_harmful_files(bundles, tmp_path) -> None:
    plain, _, folder = bundles
    state = state_of(plain)
    del state["encoder.transformer.layers.0.attention.k_proj.bias"]
    torch.save(state, folder / plain._path)
    with pytest.raises(ModelError, match=rf"{plain._path}: not the weights of HUBERT_LARGE .*k_proj\.bias"):
        load_encoder("torchaudio:HUBERT_LARGE")
    torch.save({"x": Evil(tmp_path / "was_here")}, folder / plain._path)
    with pytest.raises(ModelError, match="not the weights of HUBERT_LARGE"):
        load_encoder("torchaudio:HUBERT_LARGE")
    assert not (tmp_path / "was_here").exists()
    with pytest.raises(ModelError, match=r"no\.pt: no such file"):
        load_encoder("torchaudio:HUBERT_LARGE=no.pt")


def test_without_a_network_the_place_for_the_file_is_named(bundles, monkeypatch) -> None:
    from urllib.error import URLError

    def unreachable(*args, **kwargs):
        raise URLError("no network")

    plain, _, folder = bundles
    monkeypatch.setattr(torch.hub, "download_url_to_file", unreachable)
    with pytest.raises(ModelError, match=f"put them at {re.escape(str(folder / plain._path))}"):
        load_encoder("torchaudio:HUBERT_LARGE")


def test_unknown_bundles_are_answered_with_those_there_are() -> None:
    with pytest.raises(ModelError, match=r"no bundle 'WAVLM_HUGE'.*WAVLM_LARGE"):
        load_encoder("torchaudio:WAVLM_HUGE")
