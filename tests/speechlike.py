"""Small stand-ins for recordings: bursts of speech-shaped noise, and smooth trajectories."""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmark.noises.synthetic import speech_shaped
from benchmark.randomness import gaussian
from benchmark.types import Clip, Trajectories, Utterance

NAMES = ("LA", "LP", "TBCL", "TBCD", "TTCL", "TTCD")


def speech(token: str, seconds: float = 1.2, rate_hz: int = 16000) -> Clip:
    frames = round(seconds * rate_hz)
    syllables = np.maximum(np.sin(2 * np.pi * 4.0 * np.arange(frames) / rate_hz), 0.0)
    samples = speech_shaped(token, frames) * syllables
    return Clip((0.2 * samples / np.abs(samples).max()).astype(np.float32), rate_hz)


def movement(token: str, seconds: float = 1.2, rate_hz: float = 100.0) -> Trajectories:
    frames = round(seconds * rate_hz)
    steps = gaussian(token, frames * len(NAMES)).reshape(frames, len(NAMES))
    values = np.cumsum(steps, axis=0).astype(np.float32)
    return Trajectories(values, rate_hz, NAMES, np.ones(values.shape, bool))


def utterance(speaker: str, number: int, split: str, seconds: float = 1.2) -> Utterance:
    key = f"{speaker}/U{number:03d}"
    return Utterance(
        id=key,
        speaker=speaker,
        prompt=f"sentence {number} of {split}",
        duration_s=seconds,
        audio=partial(speech, key, seconds),
        trajectories=partial(movement, key, seconds),
        split=split,
    )
