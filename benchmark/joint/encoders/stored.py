"""Weights of an encoder in a file of ours, together with where they came from."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from benchmark.errors import ModelError
from benchmark.files import replacing
from benchmark.joint.encoders.contract import Encoder, Origin

_ORIGINS: tuple[Origin, ...] = get_args(Origin)


def save_weights(encoder: Encoder, path: Path) -> None:
    """Writes all weights and the origin, whole or not at all.

    Args:
        encoder: Any.
        path: A file, by custom ending in .safetensors.

    Raises:
        SinbadError: The folder cannot be written.
    """
    facts = {"encoder": encoder.name, "origin": encoder.origin}
    state = {name: value.detach().cpu().contiguous() for name, value in encoder.state_dict().items()}
    with replacing(path) as temporary:
        save_file(state, temporary, facts)


def load_weights(encoder: Encoder, path: Path) -> None:
    """Gives an encoder the weights and the origin that `save_weights` wrote; they must be of the same network.

    Args:
        encoder: Changed in place, but not if this fails.
        path: The file.

    Raises:
        ModelError: The file is missing, damaged, of another network, or does not say where its weights come from.
    """
    facts, state = _read(path)
    origins = [origin for origin in _ORIGINS if origin == facts.get("origin")]
    if not origins:
        raise ModelError(
            f"{path}: does not say where its weights come from; an encoder's file is written by save_weights"
        )
    own = encoder.state_dict()
    other = sorted(
        name for name in own.keys() | state.keys() if _shape(own.get(name)) != _shape(state.get(name))
    )
    if other:
        raise ModelError(
            f"{path}: holds the encoder '{facts.get('encoder')}', not '{encoder.name}' of this size: "
            f"{len(other)} weights differ in shape or are missing, e.g. {other[0]}"
        )
    encoder.load_state_dict(state)
    encoder.origin = origins[0]


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    if not path.is_file():
        raise ModelError(f"{path}: no such file; it should hold the weights of an encoder")
    try:
        with safe_open(path, "pt") as stored:
            return stored.metadata() or {}, {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(
            f"{path}: not a whole safetensors file ({error}); truncated or of another kind, copy it again"
        ) from error


def _shape(value: Tensor | None) -> tuple[int, ...] | None:
    return None if value is None else tuple(value.shape)
