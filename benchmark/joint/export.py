"""What a run leaves: weights of its best epoch, a card of its history, log and learning curve.

DIR/model.safetensors card.json log.csv curve.png
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmark.files import write_text
from benchmark.joint import checkpoint
from benchmark.joint.card import CARD, WEIGHTS
from benchmark.joint.config import JointConfig
from benchmark.joint.curve import draw_curve
from benchmark.joint.encoders.contract import Encoder
from benchmark.joint.log import write_log
from benchmark.joint.model import JointModel, parameters_of
from benchmark.joint.trained import file_sha256

_PARTS = ("encoder", "enhancer", "inverter", "enrolment")
_PACKAGES = ("torch", "safetensors", "numpy", "scipy")


def finish(
    folder: Path,
    model: nn.Module,
    config: JointConfig,
    progressed: checkpoint.Progressed,
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """Writes what a run leaves; the weights of its best epoch stay in `model`.

    Args:
        folder: Of the run.
        model: Of the run; its weights are replaced by the best.
        config: Of the run.
        progressed: At its end.
        facts: What else the card says.

    Returns:
        The card.

    Raises:
        ModelError: The weights of the best epoch are missing or damaged.
    """
    best = checkpoint.best_weights(folder)
    checkpoint.load_weights(model, best, folder / checkpoint.FOLDER / checkpoint.BEST)
    checkpoint.write_weights(folder / WEIGHTS, best)
    chosen = progressed.history[progressed.best_epoch - 1]
    card = {
        "name": config.name,
        "title": config.title,
        "task": config.task,
        "config": config.model_dump(mode="json"),
        "encoder": _encoder_facts(model),
        "parameters": _parameters(model),
        "targets": _target_facts(model),
        "epochs": progressed.epochs,
        "best_epoch": progressed.best_epoch,
        "dev": {name: value for name, value in chosen.items() if name.startswith("dev_")},
        "seconds": round(progressed.seconds, 1),
        **facts,
        "weights_sha256": file_sha256(folder / WEIGHTS),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
    }
    write_text(folder / CARD, json.dumps(card, indent=2) + "\n")
    write_log(folder, progressed.history)
    draw_curve(folder, progressed.history, progressed.best_epoch, config.title or config.name)
    return card


def _encoder_facts(model: nn.Module) -> dict[str, Any]:
    encoder = model.encoder
    if not isinstance(encoder, Encoder):
        return {}
    return {
        "name": encoder.name,
        "origin": encoder.origin,
        "layers": encoder.layers,
        "width": encoder.width,
        "trained_parameters": sum(weight.numel() for weight in encoder.parameters() if weight.requires_grad),
    }


def _parameters(model: nn.Module) -> dict[str, int]:
    parts = {name: getattr(model, name, None) for name in _PARTS}
    counted = {name: parameters_of(part) for name, part in parts.items() if isinstance(part, nn.Module)}
    return {**counted, "total": parameters_of(model)}


def _target_facts(model: nn.Module) -> dict[str, Any]:
    if not isinstance(model, JointModel):
        return {}
    return {
        "names": list(model.names),
        "mean": _rounded(model.target_mean),
        "deviation": _rounded(model.target_deviation),
    }


def _rounded(values: Tensor) -> list[float]:
    return [round(float(value), 6) for value in values.to(torch.float64)]
