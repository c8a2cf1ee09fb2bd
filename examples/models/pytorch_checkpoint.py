"""A PyTorch checkpoint as a model: its network, its weights, and two lines of wrapper.

    python -m benchmark.check_model examples/models/pytorch_checkpoint.py:MaskNet \
        --model-arg weights=mask.pt --python ~/venvs/torch/bin/python

The Python that runs it needs torch and numpy, and nothing of the benchmark.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

SIZE, HOP = 512, 128


class Network(nn.Module):
    """Your network; this one predicts a gain for every bin of a short-time spectrum."""

    def __init__(self, hidden: int = 64) -> None:
        super().__init__()
        self.recurrent = nn.GRU(SIZE // 2 + 1, hidden, batch_first=True)
        self.gains = nn.Linear(hidden, SIZE // 2 + 1)

    def forward(self, magnitudes: torch.Tensor) -> torch.Tensor:
        """Gains between 0 and 1, shape (1, frames, bins), as the magnitudes."""
        return torch.sigmoid(self.gains(self.recurrent(torch.log1p(magnitudes))[0]))


class MaskNet:
    """The wrapper: loads once, then works on one recording at a time."""

    sample_rate = 16000

    def __init__(self, weights: str) -> None:
        self.network = Network()
        # weights_only: a checkpoint is data, not a program.
        self.network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        self.network.eval()  # without it dropout would make every answer another one
        self.window = torch.hann_window(SIZE)

    @torch.inference_mode()
    def enhance(self, noisy: np.ndarray) -> np.ndarray:
        """Float32 samples in, as many out; `center=True` avoids a delay."""
        padded = torch.from_numpy(np.pad(noisy, (0, max(0, SIZE - len(noisy)))))
        spectrum = torch.stft(padded, SIZE, HOP, window=self.window, center=True, return_complex=True)
        gains = self.network(spectrum.abs().T[None])[0].T
        enhanced = torch.istft(spectrum * gains, SIZE, HOP, window=self.window, length=len(padded))
        return enhanced.numpy()[: len(noisy)]
