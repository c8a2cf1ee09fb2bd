"""The card that training leaves beside the weights; it can be read without torch."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from benchmark.errors import ModelError
from benchmark.joint.config import JointConfig, TrainingConfig

WEIGHTS, CARD = "model.safetensors", "card.json"

#: How tables say where the weights of an encoder came from before training.
_ORIGINS = {
    "self-supervised": "self-supervised",
    "supervised": "supervised",
    "untrained": "untrained at the start",
}


@dataclass(frozen=True, slots=True)
class TrainedCard:
    """A trained model as its card describes it.

    Attributes:
        folder: Where card and weights lie.
        config: What it was trained by.
        targets: Names of what it inverts to, in the order of its outputs.
        encoder: Name of its encoder, without paths of the machine that trained it.
        origin: How the encoder came by its weights before training: "self-supervised", "supervised" or
            "untrained".
        parameters: How many numbers it holds.
        seconds: Time that training took, with that of the model that it began with.
        epochs: Epochs that it was trained for: those of the model that it began with, if any, and its own.
        device: What it was trained on, and before it the model that it began with, where that was another.
        recipe: Recipe of the corpus that it was trained on.
        weights_sha256: Hash of the file of weights.
        memory_mb: What hearing ten seconds takes in memory, in MB; None if it was not measured.
    """

    folder: Path
    config: JointConfig
    targets: tuple[str, ...]
    encoder: str
    origin: str
    parameters: int
    seconds: float
    epochs: tuple[int, ...]
    device: str
    recipe: str
    weights_sha256: str
    memory_mb: float | None

    @property
    def does(self) -> tuple[Literal["enhance", "invert"], ...]:
        """The tasks that the model was trained for; outputs that no loss has taught are not offered."""
        config, weights = self.config, self.config.losses
        enhances: tuple[Literal["enhance"], ...] = ()
        if config.enhancer is not None and weights.enhancement > 0:
            enhances = ("enhance",)
        return (*enhances, "invert") if config.inverter is not None and weights.inversion > 0 else enhances

    @property
    def name(self) -> str:
        """That of its configuration; runs with another seed than the usual one bear it: "joint_seed2"."""
        seed = self.config.training.seed
        usual = TrainingConfig().seed
        return self.config.name if seed == usual else f"{self.config.name}_seed{seed}"

    @property
    def title(self) -> str:
        """One line for tables; it says what the encoder is."""
        what = self.config.title or self.config.name
        # One that was left as it was drawn has not even learnt on the way.
        as_drawn = self.config.encoder.trained == "none" and len(self.epochs) == 1
        origin = self.origin if as_drawn else _ORIGINS[self.origin]
        return f"{what}; encoder {self.encoder}, {origin}"


def read_trained_card(folder: Path) -> TrainedCard:
    """Reads the card of a model that `benchmark.train` has finished.

    Raises:
        ModelError: There is none, it is damaged, or what was trained neither enhances nor inverts.
    """
    path = folder / CARD
    content = read_card(folder)
    try:
        config = JointConfig.model_validate(content["config"])
        encoder = content["encoder"]
        # A pretrained encoder has no such entries: what it took is told apart.
        before = content.get("init") or {}
        card = TrainedCard(
            folder=folder,
            config=config,
            targets=tuple(str(name) for name in content["targets"].get("names", ())),
            encoder=without_path(encoder["name"]),
            origin=encoder["origin"],
            parameters=int(content["parameters"]["total"]),
            seconds=_seconds_of(content["seconds"]) + _seconds_of(before.get("seconds", 0.0)),
            epochs=(*_epochs_of(before.get("epochs", [])), int(content["epochs"])),
            device=", ".join(dict.fromkeys([*filter(None, [before.get("device")]), str(content["device"])])),
            recipe=str(content["recipe"]),
            weights_sha256=str(content["weights_sha256"]),
            memory_mb=None if content.get("memory_mb") is None else float(content["memory_mb"]),
        )
    except (ValidationError, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ModelError(
            f"{path}: is no card of a trained model ({type(error).__name__}: {reason}); copy "
            "the folder again, or train again"
        ) from error
    if not card.does:
        raise ModelError(
            f"{folder}: holds a pretrained encoder, which neither enhances nor inverts; train a model that "
            "begins with it (init)"
        )
    if not isinstance(card.origin, str) or card.origin not in _ORIGINS:
        raise ModelError(f"{path}: the origin of the encoder is '{card.origin}', not {', '.join(_ORIGINS)}")
    return card


def _seconds_of(entry: Any) -> float:
    seconds = float(entry)
    if not 0.0 <= seconds < math.inf:
        raise ValueError(f"{entry} seconds of training")
    return seconds


def _epochs_of(entry: Any) -> list[int]:
    """What a card says of the epochs of the model that it began with: a number, or one for each stage."""
    return [int(epochs) for epochs in (entry if isinstance(entry, list) else [entry])]


def read_card(folder: Path) -> dict[str, Any]:
    """The card of a finished run as it stands in the file.

    Raises:
        ModelError: There is none, or it is damaged.
    """
    path = folder / CARD
    if not path.is_file():
        raise ModelError(
            f"{folder}: holds no finished training; name a folder that "
            "`python -m benchmark.train --out` has filled"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: is damaged ({error}); copy the folder again") from error
    if not isinstance(content, dict):
        raise ModelError(f"{path}: is damaged (it holds no table); copy the folder again")
    return content


def without_path(encoder: str) -> str:
    """Name of an encoder in which a folder or file keeps only its last part.

    Results must not disclose where files lie on a disk.
    """
    kind, colon, place = encoder.partition(":")
    which, equals, file = place.partition("=")
    if equals:
        return f"{kind}:{which}={Path(file).name}"
    local = place.startswith(("/", ".", "~")) or "\\" in place or place.count("/") > 1
    return f"{kind}{colon}{Path(place).name if local else place}"
