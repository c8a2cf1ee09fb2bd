"""The perceptual model: powers in Bark bands become two disturbances, and these become a score.

All functions take arrays whose last two axes are frames and bands, so that one pair and a thousand are the
same code.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.arithmetic import product
from benchmark.metrics.pesqlike.bark import bark_bands, loudness
from benchmark.metrics.pesqlike.coefficients import Coefficients

Array = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]

RATE_HZ = 16_000
FFT = 512
HOP = 256
BANDS = bark_bands(RATE_HZ, FFT, 42, 80.0, 7800.0)
SPEECH_BAND_HZ = (300.0, 3400.0)
SPOKEN_DB = 45.0
ACTIVE_DB = -40.0
WINDOW, STEP = 20, 10


class Spectra(NamedTuple):
    """Powers of a signal over time.

    Attributes:
        power: shape (..., frames, bands).
        speech_band: Power between 300 and 3400 Hz, shape (..., frames).
    """

    power: Array
    speech_band: Array


class Disturbance(NamedTuple):
    """What the listener is disturbed by: any audible difference, and what was added to the speech."""

    any: Array
    added: Array


def spectra(signal: Array) -> Spectra:
    """Short-time powers in 42 bands of half a Bark, from half-overlapping Hann windows of 32 ms."""
    padded = np.concatenate([signal, np.zeros(FFT, dtype=signal.dtype)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, FFT)[::HOP] * np.hanning(FFT + 1)[:-1].astype(
        signal.dtype
    )
    spectrum = np.fft.rfft(frames)
    power = spectrum.real**2 + spectrum.imag**2
    low, high = (round(f * FFT / RATE_HZ) for f in SPEECH_BAND_HZ)
    return Spectra(product(power, BANDS.weights.astype(signal.dtype)), power[:, low : high + 1].sum(axis=1))


def spoken(clean: Spectra) -> Mask:
    """Frames from the first to the last within 45 dB of the loudest; silence around is not compared."""
    loud = clean.speech_band > clean.speech_band.max(axis=-1, keepdims=True) * 10 ** (-SPOKEN_DB / 10)
    begun: Mask = np.logical_or.accumulate(loud, axis=-1)
    going: Mask = np.logical_or.accumulate(loud[..., ::-1], axis=-1)[..., ::-1]
    return begun & going


def disturbance(clean: Spectra, estimate: Spectra, during: Mask, c: Coefficients) -> Disturbance:
    """The two disturbances of a pair (or of many).

    1. Both signals are brought to one level between 300 and 3400 Hz over the time of speech. 2. Colouration
    that is constant in time disturbs little: the clean spectrum is given the long-term spectrum of the
       estimate, within limits (Beerends, Hekstra, Rix & Hollier, JAES 50(10):765, 2002, sect. 3).
    3. Slow changes of gain disturb little: each frame of the estimate is given the audible power of the clean
       one, smoothed and limited (ibid.).
    4. Specific loudness of both (Zwicker & Fastl 1999, ch. 8) and its difference. A dead zone for differences
       too small to be told apart was tried; the fit made it vanish.
    5. A norm over bands. For added sound each band weighs by the ratio of powers: what was not in the speech
       is heard as something apart and disturbs more than what is missing (Beerends & Stemerdink, JAES
       42(3):115, 1994, sect. 4).
    6. Quiet frames weigh a little more (ibid.), and the disturbance of a frame saturates. 7. Norms over 320
    ms and over the clip, of orders that make bad moments count more than their share (Quackenbush,
       Barnwell & Clements, Objective Measures of Speech Quality, 1988, ch. 2).
    """
    level = 10 ** (c.level_db / 10)
    reference = clean.power * (level / _mean_over_time(clean.speech_band, during))[..., None, None]
    degraded = estimate.power * (level / _mean_over_time(estimate.speech_band, during))[..., None, None]
    threshold = (BANDS.threshold * 10 ** (c.threshold_db / 10)).astype(reference.dtype)
    frame_power = reference.sum(axis=-1)
    reference = reference * _colour(reference, degraded, frame_power, during, c)[..., None, :]
    degraded = degraded * _frame_gain(reference, degraded, threshold, c)[..., None]
    difference = _loudness_difference(reference, degraded, threshold, c)
    weight = ((frame_power + 10 ** (c.quiet_floor_db / 10)) / 1e7) ** c.quiet_power
    tilt, bend = BANDS.bark / 10 - 1, (BANDS.bark / 10 - 1) ** 2
    plain = _over_bands(difference, np.exp(c.tilt * tilt + c.bend * bend), c.band_norm) / weight
    added = difference * _asymmetry(reference, degraded, c)
    extra = _over_bands(added, np.exp(c.added_tilt * tilt + c.added_bend * bend), c.added_norm) / weight
    return Disturbance(
        _over_time(_saturate(plain, c.saturation), during, c),
        _over_time(_saturate(extra, c.added_saturation), during, c),
    )


def score(d: Disturbance, c: Coefficients) -> Array:
    """Mean opinion score from 1 upwards: a logistic curve of both disturbances."""
    logit = c.offset - c.slope * d.any - c.added_slope * d.added
    mos: Array = 1.0 + c.span / (1.0 + np.exp(-logit))
    return mos


def _mean_over_time(values: Array, during: Mask) -> Array:
    mean: Array = np.where(during, values, 0).sum(axis=-1) / during.sum(axis=-1)
    return mean


def _colour(reference: Array, degraded: Array, frame_power: Array, during: Mask, c: Coefficients) -> Array:
    """Ratio of long-term spectra over active frames, shape (..., bands)."""
    mean = _mean_over_time(frame_power, during)[..., None]
    active = (during & (frame_power > mean * 10 ** (ACTIVE_DB / 10))).astype(reference.dtype)
    # One microscopic unit of power on both sides: an empty band is coloured by nothing.
    count = active.sum(axis=-1, keepdims=True)
    sums = (np.einsum("...t,...tb->...b", active, powers) for powers in (degraded, reference))
    after, before = (total / count + 1.0 for total in sums)
    ratio = after / before
    limit = 10 ** (c.colour_limit_db / 10)
    colour: Array = np.clip(ratio, 1 / limit, limit)
    return colour


def _frame_gain(reference: Array, degraded: Array, threshold: Array, c: Coefficients) -> Array:
    """Smoothed and limited ratio of audible powers, shape (..., frames)."""
    from scipy.signal import lfilter

    heard, floor = threshold * 10 ** (c.gain_audible_db / 10), 10 ** (c.gain_floor_db / 10)
    ratio = (_sum_above(reference, heard) + floor) / (_sum_above(degraded, heard) + floor)
    ratio = np.clip(ratio, 10 ** (c.gain_low_db / 10), 10 ** (c.gain_high_db / 10))
    state = np.full((*ratio.shape[:-1], 1), 1 - c.gain_speed)
    smoothed, _ = lfilter([c.gain_speed], [1.0, c.gain_speed - 1.0], ratio, axis=-1, zi=state)
    gain: Array = smoothed.astype(reference.dtype)
    return gain


def _sum_above(power: Array, heard: Array) -> Array:
    total: Array = np.where(power > heard, power, 0).sum(axis=-1)
    return total


def _loudness_difference(reference: Array, degraded: Array, threshold: Array, c: Coefficients) -> Array:
    exponent = c.exponent * (1 + c.exponent_low * np.maximum(4 - BANDS.bark, 0) / 4)
    exponent = exponent.astype(reference.dtype)
    before, after = loudness(reference, threshold, exponent), loudness(degraded, threshold, exponent)
    difference: Array = np.abs(after - before)
    return difference


def _asymmetry(reference: Array, degraded: Array, c: Coefficients) -> Array:
    floor = 10 ** (c.added_floor_db / 10)
    ratio = ((degraded + floor) / (reference + floor)) ** c.added_power
    return np.where(ratio < c.added_from, 0, np.minimum(ratio, c.added_to))


def _over_bands(values: Array, weights: Array, order: float) -> Array:
    weights = (weights / weights.mean()).astype(values.dtype)
    norm: Array = ((values * weights) ** order).mean(axis=-1) ** (1 / order)
    return norm


def _saturate(values: Array, ceiling: float) -> Array:
    saturated: Array = values / np.sqrt(1 + (values / ceiling) ** 2)
    return saturated


def _over_time(values: Array, during: Mask, c: Coefficients) -> Array:
    """Norm within half-overlapping windows of 320 ms centred in speech, then over these windows."""
    peak = np.maximum(values.max(axis=-1, keepdims=True), 1e-9)
    ends = ((0, 0),) * (values.ndim - 1) + ((0, WINDOW),)
    padded = np.pad(np.where(during, values / peak, 0) ** c.short_norm, ends)
    starts = np.arange(0, values.shape[-1], STEP)
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW, axis=-1)[..., starts, :].mean(axis=-1)
    inside = np.pad(during, ends)[..., starts + WINDOW // 2] | during[..., starts]
    total = np.where(inside, windows ** (c.long_norm / c.short_norm), 0).sum(axis=-1)
    pooled: Array = (total / np.maximum(inside.sum(axis=-1), 1)) ** (1 / c.long_norm) * peak[..., 0]
    return pooled
