"""Noises for fitting and, of other kinds, for evaluation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Maker = Callable[[int, np.random.Generator, Sequence[Array]], Array]
RATE_HZ = 16_000


def _coloured(size: int, rng: np.random.Generator, voices: Sequence[Array], exponent: float) -> Array:
    """Gaussian noise whose power falls with frequency to the `exponent`, below 40 Hz constant."""
    frequency = np.maximum(np.fft.rfftfreq(size, 1 / RATE_HZ), 40.0)
    samples: Array = np.fft.irfft(np.fft.rfft(rng.standard_normal(size)) * frequency ** (-exponent / 2), size)
    return samples


def _babble(size: int, rng: np.random.Generator, voices: Sequence[Array], talkers: int) -> Array:
    chosen = rng.integers(len(voices), size=talkers)
    talk: Array = np.sum([np.roll(voices[k][:size], int(rng.integers(size))) for k in chosen], axis=0)
    return talk


def _speech_shaped(size: int, rng: np.random.Generator, voices: Sequence[Array]) -> Array:
    power = np.mean(
        [np.abs(np.fft.rfft(voice.reshape(-1, 500), axis=1)) ** 2 for voice in voices], axis=(0, 1)
    )
    shape = np.interp(np.fft.rfftfreq(size), np.fft.rfftfreq(500), np.sqrt(power))
    samples: Array = np.fft.irfft(np.fft.rfft(rng.standard_normal(size)) * shape, size)
    return samples


def _slow(size: int, rng: np.random.Generator, rate_hz: float) -> Array:
    """A positive, randomly fluctuating envelope of about `rate_hz`."""
    points = max(4, int(size / RATE_HZ * rate_hz * 2))
    envelope: Array = np.interp(
        np.linspace(0, points - 1, size), np.arange(points), rng.gamma(1.2, size=points)
    )
    return envelope


def _machine(size: int, rng: np.random.Generator, voices: Sequence[Array]) -> Array:
    t = np.arange(size) / RATE_HZ
    base = rng.uniform(50, 150)
    hum = sum(np.sin(2 * np.pi * base * k * t + rng.uniform(0, 6)) / k**0.7 for k in range(1, 25))
    samples: Array = hum * (1 + 0.5 * np.sin(2 * np.pi * rng.uniform(3, 12) * t)) + 0.5 * rng.standard_normal(
        size
    )
    return samples


def _gated(size: int, rng: np.random.Generator, voices: Sequence[Array]) -> Array:
    """Pink noise that is on or off for a fifth of a second at a time."""
    blocks = -(-size // (RATE_HZ // 5))
    gate = np.repeat(rng.random(blocks) < 0.5, RATE_HZ // 5)[:size]
    gate[: RATE_HZ // 10] = True
    return _coloured(size, rng, voices, 1.0) * (gate + 0.01)


def _hiss(size: int, rng: np.random.Generator, voices: Sequence[Array]) -> Array:
    """Noise between 2.5 and 6 kHz."""
    frequency = np.fft.rfftfreq(size, 1 / RATE_HZ)
    spectrum = np.fft.rfft(rng.standard_normal(size)) * ((frequency > 2500) & (frequency < 6000))
    samples: Array = np.fft.irfft(spectrum, size)
    return samples


def _fluctuating(size: int, rng: np.random.Generator, voices: Sequence[Array]) -> Array:
    return _speech_shaped(size, rng, voices) * _slow(size, rng, 4.0)


def _wind(size: int, rng: np.random.Generator, voices: Sequence[Array]) -> Array:
    return _coloured(size, rng, voices, 1.6) * _slow(size, rng, 0.8)


def _cafeteria(size: int, rng: np.random.Generator, voices: Sequence[Array]) -> Array:
    talk = _babble(size, rng, voices, 10)
    clatter = np.zeros(size)
    clatter[rng.integers(size, size=8)] = rng.gamma(1.0, size=8)
    ring = np.exp(-np.arange(800) / 120) * np.sin(
        2 * np.pi * rng.uniform(2000, 4000) / RATE_HZ * np.arange(800)
    )
    samples: Array = talk / talk.std() + 5 * np.convolve(clatter, ring)[:size]
    return samples


FITTED: Mapping[str, Maker] = MappingProxyType(
    {
        "white": partial(_coloured, exponent=0.0),
        "pink": partial(_coloured, exponent=1.0),
        "car": partial(_coloured, exponent=2.5),
        "babble": partial(_babble, talkers=6),
        "speech-shaped": _speech_shaped,
        "machine": _machine,
        "gated": _gated,
        "hiss": _hiss,
        "two talkers": partial(_babble, talkers=2),
    }
)
HELD_OUT: Mapping[str, Maker] = MappingProxyType(
    {
        "blue": partial(_coloured, exponent=-1.0),
        "wind": _wind,
        "cafeteria": _cafeteria,
        "fluctuating": _fluctuating,
        "competing talker": partial(_babble, talkers=1),
    }
)


def mix(speech: Array, noise: Array, snr_db: float) -> Array:
    """Speech plus noise at a ratio of total energies."""
    gain = np.sqrt(np.mean(speech**2) / np.mean(noise**2)) * 10 ** (-snr_db / 20)
    mixture: Array = speech + gain * noise
    return mixture
