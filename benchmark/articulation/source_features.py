"""Pitch, periodicity and aperiodicity of clean speech, a hundred times a second.

Pitch is found by the autocorrelation of a windowed frame divided by that of its window, the method of Boersma
(Proc. Institute of Phonetic Sciences Amsterdam 17, 97-110, 1993), with the best path through the candidates
of all frames instead of the best candidate of each. Periodicity and aperiodicity follow the idea of Deshmukh,
Espy-Wilson, Salomon & Singh (IEEE Trans. Speech and Audio Processing 13(5), 776-786, 2005), to say what part
of the spectrum is periodic and what part is not; the computation is ours: the spectrum of each frame is cut
into bands of equal width on an ERB scale (Glasberg & Moore 1990); in each band that is not silent, the
normalised autocorrelation at the pitch period is the periodic share, and the rest is the aperiodic one. Both
are means over all bands, so that their sum is the share of bands that carry sound, and silence has neither.

The audio must be clean: these are targets, not estimates from noisy speech.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark import audio
from benchmark.types import RATE_HZ, Clip

LOWEST_HZ, HIGHEST_HZ = 60.0, 400.0
_WINDOW_S = 0.04
_FFT = 2048
_BANDS = 12
_BAND_EDGES_HZ = (80.0, 7600.0)
_CANDIDATES = 5
#: A frame is voiced if this share of it repeats after a pitch period.
_VOICED = 0.45
#: A frame with less than about this part of the loudest frame's amplitude is hardly voiced.
_SILENCE = 0.03
_OCTAVE_COST = 0.02
_JUMP_COST = 0.35
_SWITCH_COST = 0.14
#: A band is silent this far below its peaks, or if it is less than that above the recording's noise.
_SILENT_DB = 40.0
_ABOVE_NOISE_DB = 6.0
_LEAST_RANGE_DB = 12.0
_FAINTEST = 1e-9


class SourceFeatures(NamedTuple):
    """Each of shape (frames,), at the rate asked for; frame k is centred at k / rate_hz seconds.

    Attributes:
        aperiodicity: Share of the spectrum that is sounding and not periodic, 0..1.
        periodicity: Share of the spectrum that is periodic, 0..1.
        pitch_hz: Fundamental frequency, 0 where unvoiced.
        voiced: bool, whether there is a pitch.
    """

    aperiodicity: NDArray[np.float64]
    periodicity: NDArray[np.float64]
    pitch_hz: NDArray[np.float64]
    voiced: NDArray[np.bool_]


def source_features(clip: Clip, rate_hz: float, frames: int) -> SourceFeatures:
    """Measure the source of clean speech.

    Args:
        clip: Clean speech at any rate.
        rate_hz: Frames per second.
        frames: Number of frames; those past the end of the audio are silence.
    """
    spectrum = _power_spectrum(audio.resample(clip, RATE_HZ), rate_hz, frames)
    lags, strengths = _candidates(spectrum)
    voiced, lag = _best_path(lags, strengths, _quietness(spectrum))
    pitch = np.where(voiced, RATE_HZ / lag, 0.0)
    alike, sounding = _band_shares(spectrum, lag)
    # Without a pitch nothing is periodic; what narrow bands of noise have in common at some lag is chance.
    periodicity = np.where(voiced, alike, 0.0)
    return SourceFeatures(np.clip(sounding - periodicity, 0.0, 1.0), periodicity, pitch, voiced)


def _power_spectrum(clip: Clip, rate_hz: float, frames: int) -> NDArray[np.float64]:
    """Power spectra of Hann-windowed frames without their mean, shape (frames, bins)."""
    length = int(_WINDOW_S * RATE_HZ)
    starts = np.rint(np.arange(frames) * (RATE_HZ / rate_hz)).astype(np.intp)
    tail = max(0, int(starts[-1]) + length - len(clip.samples)) if frames else 0
    padded = np.pad(clip.samples.astype(np.float64), (length // 2, tail))
    cut = np.lib.stride_tricks.sliding_window_view(padded, length)[starts]
    windowed = (cut - cut.mean(axis=1, keepdims=True)) * np.hanning(length + 2)[1:-1]
    power: NDArray[np.float64] = np.abs(np.fft.rfft(windowed, _FFT, axis=1)) ** 2
    return power


def _candidates(spectrum: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lags and strengths of the highest correlation peaks of each frame, both (frames, candidates).

    Lags are in samples, refined by a parabola.
    """
    window = np.hanning(int(_WINDOW_S * RATE_HZ) + 2)[1:-1]
    of_window = np.fft.irfft(np.abs(np.fft.rfft(window, _FFT)) ** 2)
    shortest, longest = int(RATE_HZ / HIGHEST_HZ), int(RATE_HZ / LOWEST_HZ) + 1
    correlation = np.fft.irfft(spectrum, axis=1)[:, : longest + 2]
    energy = np.maximum(correlation[:, :1], _FAINTEST)
    normal = (correlation / energy) / (of_window[: longest + 2] / of_window[0])
    middle = normal[:, shortest : longest + 1]
    before, after = normal[:, shortest - 1 : longest], normal[:, shortest + 1 : longest + 2]
    peak = (middle > before) & (middle >= after)
    ranked = np.where(peak, middle, -1.0)
    chosen = np.argsort(-ranked, axis=1, kind="stable")[:, :_CANDIDATES]
    rows = np.arange(len(spectrum))[:, None]
    a, b, c = before[rows, chosen], middle[rows, chosen], after[rows, chosen]
    bend = a - 2 * b + c
    shift = np.where(bend < 0, 0.5 * (a - c) / np.where(bend < 0, bend, -1.0), 0.0)
    lags = shortest + chosen + np.clip(shift, -0.5, 0.5)
    strengths = np.where(ranked[rows, chosen] > 0, np.minimum(b - 0.25 * (a - c) * shift, 1.0), 0.0)
    return lags, strengths


