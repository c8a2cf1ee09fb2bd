from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from benchmark.errors import MissingExtraError, ModelError
from benchmark.joint.encoders import hugging_face, origin
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


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return write(tmp_path_factory.mktemp("base"), "hubert", large=False)


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_layer_is_as_transformers_gives_it(tmp_path, family, large) -> None:
    import transformers

    write(tmp_path, family, large=large)
    encoder = load_encoder(f"hf:{tmp_path}")
    heard = waves(4080)  # exactly what 12.5 frames need: nothing is padded
    states = encoder(heard)
    network = transformers.AutoModel.from_pretrained(tmp_path)
    extractor = transformers.AutoFeatureExtractor.from_pretrained(tmp_path)
    values = extractor(heard[0].numpy(), sampling_rate=16000, return_tensors="pt").input_values
    padded = torch.nn.functional.pad(values, (0, 4240 - 4080))
    given = network(padded, output_hidden_states=True)
    wanted = [*given.hidden_states[:-1], given.last_hidden_state]
    assert (encoder.layers, encoder.width, encoder.origin) == (LAYERS + 1, WIDTH, "self-supervised")
    assert len(states) == len(wanted) == encoder.layers
    for ours, theirs in zip(states, wanted, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)


@pytest.mark.parametrize("samples", [1, 319, 320, 321, 399, 400, 16000])
def test_every_length_has_its_frames(wavlm, samples) -> None:
    states = load_encoder(f"hf:{wavlm}").eval()(waves(samples, batch=2))
    assert {tuple(layer.shape) for layer in states} == {(2, frames_of(samples), WIDTH)}
    assert all(layer.isfinite().all() for layer in states)


def test_a_hidden_state_is_centred_at_its_place(wavlm) -> None:
    heard = waves(16000).requires_grad_()
    features = load_encoder(f"hf:{wavlm}").network.feature_extractor(heard)
    (slope,) = torch.autograd.grad(features[0, :, 20].sum(), heard)
    touched = torch.nonzero(slope[0])[:, 0]
    assert (int(touched.min()), int(touched.max())) == (320 * 20, 320 * 20 + 399)


def test_padding_in_a_batch_changes_nothing_where_the_model_masks_it(wavlm) -> None:
    encoder = load_encoder(f"hf:{wavlm}")
    short, long = waves(3333), waves(8000, seed=1)
    batch = torch.zeros(2, 8000)
    batch[0, :3333], batch[1] = short[0], long[0]
    together = encoder(batch, torch.tensor([3333, 8000]))
    for alone, both in zip(encoder(short), together, strict=True):
        torch.testing.assert_close(both[:1, : frames_of(3333)], alone, atol=1e-5, rtol=0)
    for alone, both in zip(encoder(long), together, strict=True):
        torch.testing.assert_close(both[1:], alone, atol=1e-5, rtol=0)


def test_base_models_hear_padding_as_they_were_pretrained(base) -> None:
    encoder = load_encoder(f"hf:{base}")
    heard = waves(4000, batch=2)
    assert not encoder.masks
    with_lengths, without = encoder(heard, torch.tensor([2000, 4000])), encoder(heard)
    assert all(torch.equal(one, other) for one, other in zip(with_lengths, without, strict=True))


def test_large_models_do_not_depend_on_level(wavlm, base) -> None:
    encoder = load_encoder(f"hf:{wavlm}")
    assert encoder.normalise
    assert not load_encoder(f"hf:{base}").normalise
    torch.testing.assert_close(encoder(5 * waves(4000))[-1], encoder(waves(4000))[-1], atol=1e-3, rtol=0)


def test_without_a_description_of_the_input_large_models_normalise(copy, tmp_path_factory) -> None:
    (copy / "preprocessor_config.json").unlink()
    assert load_encoder(f"hf:{copy}").normalise
    folder = write(tmp_path_factory.mktemp("plain"), "hubert", large=False, input_file=False)
    assert not load_encoder(f"hf:{folder}").normalise


