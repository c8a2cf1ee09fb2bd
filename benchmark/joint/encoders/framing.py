"""Pads recordings for strided convolutions, so that every started 20 ms has a hidden state."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from benchmark.errors import ModelError
from benchmark.joint.encoders.contract import HOP, frames_of


def receptive_field(kernels: Sequence[int], strides: Sequence[int], where: str) -> int:
    """Samples that one hidden state is computed from by a stack of unpadded convolutions.

    Raises:
        ModelError: The stack does not give 50 hidden states a second, or leaves samples between them unheard.
    """
    step, field = 1, 1
    for kernel, stride in zip(kernels, strides, strict=True):
        field += (kernel - 1) * step
        step *= stride
    if step != HOP or field < HOP:
        raise ModelError(
            f"{where}: one hidden state every {step} samples from {field} samples; "
            f"encoders here give one every {HOP} (50 Hz at 16 kHz)"
        )
    return field


def padded(waves: Tensor, field: int) -> Tensor:
    """Zeros at the end, as many as the convolutions need for `frames_of(samples)` hidden states.

    Hidden state k is computed from samples 320 k to 320 k + field - 1: with the usual field of 400 it is
    centred at sample 320 k + 200.

    Args:
        waves: Shape (batch, samples).
        field: See `receptive_field`.

    Returns:
        Shape (batch, 320 (frames - 1) + field).
    """
    samples = waves.shape[-1]
    return functional.pad(waves, (0, HOP * (frames_of(samples) - 1) + field - samples))


def samples_of(present: Tensor, field: int) -> Tensor:
    """The samples that the first hidden states of each recording are computed from, marked by ones.

    Args:
        present: bool, shape (batch, frames): from `present_frames`.
        field: See `receptive_field`.

    Returns:
        int64, shape (batch, 320 (frames - 1) + field).
    """
    counts = HOP * (present.sum(-1, keepdim=True) - 1) + field
    places = torch.arange(HOP * (present.shape[-1] - 1) + field, device=present.device)
    return (places < counts).long()


def unit_variance(waves: Tensor, lengths: Tensor | None) -> Tensor:
    """Scales recordings to mean 0 and variance 1, as large models expect; padding stays zero.

    Args:
        waves: Shape (batch, samples).
        lengths: int64, shape (batch,): samples before padding. None: all are whole.

    Returns:
        float32 of the shape of `waves`. Silence stays zero.
    """
    waves = waves.float()
    if lengths is None:
        mean, variance = waves.mean(-1, keepdim=True), waves.var(-1, correction=0, keepdim=True)
        return (waves - mean) / torch.sqrt(variance + 1e-7)
    inside = torch.arange(waves.shape[-1], device=waves.device) < lengths[:, None]
    count = torch.clamp(lengths, min=1)[:, None]
    mean = (waves * inside).sum(-1, keepdim=True) / count
    centred = (waves - mean) * inside
    variance = centred.square().sum(-1, keepdim=True) / count
    return centred / torch.sqrt(variance + 1e-7)
