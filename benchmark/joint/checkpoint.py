"""Where a run stands after an epoch, on disk: weights and optimiser as safetensors, everything else as JSON.

DIR/checkpoint/state.json            names the other file; written last, when that file is whole
DIR/checkpoint/epoch-0012.safetensors  weights and state of the optimiser after epoch 12
DIR/checkpoint/best.safetensors      weights of the best epoch so far
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from benchmark.errors import ModelError
from benchmark.files import replacing, write_text

FOLDER, STATE, BEST = "checkpoint", "state.json", "best.safetensors"
_FORMAT = 1
_MODEL, _OPTIMISER = "model.", "optimiser."


@dataclass(slots=True)
class Progressed:
    """How far a run has come.

    Attributes:
        epochs: Epochs done.
        steps: Steps done.
        factor: See `Schedule`.
        waiting: See `Schedule`.
        best_epoch: The best epoch so far, from 1; 0: none.
        best_score: Its dev score.
        seconds: Time spent on all epochs.
        history: One row of numbers an epoch.
    """

    epochs: int = 0
    steps: int = 0
    factor: float = 1.0
    waiting: int = 0
    best_epoch: int = 0
    best_score: float | None = None
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)


def save(
    folder: Path,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    progressed: Progressed,
    run: Mapping[str, Any],
) -> None:
    """Writes a checkpoint, whole or not at all, and removes those before it.

    Args:
        folder: Of the run.
        model: Weights.
        optimiser: Its state.
        progressed: How far the run has come; where its last epoch is its best, the weights are kept as such
            too.
        run: What must be the same for the run to go on: configuration, data.

    Raises:
        SinbadError: It cannot be written.
    """
    kept = folder / FOLDER
    if progressed.best_epoch == progressed.epochs:
        write_weights(kept / BEST, model.state_dict())
    name = f"epoch-{progressed.epochs:04d}.safetensors"
    tensors = {_MODEL + key: value for key, value in model.state_dict().items()}
    for parameter_name, parameter in model.named_parameters():
        for key, value in optimiser.state.get(parameter, {}).items():
            tensors[f"{_OPTIMISER}{parameter_name}.{key}"] = torch.as_tensor(value)
    write_weights(kept / name, tensors)
    state = {"format": _FORMAT, "weights": name, "progressed": asdict(progressed), "run": run}
    write_text(kept / STATE, json.dumps(state, indent=1))
    for old in kept.glob("epoch-*.safetensors"):
        if old.name != name:
            old.unlink()


def stands(folder: Path) -> bool:
    """Whether a folder holds a checkpoint."""
    return (folder / FOLDER / STATE).is_file()


def restore(
    folder: Path, model: nn.Module, optimiser: torch.optim.Optimizer, run: Mapping[str, Any]
) -> Progressed:
    """Brings a model and its optimiser to where the run stood.

    Raises:
        ModelError: The checkpoint is damaged, or of a run with another configuration or other data.
    """
    path = folder / FOLDER / STATE
    state = _state(path)
    different = _differences(state["run"], run)
    if different:
        raise ModelError(
            f"{path}: the run was started with {'; '.join(different)}. Go on with the same, or choose "
            "another folder with --out"
        )
    weights = folder / FOLDER / state["weights"]
    tensors = read_weights(weights)
    own = {key.removeprefix(_MODEL): value for key, value in tensors.items() if key.startswith(_MODEL)}
    load_weights(model, own, weights)
    for name, parameter in model.named_parameters():
        prefix = f"{_OPTIMISER}{name}."
        found = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
        if found:
            optimiser.state[parameter] = {key: value.to(parameter.device) for key, value in found.items()}
    return Progressed(**state["progressed"])


def best_weights(folder: Path) -> dict[str, Tensor]:
    """Weights of the best epoch of a run.

    Raises:
        ModelError: They are missing or damaged.
    """
    return read_weights(folder / FOLDER / BEST)


def write_weights(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Writes tensors as safetensors, whole or not at all.

    Raises:
        SinbadError: They cannot be written.
    """
    # Copies, because a file may not hold two tensors that share memory.
    plain = {key: value.detach().to("cpu", copy=True).contiguous() for key, value in tensors.items()}
    with replacing(path) as temporary:
        save_file(plain, temporary)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Reads tensors that `write_weights` wrote.

    Raises:
        ModelError: The file is missing or damaged.
    """
    if not path.is_file():
        raise ModelError(f"{path}: missing; train again, or copy the folder again")
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(
            f"{path}: holds no readable weights ({error}); train again, or copy the file again"
        ) from error


def load_weights(model: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Gives a model its weights; all of them, and nothing else.

    Raises:
        ModelError: They are of another model; `path` names them.
    """
    try:
        model.load_state_dict(dict(tensors))
    except RuntimeError as error:
        first = " ".join(str(error).split())[:300]
        raise ModelError(f"{path}: holds the weights of another model ({first})") from error


def _state(path: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if state["format"] != _FORMAT:
            raise ModelError(f"{path}: was written by another version; start again in another folder")
        return {key: state[key] for key in ("weights", "progressed", "run")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path}: is damaged ({error!r}); start again in another folder") from error


def _differences(then: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> list[str]:
    found = []
    for key in sorted({*then, *now}):
        one, other = then.get(key), now.get(key)
        if isinstance(one, dict) and isinstance(other, dict):
            found += _differences(one, other, f"{prefix}{key}.")
        elif one != other:
            found.append(f"{prefix}{key} = {one!r}, now {other!r}")
    return found