def test_training_uses_every_weight_and_no_foreign_random_state(wavlm, base) -> None:
    for folder in (wavlm, base):
        encoder = load_encoder(f"hf:{folder}").train()
        set_trainable(encoder, "all")
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        states = encoder(waves(16000), torch.tensor([16000]))
        assert len(states) == encoder.layers
        assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002
        sum(layer.square().mean() for layer in states).backward()
        assert not [name for name, weight in encoder.named_parameters() if weight.grad is None]


def test_sound_that_was_computed_is_heard_in_training(wavlm, base) -> None:
    for folder in (wavlm, base):
        encoder = load_encoder(f"hf:{folder}").train()
        gain = torch.ones((), requires_grad=True)
        encoder(gain * torch.randn(1, 4000))[-1].square().sum().backward()
        assert gain.grad is not None
        assert gain.grad.isfinite()


def test_blocks_hold_every_weight_once(wavlm, base) -> None:
    for folder in (wavlm, base):
        encoder = load_encoder(f"hf:{folder}")
        held = [id(weight) for block in encoder.trainable_blocks() for weight in block.parameters()]
        assert len(encoder.trainable_blocks()) == LAYERS + 1
        assert sorted(held) == sorted(id(weight) for weight in encoder.parameters())


@pytest.mark.parametrize(
    ("family", "head"), [("wavlm", "ForCTC"), ("hubert", "ForCTC"), ("wav2vec2", "ForSequenceClassification")]
)
def test_fine_tuned_on_labels_is_supervised(tmp_path, family, head) -> None:
    write(tmp_path, family, head=head)
    assert load_encoder(f"hf:{tmp_path}").origin == "supervised"
    # Also where the configuration hides it but the head is still among the weights.
    change_json(tmp_path / "config.json", architectures=[f"{FAMILIES[family]}Model"])
    assert load_encoder(f"hf:{tmp_path}").origin == "supervised"


def test_pretraining_heads_are_self_supervised(tmp_path) -> None:
    write(tmp_path, "wav2vec2", head="ForPreTraining")
    assert load_encoder(f"hf:{tmp_path}").origin == "self-supervised"


@pytest.mark.parametrize("large", [False, True])
def test_random_weights_are_untrained_whatever_their_file_says(tmp_path, large) -> None:
    write(tmp_path, "wavlm", trained=False, large=large)
    assert load_encoder(f"hf:{tmp_path}").origin == "untrained"


def test_untrained_stays_so_when_transformers_saves_it(copy, tmp_path_factory) -> None:
    encoder = load_encoder(f"hf:{copy}", untrained=True)
    assert encoder.origin == "untrained"
    # Training on the task alone is no pretraining.
    as_if_trained(encoder.network)
    saved = tmp_path_factory.mktemp("saved")
    encoder.network.save_pretrained(saved)
    assert not origin.never_learnt(encoder)
    assert load_encoder(f"hf:{saved}").origin == "untrained"


def test_untrained_reads_no_weights_and_follows_torchs_seed(copy) -> None:
    (copy / "model.safetensors").unlink()
    torch.manual_seed(5)
    one = load_encoder(f"hf:{copy}", untrained=True).state_dict()
    torch.manual_seed(5)
    other = load_encoder(f"hf:{copy}", untrained=True).state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_pickles_of_tensors_load_and_pickles_of_code_do_not(copy) -> None:
    from safetensors.torch import load_file

    wanted = load_encoder(f"hf:{copy}")(waves(3000))[-1]
    state = load_file(copy / "model.safetensors")
    (copy / "model.safetensors").unlink()
    torch.save(state, copy / "pytorch_model.bin")
    assert torch.equal(load_encoder(f"hf:{copy}")(waves(3000))[-1], wanted)
    torch.save(state | {"evil": Evil(copy / "was_here")}, copy / "pytorch_model.bin")
    with pytest.raises(ModelError, match="the weights cannot be loaded"):
        load_encoder(f"hf:{copy}")
    assert not (copy / "was_here").exists()


