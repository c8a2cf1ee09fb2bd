"""Log-spectral distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.frames import speech_frames
from benchmark.metrics.measure import WaveformMeasure, Waveforms

FLOOR_DB = 60.0


@dataclass(frozen=True, repr=False)
class LSD(WaveformMeasure):
    """Mean over speech frames of the root-mean-square difference of log power spectra over bins, in dB.

    Frames of 32 ms, half overlapping; those more than 40 dB below the loudest clean frame are left out. Both
    spectra are floored 60 dB below the greatest bin of the clean signal, so silence has a finite distance and
    inaudible differences have none. Values are held to 60 dB, what a failure is charged. The level of the
    estimate is not corrected. A diagnostic, not ranked.
    """

    unit: ClassVar[str] = "dB"
    range: ClassVar[tuple[float, float]] = (0.0, FLOOR_DB)
    higher_is_better: ClassVar[bool] = False
    version: ClassVar[str] = "2"
    place: ClassVar[int] = 9
    source: ClassVar[str] = "Gray & Markel, IEEE TASSP 24(5):380, 1976; floor and frames of this benchmark"

    @property
    def ranked(self) -> bool:
        """A diagnostic: it depends on the level of the estimate."""
        return False

    def compare(self, reference: Waveforms, analysed: NDArray[np.float64]) -> float:
        """Log-spectral distance in dB."""
        frames = speech_frames(reference, analysed)
        clean, estimate = (np.abs(np.fft.rfft(f)) ** 2 for f in frames)
        floor = clean.max() * 10 ** (-FLOOR_DB / 10)
        difference = 10 * np.log10(np.maximum(clean, floor) / np.maximum(estimate, floor))
        return min(float(np.sqrt((difference**2).mean(axis=1)).mean()), FLOOR_DB)
