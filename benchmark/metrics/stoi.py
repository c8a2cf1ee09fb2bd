"""Short-time objective intelligibility, plain and extended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from numpy.typing import ArrayLike

from benchmark.metrics.intelligibility import (
    Array,
    IntelligibilityReference,
    analyse_estimate,
    analyse_reference,
    estoi_value,
    stoi_value,
)
from benchmark.metrics.measure import AudioMeasure


@dataclass(frozen=True, repr=False)
class _Intelligibility(AudioMeasure):
    unit: ClassVar[str] = "1"
    range: ClassVar[tuple[float, float]] = (-1.0, 1.0)

    @property
    def shares(self) -> str:
        """STOI and ESTOI rest on the same band envelopes."""
        return "third-octave envelopes"

    def reference(self, clean: ArrayLike, rate_hz: int) -> IntelligibilityReference:
        """Band envelopes of the clean signal; needs 0.41 s of speech."""
        return analyse_reference(clean, rate_hz)

    def analyse(self, reference: IntelligibilityReference, estimate: ArrayLike) -> Array:
        """Band envelopes of the estimate in the frames in which the clean signal has speech."""
        return analyse_estimate(reference, estimate)


@dataclass(frozen=True, repr=False)
class STOI(_Intelligibility):
    """Short-time objective intelligibility: a silent estimate scores 0, too little speech is an error.

    Example:
        >>> import numpy as np
        >>> clean = np.sin(np.arange(16000) ** 1.5 / 700)
        >>> round(STOI()(clean, clean, 16000), 6)
        1.0
    """

    place: ClassVar[int] = 4
    source: ClassVar[str] = "Taal, Hendriks, Heusdens & Jensen, IEEE TASLP 19(7):2125, 2011"

    def compare(self, reference: IntelligibilityReference, analysed: Array) -> float:
        """STOI."""
        return stoi_value(reference, analysed)


@dataclass(frozen=True, repr=False)
class ESTOI(_Intelligibility):
    """Extended STOI, for fluctuating maskers. Bands without any modulation contribute 0 instead of noise."""

    place: ClassVar[int] = 5
    source: ClassVar[str] = "Jensen & Taal, IEEE/ACM TASLP 24(11):2009, 2016"

    def compare(self, reference: IntelligibilityReference, analysed: Array) -> float:
        """ESTOI."""
        return estoi_value(reference, analysed)
