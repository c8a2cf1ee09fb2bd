"""Training speech made more various: faster and slower, and through other microphones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy
from numpy.typing import NDArray

from benchmark.joint.training_corpus import Targets
from benchmark.randomness import Randomness
from benchmark.types import RATE_HZ

Sound = NDArray[np.float32]
#: Speeds are multiples of one twentieth, so that the resampling filter stays short.
STEPS = 20
#: The response of a microphone is drawn at so many places, evenly spaced in octaves between these.
_PLACES, _LOWEST_HZ, _HIGHEST_HZ = 6, 60.0, 8000.0


def length_at(samples: int, speed: float) -> int:
    """Samples of a recording of `samples` that is played at `speed`."""
    return -(-samples * STEPS // round(speed * STEPS))


def at_speed(sound: Sound, speed: float) -> Sound:
    """A recording played faster (above 1) or slower, with pitch and formants, as a tape is.

    Args:
        sound: Shape (samples,).
        speed: A multiple of 1 / `STEPS`.

    Returns:
        Shape (length_at(samples, speed),).
    """
    if speed == 1.0:
        return sound
    played = scipy.signal.resample_poly(sound, STEPS, round(speed * STEPS))
    return np.asarray(played, np.float32)


def targets_at_speed(targets: Targets, speed: float) -> Targets:
    """Targets of a recording that is played at `speed`, on the same frames a second, linearly interpolated.

    A frame is valid where the two around it are.
    """
    frames = len(targets.values)
    if speed == 1.0 or not frames:
        return targets
    at = np.arange(int((frames - 1) / speed) + 1) * speed
    before = np.floor(at).astype(np.intp)
    after = np.minimum(before + 1, frames - 1)
    share = (at - before)[:, None].astype(np.float32)
    values = (1 - share) * targets.values[before] + share * targets.values[after]
    return Targets(np.asarray(values, np.float32), targets.valid[before] & targets.valid[after])


def through_another_microphone(
    sounds: Sequence[Sound], most_db: float, randomness: Randomness
) -> list[Sound]:
    """Recordings of one length through one smooth response without delay, drawn anew for each call.

    The level stays, as far as it lies in the speech: the mean of the response over its places is 0 dB.

    Args:
        sounds: Each of shape (samples,).
        most_db: The response deviates by at most this at any of its places, before the mean is taken off.
        randomness: What it is drawn from.
    """
    length = scipy.fft.next_fast_len(len(sounds[0]), real=True)
    hertz = np.fft.rfftfreq(length, 1 / RATE_HZ)
    fine = 1000
    drawn = np.array([randomness.integer(f"band/{i}", -fine, fine + 1) / fine for i in range(_PLACES)])
    octaves = np.log2(np.maximum(hertz, _LOWEST_HZ) / _LOWEST_HZ)
    places = np.linspace(0.0, np.log2(_HIGHEST_HZ / _LOWEST_HZ), _PLACES)
    curve = scipy.interpolate.make_interp_spline(places, most_db * (drawn - drawn.mean()), k=2)(octaves)
    gain = 10.0 ** (curve / 20.0)
    return [
        np.fft.irfft(np.fft.rfft(sound, length) * gain, length)[: len(sound)].astype(np.float32)
        for sound in sounds
    ]
