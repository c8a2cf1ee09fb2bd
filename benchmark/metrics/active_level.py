"""Active speech level and activity factor by ITU-T P.56, method B."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.metrics.arithmetic import inner
from benchmark.metrics.checks import check_rate, check_reference

_TIME_CONSTANT_S = 0.03
_HANGOVER_S = 0.2
_MARGIN_DB = 15.9
# Thresholds are powers of two of full scale. P.56 takes those of 16 bits, 2^-15 to 1; more of them change
# nothing there and let floating-point speech of any level be measured.
_HIGHEST_EXPONENT = 40
_LOWEST_EXPONENT = -40


class ActiveLevel(NamedTuple):
    """Result of P.56.

    Attributes:
        level_db: Active speech level: mean square while speech is active, in dB re full scale 1.0.
        activity: Fraction of the time in which speech is active, 0..1.
        rms_db: Long-term level: mean square over everything, in dB re full scale 1.0.
    """

    level_db: float
    activity: float
    rms_db: float


@dataclass(frozen=True, slots=True, eq=False)
class SpeechEnvelope:
    """What P.56 compares with its thresholds, found once for the levels of a signal at any gain.

    Attributes:
        held: The smoothed and held envelope, shape (samples,).
        energy: Sum of squares without DC.
    """

    held: NDArray[np.float64]
    energy: float

    @classmethod
    def of(cls, samples: ArrayLike, rate_hz: int) -> SpeechEnvelope:
        """The envelope of a signal; arguments and errors as in `active_speech_level`."""
        rate = check_rate(rate_hz)
        signal = check_reference(samples)
        signal = signal - signal.mean()
        return cls(_held_envelope(signal, rate), inner(signal, signal))

    def level(self, gain: float = 1.0) -> ActiveLevel:
        """The level of the signal times `gain`, which is not that of the signal plus the gain in decibels.

        Thresholds lie at fixed powers of two of full scale: between them a level moves by about 0.1 dB.
        """
        energy = self.energy * gain * gain
        counts = _active_samples(self.held if gain == 1.0 else self.held * gain)
        rms_db = 10 * np.log10(energy / len(self.held))
        level_db = max(_level_at_margin(energy, counts), rms_db)
        return ActiveLevel(float(level_db), float(10 ** ((rms_db - level_db) / 10)), float(rms_db))


def active_speech_level(samples: ArrayLike, rate_hz: int) -> ActiveLevel:
    """Active level of speech.

    A constant offset (DC) is taken off first: it is not heard. The rectified signal is smoothed twice (30
    ms), compared with thresholds an octave apart, and held for 200 ms after it falls below one. The active
    level is where the level of the active part lies 15.9 dB above its threshold, by linear interpolation in
    dB.

    Args:
        samples: One channel, shape (samples,); floats with full scale 1.0, or int16/int32.
        rate_hz: Sampling rate.

    Returns:
        Level, activity and long-term level.

    Raises:
        MeasureError: The signal is empty, silent, constant, not finite or of several channels.

    Source:
        ITU-T Recommendation P.56 (2011), clause 7, method B.
    """
    return SpeechEnvelope.of(samples, rate_hz).level()


def _held_envelope(signal: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    from scipy.ndimage import maximum_filter1d
    from scipy.signal import lfilter

    g = np.exp(-1 / (rate * _TIME_CONSTANT_S))
    envelope = lfilter([(1 - g) ** 2], [1, -2 * g, g * g], np.abs(signal))
    # "Above the threshold now or within the hangover" is the maximum over a window that ends now.
    window = int(np.ceil(_HANGOVER_S * rate)) + 1
    held: NDArray[np.float64] = maximum_filter1d(envelope, window, mode="constant", origin=(window - 1) // 2)
    return held


def _active_samples(held: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many samples reach each threshold, the lowest first."""
    steps = _HIGHEST_EXPONENT - _LOWEST_EXPONENT + 1
    reached = np.clip(np.frexp(held)[1] - _LOWEST_EXPONENT, 0, steps)
    reached[held <= 0] = 0
    histogram = np.bincount(reached, minlength=steps + 1)
    counts: NDArray[np.int64] = histogram[::-1].cumsum()[::-1][1:]
    return counts


def _level_at_margin(energy: float, counts: NDArray[np.int64]) -> float:
    reached = counts > 0
    if not reached.any():
        return float("-inf")
    active_db = 10 * np.log10(energy / counts[reached])
    threshold_db = 20 * np.log10(2.0) * (np.flatnonzero(reached) + _LOWEST_EXPONENT)
    above = active_db - threshold_db
    below = np.flatnonzero(above <= _MARGIN_DB)
    if len(below) == 0 or below[0] == 0:
        return float(active_db[-1] if len(below) == 0 else active_db[0])
    j = below[0]
    fraction = (above[j - 1] - _MARGIN_DB) / (above[j - 1] - above[j])
    return float(active_db[j - 1] + fraction * (active_db[j] - active_db[j - 1]))
