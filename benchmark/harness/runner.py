"""Runs a model on one recording at a time; whatever it does, an `Outcome` comes back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark.audio import resample
from benchmark.models.contract import Enhancer, Inverter, Model
from benchmark.speech import Clip, Trajectories

#: Longest estimate that is accepted, as a multiple of the input; longer ones are failures before they fill the memory.
_LONGEST = 4


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a model made of one recording.

    Attributes:
        enhanced: Its enhanced speech at its own rate, or None if it does not enhance, or failed to.
        trajectories: Its estimate of the articulation, or None if it does not invert, or failed to.
        enhance_error: Why there is no enhanced speech though the model has the method; "" otherwise.
        invert_error: Why there are no trajectories though the model has the method; "" otherwise.
        seconds: Time that it took, both methods together.
    """

    enhanced: Clip | None
    trajectories: Trajectories | None
    enhance_error: str
    invert_error: str
    seconds: float


def run_in_process(model: Model, noisy: Clip) -> Outcome:
    """Runs a trusted model in this process.

    Args:
        model: Keeps the contract of `benchmark.models.contract`.
        noisy: The recording; it is resampled to the model's rate.
    """
    heard = resample(noisy, model.sample_rate).samples.astype(np.float32)
    start = time.perf_counter()
    enhanced, enhance_error = None, ""
    if isinstance(model, Enhancer):
        enhanced, enhance_error = _attempt(
            model.enhance, heard, lambda value: _as_clip(value, len(heard), model)
        )
    trajectories, invert_error = None, ""
    if isinstance(model, Inverter):
        trajectories, invert_error = _attempt(model.invert, heard, _as_trajectories)
    return Outcome(enhanced, trajectories, enhance_error, invert_error, time.perf_counter() - start)


def _attempt(method: Callable[[Any], Any], heard: Any, check: Callable[[Any], Any]) -> tuple[Any, str]:
    try:
        # A copy, so that a model that works in place does not change what its other method hears.
        return check(method(heard.copy())), ""
    except Exception as error:  # noqa: BLE001 - a foreign model may raise anything; the reason is kept
        return None, f"{type(error).__name__}: {error}"[:300]


def _as_clip(value: Any, heard: int, model: Model) -> Clip:
    samples = np.asarray(value)
    if samples.ndim != 1:
        raise ValueError(f"enhance gave an array of shape {samples.shape}, expected one channel ({heard},)")
    if samples.dtype.kind != "f":
        raise TypeError(f"enhance gave {samples.dtype}, expected floats with full scale 1.0")
    if len(samples) > _LONGEST * heard:
        raise ValueError(f"enhance gave {len(samples)} samples for {heard}")
    if not np.isfinite(samples).all():
        raise ValueError("enhance gave samples that are not finite")
    return Clip(samples.astype(np.float32), model.sample_rate)


def _as_trajectories(value: Any) -> Trajectories:
    if not isinstance(value, Trajectories):
        raise TypeError(f"invert gave {type(value).__name__}, expected benchmark.speech.Trajectories")
    return value
