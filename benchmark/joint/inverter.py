"""Inversion: from the shared representation to trajectories at 100 Hz."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.joint.config import InverterConfig
from benchmark.joint.layers import ConformerBlock, within_reach

#: How far a frame sees to either side in one block, in frames of 20 ms.
REACH = 50
#: Frames that the convolution of a block spans.
KERNEL = 15
WIDE, NARROW = 256, 128


class Inverter(nn.Module):
    """Conformer blocks, layers of 256 and 128, doubled frame rate, and a head per group of targets.

    The published template (Tabatabaee & Espy-Wilson and colleagues) normalises over the batch after the
    doubling; here a frame is normalised over its channels, so that recordings do not depend on what stands
    beside them.

    Attributes:
        reach_s: How far to either side of a frame it hears, in seconds.
    """

    def __init__(self, encoder_width: int, groups: dict[str, int], config: InverterConfig) -> None:
        super().__init__()
        width = config.width
        self.into = nn.Linear(encoder_width, width)
        self.blocks = nn.ModuleList(
            ConformerBlock(width, config.heads, KERNEL, config.dropout) for _ in range(config.blocks)
        )
        self.wide = nn.Linear(width, WIDE)
        self.narrow = nn.Linear(WIDE, NARROW)
        self.doubling = nn.ConvTranspose1d(NARROW, NARROW, 4, stride=2, padding=1)
        self.norm = nn.LayerNorm(NARROW)
        self.dropout = nn.Dropout(config.dropout)
        self.heads = nn.ModuleDict({name: nn.Linear(NARROW, size) for name, size in groups.items()})
        self.reach_s = (config.blocks * (REACH + KERNEL // 2) + 2) * 0.02

    def forward(self, shared: Tensor, present: Tensor | None = None) -> Tensor:
        """Trajectories in units of a speaker's standard deviation.

        Args:
            shared: Shape (batch, frames, encoder_width), 50 Hz.
            present: bool, shape (batch, frames): frames that are not padding. None: all are.

        Returns:
            Shape (batch, 2 * frames, targets), the groups one after the other.
        """
        states = self.into(shared)
        seen = within_reach(states.shape[1], REACH, present, states.device)
        for block in self.blocks:
            states = block(states, seen, present)
        states = self.dropout(functional.gelu(self.wide(states)))
        states = functional.gelu(self.narrow(states))
        if present is not None:
            states = states * present[..., None]
        states = self.doubling(states.transpose(1, 2)).transpose(1, 2)
        states = functional.gelu(self.norm(states))
        return torch.cat([head(states) for head in self.heads.values()], dim=-1)
