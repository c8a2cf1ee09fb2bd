"""Runs trusted models in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np

from benchmark.audio import resample
from benchmark.models.contract import Enhancer, Inverter, Model
from benchmark.runners.child import as_audio, as_trajectories, attempt
from benchmark.runners.prediction import Item, Prediction
from benchmark.types import Clip, Trajectories


def run_in_process(model: Model, noisy: Clip) -> Prediction:
    """Runs a trusted model on one recording; whatever it does, a prediction comes back.

    Args:
        model: Keeps the contract of `benchmark.models.contract`.
        noisy: The recording; it is resampled to the model's rate.
    """
    heard = resample(noisy, model.sample_rate).samples.astype(np.float32)
    start = time.perf_counter()
    enhanced, enhance_error, moved, invert_error = None, "", None, ""
    if isinstance(model, Enhancer):
        samples, enhance_error = attempt(model.enhance, heard, as_audio)
        enhanced = None if enhance_error else Clip(samples, model.sample_rate)
    if isinstance(model, Inverter):
        found, invert_error = attempt(model.invert, heard, as_trajectories)
        moved = None if invert_error else trajectories(*found)
    return Prediction(enhanced, moved, enhance_error, invert_error, time.perf_counter() - start)


def trajectories(values: np.ndarray, rate_hz: float, names: tuple[str, ...]) -> Trajectories:
    """Checked parts as one value; an estimate has no say in which frames count, so all are valid."""
    return Trajectories(values, rate_hz, names, np.ones(values.shape, bool))


class InProcessRunner:
    """A model that is made when it is first needed.

    Attributes:
        identity: See `Runner`.
        batch: 1.
    """

    batch = 1

    def __init__(
        self,
        identity: str,
        build: Callable[[], Model],
        does: Iterable[str] | None = None,
        facts: Mapping[str, str] | None = None,
    ) -> None:
        """A runner.

        Args:
            identity: See `Runner`.
            build: Makes the model.
            does: What it does; None to find out by making it.
            facts: See `Runner.facts`.
        """
        self.identity = identity
        self._facts = dict(facts or {})
        self._build = build
        self._does = None if does is None else frozenset(does)
        self._model: Model | None = None

    def tasks(self) -> frozenset[str]:
        """See `Runner`."""
        if self._does is None:
            kinds = {"enhance": Enhancer, "invert": Inverter}
            self._does = frozenset(name for name, kind in kinds.items() if isinstance(self._made(), kind))
        return self._does

    def facts(self) -> dict[str, str]:
        """See `Runner`."""
        return dict(self._facts)

    def run(self, items: Iterable[Item]) -> Iterator[Prediction]:
        """See `Runner`."""
        for item in items:
            yield run_in_process(self._made(), item.clip)

    def close(self) -> None:
        """See `Runner`."""
        self._model = None

    def _made(self) -> Model:
        if self._model is None:
            self._model = self._build()
        return self._model
