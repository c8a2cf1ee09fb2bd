from __future__ import annotations

import sys

import pytest

from benchmark.errors import ModelError
from benchmark.joint.encoders import registry
from benchmark.joint.encoders.registry import available, load_encoder
from tests.joint.encoders.checkpoints import write


@pytest.mark.parametrize(
    "spec", ["", "large", "hf", "hf:", "torchaudio:", "small:", "whisper-base", "HF:x", "file:x"]
)
def test_unknown_names_are_answered_with_those_there_are(spec) -> None:
    with pytest.raises(ModelError, match=rf"no encoder '{spec}'; there are: small; .*hf:.*whisper-tiny\.en"):
        load_encoder(spec)


def test_the_small_one_takes_its_size() -> None:
    encoder = load_encoder("small", layers=2, width=32, dropout=0.0)
    assert (encoder.name, encoder.layers, encoder.width, encoder.origin) == ("small", 3, 32, "untrained")


@pytest.mark.parametrize(
    ("spec", "options", "message"),
    [
        ("small", {"untrained": True}, "small: no option 'untrained'; this encoder takes layers, width"),
        ("small", {"layers": "4"}, "layers is a number, not '4'"),
        ("small", {"layers": True}, "layers is a number, not True"),
        ("whisper-tiny.en", {"layers": 4}, "no option 'layers'; this encoder takes untrained"),
        ("hf:x/y", {"untrained": "no"}, "untrained is True or False, not 'no'"),
        ("torchaudio:WAVLM_LARGE", {"seed": 1}, "no option 'seed'"),
    ],
)
def test_options_an_encoder_does_not_have_are_refused(spec, options, message) -> None:
    with pytest.raises(ModelError, match=message):
        load_encoder(spec, **options)


def test_names_are_kept_for_tables(tmp_path) -> None:
    write(tmp_path, "wavlm")
    for kind in ("hf", "torchaudio"):
        for options in ({}, {"untrained": True}):
            encoder = load_encoder(f"{kind}:{tmp_path}", **options)
            assert encoder.name == f"{kind}:{tmp_path}"
            assert encoder.origin == ("untrained" if options else "self-supervised")


def test_a_folder_in_the_home_folder(tmp_path, monkeypatch) -> None:
    write(tmp_path / "mine", "hubert")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_encoder("hf:~/mine").layers == 4


def test_listing_says_what_is_ready_and_what_is_missing(monkeypatch) -> None:
    assert {offer.name.partition(":")[0] for offer in available()} == {
        "small",
        "hf",
        "torchaudio",
        "whisper-tiny.en",
    }
    assert next(offer for offer in available() if offer.name == "whisper-tiny.en").origin == "supervised"
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    missing = {
        offer.name: offer.needs for offer in available() if offer.name.startswith(("hf", "torchaudio"))
    }
    assert all("sinbad-bench[encoders]" in needs[0] for needs in missing.values())
    assert not any(offer.ready for offer in available() if offer.name in missing)
    assert next(offer for offer in available() if offer.name == "small").ready


def test_listing_and_the_small_one_import_no_transformers(monkeypatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in ("transformers", "torchaudio")]:
        monkeypatch.delitem(sys.modules, name)
    available()
    load_encoder("small", layers=1, width=16)
    assert not {"transformers", "torchaudio"} & sys.modules.keys()
