"""Masked prediction: how the small encoder learns from speech alone, without articulation."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmark.joint.encoders.contract import present_frames
from benchmark.joint.encoders.small import BANDS, SmallEncoder

_CODES, _CODE_WIDTH, _CODE_SEED = 1024, 16, 2202
#: Share of frames at which a masked stretch begins, and its length in frames of 20 ms.
STARTS, STRETCH = 0.05, 10


class MaskedPrediction(nn.Module):
    """Predicts, where its input is masked, which unit of sound the clean speech has there.

    Units come from a random projection of the clean log-mel spectrum onto a random, never trained codebook
    (BEST-RQ, Chiu et al. 2022); hearing noisy speech and predicting the clean units also teaches it to leave
    noise aside (as WavLM, Chen et al. 2022).

    Attributes:
        encoder: What is trained for later use.
    """

    projection: Tensor
    codebook: Tensor

    def __init__(self, encoder: SmallEncoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.mask = nn.Parameter(torch.zeros(encoder.width))
        self.head = nn.Linear(encoder.width, _CODES)
        generator = torch.Generator().manual_seed(_CODE_SEED)
        codebook = torch.randn(_CODES, _CODE_WIDTH, generator=generator)
        self.register_buffer("projection", torch.randn(2 * BANDS, _CODE_WIDTH, generator=generator))
        self.register_buffer("codebook", nn.functional.normalize(codebook, dim=-1))

    def forward(
        self, noisy: Tensor, clean: Tensor, lengths: Tensor | None, generator: torch.Generator
    ) -> Tensor:
        """Cross entropy over the masked frames, in nats; the logarithm of 1024 (6.93) is chance.

        Args:
            noisy: Shape (batch, samples), RMS about 1.
            clean: The speech in it, the same shape.
            lengths: Samples of each recording before padding, shape (batch,). None: all are whole.
            generator: Draws the masked stretches.
        """
        spectra = self.encoder.log_mel(noisy)
        present = present_frames(spectra.shape[1] // 2, lengths, noisy.device)
        states = self.encoder.features(spectra)
        if present is None:
            present = torch.ones(states.shape[:2], dtype=torch.bool, device=states.device)
        masked = self._masked(present, generator)
        states = torch.where(masked[..., None], self.mask, states)
        last = self.encoder.layers_above(states, present)[-1]
        return nn.functional.cross_entropy(self.head(last[masked]), self._units(clean, present)[masked])

    def _masked(self, present: Tensor, generator: torch.Generator) -> Tensor:
        drawn = torch.rand(present.shape, generator=generator).to(present.device)
        starts = (drawn < STARTS) & present
        starts[:, 0] |= ~starts.any(dim=1)  # so that every recording has something to predict
        spread = nn.functional.max_pool1d(
            nn.functional.pad(starts.float()[:, None], (STRETCH - 1, 0)), STRETCH, stride=1
        )
        return (spread[:, 0] > 0) & present

    @torch.no_grad()
    def _units(self, clean: Tensor, present: Tensor) -> Tensor:
        spectra = self.encoder.log_mel(clean)
        pairs = spectra.reshape(len(spectra), -1, 2 * BANDS)
        inside = present[..., None]
        count = inside.sum(dim=1, keepdim=True)
        mean = (pairs * inside).sum(dim=1, keepdim=True) / count
        deviation = torch.sqrt(((pairs - mean).square() * inside).sum(dim=1, keepdim=True) / count + 1e-4)
        projected = nn.functional.normalize((pairs - mean) / deviation @ self.projection, dim=-1)
        return (projected @ self.codebook.T).argmax(dim=-1)
