"""Enrolment: clean speech of a speaker, by which a network is told whom to follow.

A small network makes an embedding of it, which scales and shifts the channels of every residual block (FiLM,
Perez et al., AAAI 2018; for speakers as in Wang et al., Interspeech 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.joint.encoders.small import BANDS, LogMel

#: Seconds of the enrolment in training; shorter ones are repeated. A trained model takes any length.
ENROLMENT_S = 3.0
_CHANNELS, _EMBEDDING, _KERNEL, _CONVOLUTIONS = 96, 64, 5, 3
_FIRST_SPREAD = 0.02


class Enrolment(nn.Module):
    """From an enrolment to what every residual block does to its channels."""

    def __init__(self, widths: Sequence[int]) -> None:
        """Draws the weights from torch's random state.

        Args:
            widths: Channels of each block that is told.
        """
        super().__init__()
        self._sizes = [2 * width for width in widths]
        self.log_mel = LogMel()
        channels = [BANDS, *[_CHANNELS] * _CONVOLUTIONS]
        self.convolutions = nn.ModuleList(
            nn.Conv1d(into, out, _KERNEL, stride=2, padding=_KERNEL // 2) for into, out in pairwise(channels)
        )
        self.embedding = nn.Linear(_CHANNELS, _EMBEDDING)
        self.norm = nn.LayerNorm(_EMBEDDING)
        self.films = nn.Linear(_EMBEDDING, sum(self._sizes))
        # Nearly nothing is told at first, so that it trains like a model that is told nothing.
        nn.init.normal_(self.films.weight, std=_FIRST_SPREAD)
        nn.init.zeros_(self.films.bias)

    def forward(self, clean: Tensor) -> list[Tensor]:
        """Scale and shift of each block, shape (batch, 1, 2 * its width).

        Args:
            clean: Enrolments of one length at an RMS of 1, shape (batch, samples), 16 kHz.
        """
        states = self.log_mel(clean).transpose(1, 2)
        for convolution in self.convolutions:
            states = functional.gelu(convolution(states))
        told = self.films(self.norm(self.embedding(states.mean(dim=-1))))
        return list(torch.split(told[:, None, :], self._sizes, dim=-1))
