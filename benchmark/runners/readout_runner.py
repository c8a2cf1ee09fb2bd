"""Runs a model and reads articulation out of its features, or out of articulation of other names."""

from __future__ import annotations

import hashlib
import json
import time
import zipfile
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmark.errors import ModelError
from benchmark.files import replacing
from benchmark.mixing.rows import MixtureRow
from benchmark.models.entry import ThroughReadout
from benchmark.models.readout import Example, Readout, fit_readout
from benchmark.models.speaker_scales import speaker_scales
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.runners.prediction import Enrolment, Item, Prediction, Runner
from benchmark.types import RATE_HZ, Clip, Features, Progress, silent

#: Features may be so much longer or shorter than the recording, seconds, and one frame.
_TOLERATED_S = 0.05
#: A readout is not fitted if the model failed on more than this share of what there is to learn from.
_MOST_FAILED = 0.5


class ReadoutRunner:
    """A model whose answers a readout turns into the targets; the readout is fitted when it is first needed.

    Attributes:
        identity: See `Runner`.
        batch: That of the model's runner.
    """

    def __init__(
        self,
        how: ThroughReadout,
        runner: Runner,
        corpus: PreparedCorpus,
        folder: Path | None,
        *,
        fresh: bool = False,
        progress: Progress = silent,
    ) -> None:
        """A runner.

        Args:
            how: The model and what its readout is fitted on.
            runner: Of the model.
            corpus: What the readout is fitted on: the splits train and dev.
            folder: Where fitted readouts are kept; None to keep nothing.
            fresh: Whether the readout is fitted again though it is kept.
            progress: Told of every recording that the readout is fitted on.
        """
        self._how, self._runner, self._corpus, self._progress = how, runner, corpus, progress
        self.batch, self._fresh = runner.batch, fresh
        learnt = [corpus.split_hash(split) for split in ("train", "dev")]
        parts = [runner.identity, how.fitted_on, how.version, *learnt]
        self.identity = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
        self._path = folder / f"{self.identity[:24]}.npz" if folder is not None else None
        self._fitted: Readout | None = None

    def tasks(self) -> frozenset[str]:
        """See `Runner`: it inverts.

        Raises:
            ModelError: The model neither represents nor inverts.
        """
        if not self._runner.tasks() & {"represent", "invert"}:
            raise ModelError(
                f"{self._how.model.name}: neither represents nor inverts, so there is nothing to read out; "
                "an enhancer is read out before a representation: --model ENHANCER+logmel"
            )
        return frozenset({"invert"})

    def enrolment(self) -> Enrolment:
        """See `Runner`."""
        return self._runner.enrolment()

    def facts(self) -> dict[str, str]:
        """See `Runner`; what the readout is like and what it cost, once it is fitted."""
        told = self._fitted.facts if self._fitted is not None else {}
        return self._runner.facts() | {f"readout {name}": value for name, value in told.items()}

    def run(self, items: Iterable[Item]) -> Iterator[Prediction]:
        """See `Runner`."""
        readout = self._readout()
        heard: deque[Item] = deque()

        def noted() -> Iterator[Item]:
            for item in items:
                heard.append(item)
                yield item

        for given in self._runner.run(noted()):
            yield _read(readout, given, heard.popleft().clip)

    def close(self) -> None:
        """See `Runner`."""
        self._runner.close()

    def _readout(self) -> Readout:
        if self._fitted is None:
            self._fitted = self._kept() or self._fit()
        return self._fitted

    def _kept(self) -> Readout | None:
        if self._path is None or self._fresh:
            return None
        try:
            with np.load(self._path, allow_pickle=False) as arrays:
                return Readout.restored({name: arrays[name] for name in arrays.files})
        except (OSError, KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile):
            return None

    def _fit(self) -> Readout:
        start = time.perf_counter()
        train, dev = (
            _Examples(self._how, self._runner, self._corpus, self._progress, split)
            for split in ("train", "dev")
        )
        try:
            scales = speaker_scales(self._corpus, sorted({row["utterance_id"] for row in train.rows}))
            names = self._corpus.targets(train.rows[0]["utterance_id"]).names
            readout = fit_readout(train, dev, scales, names)
        except ModelError as error:
            raise ModelError(f"{self._how.model.name}: {error}") from error
        readout.facts.update(
            {
                "fitted on": f"{len(train.rows)} recordings ({self._how.fitted_on})",
                "left out": str(train.failed + dev.failed),
                "fit seconds": f"{time.perf_counter() - start:.1f}",
                "represent seconds": f"{train.seconds + dev.seconds:.1f}",
            }
        )
        if self._path is not None:
            with replacing(self._path) as temporary, temporary.open("wb") as stream:
                np.savez(stream, allow_pickle=False, **readout.arrays())
        return readout


