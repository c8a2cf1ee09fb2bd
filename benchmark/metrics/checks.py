"""What every measure asks of its input, in one place so that all answer alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.errors import MeasureError
from benchmark.types import Trajectories

LENGTH_TOLERANCE_S = 0.05
_LOUDEST = 1e30
_INTEGER_FULL_SCALE = {np.dtype(np.int16): 2.0**15, np.dtype(np.int32): 2.0**31}


class UnscorableReference(MeasureError):  # noqa: N818 - it says what is wrong, like its siblings
    """The clean signal or the target, not the estimate, is what cannot be measured: no model is to blame."""


def check_rate(rate_hz: int) -> int:
    """The sampling rate as an int.

    Raises:
        UnscorableReference: It is not a positive whole number.
    """
    if isinstance(rate_hz, bool) or not np.isfinite(rate_hz) or rate_hz <= 0 or int(rate_hz) != rate_hz:
        raise UnscorableReference(
            f"the sampling rate must be a positive whole number of hertz, got {rate_hz!r}"
        )
    return int(rate_hz)


def check_reference(clean: ArrayLike) -> NDArray[np.float64]:
    """The clean signal as float64 with full scale 1.0.

    Raises:
        UnscorableReference: It is empty, not finite, of several channels, or constant (silence, or DC alone).
    """
    try:
        samples = _as_samples(clean, "the clean signal")
    except MeasureError as error:
        raise UnscorableReference(str(error)) from None
    if samples.max() == samples.min():
        what = "silent" if samples[0] == 0 else "constant"
        raise UnscorableReference(
            f"the clean signal is {what} ({len(samples)} samples): there is no speech to compare with"
        )
    return samples


def check_estimate(estimate: ArrayLike, length: int, rate_hz: int) -> NDArray[np.float64]:
    """The estimate as float64 with full scale 1.0 and `length` samples.

    Up to 50 ms too many samples are cut from its end, up to 50 ms too few are filled up with zeros.

    Raises:
        MeasureError: It is empty, not finite, of several channels, or its length differs by more.
    """
    samples = _as_samples(estimate, "the estimate")
    surplus = len(samples) - length
    if surplus == 0:
        return samples
    if abs(surplus) > LENGTH_TOLERANCE_S * rate_hz:
        raise MeasureError(
            f"the estimate has {len(samples)} samples, the clean signal {length}: they differ by"
            f" {abs(surplus) / rate_hz:.3f} s, more than {LENGTH_TOLERANCE_S} s;"
            " deliver as many samples as were given"
        )
    return samples[:length] if surplus > 0 else np.concatenate([samples, np.zeros(-surplus)])


def audible(estimate: NDArray[np.float64]) -> NDArray[np.float64]:
    """The estimate, or silence if it is constant: DC is inaudible, its rounding must not correlate."""
    return np.zeros_like(estimate) if estimate.max() == estimate.min() else estimate


def _as_samples(signal: ArrayLike, what: str) -> NDArray[np.float64]:
    array = np.asarray(signal)
    if array.ndim != 1:
        raise MeasureError(
            f"{what} must have one channel, shape (samples,), got shape {array.shape}: pick or mix a channel"
        )
    if array.size == 0:
        raise MeasureError(f"{what} is empty")
    if array.dtype in _INTEGER_FULL_SCALE:
        return array / _INTEGER_FULL_SCALE[array.dtype]
    if array.dtype.kind != "f":
        raise MeasureError(f"{what} must be float, int16 or int32, got {array.dtype}: convert it first")
    if not np.isfinite(array).all():
        kinds = "NaN" if np.isnan(array).any() else "infinite samples"
        raise MeasureError(f"{what} contains {kinds}")
    samples: NDArray[np.float64] = array.astype(np.float64, copy=False)
    peak = np.abs(samples).max()
    if peak > _LOUDEST:
        raise MeasureError(f"{what} reaches {peak:.3g}: that is no audio with full scale 1.0")
    # Squares of what is smaller still would vanish in float64; 600 dB below full scale is silence anyway.
    return samples if peak >= 1 / _LOUDEST else np.zeros_like(samples)


def check_trajectories(target: Trajectories, estimate: Trajectories) -> tuple[Trajectories, Trajectories]:
    """Target and estimate with the same channels in the same order and the same number of frames.

    Up to 50 ms of surplus frames are cut from the longer of the two.

    Raises:
        MeasureError: These are not trajectories, names or rates differ, or lengths differ by more.
    """
    for what, given in (("target", target), ("estimate", estimate)):
        if not isinstance(given, Trajectories):
            raise MeasureError(
                f"the {what} must be Trajectories(values, rate_hz, names, valid), of benchmark.types, got "
                f"{type(given).__name__}: a bare array names no parameters and no rate"
            )
    if target.rate_hz != estimate.rate_hz:
        raise MeasureError(
            f"the estimate has {estimate.rate_hz:g} frames per second, the target {target.rate_hz:g}:"
            " resample it"
        )
    if estimate.names != target.names:
        if sorted(estimate.names) != sorted(target.names):
            raise MeasureError(
                f"the estimate has the parameters {', '.join(estimate.names)},"
                f" the target {', '.join(target.names)}"
            )
        estimate = estimate.select(target.names)
    frames, others = len(target.values), len(estimate.values)
    if frames == 0 or not np.isfinite(target.values).all():
        raise UnscorableReference(
            "the target has no frames" if frames == 0 else "the target is not finite everywhere"
        )
    if others == 0:
        raise MeasureError("the estimate has no frames")
    if frames == others:
        return target, estimate
    if abs(frames - others) > LENGTH_TOLERANCE_S * target.rate_hz:
        raise MeasureError(
            f"the estimate has {others} frames, the target {frames}: they differ by"
            f" {abs(frames - others) / target.rate_hz:.3f} s, more than {LENGTH_TOLERANCE_S} s"
        )
    overlap = min(frames, others)
    return _first(target, overlap), _first(estimate, overlap)


def _first(trajectories: Trajectories, frames: int) -> Trajectories:
    return Trajectories(
        trajectories.values[:frames], trajectories.rate_hz, trajectories.names, trajectories.valid[:frames]
    )
