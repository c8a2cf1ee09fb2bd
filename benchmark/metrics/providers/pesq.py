"""PESQ by the package `pesq`, which wraps the ITU's software.

The software may not be copied or adapted, so it is an optional package in a process of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.errors import MeasureError
from benchmark.metrics.checks import UnscorableReference, check_estimate, check_rate, check_reference
from benchmark.metrics.measure import Waveforms
from benchmark.metrics.providers.child import child
from benchmark.metrics.providers.provided import ProvidedMeasure, blamed, require_sound, require_speech
from benchmark.metrics.resample import resample

MIN_S, MAX_S = 1.0, 60.0
_CHILD = "benchmark.metrics.providers.pesq_child"


@dataclass(frozen=True, repr=False)
class PESQ(ProvidedMeasure):
    """PESQ as the package `pesq` computes it, for clips of 1 to 60 s.

    That package lacks Corrigendum 2 of P.862; scores with it are higher by about 0.57, so the name says so.
    Its C code crashes on long clips and cannot run in two threads at once, hence the process. Before it is
    asked the clean signal must have 0.3 s of active speech above -70 dB re full scale: of less it makes
    nonsense.

    Attributes:
        mode: "wb" (16 kHz) or "nb" (8 kHz); other rates are resampled down to it.
    """

    mode: str = "wb"

    unit: ClassVar[str] = "MOS-LQO"
    range: ClassVar[tuple[float, float]] = (1.0, 4.65)
    place: ClassVar[int] = 90
    source: ClassVar[str] = "ITU-T P.862 (2001), P.862.1, P.862.2, without Corrigendum 2 (2018)"
    distribution: ClassVar[str] = "pesq"
    caveat: ClassVar[str] = ", no Corrigendum 2"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.mode not in ("wb", "nb"):
            raise MeasureError(f"PESQ has no mode {self.mode!r}; there are 'wb', 'nb'")

    @property
    def target_rate_hz(self) -> int:
        """The rate at which the package works."""
        return 16_000 if self.mode == "wb" else 8_000

    def reference(self, clean: ArrayLike, rate_hz: int) -> Waveforms:
        """The clean signal, once its length and activity are found suitable."""
        rate = check_rate(rate_hz)
        signal = check_reference(clean)
        seconds = len(signal) / rate
        if rate < self.target_rate_hz:
            raise UnscorableReference(f"PESQ {self.mode} needs {self.target_rate_hz} Hz or more, got {rate}")
        if not MIN_S <= seconds <= MAX_S:
            raise UnscorableReference(
                f"PESQ takes clips of {MIN_S:g} to {MAX_S:g} s, this one has {seconds:.2f} s"
            )
        require_speech(signal, rate, "PESQ")
        return Waveforms(signal, rate)

    def analyse(self, reference: Waveforms, estimate: ArrayLike) -> NDArray[np.float64]:
        """The estimate, checked."""
        return check_estimate(estimate, len(reference.samples), reference.rate_hz)

    def compare(self, reference: Waveforms, analysed: NDArray[np.float64]) -> float:
        """The package's score.

        Raises:
            MeasureError: The estimate is silent, or the package gave up or crashed; `UnscorableReference` if
                it cannot even compare the clean signal with itself.
        """
        require_sound(analysed, "PESQ")
        return blamed(lambda estimate: self._asked(reference, estimate), reference.samples, analysed)

    def _asked(self, reference: Waveforms, estimate: NDArray[np.float64]) -> float:
        signals: dict[str, Any] = {
            name: resample(signal, reference.rate_hz, self.target_rate_hz).astype(np.float32)
            for name, signal in (("clean", reference.samples), ("estimate", estimate))
        }
        answer = child(_CHILD).ask(
            {**signals, "rate_hz": np.array(self.target_rate_hz), "mode": np.array(self.mode)}
        )
        return float(answer["value"])
