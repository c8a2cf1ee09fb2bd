"""PESQLike: the measure object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.metrics.checks import UnscorableReference, audible, check_estimate, check_rate, check_reference
from benchmark.metrics.measure import AudioMeasure
from benchmark.metrics.pesqlike.align import AlignReference, align_reference, global_lag, shift
from benchmark.metrics.pesqlike.coefficients import FITTED
from benchmark.metrics.pesqlike.model import RATE_HZ, Spectra, disturbance, score, spectra, spoken
from benchmark.metrics.resample import resample

MAX_LAG_S = 0.25

Array = NDArray[np.float64]


class LoudnessReference(NamedTuple):
    """The clean signal as PESQLike sees it.

    Attributes:
        length: Samples at its own rate.
        rate_hz: That rate.
        alignment: For finding the delay of an estimate.
        spectra: Its short-time powers.
        during: Which frames lie between the first and the last speech.
    """

    length: int
    rate_hz: int
    alignment: AlignReference
    spectra: Spectra
    during: NDArray[np.bool_]


@dataclass(frozen=True, repr=False)
class PESQLike(AudioMeasure):
    """Perceived quality of wide-band speech on the scale of PESQ, from 1 to 4.64, for 16 kHz and more.

    Written from open psychoacoustics and fitted to scores of the package `pesq` 0.0.4 (wide band, no
    Corrigendum 2); it is not PESQ and contains nothing of it. One global delay of up to 0.25 s is removed.
    Gain and polarity change nothing. An estimate that is silent or constant scores 1.0. Not modelled: delays
    that drift, packet loss, strong reverberation.

    Stages: `model.disturbance`. How well it agrees with PESQ, and where it does not: leaderboard/PESQLIKE.md.
    """

    unit: ClassVar[str] = "MOS"
    range: ClassVar[tuple[float, float]] = (1.0, 4.644)
    place: ClassVar[int] = 6
    source: ClassVar[str] = "this benchmark, after Traunmüller 1990, Terhardt 1979, Zwicker & Fastl 1999"

    def reference(self, clean: ArrayLike, rate_hz: int) -> LoudnessReference:
        """Loudness of the clean signal over time and Bark bands.

        Raises:
            UnscorableReference: Besides what every measure refuses: a rate below 16 kHz, or less than 64 ms.
        """
        rate = check_rate(rate_hz)
        checked = check_reference(clean)
        if rate < RATE_HZ:
            raise UnscorableReference(
                f"PESQLike is a wide-band measure: it needs 16000 Hz or more, got {rate}"
            )
        signal = _unit_peak(resample(checked, rate, RATE_HZ))
        if len(signal) < 1024:
            raise UnscorableReference(
                f"PESQLike needs 64 ms of speech, got {1000 * len(checked) / rate:.0f} ms"
            )
        powers = spectra(signal)
        alignment = align_reference(signal, round(MAX_LAG_S * RATE_HZ))
        return LoudnessReference(len(checked), rate, alignment, powers, spoken(powers))

    def analyse(self, reference: LoudnessReference, estimate: ArrayLike) -> Spectra:
        """Short-time powers of the estimate, its delay removed."""
        checked = audible(check_estimate(estimate, reference.length, reference.rate_hz))
        signal = _unit_peak(resample(checked, reference.rate_hz, RATE_HZ))
        return spectra(shift(signal, global_lag(reference.alignment, signal)))

    def compare(self, reference: LoudnessReference, analysed: Spectra) -> float:
        """The score."""
        low, high = self.range
        if not analysed.speech_band[reference.during].any():
            return low
        mos = float(score(disturbance(reference.spectra, analysed, reference.during, FITTED), FITTED))
        return min(max(mos, low), high)


def _unit_peak(signal: Array) -> Array:
    """The signal at a peak of 1 without its mean, so that neither level nor DC reaches the model's powers."""
    centred: Array = signal - signal.mean()
    peak = np.abs(centred).max()
    if peak > 0:
        centred /= peak
    return centred
