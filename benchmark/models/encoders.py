"""Encoders as representations: one layer of a pretrained or trained network, for a readout.

encoder:whisper-tiny.en@2       layer 2; without @LAYER the last one, and @0 is what goes into the first
encoder:hf:DIR@9  encoder:torchaudio:WAVLM_LARGE@9  encoder:small
encoder:joint       encoder:DIR     of a shipped model, or of what `benchmark.train` has left in a folder
"""

from __future__ import annotations

import hashlib
import re
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmark import __version__
from benchmark.errors import ModelError
from benchmark.files import trained_models
from benchmark.joint.card import CARD, WEIGHTS, read_card, without_path
from benchmark.joint.config import JointConfig
from benchmark.joint.encoders.registry import available, load_encoder
from benchmark.joint.encoders.whisper_package import NAME as WHISPER
from benchmark.joint.encoders.whisper_package import weights_file
from benchmark.joint.trained import file_sha256, load_trained, packages_missing, require_packages
from benchmark.models.contract import Audio
from benchmark.models.declaration import UNTRAINED, Declaration
from benchmark.models.entry import Entry, InProcess
from benchmark.models.source_hash import files_sha256
from benchmark.text import as_name
from benchmark.types import RATE_HZ, Features

if TYPE_CHECKING:
    from benchmark.joint.encoders.contract import Encoder

PREFIX = "encoder:"
_LAYER = re.compile(r"(.+)@(\d+)")
_CODE = Path(__file__).parent.parent / "joint"
#: Recordings longer than this are taken in pieces, seconds, each with so much to either side.
_PIECE_S, _CONTEXT_S = 30.0, 5.0
_QUIETEST = 1e-5


class EncoderFeatures:
    """One hidden layer of an encoder.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = RATE_HZ

    def __init__(self, encoder: Encoder, layer: int | None) -> None:
        """A representation.

        Args:
            encoder: The network.
            layer: Which of its hidden states; None for the last.

        Raises:
            ModelError: It has no such layer.
        """
        self._encoder = encoder.eval()
        self._layer = encoder.layers - 1 if layer is None else layer
        if not 0 <= self._layer < encoder.layers:
            raise ModelError(
                f"the encoder {encoder.name} has the layers 0 to {encoder.layers - 1}, no {layer}"
            )

    def represent(self, noisy: Audio) -> Features:
        """Features of one recording, 50 frames a second; see `benchmark.models.contract.Representer`."""
        from benchmark.joint.encoders.contract import HOP, frames_of

        level = float(np.sqrt(np.mean(np.square(noisy, dtype=np.float64)))) if len(noisy) else 0.0
        levelled = np.asarray(noisy, np.float32) / np.float32(max(level, _QUIETEST))
        piece, context = (round(seconds * RATE_HZ / HOP) * HOP for seconds in (_PIECE_S, _CONTEXT_S))
        parts = []
        for start in range(0, max(len(levelled), 1), piece):
            first = max(0, start - context)
            states = self._states(levelled[first : start + piece + context])
            samples = min(piece, len(levelled) - start)
            parts.append(states[(start - first) // HOP :][: frames_of(samples)])
        return Features(np.concatenate(parts), RATE_HZ / HOP)

    def _states(self, samples: Audio) -> np.ndarray:
        import torch

        wave = torch.from_numpy(samples if len(samples) else np.zeros(1, np.float32))[None]
        with torch.inference_mode():
            states: np.ndarray = self._encoder(wave)[self._layer][0].float().numpy()
        return states


def encoder_entry(spec: str) -> Entry:
    """A representation by its SPEC; torch is not needed to know it.

    Args:
        spec: "encoder:NAME" or "encoder:NAME@LAYER".

    Raises:
        ModelError: There is no such encoder.
    """
    asked = spec.removeprefix(PREFIX)
    found = _LAYER.fullmatch(asked)
    name, layer = (found[1], int(found[2])) if found else (asked, None)
    folder = _trained_folder(name)
    if folder is None:
        _refuse_unknown(name)
    shown = folder.name if folder is not None else without_path(name)
    which = "last layer" if layer is None else f"layer {layer}"
    return Entry(
        name=as_name(shown if layer is None else f"{shown}@{layer}"),
        title=f"encoder {shown}, {which}",
        version="absent" if packages_missing() else __version__,
        source=f"benchmark.joint.encoders, {shown}",
        source_sha256=hashlib.sha256(
            "".join([_code(), str(layer), *_weights(name, folder)]).encode()
        ).hexdigest(),
        how=InProcess(("represent",), make=partial(_made, name, folder, layer), packages=("torch",)),
        extra="joint",
        declared=_declared(name, folder),
    )


def _declared(name: str, folder: Path | None) -> Declaration:
    """What it was trained on, as far as its card or its kind tells."""
    if folder is not None:
        # What a pretrained encoder of this package learnt from is speech of its recipe, without articulation.
        return Declaration(("train",), recipe=str(read_card(folder).get("recipe", "")))
    return UNTRAINED if name == "small" else Declaration(("speech",))


def _trained_folder(name: str) -> Path | None:
    """Where a trained model of that name or place lies."""
    for folder in (trained_models() / name, Path(name).expanduser()):
        if (folder / CARD).is_file():
            return folder.resolve()
    return None


def _refuse_unknown(name: str) -> None:
    kinds = {offer.name.partition(":")[0] for offer in available()}
    if name.partition(":")[0] in kinds:
        return
    shipped = sorted(path.parent.name for path in trained_models().glob(f"*/{CARD}"))
    forms = [offer.name for offer in available()]
    raise ModelError(
        f"no encoder '{name}'; there are: {'; '.join([*forms, *shipped])}; or a folder that `python -m "
        "benchmark.train --out` has filled"
    )


def _made(name: str, folder: Path | None, layer: int | None) -> EncoderFeatures:
    require_packages(f"the encoder {name}")
    import torch

    if folder is not None:
        return EncoderFeatures(_of_training(folder), layer)
    # An encoder that begins untrained is the same one every time.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return EncoderFeatures(load_encoder(name), layer)


def _of_training(folder: Path) -> Encoder:
    card = read_card(folder)
    if card.get("task") != "pretraining":
        return load_trained(folder).encoder
    from benchmark.joint.build import build_encoder
    from benchmark.joint.start import start_encoder

    encoder = build_encoder(JointConfig.model_validate(card["config"]).encoder)
    start_encoder(encoder, str(folder))
    return encoder


def _code() -> str:
    files = [*(_CODE / "encoders").glob("*.py"), _CODE / "layers.py"]
    return files_sha256(files, _CODE) + file_sha256(Path(__file__))


def _weights(name: str, folder: Path | None) -> list[str]:
    """What identifies a set of weights: the hash of its file, else its name and its library's version."""
    if folder is not None:
        return [file_sha256(folder / part) for part in (CARD, WEIGHTS) if (folder / part).is_file()]
    kind, _, place = name.partition(":")
    if name == WHISPER and (weights := weights_file()):
        return [file_sha256(weights)]
    path = Path(place.rpartition("=")[2]).expanduser()
    if place and path.is_dir():
        return [files_sha256([item for item in path.rglob("*") if item.is_file()], path)]
    if place and path.is_file():
        return [file_sha256(path)]
    package = {"hf": "transformers", "torchaudio": "torchaudio"}.get(kind)
    try:
        return [name, version(package) if package else ""]
    except PackageNotFoundError:
        return [name]
