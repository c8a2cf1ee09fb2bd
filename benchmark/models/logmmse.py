"""A classical enhancer: log-spectral amplitude estimation with noise tracked by speech presence probability.

Gain: Ephraim & Malah, "Speech enhancement using a minimum mean-square error log-spectral amplitude
estimator", IEEE TASSP 33(2) (1985). Noise: Gerkmann & Hendriks, "Unbiased MMSE-based noise power estimation
with low complexity and low tracking delay", IEEE TASLP 20(4) (2012). Written from the papers; not tuned on
any corpus.
"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from benchmark.models.contract import Audio

_WINDOW, _HOP = 512, 256
_XI_PRESENT = 10.0 ** (
    15.0 / 10.0
)  # SNR that a bin has when speech is present, 15 dB (section III.B of the 2012 paper)
_XI_FLOOR = 10.0 ** (-25.0 / 10.0)
_DECISION_DIRECTED = 0.98
_NOISE_SMOOTHING = 0.8
_PRESENCE_SMOOTHING = 0.9
_PRESENCE_CEILING = 0.99


class LogMmse:
    """The enhancer of this module.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = 16000

    def enhance(self, noisy: Audio) -> Audio:
        """Cleans one recording; see `benchmark.models.contract.Enhancer`."""
        if len(noisy) < _WINDOW:
            return noisy.copy()
        transform = scipy.signal.ShortTimeFFT(
            np.sqrt(scipy.signal.windows.hann(_WINDOW, sym=False)), _HOP, fs=self.sample_rate
        )
        spectrum = transform.stft(noisy.astype(np.float64))
        gains = _gains(np.abs(spectrum.T) ** 2)
        enhanced = transform.istft(spectrum * gains.T, k1=len(noisy))
        return np.asarray(enhanced, dtype=np.float32)


def _gains(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gain of every frame and bin; `power` has shape (frames, bins)."""
    power = np.maximum(power, 1e-12 * max(float(power.max()), 1e-12))
    # The first frames may already hold speech, so the start is a low quantile in time, not their mean.
    noise = np.quantile(power[: max(8, len(power) // 4)], 0.3, axis=0)
    presence = np.full(power.shape[1], 0.5)
    previous = np.zeros(power.shape[1])
    gains = np.empty_like(power)
    for frame, observed in enumerate(power):
        noise, presence = _tracked(observed, noise, presence)
        posterior = np.clip(observed / noise, 1e-3, 1e3)
        prior = _DECISION_DIRECTED * previous / noise + (1 - _DECISION_DIRECTED) * np.maximum(
            posterior - 1, 0
        )
        prior = np.maximum(prior, _XI_FLOOR)
        ratio = prior / (1 + prior)
        gains[frame] = np.minimum(
            ratio * np.exp(0.5 * scipy.special.exp1(np.maximum(ratio * posterior, 1e-8))), 1.0
        )
        previous = gains[frame] ** 2 * observed
    return gains


def _tracked(
    observed: NDArray[np.float64], noise: NDArray[np.float64], presence: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Noise power and smoothed speech presence after one more frame."""
    exponent = np.minimum(observed / noise * _XI_PRESENT / (1 + _XI_PRESENT), 200.0)
    present = 1.0 / (1.0 + (1.0 + _XI_PRESENT) * np.exp(-exponent))
    presence = _PRESENCE_SMOOTHING * presence + (1 - _PRESENCE_SMOOTHING) * present
    # A bin that seemed to hold speech all along is held to be noise that rose (stagnation, section III.C).
    present = np.where(presence > _PRESENCE_CEILING, np.minimum(present, _PRESENCE_CEILING), present)
    estimate = (1 - present) * observed + present * noise
    return _NOISE_SMOOTHING * noise + (1 - _NOISE_SMOOTHING) * estimate, presence
