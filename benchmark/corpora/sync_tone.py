"""The tone near 1 kHz with which some recordings open: it synchronised instruments and is not speech."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.types import Clip

_NOMINAL_HZ, _TOLERANCE_HZ, _HALF_WIDTH_HZ = 1000.0, 150.0, 50.0
_HUM_HZ = 200.0
_OPENING_S, _WINDOW_S, _STEP_S, _LONGEST_S = 0.1, 0.05, 0.01, 0.6
_SHARE = 0.9
_SILENT_PEAK = 1e-4
_FADE_S = 0.005


def tone_hz(samples: NDArray[np.floating], rate_hz: int) -> float | None:
    """Frequency of the tone that opens a recording, or None.

    It opens with a tone if nearly all power above hum, in the first tenth of a second, lies within 50 Hz of
    one line near 1 kHz. Copies that were resampled carelessly have it elsewhere, 916 Hz for one.

    Args:
        samples: Shape (samples,), full scale 1.0.
        rate_hz: Their rate.
    """
    opening = samples[: round(_OPENING_S * rate_hz)]
    if len(opening) < _OPENING_S * rate_hz or np.abs(opening).max() < _SILENT_PEAK:
        return None
    power, hertz = _spectrum(opening, rate_hz)
    near = np.abs(hertz - _NOMINAL_HZ) <= _TOLERANCE_HZ
    line_hz = float(hertz[np.argmax(np.where(near, power, -1.0))])
    return line_hz if _share(power, hertz, line_hz) > _SHARE else None


def without_sync_tone(clip: Clip) -> Clip:
    """The recording with an opening tone silenced; any other recording as it is.

    Time does not move, so that audio and articulation stay aligned.
    """
    line_hz = tone_hz(clip.samples, clip.rate_hz)
    if line_hz is None:
        return clip
    end = _end(clip.samples, clip.rate_hz, line_hz)
    fade = min(round(_FADE_S * clip.rate_hz), len(clip.samples) - end)
    gain = np.ones(len(clip.samples), np.float32)
    gain[:end] = 0.0
    gain[end : end + fade] = np.linspace(0.0, 1.0, fade, dtype=np.float32)
    return Clip(clip.samples * gain, clip.rate_hz)


def _end(samples: NDArray[np.floating], rate_hz: int, line_hz: float) -> int:
    """The first sample after the tone: the end of the last window that it fills."""
    window, step = round(_WINDOW_S * rate_hz), round(_STEP_S * rate_hz)
    end = round(_OPENING_S * rate_hz)
    last = min(len(samples), round(_LONGEST_S * rate_hz)) - window
    for start in range(0, last + 1, step):
        power, hertz = _spectrum(samples[start : start + window], rate_hz)
        if _share(power, hertz, line_hz) > _SHARE:
            end = max(end, start + window)
    return end


def _spectrum(samples: NDArray[np.floating], rate_hz: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    power = np.abs(np.fft.rfft(np.asarray(samples, np.float64) * np.hanning(len(samples)))) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / rate_hz)
    power[hertz < _HUM_HZ] = 0.0
    return power, np.asarray(hertz, np.float64)


def _share(power: NDArray[np.float64], hertz: NDArray[np.float64], line_hz: float) -> float:
    total = float(power.sum())
    return float(power[np.abs(hertz - line_hz) <= _HALF_WIDTH_HZ].sum()) / total if total > 0 else 0.0
