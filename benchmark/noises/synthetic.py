"""Generated noise: six documented models, each a pure function of a seed and a length.

All work at 16 kHz in float64. Randomness comes from `benchmark.randomness` (SHAKE-128), so that a seed means
the same noise everywhere. The absolute level is arbitrary; the mixer sets it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import scipy
from numpy.typing import NDArray

from benchmark.randomness import Randomness, gaussian, uniform
from benchmark.types import RATE_HZ

#: Long-term average speech spectrum, men and women together: third-octave centre (Hz) and level (dB SPL).
#: Byrne et al., "An international comparison of long-term average speech spectra", JASA 96(4):2108 (1994).
LTASS: tuple[tuple[float, float], ...] = (
    (63, 38.6),
    (80, 43.5),
    (100, 54.4),
    (125, 57.7),
    (160, 56.8),
    (200, 60.2),
    (250, 60.3),
    (315, 59.0),
    (400, 62.1),
    (500, 62.1),
    (630, 60.5),
    (800, 56.8),
    (1000, 53.7),
    (1250, 53.0),
    (1600, 52.0),
    (2000, 48.7),
    (2500, 48.1),
    (3150, 46.8),
    (4000, 45.6),
    (5000, 44.5),
    (6300, 44.3),
    (8000, 43.7),
)

_TAPS = 1025
Noise = NDArray[np.float64]


def white(token: str, frames: int) -> Noise:
    """Flat spectrum, nearly normal amplitudes."""
    return gaussian(token, frames)


def pink(token: str, frames: int) -> Noise:
    """Power falling by 3 dB an octave between 20 Hz and 8 kHz.

    White noise through one real pole and zero per octave, the zero half an octave above its pole: the
    staircase of -6 dB/octave and flat pieces averages to -3 dB/octave (within 0.5 dB).
    """
    poles_hz = 20.0 * 2.0 ** np.arange(0, 9)
    zeros_hz = poles_hz * np.sqrt(2.0)
    inside = zeros_hz < RATE_HZ / 2
    poles = np.exp(-2 * np.pi * poles_hz[inside] / RATE_HZ)
    zeros = np.exp(-2 * np.pi * zeros_hz[inside] / RATE_HZ)
    return _settled(token, frames, lambda x: scipy.signal.sosfilt(scipy.signal.zpk2sos(zeros, poles, 1.0), x))


def speech_shaped(token: str, frames: int) -> Noise:
    """White noise with the long-term average spectrum of speech (`LTASS`), linear-phase FIR of 1025 taps."""
    return _settled(token, frames, lambda x: scipy.signal.lfilter(_ltass_fir(), 1.0, x))


def modulated(token: str, frames: int) -> Noise:
    """Speech-shaped noise whose level wanders like that of one talker.

    The envelope is 10**(m/20) with m normal, standard deviation 6 dB, low-passed at 4 Hz, the rate of
    syllables (Houtgast & Steeneken, JASA 77:1069, 1985, on the modulation spectrum of speech).
    """
    slow = scipy.signal.butter(2, 4.0, fs=RATE_HZ, output="sos")
    depth = _settled(f"{token}/envelope", frames, lambda x: scipy.signal.sosfilt(slow, x))
    # The standard deviation is that of the filter, not of the draw, so that short clips do not differ in
    # depth by rule.
    response = scipy.signal.sosfilt(slow, np.eye(1, 2 * RATE_HZ)[0])
    depth = 6.0 * depth / np.sqrt(np.sum(response**2))
    return np.asarray(speech_shaped(token, frames) * 10.0 ** (depth / 20.0))


def machine(token: str, frames: int) -> Noise:
    """A rotating machine that hammers.

    Twelve harmonics of a shaft at 25-100 Hz falling by 3 dB each above the third, a pink floor 12 dB below
    them, and 2-8 blows a second at regular intervals, each a pair of damped resonances between 600 and 5000
    Hz that die away in 8-40 ms.
    """
    draws = Randomness(("machine", token))
    time = np.arange(frames) / RATE_HZ
    shaft_hz = 25.0 + draws.integer("shaft", 0, 7500) / 100.0
    hum = np.zeros(frames)
    for harmonic in range(1, 13):
        phase = 2 * np.pi * draws.integer(f"phase/{harmonic}", 0, 1 << 20) / (1 << 20)
        hum += 10.0 ** (-3.0 * max(0, harmonic - 3) / 20.0) * np.sin(
            2 * np.pi * harmonic * shaft_hz * time + phase
        )
    floor = pink(f"{token}/floor", frames)
    blows = np.zeros(frames)
    interval = RATE_HZ // draws.integer("blows", 2, 9)
    blows[draws.integer("first", 0, interval) % max(frames, 1) :: interval] = 1.0
    ringing = sum(_resonance(draws, f"ring/{i}", blows) for i in range(2))
    return _unit(hum) + 0.25 * _unit(floor) + 1.4 * _unit(np.asarray(ringing))


def rain(token: str, frames: int) -> Noise:
    """Drops on a roof: about 150 drops a second of uneven size over a hiss.

    Each drop is a click through one of three resonances between 1.2 and 6 kHz that die away in 8-40 ms; sizes
    follow the cube of a uniform draw, so that few are loud. The hiss is white noise high-passed at 1 kHz.
    """
    draws = Randomness(("rain", token))
    when = uniform(f"{token}/when", frames) < 150.0 / RATE_HZ
    drops = np.where(when, uniform(f"{token}/size", frames) ** 3 + 0.02, 0.0)
    which = np.floor(3 * uniform(f"{token}/which", frames)).astype(int)
    low_hz = (1200, 2500, 4000)
    sound = sum(_resonance(draws, f"roof/{i}", drops * (which == i), low_hz[i]) for i in range(3))
    high = scipy.signal.butter(2, 1000.0, "highpass", fs=RATE_HZ, output="sos")
    hiss = _settled(f"{token}/hiss", frames, lambda x: scipy.signal.sosfilt(high, x))
    return _unit(np.asarray(sound)) + 0.5 * _unit(hiss)


#: The models by category.
SYNTHETIC: Mapping[str, Callable[[str, int], Noise]] = MappingProxyType(
    {
        "white": white,
        "pink": pink,
        "speech_shaped": speech_shaped,
        "modulated": modulated,
        "machine": machine,
        "rain": rain,
    }
)


def _settled(token: str, frames: int, shape: Callable[[Noise], Noise]) -> Noise:
    """Filtered white noise without the start-up of its filter: the first half second is dropped."""
    lead = RATE_HZ // 2
    return shape(gaussian(token, lead + frames))[lead:]


def _ltass_fir() -> Noise:
    centres, levels = np.array(LTASS).T
    gains = 10.0 ** ((levels - 10.0 * np.log10(centres)) / 20.0)  # third-octave power to power density
    edges = np.concatenate([[0.0, 50.0], centres[:-1], [RATE_HZ / 2]])
    values = np.concatenate([[0.0, gains[0] / 4.0], gains[:-1], gains[-1:]])
    return np.asarray(scipy.signal.firwin2(_TAPS, edges, values / values.max(), fs=RATE_HZ))


def _resonance(draws: Randomness, purpose: str, excitation: Noise, low_hz: int = 600) -> Noise:
    """Passes `excitation` through a random two-pole resonance, `low_hz` to 1.5 times it.

    From the default it may lie as high as 5 kHz.
    """
    high_hz = 5000 if low_hz == 600 else low_hz * 3 // 2
    centre = draws.integer(f"{purpose}/hz", low_hz, high_hz)
    decay_s = draws.integer(f"{purpose}/ms", 8, 41) / 1000.0
    radius = np.exp(-1.0 / (decay_s * RATE_HZ / 3.0))
    denominator = [1.0, -2.0 * radius * np.cos(2 * np.pi * centre / RATE_HZ), radius**2]
    return np.asarray(scipy.signal.lfilter([1.0 - radius], denominator, excitation))


def _unit(noise: Noise) -> Noise:
    """Scaled to RMS 1; silence stays silence."""
    power = float(np.mean(noise**2)) if len(noise) else 0.0
    return noise / np.sqrt(power) if power > 0 else noise
