"""Which parts of an encoder learn: all, none, the last few layers, or everything above the front end."""

from __future__ import annotations

import re

from benchmark.errors import ModelError
from benchmark.joint.encoders.contract import Encoder


def set_trainable(encoder: Encoder, which: str) -> None:
    """Lets some parts of an encoder learn and freezes the rest.

    Frozen parts get no gradient, and stay as in evaluation (no dropout) whatever `train()` is called on.

    Args:
        encoder: Changed in place.
        which: "all"; "none"; "last:N" (the last N layers); "no-front" (everything above the front end, as is
            usual for fine-tuning).

    Raises:
        ModelError: `which` is none of these, or there are fewer layers.
    """
    front, *layers = encoder.trainable_blocks()
    if which == "all":
        learning = [front, *layers]
    elif which == "none":
        learning = []
    elif which == "no-front":
        learning = layers
    else:
        learning = layers[len(layers) - _last(which, len(layers), encoder.name) :]
    encoder.requires_grad_(False)
    for block in learning:
        block.requires_grad_(True)
    # What is frozen leaves training mode at once.
    encoder.train(encoder.training)


def _last(which: str, layers: int, name: str) -> int:
    found = re.fullmatch(r"last:(\d+)", which)
    if not found:
        raise ModelError(f"'{which}' does not say which layers learn: all, none, last:N or no-front")
    count = int(found[1])
    if not 1 <= count <= layers:
        raise ModelError(f"{which}: the encoder {name} has {layers} layers; N is from 1 to {layers}")
    return count
