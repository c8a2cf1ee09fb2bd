"""The readout: one fixed way to estimate articulation from any features, so that features can be compared.

It is ridge regression from the features at five moments, 100 ms before to 100 ms after the frame that is
estimated, and it is the same for every model:

* Channels are brought to mean 0 within each speaker that it is fitted on, and to variance 1 over all of them,
  so that it learns from how speakers move and not from who they are. Of more than 512 channels the first 512
  principal components are taken, so that its size does not grow with the model. Other speakers get the mean
  of those means.
* Features of any frame rate are interpolated linearly at those moments; beyond the ends of a recording the
  last frame holds.
* Targets are brought to mean 0 and variance 1 within each speaker (see `speaker_scales`); frames that are not
  observed do not count.
* The penalty is the one of `PENALTIES` with the highest PPMC on the dev split: mean over utterances,
  speakers, targets.

Normal equations are summed up in double precision, one recording after the other, so memory does not grow
with the corpus.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from benchmark.errors import ModelError
from benchmark.metrics import PPMC
from benchmark.models.speaker_scales import Scale, over_speakers
from benchmark.types import Features, Trajectories

#: Moments that a frame is estimated from, in seconds after it.
CONTEXT_S = (-0.1, -0.05, 0.0, 0.05, 0.1)
#: Most inputs at each moment.
COMPONENTS = 512
#: Weights of the penalty to choose from, as shares of the mean variance of an input.
PENALTIES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)

Array = NDArray[np.float64]


class Example(NamedTuple):
    """One recording to learn from.

    Attributes:
        speaker: Who speaks.
        features: What the model represents it by.
        targets: What its speaker did.
    """

    speaker: str
    features: Features
    targets: Trajectories


class Readout:
    """A fitted readout.

    Attributes:
        channels: How many channels the features have.
        names: The targets.
        facts: What a card says of it.
    """

    def __init__(
        self,
        mean: Array,
        projection: Array,
        weights: Array,
        names: tuple[str, ...],
        rate_hz: float,
        facts: Mapping[str, str],
    ) -> None:
        """A readout.

        Args:
            mean: Of each channel, shape (channels,).
            projection: From centred channels to inputs, shape (channels, inputs).
            weights: From inputs at all moments and a constant to targets, shape (moments * inputs + 1,
                targets).
            names: The targets.
            rate_hz: Frames per second of the targets.
            facts: What a card says of it.
        """
        self._mean, self._projection, self._weights = mean, projection, weights
        self._rate_hz = rate_hz
        self.channels, self.names, self.facts = len(mean), names, dict(facts)

    def read(self, features: Features, duration_s: float) -> Trajectories:
        """The articulation that features tell of, in the units of the targets.

        Args:
            features: Of one recording.
            duration_s: Length of the recording, seconds; the estimate covers it whatever the features say of
                themselves.

        Raises:
            ValueError: They have another number of channels than those that it was fitted on, or no frames.
        """
        frames = max(1, math.ceil(duration_s * self._rate_hz - 1e-6))
        inputs = _inputs(features, self._mean, self._projection, np.arange(frames) / self._rate_hz)
        with np.errstate(over="ignore"):
            values = (inputs @ self._weights).astype(np.float32)
        return Trajectories(values, self._rate_hz, self.names, np.ones(values.shape, bool))

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """What it learnt, for `restored`."""
        return {
            "mean": self._mean,
            "projection": self._projection,
            "weights": self._weights,
            "names": np.array(self.names),
            "rate_hz": np.array(self._rate_hz),
            "facts": np.frombuffer(json.dumps(self.facts).encode(), np.uint8),
        }

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Readout:
        """The readout that gave these `arrays`."""
        mean, projection, weights = (
            np.asarray(arrays[key], np.float64) for key in ("mean", "projection", "weights")
        )
        facts = json.loads(np.asarray(arrays["facts"], np.uint8).tobytes())
        names = tuple(map(str, arrays["names"]))
        return cls(mean, projection, weights, names, float(arrays["rate_hz"].item()), facts)


def fit_readout(
    train: Callable[[], Iterable[Example]],
    dev: Callable[[], Iterable[Example]],
    scales: Mapping[str, Scale],
    names: tuple[str, ...],
) -> Readout:
    """Fits a readout.

    Args:
        train: Gives the recordings to fit on; it is called twice and has to give the same.
        dev: Gives the recordings that the penalty is chosen on.
        scales: Of every speaker of `train`.
        names: The targets.

    Raises:
        ModelError: There is nothing to learn from, a target is never observed, or the features do not move.
    """
    place, spread = over_speakers(list(scales.values()), names)
    means, projection = _scaling(train())
    fit = _NormalEquations(projection.shape[1] * len(CONTEXT_S) + 1, len(names))
    rate_hz = 0.0
    for example in train():
        rate_hz = example.targets.rate_hz
        inputs = _inputs(example.features, means[example.speaker], projection, _times(example.targets))
        scale = scales[example.speaker]
        fit.add(inputs, (example.targets.values - scale.mean) / scale.deviation, example.targets.valid)
    mean = np.mean(list(means.values()), axis=0)
    solutions = [fit.solved(penalty) for penalty in PENALTIES]
    for weights in solutions:
        weights *= spread
        weights[-1] += place
    readouts = [Readout(mean, projection, weights, names, rate_hz, {}) for weights in solutions]
    scores = _dev_scores(readouts, dev())
    if np.isnan(scores).all():
        raise ModelError(
            "no target moves in the dev split, so the penalty of a readout cannot be chosen on it"
        )
    # Of equal penalties the heavier: it trusts the features less.
    best = max(range(len(scores)), key=lambda i: (np.nan_to_num(scores[i], nan=-1.0), i))
    facts = {
        "penalty": f"{PENALTIES[best]:g}",
        "dev PPMC": f"{scores[best]:.4f}",
        "channels": str(len(mean)),
        "inputs": str(len(solutions[best])),
    }
    return Readout(mean, projection, solutions[best], names, rate_hz, facts)


def _scaling(examples: Iterable[Example]) -> tuple[dict[str, Array], Array]:
    """Mean of each channel by speaker, and the projection of centred channels onto inputs.

    Raises:
        ModelError: There is nothing, or no channel moves.
    """
    sums: dict[str, _Sums] = {}
    products = np.zeros((0, 0))
    for example in examples:
        values = example.features.values.astype(np.float64)
        if not sums:
            products = np.zeros((values.shape[1],) * 2)
        own = sums.setdefault(example.speaker, _Sums(values.mean(axis=0)))
        # Sums of products lose digits far from zero, so the first recording of a speaker says where zero is.
        values -= own.shift
        own.frames += len(values)
        own.total += values.sum(axis=0)
        products += values.T @ values
    if not sums:
        raise ModelError("there is no recording to fit a readout on")
    for own in sums.values():
        products -= np.outer(own.total, own.total) / own.frames
    covariance = products / sum(own.frames for own in sums.values())
    means = {speaker: own.shift + own.total / own.frames for speaker, own in sums.items()}
    variance = np.diag(covariance)
    moving = variance > 1e-12 * (np.mean(list(means.values()), axis=0) ** 2 + variance.max())
    if not moving.any():
        raise ModelError("the features are the same for every frame of every recording")
    scale = np.where(moving, 1.0 / np.sqrt(np.where(moving, variance, 1.0)), 0.0)
    if len(scale) <= COMPONENTS:
        return means, np.diag(scale)
    correlation = covariance * np.outer(scale, scale)
    last = len(scale) - 1
    _, vectors = linalg.eigh(correlation, subset_by_index=(last - COMPONENTS + 1, last))
    return means, scale[:, None] * vectors


class _Sums:
    """Of the features of one speaker, around a provisional zero."""

    def __init__(self, shift: Array) -> None:
        self.shift, self.total, self.frames = shift, np.zeros_like(shift), 0


def _times(targets: Trajectories) -> Array:
    """Where the frames lie, seconds."""
    return np.asarray(np.arange(len(targets.values)) / targets.rate_hz)


def _inputs(features: Features, mean: Array, projection: Array, times: Array) -> Array:
    """Inputs at all moments around some times, and a constant; shape (times, moments * inputs + 1)."""
    if features.values.shape[1] != len(mean):
        raise ValueError(
            f"represent gave {features.values.shape[1]} channels, {len(mean)} when the readout was fitted"
        )
    if not len(features.values):
        raise ValueError("represent gave no frames")
    values = (features.values.astype(np.float64) - mean) @ projection
    parts = [_at(values, (times + shift) * features.rate_hz) for shift in CONTEXT_S]
    return np.concatenate([*parts, np.ones((len(times), 1))], axis=1)


def _at(values: Array, places: Array) -> Array:
    """Values between frames, interpolated linearly; the first and the last hold beyond the ends."""
    places = np.clip(places, 0, len(values) - 1)
    below = np.floor(places).astype(np.int64)
    above = np.minimum(below + 1, len(values) - 1)
    share = (places - below)[:, None]
    return (1 - share) * values[below] + share * values[above]


class _NormalEquations:
    """Sums over frames, one set for frames with all targets, and one for each target that lacks some."""

    def __init__(self, size: int, targets: int) -> None:
        self._common = np.zeros((size, size))
        self._own: dict[int, Array] = {}
        self._moments = np.zeros((size, targets))

    def add(self, inputs: Array, wanted: Array, valid: NDArray[np.bool_]) -> None:
        whole: NDArray[np.bool_] = np.all(valid, axis=1)
        self._common += inputs[whole].T @ inputs[whole]
        self._moments += inputs.T @ np.where(valid, wanted, 0.0)
        for target in np.flatnonzero((valid & ~whole[:, None]).any(axis=0)).tolist():
            seen = inputs[valid[:, target] & ~whole]
            gram = self._own.setdefault(target, np.zeros_like(self._common))
            gram += seen.T @ seen

    def solved(self, penalty: float) -> Array:
        """Weights, shape (inputs, targets)."""
        weights = np.empty_like(self._moments)
        common = [i for i in range(weights.shape[1]) if i not in self._own]
        if common:
            weights[:, common] = _solved(self._common, self._moments[:, common], penalty)
        for target, gram in self._own.items():
            weights[:, target] = _solved(self._common + gram, self._moments[:, target], penalty)
        return weights


def _solved(gram: Array, moments: Array, penalty: float) -> Array:
    inputs = len(gram) - 1
    added = np.full(len(gram), penalty * max(np.trace(gram) - gram[-1, -1], 1e-9) / inputs)
    added[-1] = 1e-9 * gram[-1, -1]  # the constant is not penalised
    penalised = gram.copy()
    penalised[np.diag_indices_from(penalised)] += added
    try:
        factor = linalg.cho_factor(penalised, overwrite_a=True, check_finite=False)
    except linalg.LinAlgError as error:
        raise ModelError(f"no regression can be fitted on the features ({error})") from error
    return np.asarray(linalg.cho_solve(factor, moments))


def _dev_scores(readouts: Sequence[Readout], examples: Iterable[Example]) -> list[float]:
    """Mean PPMC of each readout: over the utterances of a speaker, speakers, targets."""
    by_speaker: dict[str, list[list[list[float]]]] = {}
    for example in examples:
        found = [_ppmc(readout, example) for readout in readouts]
        by_speaker.setdefault(example.speaker, []).append(found)
    if not by_speaker:
        raise ModelError("there is no recording of the dev split to choose the penalty of a readout on")
    with np.errstate(invalid="ignore"):
        means = np.stack([_mean(np.array(found), 0) for found in by_speaker.values()])
        return [float(value) for value in _mean(_mean(means, 0), -1)]


def _ppmc(readout: Readout, example: Example) -> list[float]:
    targets = example.targets
    estimate = readout.read(example.features, len(targets.values) / targets.rate_hz)
    scores = PPMC(targets, estimate)
    return [scores[name].value for name in targets.names]


def _mean(values: Array, axis: int) -> Array:
    """The mean of what is known; NaN where nothing is."""
    known: NDArray[np.bool_] = ~np.isnan(values)
    return np.asarray(np.where(known, values, 0.0).sum(axis=axis) / known.sum(axis=axis))
