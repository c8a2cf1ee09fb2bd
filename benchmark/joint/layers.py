"""Building blocks that hear only so far to either side, so that long recordings can be taken in pieces."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def within_reach(frames: int, reach: int, present: Tensor | None, device: torch.device) -> Tensor:
    """Which frame may look at which.

    Args:
        frames: Number of frames.
        reach: How far a frame sees to either side.
        present: bool, shape (batch, frames): frames that are not padding. None: all are.
        device: Where to make it.

    Returns:
        bool, shape (frames, frames) or (batch, 1, frames, frames), True where looking is allowed. A frame of
        padding sees itself, because a row without any entry would become NaN.
    """
    place = torch.arange(frames, device=device)
    near = (place[:, None] - place[None, :]).abs() <= reach
    if present is None:
        return near
    alone = torch.eye(frames, dtype=torch.bool, device=device)
    return (near & present[:, None, None, :]) | alone


class Attention(nn.Module):
    """Multi-head self-attention over the frames that `seen` allows (Vaswani et al. 2017)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.into = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, states: Tensor, seen: Tensor) -> Tensor:
        """Mixes frames; `states` has the shape (batch, frames, width)."""
        batch, frames, width = states.shape
        parts = self.into(states).view(batch, frames, 3, self._heads, width // self._heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        joined: Tensor = self.out(mixed.transpose(1, 2).reshape(batch, frames, width))
        return joined


def feed_forward(width: int, factor: int, dropout: float) -> nn.Sequential:
    """The two-layer network that is applied to every frame, with its normalisation in front."""
    return nn.Sequential(
        nn.LayerNorm(width),
        nn.Linear(width, factor * width),
        nn.GELU(),
        nn.Linear(factor * width, width),
        nn.Dropout(dropout),
    )


class DilatedBlock(nn.Module):
    """A dilated convolution over three frames, then a layer for each, on a residual path (Bai et al. 2018).

    The convolution is one matrix product of three frames side by side: on a processor that is a third faster
    than a convolution.

    Attributes:
        dilation: Frames between those that are looked at.
    """

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.dilation = dilation
        self.norm = nn.LayerNorm(width)
        self.mix = nn.Linear(3 * width, width)
        self.out = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, inside: Tensor | None, film: Tensor | None = None) -> Tensor:
        """Next states, (batch, frames, width); padding is not heard.

        `inside`, (batch, frames, 1), says what is not padding; `film`, (batch, 1, 2 * width), by how much
        channels are scaled and shifted.
        """
        heard = self.norm(states)
        if film is not None:
            scale, shift = film.chunk(2, dim=-1)
            heard = heard * (1.0 + scale) + shift
        if inside is not None:
            heard = heard * inside
        frames, step = states.shape[1], self.dilation
        padded = functional.pad(heard, (0, 0, step, step))
        beside = torch.cat([heard, padded[:, :frames], padded[:, 2 * step : 2 * step + frames]], dim=-1)
        following: Tensor = states + self.out(self.dropout(functional.gelu(self.mix(beside))))
        return following


class ConformerBlock(nn.Module):
    """Half a network, attention, convolution, half a network (Gulati et al. 2020).

    Its convolution is normalised over the channels of a frame, not over the batch: what one recording gives
    must not depend on the others beside it, nor on padding.
    """

    def __init__(self, width: int, heads: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.before = feed_forward(width, 4, dropout)
        self.attention_norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.convolution_norm = nn.LayerNorm(width)
        self.gate = nn.Linear(width, 2 * width)
        self.depthwise = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.inner_norm = nn.LayerNorm(width)
        self.pointwise = nn.Linear(width, width)
        self.after = feed_forward(width, 4, dropout)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, seen: Tensor, present: Tensor | None) -> Tensor:
        """Next hidden states, of the same shape (batch, frames, width)."""
        states = states + 0.5 * self.before(states)
        states = states + self.dropout(self.attention(self.attention_norm(states), seen))
        states = states + self.dropout(self._convolved(states, present))
        states = states + 0.5 * self.after(states)
        normed: Tensor = self.norm(states)
        return normed

    def _convolved(self, states: Tensor, present: Tensor | None) -> Tensor:
        gated = functional.glu(self.gate(self.convolution_norm(states)), dim=-1)
        if present is not None:
            gated = gated * present[..., None]
        mixed = self.depthwise(gated.transpose(1, 2)).transpose(1, 2)
        convolved: Tensor = self.pointwise(functional.silu(self.inner_norm(mixed)))
        return convolved
