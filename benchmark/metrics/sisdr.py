"""Scale-invariant signal-to-distortion ratio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import MeasureError
from benchmark.metrics.arithmetic import inner
from benchmark.metrics.measure import WaveformMeasure, Waveforms


@dataclass(frozen=True, repr=False)
class SISDR(WaveformMeasure):
    """SI-SDR in dB: 10 log10(|a s|^2 / |a s - e|^2) with a = <e, s> / |s|^2, s clean and e the estimate.

    Convention: means are *not* removed (they are with ``zero_mean=True``), so that DC counts as distortion.
    No
    alignment: an estimate delayed by a few samples is rightly poor. Values are held to the range -50..100 dB;
    a perfect estimate scores 100, one orthogonal to the clean signal -50. A silent estimate is an error, for
    0/0 has no value.

    Attributes:
        zero_mean: Remove the mean of both signals first.
    """

    zero_mean: bool = False

    unit: ClassVar[str] = "dB"
    range: ClassVar[tuple[float, float]] = (-50.0, 100.0)
    place: ClassVar[int] = 7
    variants: ClassVar[tuple[str, ...]] = ("zero_mean=True",)
    source: ClassVar[str] = "Le Roux, Wisdom, Erdogan & Hershey, SDR - half-baked or well done?, ICASSP 2019"

    def compare(self, reference: Waveforms, analysed: NDArray[np.float64]) -> float:
        """SI-SDR in dB.

        Raises:
            MeasureError: The estimate is silent (or constant, with `zero_mean`).
        """
        clean, estimate = reference.samples, analysed
        if self.zero_mean:
            clean, estimate = clean - clean.mean(), estimate - estimate.mean()
        peak = np.abs(estimate).max()
        if peak == 0:
            raise MeasureError("the estimate is silent: SI-SDR is 0/0")
        # Scaling first keeps squares of very small or very large samples inside the range of float64.
        clean, estimate = clean / np.abs(clean).max(), estimate / peak
        target = (inner(estimate, clean) / inner(clean, clean)) * clean
        error = estimate - target
        signal, distortion = inner(target, target), inner(error, error)
        low, high = self.range
        if signal <= distortion * 10 ** (low / 10):
            return low
        if distortion <= signal * 10 ** (-high / 10):
            return high
        return float(10 * np.log10(signal / distortion))
