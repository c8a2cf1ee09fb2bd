"""Enhancement by a mask on a spectrum or filters on the waveform, conditioned on the encoder."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.joint.encoders.contract import HOP, frames_of
from benchmark.joint.layers import DilatedBlock
from benchmark.types import RATE_HZ

#: Samples of a window of analysis, and between two of them.
WINDOW, _STEP = 512, 160
_PAIRS = WINDOW // 2 + 1
_LEAST_OVERLAP = 0.05
#: Magnitudes are raised to this (Braun & Tashev 2021), so that quiet parts of speech count as the ear hears
#: them.
COMPRESSION = 0.3
_LEAST_POWER = 1e-6
_MASK_AT_FIRST = 2.0  # through a sigmoid: most is left as it is


class Enhanced(NamedTuple):
    """What an enhancer makes of a batch.

    Attributes:
        waves: Shape (batch, samples), without delay.
        states: Its hidden states, shape (batch, frames_of(samples), width): what an inverter may hear.
        mask: Factors of the compressed magnitudes, shape (batch, 2 * frames_of(samples), 257); None where it
            works on the waveform.
    """

    waves: Tensor
    states: Tensor
    mask: Tensor | None


class Enhancer(nn.Module):
    """Dilated convolutions over what the encoder and the enhancer's own spectrum say.

    Attributes:
        width: Of its hidden states.
        reach_s: How far to either side a sample can hear beside what the encoder hears, in seconds.
    """

    def __init__(
        self, encoder_width: int, spectrum_width: int, width: int, blocks: int, dropout: float
    ) -> None:
        super().__init__()
        self.width = width
        self.spectrum = nn.Linear(spectrum_width, width)
        self.conditions = nn.Linear(encoder_width, 2 * width)
        self.blocks = nn.ModuleList(DilatedBlock(width, 2 ** (i % 4), dropout) for i in range(blocks))
        self.norm = nn.LayerNorm(width)
        frames = sum(2 ** (i % 4) for i in range(blocks))
        self.reach_s = (WINDOW + HOP * (frames + 2)) / RATE_HZ

    @abstractmethod
    def forward(
        self,
        waves: Tensor,
        shared: Tensor,
        present: Tensor | None = None,
        films: Sequence[Tensor] | None = None,
    ) -> Enhanced:
        """Enhanced speech.

        Args:
            waves: Shape (batch, samples), 16 kHz.
            shared: The encoder's representation, shape (batch, frames_of(samples), encoder_width).
            present: bool, shape (batch, frames_of(samples)): what is not padding. None: all is.
            films: For each block, see `benchmark.joint.enrolment`; None: it is told nothing.
        """

    def _bottleneck(
        self, spectrum: Tensor, shared: Tensor, present: Tensor | None, films: Sequence[Tensor] | None
    ) -> Tensor:
        """Hidden states, 50 Hz, from two spectral frames side by side."""
        inside = None if present is None else present[..., None]
        pairs = spectrum.reshape(len(spectrum), -1, 2 * spectrum.shape[-1])
        scale, shift = self.conditions(shared).chunk(2, dim=-1)
        states: Tensor = self.spectrum(pairs) * (1.0 + scale) + shift
        for i, block in enumerate(self.blocks):
            states = block(states, inside, None if films is None else films[i])
        normed: Tensor = self.norm(states)
        return normed


class MaskEnhancer(Enhancer):
    """A mask between 0 and 1 on compressed short-time magnitudes; the phase is that of the mixture."""

    window: Tensor

    def __init__(self, encoder_width: int, width: int, blocks: int, dropout: float) -> None:
        super().__init__(encoder_width, 2 * _PAIRS, width, blocks, dropout)
        self.register_buffer("window", torch.hann_window(WINDOW), persistent=False)
        self.gains = nn.Linear(width, 2 * _PAIRS)
        nn.init.constant_(self.gains.bias, _MASK_AT_FIRST)

    def forward(
        self,
        waves: Tensor,
        shared: Tensor,
        present: Tensor | None = None,
        films: Sequence[Tensor] | None = None,
    ) -> Enhanced:
        """See `Enhancer.forward`."""
        spectra = short_time_spectra(waves, self.window)
        states = self._bottleneck(compressed_magnitudes(spectra), shared, present, films)
        mask = torch.sigmoid(self.gains(states)).reshape(len(waves), -1, _PAIRS)
        gains = mask ** (1.0 / COMPRESSION)
        counted = torch.ones(1, gains.shape[1], 1, device=waves.device)
        if present is not None:  # frames of padding would reach back into the end of the recording
            counted = present.repeat_interleave(2, dim=1)[..., None].to(gains.dtype)
        return Enhanced(self._synthesised(spectra * gains, counted, waves.shape[-1]), states, mask)

    def _synthesised(self, spectra: Tensor, counted: Tensor, samples: int) -> Tensor:
        """Sound from spectra, without padding.

        `counted`, (batch or 1, frames, 1), says which frames are no padding.
        """
        frames = torch.fft.irfft(spectra, WINDOW) * self.window * counted
        total = (frames.shape[1] - 1) * _STEP + WINDOW
        sound = _overlapped(frames, total)
        # Where a recording begins and ends, fewer windows overlap.
        overlap = _overlapped(self.window.square() * counted, total)
        sound = sound / overlap.clamp(min=_LEAST_OVERLAP)
        sound = functional.pad(sound, (0, max(0, WINDOW // 2 + samples - total)))
        cut: Tensor = sound[:, WINDOW // 2 : WINDOW // 2 + samples]
        return cut


def short_time_spectra(waves: Tensor, window: Tensor) -> Tensor:
    """Complex spectra of windows of 512 samples, frame k centred on sample 160 k.

    White noise at an RMS of 1 has unit power.

    Args:
        waves: Shape (batch, samples).
        window: Hann, 512 samples.

    Returns:
        Shape (batch, 2 * frames_of(samples), 257).
    """
    frames = 2 * frames_of(waves.shape[-1])
    missing = (frames - 1) * _STEP + WINDOW // 2 - waves.shape[-1]
    padded = functional.pad(waves, (WINDOW // 2, max(missing, 0)))
    pieces = padded.unfold(-1, WINDOW, _STEP)[:, :frames]
    spectra: Tensor = torch.fft.rfft(pieces * window)
    return spectra


def compressed_magnitudes(spectra: Tensor) -> Tensor:
    """Magnitudes of spectra from `short_time_spectra`, compressed."""
    # Unit power for white noise at an RMS of 1: the energy of the window is 3/8 of its length.
    power = (spectra.real.square() + spectra.imag.square()) / (0.375 * WINDOW)
    compressed: Tensor = (power + _LEAST_POWER) ** (COMPRESSION / 2.0)
    return compressed


def _overlapped(frames: Tensor, total: int) -> Tensor:
    """Sum of overlapping frames, (batch, frames, 512), 160 samples apart; shape (batch, total)."""
    folded: Tensor = functional.fold(frames.transpose(1, 2), (1, total), (1, WINDOW), stride=(1, _STEP))
    return folded[:, 0, 0]


class WaveformEnhancer(Enhancer):
    """Analysis by learned filters at 100 Hz, gains for every pair of filters, synthesis by learned filters.

    The filters begin as a short-time Fourier transform and its inverse, so that the network starts from
    "leave it as it is", and are trained like everything else. Pairs of filters are scaled and turned by a
    complex gain (Williamson et al. 2016; learned filters as in Luo & Mesgarani 2019).
    """

    overlap: Tensor

    def __init__(self, encoder_width: int, width: int, blocks: int, dropout: float) -> None:
        super().__init__(encoder_width, 2 * _PAIRS, width, blocks, dropout)
        analysis, synthesis = _fourier_filters()
        self.analysis = nn.Parameter(analysis)
        self.synthesis = nn.Parameter(synthesis)
        self.register_buffer("overlap", (_fourier_window() * _dual_window()).float(), persistent=False)
        self.gains = nn.Linear(width, 4 * _PAIRS)
        nn.init.normal_(self.gains.weight, std=1e-3)
        with torch.no_grad():
            self.gains.bias.view(2, 2, _PAIRS).copy_(torch.tensor([1.0, 0.0])[None, :, None])

    def forward(
        self,
        waves: Tensor,
        shared: Tensor,
        present: Tensor | None = None,
        films: Sequence[Tensor] | None = None,
    ) -> Enhanced:
        """See `Enhancer.forward`."""
        samples = waves.shape[-1]
        real, imaginary = self._analysed(waves)
        loudness = torch.log(real.square() + imaginary.square() + 1e-4) / 6.0
        states = self._bottleneck(loudness, shared, present, films)
        scale, turn = self.gains(states).reshape(len(waves), -1, 2 * _PAIRS).chunk(2, dim=-1)
        cleaned = (real * scale - imaginary * turn, real * turn + imaginary * scale)
        inside = None if present is None else present.repeat_interleave(2, dim=1)[..., None]
        return Enhanced(self._synthesised(*cleaned, inside, samples), states, None)

    def _analysed(self, waves: Tensor) -> tuple[Tensor, Tensor]:
        frames = 2 * frames_of(waves.shape[-1])
        missing = (frames - 1) * _STEP + WINDOW // 2 - waves.shape[-1]
        padded = functional.pad(waves, (WINDOW // 2, max(missing, 0)))[:, None, :]
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
        start = WINDOW // 2
        sound = functional.pad(sound, (0, max(0, start + samples - sound.shape[-1])))
        return sound[:, start : start + samples]


def _fourier_window() -> Tensor:
    return torch.hann_window(WINDOW, dtype=torch.float64)


def _dual_window() -> Tensor:
    """What the Hann window has to be multiplied with so that overlapping windows add up to 1."""
    window = _fourier_window()
    overlap = torch.zeros(_STEP, dtype=torch.float64)
    for start in range(0, WINDOW, _STEP):
        part = window[start : start + _STEP].square()
        overlap[: len(part)] += part
    return window / overlap.repeat(WINDOW // _STEP + 1)[:WINDOW]


def _fourier_filters() -> tuple[Tensor, Tensor]:
    """Windowed cosines and sines, and their inverse: analysis, then synthesis, is the identity."""
    time = torch.arange(WINDOW, dtype=torch.float64)
    window = _fourier_window()
    angle = 2.0 * torch.pi * torch.arange(_PAIRS, dtype=torch.float64)[:, None] * time[None, :] / WINDOW
    # Unit energy in white noise at an RMS of 1.
    scale = 1.0 / torch.sqrt(window.square().sum())
    waves = torch.cat([torch.cos(angle), -torch.sin(angle)])
    # All frequencies but the first and the last stand for themselves and their mirror image.
    twice = torch.full((_PAIRS, 1), 2.0, dtype=torch.float64)
    twice[0], twice[-1] = 1.0, 1.0
    weights = torch.cat([twice, twice]) / (WINDOW * scale)
    return (waves * window * scale).float(), (waves * _dual_window() * weights).float()