def _quietness(spectrum: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much stronger the candidate "unvoiced" becomes because a frame is quiet, shape (frames,)."""
    level = np.sqrt(spectrum.sum(axis=1))
    relative = level / max(float(level.max(initial=0.0)), _FAINTEST)
    return np.asarray(np.maximum(0.0, 2.0 - relative * (1.0 + _VOICED) / _SILENCE))


def _best_path(
    lags: NDArray[np.float64], strengths: NDArray[np.float64], quietness: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Voicing and lag of each frame along the path of least cost (Viterbi); state 0 is "unvoiced"."""
    frames, count = lags.shape
    if frames == 0:
        return np.zeros(0, bool), np.ones(0)
    octaves = np.log2(RATE_HZ / lags / LOWEST_HZ)
    gain = np.column_stack([_VOICED + quietness, strengths + _OCTAVE_COST * octaves])
    gain[:, 1:][strengths <= 0] = -1.0
    came_from = np.zeros((frames, count + 1), np.intp)
    total = gain[0]
    move = np.full((count + 1, count + 1), _SWITCH_COST)
    move[0, 0] = 0.0
    for frame in range(1, frames):
        move[1:, 1:] = _JUMP_COST * np.abs(octaves[frame - 1][:, None] - octaves[frame])
        paths = total[:, None] - move
        came_from[frame] = paths.argmax(axis=0)
        total = paths.max(axis=0) + gain[frame]
    state = np.empty(frames, np.intp)
    state[-1] = total.argmax()
    for frame in range(frames - 1, 0, -1):
        state[frame - 1] = came_from[frame, state[frame]]
    return state > 0, lags[np.arange(frames), np.maximum(state - 1, 0)]


def _band_shares(
    spectrum: NDArray[np.float64], lag: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Periodic share, and share of bands that are not silent, both (frames,)."""
    bands = _band_matrix(spectrum.shape[1])
    power = spectrum @ bands
    turns = np.cos(2 * np.pi / _FFT * lag[:, None] * np.arange(spectrum.shape[1]))
    window = np.hanning(int(_WINDOW_S * RATE_HZ) + 2)[1:-1]
    of_window = np.fft.irfft(np.abs(np.fft.rfft(window, _FFT)) ** 2)
    fading = np.interp(lag, np.arange(len(of_window)), of_window / of_window[0])
    alike = ((spectrum * turns) @ bands) / np.maximum(power, _FAINTEST) / fading[:, None]
    sounding = power > _silence_of_bands(power)
    return (np.clip(alike, 0.0, 1.0) * sounding).mean(axis=1), sounding.mean(axis=1)


def _silence_of_bands(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Power below which each band is silent: well below its peaks, above the recording's noise."""
    if not len(power):
        return np.zeros(power.shape[1])
    quiet, loud = np.quantile(power, (0.1, 0.99), axis=0)
    noise = np.minimum(quiet * 10 ** (_ABOVE_NOISE_DB / 10), loud * 10 ** (-_LEAST_RANGE_DB / 10))
    return np.asarray(np.maximum(np.maximum(noise, loud * 10 ** (-_SILENT_DB / 10)), _FAINTEST * _FFT))


def _band_matrix(bins: int) -> NDArray[np.float64]:
    """Which bin belongs to which band, shape (bins, bands): bands of equal width on the ERB-rate scale."""
    hertz = np.arange(bins) * (RATE_HZ / _FFT)
    low, high = (21.4 * np.log10(1 + 0.00437 * edge) for edge in _BAND_EDGES_HZ)
    place = (21.4 * np.log10(1 + 0.00437 * hertz) - low) / (high - low) * _BANDS
    return np.asarray(np.floor(place)[:, None] == np.arange(_BANDS), np.float64)
