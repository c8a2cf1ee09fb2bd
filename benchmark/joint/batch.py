"""A batch for training: recordings, the clean speech in them, and the articulation."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from benchmark.joint.encoders.contract import frames_of

#: Target frames a second; frame k belongs to sample 160 k at 16 kHz.
FRAME_RATE_HZ = 100


def target_frames(samples: int) -> int:
    """Frames of trajectories for `samples` at 16 kHz: two for every hidden state of an encoder."""
    return 2 * frames_of(samples)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Recordings that are trained on together, padded with zeros at the end to the longest of them.

    Attributes:
        noisy: float32, shape (batch, samples), 16 kHz: what the model hears.
        clean: float32, shape (batch, samples): the speech in it, at the same gain.
        lengths: int64, shape (batch,): samples of each recording before padding.
        targets: float32, shape (batch, target_frames(samples), channels): mean 0 and standard deviation 1 for
            each speaker; finite where valid, anything elsewhere.
        valid: bool, as `targets`: False where a target was not observed, and in the padding.
        has_targets: bool, shape (batch,): False for speech without articulation.
        ids: One name a recording, for messages.
        enrolment: float32, shape (batch, other samples): clean speech of the same speakers, for models that
            are told whom to follow.
    """

    noisy: Tensor
    clean: Tensor
    lengths: Tensor
    targets: Tensor
    valid: Tensor
    has_targets: Tensor
    ids: list[str]
    enrolment: Tensor | None = None

    def __post_init__(self) -> None:
        size, samples = self.noisy.shape
        frames = (size, target_frames(samples))
        shapes = {
            "clean": (self.clean.shape, (size, samples)),
            "lengths": (self.lengths.shape, (size,)),
            "targets": (self.targets.shape[:2], frames),
            "valid": (self.valid.shape, self.targets.shape),
            "has_targets": (self.has_targets.shape, (size,)),
            "ids": ((len(self.ids),), (size,)),
        }
        for name, (shape, wanted) in shapes.items():
            if tuple(shape) != tuple(wanted):
                raise ValueError(f"{name} has the shape {tuple(shape)}, expected {tuple(wanted)}")

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on another device."""
        moved: dict[str, Any] = {
            item.name: value.to(device, non_blocking=True)
            for item in fields(self)
            if isinstance(value := getattr(self, item.name), Tensor)
        }
        return replace(self, **moved)
