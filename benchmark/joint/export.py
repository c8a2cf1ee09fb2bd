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

from benchmark.errors import ModelError
from benchmark.files import trained_models, write_text
from benchmark.joint import checkpoint
from benchmark.joint.card import CARD, WEIGHTS, read_card
from benchmark.joint.config import JointConfig
from benchmark.joint.curve import draw_curve
from benchmark.joint.encoders.contract import Encoder
from benchmark.joint.log import write_log
from benchmark.joint.model import JointModel, parameters_of
from benchmark.joint.trained import file_sha256

_ENCODER = "encoder."
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


def start_encoder(encoder: Encoder, name_or_folder: str) -> dict[str, Any]:
    """Gives an encoder the weights that a run has left.

    Args:
        encoder: Changed in place, and says from then on what those weights are.
        name_or_folder: The name of a shipped pretrained encoder, or the folder of a run of pretraining.

    Returns:
        The card of that run.

    Raises:
        ModelError: There is none of that name, or it is of another size, damaged, or was trained for
            something else.
    """
    folder = Path(name_or_folder)
    if not folder.is_dir():
        folder = trained_models() / name_or_folder
    if not folder.is_dir():
        shipped = sorted(path.parent.name for path in trained_models().glob(f"*/{CARD}"))
        raise ModelError(
            f"init = '{name_or_folder}': is neither a folder nor shipped "
            f"({', '.join(shipped) or 'nothing is'}); pretrain one with "
            "`python -m benchmark.train --config pretrain --corpus DIR --out DIR` and name its folder, or "
            "set init = 'none'"
        )
    card = read_card(folder)
    if card.get("task") != "pretraining":
        raise ModelError(
            f"init = '{name_or_folder}': is a model that was trained on articulation or clean speech, no "
            "pretrained encoder; name the folder of a run with task = 'pretraining'"
        )
    tensors = checkpoint.read_weights(folder / WEIGHTS)
    if file_sha256(folder / WEIGHTS) != card.get("weights_sha256"):
        raise ModelError(
            f"{folder / WEIGHTS}: is not the file that {CARD} describes; "
            "copy the folder again, or train again"
        )
    there, wanted = card.get("encoder") or {}, (encoder.layers, encoder.width)
    if (found := tuple(there.get(name) for name in ("layers", "width"))) != wanted:
        raise ModelError(
            f"init = '{name_or_folder}': is an encoder of {found[0]} hidden states of width {found[1]}, the "
            f"configuration has {wanted[0]} of width {wanted[1]}; pretrain one of that size "
            f"(`python -m benchmark.train --config pretrain --set encoder.width={wanted[1]} ...`) and name "
            "its folder, or set init = 'none'"
        )
    own = {key.removeprefix(_ENCODER): value for key, value in tensors.items() if key.startswith(_ENCODER)}
    checkpoint.load_weights(encoder, own, folder / WEIGHTS)
    encoder.origin = card["encoder"]["origin"]
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