class _Examples:
    """Recordings of a split for fitting a readout, with the model's output; can be iterated again.

    Attributes:
        rows: The mixtures.
        failed: Of how many the model gave nothing that can be used.
        seconds: How long it took for all.
    """

    def __init__(
        self, how: ThroughReadout, runner: Runner, corpus: PreparedCorpus, progress: Progress, split: str
    ) -> None:
        self._runner, self._corpus, self._progress, self._split = runner, corpus, progress, split
        self._oracle = how.model.hears == "clean"
        noisy = how.fitted_on == "noisy"
        self.rows = [row for row in corpus.of_split(split) if noisy or row["noise_kind"] == "clean"]
        if not self.rows:
            raise ModelError(
                f"{corpus.folder}: holds no clean speech of the split '{split}', which a readout is fitted on"
            )
        self.failed, self.seconds = 0, 0.0
        self._channels = 0

    def __call__(self) -> Iterator[Example]:
        """The recordings in the order of their ids.

        Raises:
            ModelError: The model failed on more than half of them.
        """
        self.failed, self.seconds, reason = 0, 0.0, ""
        predictions = self._runner.run(map(self._item, self.rows))
        told = self._progress(predictions, len(self.rows), f"representing {self._split} speech")
        for row, prediction in zip(self.rows, told, strict=True):
            self.seconds += prediction.seconds
            targets = self._corpus.targets(row["utterance_id"])
            features, fault = _features(prediction, row["samples"] / RATE_HZ)
            if features is not None and self._channels in (0, features.values.shape[1]):
                self._channels = features.values.shape[1]
                yield Example(row["speaker"], features, targets)
            else:
                self.failed += 1
                reason = reason or fault or "the number of channels differs from recording to recording"
        if self.failed > _MOST_FAILED * len(self.rows):
            raise ModelError(
                f"gave nothing to fit a readout on for {self.failed} of {len(self.rows)} recordings of the "
                f"split '{self._split}': {reason}"
            )

    def _item(self, row: MixtureRow) -> Item:
        clean, noisy = self._corpus.clean, self._corpus.noisy
        heard = clean(row["utterance_id"]) if self._oracle else noisy(row["mixture_id"])
        return Item(row["mixture_id"], heard)


def _features(given: Prediction, duration_s: float) -> tuple[Features | None, str]:
    """What there is to read out of a prediction, or None and the reason."""
    fault = given.represent_error or given.invert_error
    features, method = given.features, "represent"
    if features is None and given.trajectories is not None:
        features, method = Features(given.trajectories.values, given.trajectories.rate_hz), "invert"
    if features is None:
        return None, fault or "the model gave nothing"
    if not len(features.values):
        return None, f"{method} gave no frames"
    if abs(features.duration_s - duration_s) > _TOLERATED_S + 1 / features.rate_hz:
        return None, f"{method} gave {features.duration_s:.3f} s for {duration_s:.3f} s of speech"
    if not np.isfinite(features.values).all():
        return None, f"{method} gave values that are not finite"
    return features, ""


def _read(readout: Readout, given: Prediction, heard: Clip) -> Prediction:
    start = time.perf_counter()
    features, fault = _features(given, heard.duration_s)
    moved = None
    if features is not None:
        try:
            moved = readout.read(features, heard.duration_s)
        except ValueError as error:
            fault = str(error)
    return replace(
        given,
        enhanced=None,
        enhance_error="",
        trajectories=moved,
        invert_error=fault[:300],
        features=None,
        represent_error="",
        seconds=given.seconds + time.perf_counter() - start,
    )
