"""Hidden layers of encoders are representations under names of one line."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("torch")

from benchmark.errors import ModelError
from benchmark.files import trained_models
from benchmark.models import encoders, load
from benchmark.runners.in_process import run_in_process
from benchmark.types import Clip

#: A shipped model, and how many hidden states its encoder has.
PRETRAINED = "si_noisy"
LAYERS = (
    1 + json.loads((trained_models() / PRETRAINED / "card.json").read_text())["config"]["encoder"]["layers"]
)
NOISE = Clip(np.random.default_rng(1).normal(0, 0.1, 16100).astype(np.float32), 16000)


def features(spec, clip=NOISE):
    entry = load(spec)
    assert entry.how.does == ("represent",)
    prediction = run_in_process(entry.how.make(), clip, ("represent",))
    assert prediction.represent_error == ""
    return prediction.features


def test_the_last_layer_is_meant_unless_another_is_named():
    last = features(f"encoder:{PRETRAINED}")
    layers = [features(f"encoder:{PRETRAINED}@{number}").values for number in range(LAYERS)]
    assert (last.values.shape[0], last.rate_hz) == (51, 50.0)
    assert last.values.tobytes() == layers[-1].tobytes()
    assert len({values.tobytes() for values in layers}) == LAYERS
    assert load(f"encoder:{PRETRAINED}@2").name == f"{PRETRAINED}@2"
    assert "train" in load(f"encoder:{PRETRAINED}").declared.trained_on


def test_an_untrained_encoder_is_the_same_every_time():
    first, second = features("encoder:small"), features("encoder:small")
    assert first.values.tobytes() == second.values.tobytes()
    assert load("encoder:small").declared.trained_on == ("nothing",)


def test_the_folder_of_a_training_is_an_encoder_too():
    by_name, by_folder = (load(f"encoder:{place}") for place in (PRETRAINED, trained_models() / PRETRAINED))
    assert by_name.source_sha256 == by_folder.source_sha256
    assert by_name.name == by_folder.name
    hashes = {load(f"encoder:{PRETRAINED}{which}").source_sha256 for which in ("", "@0", "@1")}
    assert len(hashes) == 3


def test_level_and_pieces_do_not_matter(monkeypatch):
    whole = features(f"encoder:{PRETRAINED}@1").values
    assert features(f"encoder:{PRETRAINED}@1", Clip(NOISE.samples / 16, 16000)).values == pytest.approx(
        whole, abs=1e-4
    )
    monkeypatch.setattr(encoders, "_PIECE_S", 0.4)
    pieces = features(f"encoder:{PRETRAINED}@1").values
    assert pieces.shape == whole.shape
    assert np.abs(pieces - whole).max() < 1e-3 * np.abs(whole).max()


@pytest.mark.parametrize("samples", [0, 1, 160])
def test_hardly_any_sound_has_one_frame(samples):
    assert len(features("encoder:small", Clip(np.zeros(samples, np.float32), 16000)).values) == 1


def test_what_is_no_encoder_is_named():
    with pytest.raises(ModelError, match=rf"no encoder 'nope'; there are: small; .*{PRETRAINED}"):
        load("encoder:nope")
    with pytest.raises(ModelError, match=f"has the layers 0 to {LAYERS - 1}, no 70"):
        load(f"encoder:{PRETRAINED}@70").how.make()
    assert load(f"logmmse+encoder:{PRETRAINED}@2").name == f"logmmse+{PRETRAINED}@2"
    assert load("encoder:hf:owner/name@9").name == "hf_owner_name@9"
    assert load("encoder:hf:owner/name").declared.trained_on == ("speech",)


@pytest.mark.parametrize("kind", ["hf", "torchaudio"])
def test_a_folder_of_other_peoples_weights(kind, tmp_path, monkeypatch):
    pytest.importorskip("transformers")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from tests.joint.encoders.checkpoints import write

    folder = write(tmp_path / "wavlm", "wavlm")
    found = features(f"encoder:{kind}:{folder}@1")
    assert (len(found.values), found.rate_hz) == (51, 50.0)
    entry = load(f"encoder:{kind}:{folder}@1")
    assert entry.name == f"{kind}_wavlm@1"
    assert str(tmp_path) not in f"{entry.title}{entry.source}"
    (folder / "more").write_text("x")
    assert load(f"encoder:{kind}:{folder}@1").source_sha256 != entry.source_sha256
