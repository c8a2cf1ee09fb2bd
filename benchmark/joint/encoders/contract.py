"""What every encoder gives: hidden states of all its layers, 50 a second."""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal, Self

import torch
from torch import Tensor, nn

#: Samples between two hidden states: 50 a second.
HOP = 320

#: How an encoder came by its weights. Tables show this; an untrained encoder is never shown as anything else.
Origin = Literal["self-supervised", "supervised", "untrained"]


def frames_of(samples: int) -> int:
    """Number of hidden states for a recording of `samples` at 16 kHz: one for every started 20 ms."""
    return max(1, -(-samples // HOP))


def present_frames(frames: int, lengths: Tensor | None, device: torch.device) -> Tensor | None:
    """Which hidden states of a padded batch belong to recordings: bool, shape (batch, frames).

    None if nothing is padded.
    """
    if lengths is None:
        return None
    counts = torch.clamp((lengths + HOP - 1) // HOP, min=1)
    return torch.arange(frames, device=device)[None, :] < counts[:, None]


class Encoder(nn.Module):
    """A network from sound to one sequence of hidden states for each of its layers.

    Attributes:
        name: Under which it was asked for, e.g. "small" or "hf:microsoft/wavlm-large".
        origin: How it came by its weights.
        width: Size of a hidden state; the same for all layers.
        layers: How many sequences it gives: its layers, and what goes into the first of them.
    """

    name: str
    origin: Origin
    width: int
    layers: int

    @abstractmethod
    def forward(self, waves: Tensor, lengths: Tensor | None = None) -> list[Tensor]:
        """Hidden states.

        Args:
            waves: float32, shape (batch, samples), 16 kHz; shorter recordings are padded with zeros at the
                end.
            lengths: int64, shape (batch,): samples of each recording before padding. None: all are whole.

        Returns:
            `layers` tensors of shape (batch, frames_of(samples), width), the input of the first layer first.
        """

    @abstractmethod
    def trainable_blocks(self) -> list[nn.Module]:
        """Its parts from the front end upwards, so that the last few can be trained and others kept."""

    def train(self, mode: bool = True) -> Self:
        """As usual, but frozen parts stay in evaluation mode: dropout would blur what they know."""
        super().train(mode)
        parts: list[nn.Module] = [self, *self.trainable_blocks()]
        for part in parts:
            weights = list(part.parameters())
            if weights and not any(weight.requires_grad for weight in weights):
                nn.Module.train(part, False)
        return self
