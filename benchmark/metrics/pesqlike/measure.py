"""PESQLike: the measure object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.metrics.checks import UnscorableReference, check_estimate, check_rate, check_reference
from benchmark.metrics.measure import AudioMeasure
from benchmark.metrics.pesqlike.align import global_lag, shift
from benchmark.metrics.pesqlike.bark import bark_bands, loudness
from benchmark.metrics.resample import resample

Array = NDArray[np.float64]
_RATE = 16000
_FFT = 512
_HOP = 256
_BANDS = 46
_LEVEL_DB = 75.0


class LoudnessReference(NamedTuple):
    """The clean signal as PESQLike sees it."""

    length: int
    rate_hz: int
    signal: Array
    loudness: Array
    excitation: Array


@dataclass(frozen=True, repr=False)
class PESQLike(AudioMeasure):
    """Perceived quality of wide-band speech on the scale of PESQ, 1.0 to 4.64. Needs at least 16 kHz."""

    unit: ClassVar[str] = "MOS"
    range: ClassVar[tuple[float, float]] = (1.0, 4.644)
    worst: ClassVar[float] = 1.0
    source: ClassVar[str] = "this benchmark, from Traunmüller 1990, Terhardt 1979, Zwicker & Fastl 1999"
    version: ClassVar[str] = "0"

    def reference(self, clean: ArrayLike, rate_hz: int) -> LoudnessReference:
        """Loudness of the clean signal over time and Bark bands."""
        rate = check_rate(rate_hz)
        if rate < _RATE:
            raise UnscorableReference(
                f"PESQLike is a wide-band measure: it needs 16000 Hz or more, got {rate}"
            )
        checked = check_reference(clean)
        signal = resample(checked, rate, _RATE)
        power = _bark_power(signal)
        return LoudnessReference(len(checked), rate, signal, _loud(power), power)

    def analyse(self, reference: LoudnessReference, estimate: ArrayLike) -> Array:
        """Bark powers of the aligned estimate."""
        signal = resample(
            check_estimate(estimate, reference.length, reference.rate_hz), reference.rate_hz, _RATE
        )
        return _bark_power(shift(signal, global_lag(reference.signal, signal, min(len(signal) - 1, 8000))))

    def compare(self, reference: LoudnessReference, analysed: Array) -> float:
        """MOS."""
        low, high = self.range
        if not analysed.any():
            return low
        difference = _loud(analysed) - reference.loudness
        d = (
            np.sqrt((np.clip(difference, 0, None) ** 2).mean(axis=1)),
            np.sqrt((np.clip(difference, None, 0) ** 2).mean(axis=1)),
        )
        per_frame = d[0] + 0.5 * d[1]
        pooled = np.sqrt((per_frame**2).mean()) / np.sqrt((reference.loudness**2).mean())
        return float(low + (high - low) * 2 / (1 + np.exp(3.0 * pooled)))


def _loud(power: Array) -> Array:
    bands = bark_bands(_RATE, _FFT, _BANDS, 80.0, 7800.0)
    scale = 10 ** (_LEVEL_DB / 10) / power.sum(axis=1).mean()
    return loudness(power * scale, bands.threshold)


def _bark_power(signal: Array) -> Array:
    bands = bark_bands(_RATE, _FFT, _BANDS, 80.0, 7800.0)
    padded = np.concatenate([signal, np.zeros(_FFT)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_HOP] * np.hanning(_FFT)
    spectrum = np.fft.rfft(frames)
    power: Array = (spectrum.real**2 + spectrum.imag**2) @ bands.weights
    return power