def test_half_precision_is_loaded_as_single(copy) -> None:
    from safetensors.torch import load_file, save_file

    state = load_file(copy / "model.safetensors")
    save_file(
        {name: value.half() for name, value in state.items()}, copy / "model.safetensors", {"format": "pt"}
    )
    change_json(copy / "config.json", dtype="float16")
    assert {weight.dtype for weight in load_encoder(f"hf:{copy}").parameters()} == {torch.float32}


def test_loading_is_silent(copy, capfd) -> None:
    load_encoder(f"hf:{copy}")
    written = capfd.readouterr()
    assert (written.out, written.err) == ("", "")


def drop_weight(folder, start):
    from safetensors.torch import load_file, save_file

    state = load_file(folder / "model.safetensors")
    save_file(
        {name: value for name, value in state.items() if not name.startswith(start)},
        folder / "model.safetensors",
        {"format": "pt"},
    )


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "config.json").unlink(), "no config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json cannot be read"),
        (lambda folder: (folder / "config.json").write_text("{}"), "config.json cannot be read"),
        (
            lambda folder: (folder / "preprocessor_config.json").write_text("{"),
            "preprocessor_config.json: cannot be read",
        ),
        (lambda folder: (folder / "preprocessor_config.json").write_text("[]"), "not a table"),
        (
            lambda folder: change_json(folder / "preprocessor_config.json", sampling_rate=8000),
            "made for audio at 8000 Hz; encoders here hear 16000 Hz",
        ),
        (lambda folder: (folder / "model.safetensors").unlink(), "the weights cannot be loaded"),
        (break_weights, "the weights cannot be loaded"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b""), "the weights cannot be loaded"),
        (
            lambda folder: drop_weight(folder, "encoder.layers.1.attention"),
            "weights of the network are missing, e.g. encoder.layers.1",
        ),
        (lambda folder: drop_weight(folder, ""), "missing|cannot be loaded"),
        (
            lambda folder: change_json(folder / "config.json", num_hidden_layers=5),
            "weights of the network are missing",
        ),
        (
            lambda folder: change_json(folder / "config.json", intermediate_size=40),
            "missing|cannot be loaded",
        ),
        (lambda folder: change_json(folder / "config.json", model_type="bert"), "a network of type 'bert'"),
        (
            lambda folder: change_json(folder / "config.json", model_type="nonsense"),
            "config.json cannot be read",
        ),
        (lambda folder: change_json(folder / "config.json", add_adapter=True), "adapter"),
        (
            lambda folder: change_json(folder / "config.json", conv_stride=[5, 2, 2, 2, 2, 2, 1]),
            "one hidden state every 160",
        ),
    ],
)
def test_damage_is_said_with_the_place(copy, damage, message) -> None:
    damage(copy)
    with pytest.raises(ModelError, match=message) as caught:
        load_encoder(f"hf:{copy}")
    assert str(copy) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_folder_a_file_and_an_unknown_name(copy) -> None:
    with pytest.raises(ModelError, match="no such folder"):
        load_encoder("hf:/no/such/folder")
    with pytest.raises(ModelError, match="give the folder"):
        load_encoder(f"hf:{copy / 'model.safetensors'}")
    with pytest.raises(ModelError, match="nobody/none: neither a folder here nor to be had"):
        load_encoder("hf:nobody/none")


def test_without_transformers_the_extra_is_named(monkeypatch, copy) -> None:
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(MissingExtraError, match=r"sinbad-bench\[encoders\]"):
        hugging_face.pretrained(str(copy), "x")


def test_the_configuration_on_disk_is_left_as_it_was(copy) -> None:
    before = json.loads((copy / "config.json").read_text())
    load_encoder(f"hf:{copy}")
    assert json.loads((copy / "config.json").read_text()) == before
