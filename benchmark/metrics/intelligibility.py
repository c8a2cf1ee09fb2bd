"""The analysis that STOI and ESTOI share: third-octave envelopes of the frames in which there is speech."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view
from numpy.typing import ArrayLike, NDArray

from benchmark.metrics.arithmetic import inner
from benchmark.metrics.checks import UnscorableReference, audible, check_estimate, check_rate, check_reference
from benchmark.metrics.resample import resample

RATE_HZ = 10_000
FRAME = 256
HOP = FRAME // 2
FFT = 512
BANDS = 15
LOWEST_CENTRE_HZ = 150.0
SEGMENT = 30
DYNAMIC_RANGE_DB = 40.0
CLIP_DB = 15.0
EPS = float(np.finfo(np.float64).eps)

Array = NDArray[np.float64]


class IntelligibilityReference(NamedTuple):
    """What STOI and ESTOI need to know of the clean signal.

    Attributes:
        length: Samples of the clean signal at its own rate.
        rate_hz: That rate.
        speech: bool, shape (frames,): which frames are kept.
        norms: Norms over time of the band envelopes, shape (bands, segments, 1).
        ceiling: Band envelopes 15 dB up, shape (bands, segments, 30): no more of an estimate counts.
        centred: Segments of zero mean and unit norm over time.
        whitened: Segments normalised over time, then over bands (ESTOI).
    """

    length: int
    rate_hz: int
    speech: NDArray[np.bool_]
    norms: Array
    ceiling: Array
    centred: Array
    whitened: Array


def analyse_reference(clean: ArrayLike, rate_hz: int) -> IntelligibilityReference:
    """Analysis of the clean signal.

    Raises:
        UnscorableReference: Besides what every measure refuses: less than 30 frames (0.4 s) within 40 dB of
        the loudest.
    """
    rate = check_rate(rate_hz)
    signal = check_reference(clean)
    frames = _windowed_frames(resample(signal, rate, RATE_HZ))
    level_db = 20 * np.log10(np.sqrt(np.einsum("ij,ij->i", frames, frames)) + EPS)
    speech: NDArray[np.bool_] = level_db > (level_db.max() - DYNAMIC_RANGE_DB if len(level_db) else 0.0)
    kept = int(speech.sum())
    if kept - 1 < SEGMENT:
        raise UnscorableReference(
            f"too little speech for STOI: {kept} frames of 12.8 ms lie within {DYNAMIC_RANGE_DB:g} dB"
            f" of the loudest, {SEGMENT + 1} are needed (0.41 s)"
        )
    segments = _segments(frames[speech])
    centred, ceiling = _centre(segments), segments * (1 + 10 ** (CLIP_DB / 20))
    return IntelligibilityReference(
        len(signal), rate, speech, _norm(segments), ceiling, centred, _whiten(centred)
    )


def analyse_estimate(reference: IntelligibilityReference, estimate: ArrayLike) -> Array:
    """Band envelopes of an estimate in the frames kept for the clean signal, shape (bands, segments, 30)."""
    signal = audible(check_estimate(estimate, reference.length, reference.rate_hz))
    frames = _windowed_frames(resample(signal, reference.rate_hz, RATE_HZ))
    return _segments(frames[reference.speech])


def stoi_value(reference: IntelligibilityReference, segments: Array) -> float:
    """Mean correlation of clean and clipped, level-matched estimate (Taal et al. 2011, eq. 3-6)."""
    clipped = segments * (reference.norms / (_norm(segments) + EPS))
    np.minimum(clipped, reference.ceiling, out=clipped)
    clipped -= _mean_over_time(clipped)
    correlation = np.einsum("jmk,jmk->jm", clipped, reference.centred) / (_norm(clipped)[..., 0] + EPS)
    return float(correlation.mean())


def estoi_value(reference: IntelligibilityReference, segments: Array) -> float:
    """Mean correlation of segments normalised over time and bands (Jensen & Taal 2016, eq. 4-8)."""
    return inner(reference.whitened, _whiten(_centre(segments))) / float(SEGMENT * segments.shape[1])


def _whiten(centred: Array) -> Array:
    """Segments made zero-mean and of unit norm over bands; what does not move stays zero."""
    over_bands: Array = centred - centred.mean(axis=0)
    norms = np.sqrt(np.einsum("jmk,jmk->mk", over_bands, over_bands))
    over_bands *= 1 / np.where(norms > 1e-9, norms, np.inf)
    return over_bands


def _centre(segments: Array) -> Array:
    """Segments of zero mean and unit norm over time; a band that does not move becomes zero."""
    centred: Array = segments - _mean_over_time(segments)
    norms = _norm(centred)
    # What is left of a constant band is rounding, and dividing by its norm would make it as loud as speech.
    moving = norms > np.maximum(1e-12 * _norm(segments), np.finfo(np.float64).tiny)
    centred *= 1 / np.where(moving, norms, np.inf)
    return centred


def _norm(segments: Array) -> Array:
    norms: Array = np.sqrt(np.einsum("jmk,jmk->jm", segments, segments))[..., None]
    return norms


def _mean_over_time(segments: Array) -> Array:
    means: Array = np.einsum("jmk->jm", segments)[..., None] / SEGMENT
    return means


def _windowed_frames(signal: Array) -> Array:
    count = max(0, -(-(len(signal) - FRAME) // HOP))
    step = signal.strides[0]
    return as_strided(signal, (count, FRAME), (HOP * step, step), writeable=False) * _window()


def _segments(kept: Array) -> Array:
    """Band envelopes, by segments of 30 frames, of the kept frames after they were joined by overlap-add."""
    joined = np.zeros((len(kept) + 1, HOP))
    joined[:-1] = kept[:, :HOP]
    joined[1:] += kept[:, HOP:]
    signal = joined.reshape(-1)
    step = signal.strides[0]
    # The last frame is left out, as in the authors' code: every published value rests on that.
    frames = as_strided(signal, (len(kept) - 1, FRAME), (HOP * step, step), writeable=False) * _window()
    spectrum = np.fft.rfft(frames, n=FFT)
    power = spectrum.real**2 + spectrum.imag**2
    edges = _band_edges()
    bands = np.add.reduceat(power[:, : edges[-1]], edges[:-1], axis=1)
    envelopes = np.ascontiguousarray(np.sqrt(bands).T)
    segments: Array = sliding_window_view(envelopes, SEGMENT, axis=1)
    return segments


@cache
def _window() -> Array:
    window: Array = np.hanning(FRAME + 2)[1:-1]
    return window


@cache
def _band_edges() -> NDArray[np.int64]:
    """First bin of each third-octave band from 150 Hz, and the end of the last one."""
    bins = np.arange(FFT // 2 + 1) * (RATE_HZ / FFT)
    edges_hz = LOWEST_CENTRE_HZ * 2 ** ((2 * np.arange(BANDS + 1) - 1) / 6)
    edges: NDArray[np.int64] = np.abs(bins[:, None] - edges_hz).argmin(axis=0)
    return edges
