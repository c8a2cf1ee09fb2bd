"""ViSQOL by the package `visqol-python`."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.errors import MeasureError, MissingExtraError
from benchmark.metrics.checks import UnscorableReference
from benchmark.metrics.measure import WaveformMeasure, Waveforms
from benchmark.metrics.providers.provided import ProvidedMeasure, blamed, require_sound, require_speech
from benchmark.metrics.resample import resample

RATE_HZ = 16_000


@dataclass(frozen=True, repr=False)
class ViSQOL(ProvidedMeasure, WaveformMeasure):
    """ViSQOL v3 in speech mode at 16 kHz, with the polynomial mapping, which needs no further package."""

    unit: ClassVar[str] = "MOS"
    range: ClassVar[tuple[float, float]] = (1.0, 5.0)
    place: ClassVar[int] = 92
    source: ClassVar[str] = "Chinen, Lim, Skoglund et al., ViSQOL v3, QoMEX 2020"
    distribution: ClassVar[str] = "visqol-python"

    @property
    def shares(self) -> Hashable:
        """Nothing is shared."""
        return self

    def reference(self, clean: ArrayLike, rate_hz: int) -> Waveforms:
        """The clean signal at 16 kHz."""
        checked = super().reference(clean, rate_hz)
        if checked.rate_hz < RATE_HZ or len(checked.samples) < checked.rate_hz:
            raise UnscorableReference(f"ViSQOL needs {RATE_HZ} Hz or more and at least 1 s of speech")
        require_speech(checked.samples, checked.rate_hz, "ViSQOL")
        return checked

    def compare(self, reference: Waveforms, analysed: NDArray[np.float64]) -> float:
        """The package's MOS.

        Raises:
            MeasureError: The estimate is silent, or the package cannot compare the pair.
        """
        try:
            from visqol import VisqolApi
        except ImportError as error:
            raise MissingExtraError(error.name or "visqol-python", "measures", "ViSQOL") from None
        require_sound(analysed, "ViSQOL")
        api = VisqolApi()
        api.create(mode="speech", use_lattice_model=False)
        clean = resample(reference.samples, reference.rate_hz, RATE_HZ)

        def asked(signal: NDArray[np.float64]) -> float:
            estimate = resample(signal, reference.rate_hz, RATE_HZ)
            try:
                return float(api.measure_from_arrays(clean, estimate, sample_rate=RATE_HZ).moslqo)
            except (ValueError, RuntimeError, IndexError) as error:
                raise MeasureError(f"visqol-python: {error}") from None

        return blamed(asked, reference.samples, analysed)
