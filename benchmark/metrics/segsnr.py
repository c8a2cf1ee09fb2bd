"""Segmental signal-to-noise ratio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.frames import speech_frames
from benchmark.metrics.measure import WaveformMeasure, Waveforms


@dataclass(frozen=True, repr=False)
class SegSNR(WaveformMeasure):
    """Mean ratio of clean to error energy in dB over speech frames, each limited to -10..35 dB.

    Frames of 32 ms, half overlapping; those more than 40 dB below the loudest clean frame are left out.
    Neither level nor delay of the estimate is corrected: it measures the waveform. A diagnostic, not ranked.
    """

    unit: ClassVar[str] = "dB"
    range: ClassVar[tuple[float, float]] = (-10.0, 35.0)
    place: ClassVar[int] = 8
    source: ClassVar[str] = (
        "Hansen & Pellom, ICSLP 1998; limits after Loizou, Speech Enhancement, 2nd ed., eq. 11.1"
    )

    @property
    def ranked(self) -> bool:
        """A diagnostic: it depends on the level of the estimate."""
        return False

    def compare(self, reference: Waveforms, analysed: NDArray[np.float64]) -> float:
        """Segmental SNR in dB."""
        frames = speech_frames(reference, analysed)
        error = frames.clean - frames.estimate
        signal, noise = (np.einsum("ij,ij->i", f, f) for f in (frames.clean, error))
        low, high = self.range
        with np.errstate(divide="ignore"):
            ratio_db = 10 * np.log10(signal / noise)
        return float(np.clip(ratio_db, low, high).mean())
