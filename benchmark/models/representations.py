"""Representations of speech that need no training: what learnt ones have to beat."""

from __future__ import annotations

import numpy as np
import scipy

from benchmark.models.contract import Audio
from benchmark.models.features import HOP, log_mel
from benchmark.types import RATE_HZ, Features

_RATE_HZ = RATE_HZ / HOP
_CEPSTRA = 13
#: Frames to either side that slopes are taken over, as is usual (HTK).
_SLOPE = 2


class LogMelFeatures:
    """Log-mel spectrum, 40 bands, 100 frames a second, mean removed; see `benchmark.models.features.log_mel`.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = RATE_HZ

    def represent(self, noisy: Audio) -> Features:
        """Features of one recording; see `benchmark.models.contract.Representer`."""
        return Features(log_mel(noisy), _RATE_HZ)


class MfccFeatures:
    """39 channels: 13 mel-frequency cepstral coefficients, their slopes, and the slopes of these.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = RATE_HZ

    def represent(self, noisy: Audio) -> Features:
        """Features of one recording; see `benchmark.models.contract.Representer`."""
        cepstra = scipy.fft.dct(log_mel(noisy).astype(np.float64), type=2, axis=1, norm="ortho")[:, :_CEPSTRA]
        first = _slopes(cepstra)
        values = np.concatenate([cepstra, first, _slopes(first)], axis=1)
        return Features(values.astype(np.float32), _RATE_HZ)


def _slopes(values: np.ndarray) -> np.ndarray:
    """Slope, per frame, of a straight line through five frames; edge frames are repeated."""
    padded = np.pad(values, ((_SLOPE, _SLOPE), (0, 0)), mode="edge")
    shifts = range(1, _SLOPE + 1)
    total = sum(
        shift * (padded[_SLOPE + shift :][: len(values)] - padded[_SLOPE - shift :][: len(values)])
        for shift in shifts
    )
    return np.asarray(total / (2 * sum(shift**2 for shift in shifts)))
