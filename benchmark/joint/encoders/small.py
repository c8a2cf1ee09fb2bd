"""The encoder of this project: small enough to be trained on a processor, from a log-mel front end."""

from __future__ import annotations

import librosa
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.joint.config import POSITION_GROUPS
from benchmark.joint.encoders.contract import (
    HOP,
    Encoder,
    Origin,
    frames_of,
    present_frames,
)
from benchmark.joint.layers import TransformerBlock, within_reach
from benchmark.types import RATE_HZ

BANDS = 80
_WINDOW, _FFT, _STEP = 400, 512, 160
#: How far a frame sees to either side in one layer, in frames of 20 ms.
REACH = 50
_POSITION_KERNEL = 31
# Of log-mel spectra of speech at an RMS of 1; they only bring the input of the network near mean 0 and variance 1.
_LOG_MEAN, _LOG_DEVIATION = -3.0, 3.5
_FLOOR = 1e-4


class LogMel(nn.Module):
    """Log-mel spectrum: 80 bands up to 8 kHz, 25-ms Hann windows, 100 frames a second, frame k centred on sample 160 k."""

    window: Tensor
    filters: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(_WINDOW), persistent=False)
        filters = librosa.filters.mel(sr=RATE_HZ, n_fft=_FFT, n_mels=BANDS, fmin=20.0)
        self.register_buffer("filters", torch.from_numpy(filters.astype(np.float32)), persistent=False)

    def forward(self, waves: Tensor) -> Tensor:
        """Spectra of shape (batch, 2 * frames_of(samples), 80), natural logarithms brought near unit variance."""
        frames = 2 * frames_of(waves.shape[-1])
        missing = (frames - 1) * _STEP + _FFT - _FFT // 2 - waves.shape[-1]
        padded = functional.pad(waves, (_FFT // 2, max(missing, 0)))
        spectrum = torch.stft(padded, _FFT, _STEP, _WINDOW, self.window, center=False, return_complex=True)[
            ..., :frames
        ]
        power = spectrum.real.square() + spectrum.imag.square()
        logs = torch.log(self.filters @ power + _FLOOR)
        return ((logs - _LOG_MEAN) / _LOG_DEVIATION).transpose(1, 2)


class SmallEncoder(Encoder):
    """Log-mel front end, two convolutions down to 50 Hz, convolved positions, and transformer layers that see one second to either side.

    Attributes:
        front: What is in front of the first layer.
        blocks: The layers.
    """

    def __init__(
        self, layers: int, width: int, heads: int, dropout: float, origin: Origin = "untrained"
    ) -> None:
        super().__init__()
        self.name, self.origin = "small", origin
        self.width, self.layers = width, layers + 1
        self.log_mel = LogMel()
        self.front = nn.ModuleDict(
            {
                "first": nn.Conv1d(BANDS, width, 5, padding=2),
                "halving": nn.Conv1d(width, width, 4, stride=2, padding=1),
                "norm": nn.LayerNorm(width),
                "positions": nn.Conv1d(
                    width, width, _POSITION_KERNEL, padding=_POSITION_KERNEL // 2, groups=POSITION_GROUPS
                ),
                "dropout": nn.Dropout(dropout),
            }
        )
        self.blocks = nn.ModuleList(TransformerBlock(width, heads, dropout) for _ in range(layers))

    def forward(self, waves: Tensor, lengths: Tensor | None = None) -> list[Tensor]:
        """Hidden states; see `Encoder.forward`."""
        spectra = self.log_mel(waves)
        present = present_frames(spectra.shape[1] // 2, lengths, waves.device)
        return self.layers_above(self.features(spectra, present), present)

    def features(self, spectra: Tensor, present: Tensor | None) -> Tensor:
        """From log-mel spectra to what the positions are added to.

        Args:
            spectra: Shape (batch, 2 * frames, 80), 100 Hz.
            present: bool, shape (batch, frames): hidden states that are not padding. None: all are.

        Returns:
            Shape (batch, frames, width).
        """
        # What lies behind the end of a recording must not be heard, just as there is nothing behind the end of the longest.
        inside = None if present is None else present.repeat_interleave(2, dim=1)[:, None]
        bands = spectra.transpose(1, 2)
        states = functional.gelu(self.front["first"](bands if inside is None else bands * inside))
        if inside is not None:
            states = states * inside
        states = functional.gelu(self.front["halving"](states)).transpose(1, 2)
        normed: Tensor = self.front["norm"](states)
        return normed

    def layers_above(self, states: Tensor, present: Tensor | None) -> list[Tensor]:
        """From the front end's output to the hidden states of every layer."""
        if present is not None:
            states = states * present[..., None]
        states = states + functional.gelu(self.front["positions"](states.transpose(1, 2))).transpose(1, 2)
        states = self.front["dropout"](states)
        seen = within_reach(states.shape[1], REACH, present, states.device)
        hidden = [states]
        for block in self.blocks:
            hidden.append(block(hidden[-1], seen))
        return hidden

    def trainable_blocks(self) -> list[nn.Module]:
        """Front end, then the layers; see `Encoder.trainable_blocks`."""
        return [self.front, *self.blocks]

    @property
    def reach_s(self) -> float:
        """How far to either side a hidden state can hear, in seconds."""
        return (len(self.blocks) * REACH + _POSITION_KERNEL // 2 + 4) * HOP / RATE_HZ
