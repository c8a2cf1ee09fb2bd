"""What training hides of a spectrum, so that a network does not learn its few recordings by heart."""

from __future__ import annotations

import torch
from torch import Tensor


def hide_stretches(spectra: Tensor, count: int) -> Tensor:
    """Spectra in which stretches of time and of frequency are hidden, as in SpecAugment (Park et al. 2019).

    Args:
        spectra: Shape (batch, frames, bands), mean about 0.
        count: How many stretches of bands, each up to 15 bands, and in every second how many stretches of
            time, each up to 0.2 s.

    Returns:
        The same shape; what is hidden is 0.
    """
    batch, frames, bands = spectra.shape
    for axis, size, widest, many in ((1, frames, 20, max(1, count * frames // 100)), (2, bands, 15, count)):
        widths = torch.randint(0, widest + 1, (batch, many), device=spectra.device)
        starts = (torch.rand(batch, many, device=spectra.device) * (size - widths)).long()
        place = torch.arange(size, device=spectra.device)[None, None]
        inside = (place >= starts[..., None]) & (place < (starts + widths)[..., None])
        spectra = spectra.masked_fill(inside.any(dim=1).unsqueeze(3 - axis), 0.0)
    return spectra
