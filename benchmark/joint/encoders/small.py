"""The encoder of this project: small enough to be trained on a processor, from a log-mel front end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat

import librosa
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.joint.encoders.contract import (
    HOP,
    Encoder,
    Origin,
    frames_of,
    present_frames,
)
from benchmark.joint.encoders.spec_augment import hide_stretches
from benchmark.joint.layers import DilatedBlock
from benchmark.types import RATE_HZ

BANDS = 80
_WINDOW, _FFT, _STEP = 400, 512, 160
#: Dilations of the convolutions of a layer, in frames of 20 ms; layers take turns.
_DILATIONS = ((1, 2), (4, 8))
# Of log-mel spectra of speech at an RMS of 1; they only bring the input of the network near mean 0 and
# variance 1.
_LOG_MEAN, _LOG_DEVIATION = -3.0, 3.5
_FLOOR = 1e-4


class LogMel(nn.Module):
    """Log-mel spectrum: 80 bands up to 8 kHz, 25-ms Hann windows, 100 frames a second.

    Frame k is centred on sample 160 k.
    """

    window: Tensor
    filters: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(_WINDOW), persistent=False)
        filters = librosa.filters.mel(sr=RATE_HZ, n_fft=_FFT, n_mels=BANDS, fmin=20.0)
        self.register_buffer("filters", torch.from_numpy(filters.astype(np.float32)), persistent=False)

    def forward(self, waves: Tensor) -> Tensor:
        """Natural log spectra near unit variance, shape (batch, 2 * frames_of(samples), 80)."""
        frames = 2 * frames_of(waves.shape[-1])
        missing = (frames - 1) * _STEP + _FFT - _FFT // 2 - waves.shape[-1]
        padded = functional.pad(waves, (_FFT // 2, max(missing, 0)))
        spectrum = torch.stft(padded, _FFT, _STEP, _WINDOW, self.window, center=False, return_complex=True)[
            ..., :frames
        ]
        power = spectrum.real.square() + spectrum.imag.square()
        logs = torch.log(self.filters @ power + _FLOOR)
        return ((logs - _LOG_MEAN) / _LOG_DEVIATION).transpose(1, 2)


class _Layer(nn.ModuleList):
    """Dilated convolutions, one after the other."""

    def forward(self, states: Tensor, inside: Tensor | None, told: Iterator[Tensor | None]) -> Tensor:
        for block in self:
            states = block(states, inside, next(told))
        return states


class SmallEncoder(Encoder):
    """Log-mel front end at 50 Hz, two frames side by side, and layers of two dilated convolutions each.

    Attributes:
        front: What is in front of the first layer.
        blocks: The layers.
    """

    def __init__(
        self,
        layers: int,
        width: int,
        dropout: float = 0.0,
        hidden_stretches: int = 0,
        origin: Origin = "untrained",
        *,
        front_norm: bool = True,
    ) -> None:
        """Draws the weights from torch's random state.

        Args:
            layers: How many.
            width: Of a hidden state.
            dropout: Share of values set to zero while training.
            hidden_stretches: See `hide_stretches`; 0: nothing is hidden.
            origin: How it came by its weights.
            front_norm: See `benchmark.joint.config.EncoderConfig`.
        """
        super().__init__()
        self.name, self.origin = "small", origin
        self.width, self.layers = width, layers + 1
        self._hidden_stretches = hidden_stretches
        self.log_mel = LogMel()
        norm = nn.LayerNorm(width) if front_norm else nn.Identity()
        self.front = nn.ModuleDict({"into": nn.Linear(2 * BANDS, width), "norm": norm})
        self.blocks = nn.ModuleList(
            _Layer(DilatedBlock(width, dilation, dropout) for dilation in _DILATIONS[i % 2])
            for i in range(layers)
        )

    def forward(
        self, waves: Tensor, lengths: Tensor | None = None, films: Sequence[Tensor] | None = None
    ) -> list[Tensor]:
        """Hidden states; see `Encoder.forward`.

        `films` are for each block, see `benchmark.joint.enrolment`; None: it is told nothing.
        """
        spectra = self.log_mel(waves)
        if self.training and self._hidden_stretches:
            spectra = hide_stretches(spectra, self._hidden_stretches)
        present = present_frames(spectra.shape[1] // 2, lengths, waves.device)
        return self.layers_above(self.features(spectra), present, films)

    def features(self, spectra: Tensor) -> Tensor:
        """From log-mel spectra to the input of the first layer.

        Args:
            spectra: Shape (batch, 2 * frames, 80), 100 Hz.

        Returns:
            Shape (batch, frames, width).
        """
        pairs = spectra.reshape(len(spectra), -1, 2 * BANDS)
        heard: Tensor = self.front["norm"](self.front["into"](pairs))
        return heard

    def layers_above(
        self, states: Tensor, present: Tensor | None, films: Sequence[Tensor] | None = None
    ) -> list[Tensor]:
        """From the front end's output to the hidden states of every layer."""
        inside = None if present is None else present[..., None]
        hidden = [states]
        told: Iterator[Tensor | None] = repeat(None) if films is None else iter(films)
        for layer in self.blocks:
            hidden.append(layer(hidden[-1], inside, told))
        return hidden

    def trainable_blocks(self) -> list[nn.Module]:
        """Front end, then the layers; see `Encoder.trainable_blocks`."""
        return [self.front, *self.blocks]

    @property
    def reach_s(self) -> float:
        """How far to either side a hidden state can hear, in seconds."""
        frames = sum(sum(_DILATIONS[i % 2]) for i in range(len(self.blocks)))
        return (frames + 2) * HOP / RATE_HZ
