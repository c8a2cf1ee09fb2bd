"""DNSMOS by the package `speechmos`."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from benchmark.errors import MeasureError, MissingExtraError
from benchmark.metrics.checks import UnscorableReference, check_estimate, check_rate, check_reference
from benchmark.metrics.measure import Waveforms
from benchmark.metrics.providers.provided import ProvidedMeasure, require_sound
from benchmark.metrics.resample import resample

RATE_HZ = 16_000
_KEYS = MappingProxyType(
    {"overall": "ovrl_mos", "signal": "sig_mos", "background": "bak_mos", "p808": "p808_mos"}
)


@dataclass(frozen=True, repr=False)
class DNSMOS(ProvidedMeasure):
    """Quality judged from the estimate alone, by networks of Microsoft's DNS challenge.

    The clean signal is only checked.

    Attributes:
        scale: "overall", "signal", "background" (P.835) or "p808".
    """

    scale: str = "overall"

    unit: ClassVar[str] = "MOS"
    range: ClassVar[tuple[float, float]] = (1.0, 5.0)
    place: ClassVar[int] = 91
    source: ClassVar[str] = "Reddy, Gopal & Cutler, DNSMOS P.835, ICASSP 2022; DNSMOS, ICASSP 2021"
    distribution: ClassVar[str] = "speechmos"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scale not in _KEYS:
            raise MeasureError(f"DNSMOS has no scale {self.scale!r}; there are {', '.join(map(repr, _KEYS))}")

    @property
    def shares(self) -> Hashable:
        """The four scales come from one run."""
        return self.package

    def reference(self, clean: ArrayLike, rate_hz: int) -> Waveforms:
        """The clean signal, checked."""
        reference = Waveforms(check_reference(clean), check_rate(rate_hz))
        if reference.rate_hz < RATE_HZ:
            raise UnscorableReference(f"DNSMOS needs {RATE_HZ} Hz or more, got {reference.rate_hz}")
        return reference

    def analyse(self, reference: Waveforms, estimate: ArrayLike) -> Mapping[str, float]:
        """All scales of an estimate."""
        try:
            from speechmos import dnsmos
        except ImportError as error:
            raise MissingExtraError(error.name or "speechmos", "measures", "DNSMOS") from None
        signal = resample(
            check_estimate(estimate, len(reference.samples), reference.rate_hz), reference.rate_hz, RATE_HZ
        )
        require_sound(signal, "DNSMOS")
        # The package refuses samples beyond full scale; the networks are fed the level as delivered
        # otherwise.
        values = dnsmos.run(signal / max(1.0, float(np.abs(signal).max())), sr=RATE_HZ)
        return {key: float(value) for key, value in values.items()}

    def compare(self, reference: Waveforms, analysed: Mapping[str, float]) -> float:
        """The score on the chosen scale."""
        return analysed[_KEYS[self.scale]]
