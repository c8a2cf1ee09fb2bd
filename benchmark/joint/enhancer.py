"""Enhancement on the waveform: learned analysis and synthesis filters, conditioned on the shared encoder at the bottleneck."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.joint.encoders.contract import frames_of
from benchmark.types import RATE_HZ

_KERNEL, _STEP = 512, 160
_PAIRS = _KERNEL // 2 + 1
_LEAST_OVERLAP = 0.05


class Enhancer(nn.Module):
    """Analysis by learned filters at 100 Hz, a bottleneck that hears the encoder, gains for every pair of filters, synthesis.

    The filters begin as a short-time Fourier transform and its inverse, so that the network starts from "leave it as it is", and are
    trained like everything else. Pairs of filters are scaled and turned by a complex gain (Williamson et al. 2016; learned filters as
    in Luo & Mesgarani 2019).

    Attributes:
        reach_s: How far to either side a sample can hear beside what the encoder hears, in seconds.
    """

    overlap: Tensor

    def __init__(self, encoder_width: int, width: int, blocks: int, dropout: float) -> None:
        super().__init__()
        analysis, synthesis = _fourier_filters()
        self.analysis = nn.Parameter(analysis)
        self.synthesis = nn.Parameter(synthesis)
        self.register_buffer("overlap", (_fourier_window() * _dual_window()).float(), persistent=False)
        self.spectrum = nn.Linear(_PAIRS, width)
        self.conditions = nn.Linear(encoder_width, 2 * width)
        self.blocks = nn.ModuleList(EnhancerBlock(width, 2 ** (i % 4), dropout) for i in range(blocks))
        self.norm = nn.LayerNorm(width)
        self.gains = nn.Linear(width, 2 * _PAIRS)
        nn.init.normal_(self.gains.weight, std=1e-3)
        with torch.no_grad():
            self.gains.bias.zero_()
            self.gains.bias[:_PAIRS] = 1.0
        self.reach_s = (_KERNEL + _STEP * sum(2 * 2 ** (i % 4) for i in range(blocks)) + 2 * _STEP) / RATE_HZ

    def forward(self, waves: Tensor, shared: Tensor, present: Tensor | None = None) -> Tensor:
        """Enhanced speech.

        Args:
            waves: Shape (batch, samples), 16 kHz.
            shared: The encoder's representation, shape (batch, frames_of(samples), encoder_width).
            present: bool, shape (batch, frames_of(samples)): what is not padding. None: all is.

        Returns:
            Speech of the same shape as `waves`, without delay.
        """
        samples = waves.shape[-1]
        real, imaginary = self._analysed(waves)
        inside = None if present is None else present.repeat_interleave(2, dim=1)[..., None]
        bottleneck = self._bottleneck(real, imaginary, shared, inside)
        scale, turn = self.gains(self.norm(bottleneck)).chunk(2, dim=-1)
        cleaned = (real * scale - imaginary * turn, real * turn + imaginary * scale)
        return self._synthesised(*cleaned, inside, samples)

    def _bottleneck(self, real: Tensor, imaginary: Tensor, shared: Tensor, inside: Tensor | None) -> Tensor:
        loudness = torch.log(real.square() + imaginary.square() + 1e-4) / 6.0
        heard = self.conditions(shared).repeat_interleave(2, dim=1)
        scale, shift = heard.chunk(2, dim=-1)
        states: Tensor = self.spectrum(loudness) * (1.0 + scale) + shift
        for block in self.blocks:
            states = block(states, inside)
        return states

    def _analysed(self, waves: Tensor) -> tuple[Tensor, Tensor]:
        frames = 2 * frames_of(waves.shape[-1])
        missing = (frames - 1) * _STEP + _KERNEL // 2 - waves.shape[-1]
        padded = functional.pad(waves, (_KERNEL // 2, max(missing, 0)))[:, None, :]
        pairs = functional.conv1d(padded, self.analysis[:, None, :], stride=_STEP)[..., :frames]
        real, imaginary = torch.split(pairs.transpose(1, 2), _PAIRS, dim=-1)
        return real, imaginary

    def _synthesised(self, real: Tensor, imaginary: Tensor, inside: Tensor | None, samples: int) -> Tensor:
        pairs = torch.cat([real, imaginary], dim=-1).transpose(1, 2)
        counted = torch.ones(1, 1, pairs.shape[-1], device=pairs.device, dtype=pairs.dtype)
        if inside is not None:  # frames of padding would reach back into the end of the recording
            counted = inside.transpose(1, 2).to(pairs.dtype)
            pairs = pairs * counted
        sound = functional.conv_transpose1d(pairs, self.synthesis[:, None, :], stride=_STEP)[:, 0]
        # Where the recording begins and ends, fewer windows overlap.
        overlap = functional.conv_transpose1d(counted, self.overlap[None, None], stride=_STEP)[:, 0]
        sound = sound / overlap.clamp(min=_LEAST_OVERLAP)
        start = _KERNEL // 2
        sound = functional.pad(sound, (0, max(0, start + samples - sound.shape[-1])))
        return sound[:, start : start + samples]


class EnhancerBlock(nn.Module):
    """Dilated convolution over time, channel by channel, then across channels."""

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.depthwise = nn.Conv1d(width, width, 5, padding=2 * dilation, dilation=dilation, groups=width)
        self.wider = nn.Linear(width, 2 * width)
        self.narrower = nn.Linear(2 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, inside: Tensor | None) -> Tensor:
        """Next states, (batch, frames, width); those that are not `inside`, (batch, frames, 1), are padding and not heard."""
        heard = self.norm(states)
        if inside is not None:
            heard = heard * inside
        mixed = self.depthwise(heard.transpose(1, 2)).transpose(1, 2)
        following: Tensor = states + self.dropout(self.narrower(functional.gelu(self.wider(mixed))))
        return following


def _fourier_window() -> Tensor:
    return torch.hann_window(_KERNEL, dtype=torch.float64)


def _dual_window() -> Tensor:
    """What the Hann window has to be multiplied with so that overlapping windows add up to 1."""
    window = _fourier_window()
    overlap = torch.zeros(_STEP, dtype=torch.float64)
    for start in range(0, _KERNEL, _STEP):
        part = window[start : start + _STEP].square()
        overlap[: len(part)] += part
    return window / overlap.repeat(_KERNEL // _STEP + 1)[:_KERNEL]


def _fourier_filters() -> tuple[Tensor, Tensor]:
    """Windowed cosines and sines, and what takes them back to sound: analysis then synthesis is the identity."""
    time = torch.arange(_KERNEL, dtype=torch.float64)
    window = _fourier_window()
    angle = 2.0 * torch.pi * torch.arange(_PAIRS, dtype=torch.float64)[:, None] * time[None, :] / _KERNEL
    # Unit energy in white noise at an RMS of 1.
    scale = 1.0 / torch.sqrt(window.square().sum())
    waves = torch.cat([torch.cos(angle), -torch.sin(angle)])
    # All frequencies but the first and the last stand for themselves and their mirror image.
    twice = torch.full((_PAIRS, 1), 2.0, dtype=torch.float64)
    twice[0], twice[-1] = 1.0, 1.0
    weights = torch.cat([twice, twice]) / (_KERNEL * scale)
    return (waves * window * scale).float(), (waves * _dual_window() * weights).float()
