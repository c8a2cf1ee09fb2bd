"""Opens finished models, trained here or shipped with the package; torch is imported only then."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.errors import MissingExtraError, ModelError
from benchmark.joint.card import CARD, WEIGHTS, read_trained_card

if TYPE_CHECKING:
    from torch import Tensor

    from benchmark.joint.model import JointModel

#: Packages of the extra `joint`.
PACKAGES = ("torch", "safetensors")


def load_trained(folder: Path) -> JointModel:
    """The model of a folder, ready to listen.

    Args:
        folder: Holds `card.json` and `model.safetensors`. Weights may be stored in half precision; they are
            computed with in single.

    Raises:
        MissingExtraError: torch, safetensors or the package of its encoder is not installed.
        ModelError: A file is missing, truncated or not the one that the card describes.
    """
    require_packages(f"the trained model {folder.name}")
    card = read_trained_card(folder)
    from benchmark.joint.build import build_model
    from benchmark.joint.checkpoint import read_weights

    path = folder / WEIGHTS
    tensors = read_weights(path)
    if file_sha256(path) != card.weights_sha256:
        raise ModelError(f"{path}: is not the file that {CARD} describes; copy the folder again")
    model = build_model(card.config, card.targets)
    _fill(model, tensors, path)
    # `read_trained_card` has checked that it is one of the three.
    model.encoder.origin = card.origin  # type: ignore[assignment]
    return model.eval()


def packages_missing() -> tuple[str, ...]:
    """Packages of the extra `joint` that are not installed here."""
    return tuple(name for name in PACKAGES if find_spec(name) is None)


def require_packages(purpose: str) -> None:
    """Makes sure that trained models can run here.

    Raises:
        MissingExtraError: They cannot.
    """
    for name in packages_missing():
        raise MissingExtraError(name, "joint", purpose)


def file_sha256(path: Path) -> str:
    """Hash of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _fill(model: JointModel, tensors: dict[str, Tensor], path: Path) -> None:
    """Gives a model its weights: all of them, of the same shape, finite, and nothing else."""
    own = model.state_dict()
    missing, foreign = sorted(own.keys() - tensors.keys()), sorted(tensors.keys() - own.keys())
    if missing or foreign:
        what = f"lacks {missing[0]}" if missing else f"holds {foreign[0]}"
        raise ModelError(
            f"{path}: {what} ({len(missing)} missing, {len(foreign)} unknown): it is of another model than "
            f"{CARD} describes; copy the folder again"
        )
    for name, value in own.items():
        given = tensors[name]
        if given.shape != value.shape or given.is_floating_point() != value.is_floating_point():
            raise ModelError(
                f"{path}: {name} has the shape {tuple(given.shape)} ({given.dtype}), the model that {CARD} "
                f"describes has {tuple(value.shape)} ({value.dtype}); copy the folder again"
            )
        if not bool(given.isfinite().all()):
            raise ModelError(f"{path}: {name} holds NaN or infinity; train again")
    model.load_state_dict(tensors)
