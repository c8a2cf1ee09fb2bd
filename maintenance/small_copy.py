"""A small copy of a trained model for the package: half the bytes, and no local folder named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmark.errors import ModelError
from benchmark.files import write_text
from benchmark.joint.card import CARD, WEIGHTS, read_card
from benchmark.joint.checkpoint import read_weights, write_weights
from benchmark.joint.trained import file_sha256, load_trained

#: What the card of a shipped model keeps of that of its run.
_KEPT = (
    *("name", "title", "task", "config", "encoder", "parameters", "targets", "epochs", "best_epoch", "dev"),
    *("seconds", "memory_mb", "recipe", "recipe_sha256", "train_dev_sha256", "speech_s", "extra_speech_s"),
    *("init", "enhancer"),
    *("device", "threads", "processes", "versions"),
)


def ship(run: Path, destination: Path) -> dict[str, Any]:
    """Writes a copy with matrices and filters in half precision; all else is small and kept as it is.

    Args:
        run: A folder that `benchmark.train` has filled, of a model or of a pretrained encoder.
        destination: Where to; what a copy there held before is replaced.

    Returns:
        The card of the copy.

    Raises:
        ModelError: The run is damaged, its encoder is of other people's files, or a weight is too large for
            half precision.
    """
    if run.resolve() == destination.resolve():
        raise ModelError(f"{run}: would be replaced by its own copy; choose another folder")
    card = read_card(run)
    spec = card["config"]["encoder"]["spec"]
    if spec != "small":
        raise ModelError(
            f"{run}: its encoder '{spec}' is built from files of its own, which a copy would not bring "
            "along; only models on 'small' can come with the package"
        )
    tensors = read_weights(run / WEIGHTS)
    if file_sha256(run / WEIGHTS) != card.get("weights_sha256"):
        raise ModelError(
            f"{run / WEIGHTS}: is not the file that {CARD} describes; copy the folder again, or train again"
        )
    write_weights(destination / WEIGHTS, {name: _halved(name, value, run) for name, value in tensors.items()})
    shipped = {name: card[name] for name in _KEPT if name in card} | {
        "config": _portable(card["config"]),
        "copy_of": {"weights_sha256": card["weights_sha256"], "stored": "float16"},
        "weights_sha256": file_sha256(destination / WEIGHTS),
    }
    write_text(destination / CARD, json.dumps(shipped, indent=2) + "\n")
    if card.get("task") == "joint":
        load_trained(destination)
    return shipped


def _halved(name: str, value: Tensor, run: Path) -> Tensor:
    if value.ndim < 2 or not value.is_floating_point():
        return value
    half = value.half()
    if not bool(torch.isfinite(half).all()):
        raise ModelError(
            f"{run / WEIGHTS}: {name} holds {float(value.abs().max()):g}, more than half "
            "precision can; train again"
        )
    return half


def _portable(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration that names the folder of what the run began with by its last part only.

    That folder is not opened again.
    """
    init = Path(config["init"]).name if config.get("init") else None
    return {**config, "init": init}
