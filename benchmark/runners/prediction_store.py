"""Predictions on disk, apart from scores: what a model gave once is not asked of it again.

    FOLDER/MODEL_IDENTITY/HEARD_SHA256.npz      one model, one recording: prediction or reason, and time

Samples and trajectories are stored as the float32 numbers that the model gave. FLAC would round them to 16
bits and could not hold what exceeds full scale; then scores from the store would differ from scores without
it.
"""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.files import replacing, write_text
from benchmark.runners.limits import Limits
from benchmark.runners.prediction import Enrolment, Item, Prediction, Runner, failure, strongest, trajectories
from benchmark.types import Clip, Features

_STALE_S = 600.0
_ABOUT: dict[str, type] = {"tasks": list, "facts": dict, "enrolment": str}


class Stored:
    """A runner that asks another one only for what is not in the store.

    Attributes:
        identity: That of the other runner.
        batch: That of the other runner.
    """

    def __init__(self, runner: Runner, folder: Path, limits: Limits, *, fresh: bool = False) -> None:
        self._runner, self._limits, self._fresh = runner, limits, fresh
        self.identity, self.batch = runner.identity, runner.batch
        self._folder = folder / runner.identity[:24]
        self._spent: dict[str, float] = {}
        self._done: set[str] = set()
        sweep(self._folder)

    def tasks(self) -> frozenset[str]:
        """See `Runner`."""
        return frozenset(self._about()["tasks"])

    def enrolment(self) -> Enrolment:
        """See `Runner`."""
        return strongest([self._about()["enrolment"]])

    def facts(self) -> dict[str, str]:
        """See `Runner`."""
        return dict(self._about()["facts"])

    def run(self, items: Iterable[Item]) -> Iterator[Prediction]:
        """See `Runner`."""
        waiting: list[tuple[Item, Prediction | None]] = []
        for item in items:
            waiting.append((item, self._read(item)))
            missing = sum(prediction is None for _, prediction in waiting)
            if missing >= self.batch or (not missing and len(waiting) >= 1):
                yield from self._finish(waiting)
                waiting = []
        yield from self._finish(waiting)

    def close(self) -> None:
        """See `Runner`."""
        self._runner.close()

    def _about(self) -> dict[str, Any]:
        """What the model said of itself; kept, so that a run that only resumes need not start it."""
        path = self._folder / "about.json"
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            return {name: kind(kept[name]) for name, kind in _ABOUT.items()}
        except (OSError, ValueError, KeyError, TypeError):
            found = {
                "tasks": sorted(self._runner.tasks()),
                "facts": self._runner.facts(),
                "enrolment": self._runner.enrolment(),
            }
            write_text(path, json.dumps(found))
            return found

    def _finish(self, waiting: list[tuple[Item, Prediction | None]]) -> Iterator[Prediction]:
        missing = [item for item, prediction in waiting if prediction is None]
        made = iter(self._make(missing))
        for _, prediction in waiting:
            yield prediction if prediction is not None else next(made)

    def _make(self, items: list[Item]) -> list[Prediction]:
        total = self._limits.total_s
        if items and total and sum(self._spent.values()) >= total:
            reason = f"the time limit of {total:g} s for the whole run was reached"
            return [failure(self.tasks(), reason) for _ in items]
        predictions = []
        start = time.perf_counter()
        for item, prediction in zip(items, self._runner.run(items), strict=True):
            self._write(item, prediction, time.perf_counter() - start)
            predictions.append(prediction)
            start = time.perf_counter()
        return predictions

    def _path(self, item: Item) -> Path:
        return self._folder / f"{item.sha256[:40]}.npz"

    def _read(self, item: Item) -> Prediction | None:
        if self._fresh and item.sha256 not in self._done:
            return None
        path = self._path(item)
        try:
            with np.load(path, allow_pickle=False) as arrays:
                meta = json.loads(arrays["meta"].tobytes())
                prediction = _unpacked(meta, arrays)
        except (OSError, KeyError, ValueError, TypeError, EOFError, zipfile.BadZipFile):
            return None
        if prediction.limits not in ("", str(self._limits)):
            return None
        self._spent[item.sha256] = float(meta["wall"])
        return prediction

    def _write(self, item: Item, prediction: Prediction, wall: float) -> None:
        meta: dict[str, Any] = {
            "errors": [prediction.enhance_error, prediction.invert_error],
            "seconds": prediction.seconds,
            "wall": wall,
            "limits": prediction.limits,
        }
        arrays: dict[str, Any] = {}
        if prediction.enhanced is not None:
            meta["rate_hz"] = prediction.enhanced.rate_hz
            arrays["enhanced"] = np.asarray(prediction.enhanced.samples, "<f4")
        if prediction.trajectories is not None:
            meta["frames_hz"] = prediction.trajectories.rate_hz
            meta["names"] = list(prediction.trajectories.names)
            arrays["values"] = np.asarray(prediction.trajectories.values, "<f4")
        if prediction.features is not None:
            meta["features_hz"] = prediction.features.rate_hz
            arrays["features"] = np.asarray(prediction.features.values, "<f4")
        if prediction.embedding is not None:
            arrays["embedding"] = np.asarray(prediction.embedding, "<f4")
        for task, error in (("represent", prediction.represent_error), ("embed", prediction.embed_error)):
            if error:
                meta[f"{task}_error"] = error
        arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), np.uint8)
        with replacing(self._path(item)) as temporary, temporary.open("wb") as stream:
            np.savez(stream, **arrays)
        self._spent[item.sha256] = wall
        self._done.add(item.sha256)


def _unpacked(meta: dict[str, Any], arrays: Any) -> Prediction:
    enhanced = Clip(arrays["enhanced"], int(meta["rate_hz"])) if "rate_hz" in meta else None
    moved = None
    if "names" in meta:
        moved = trajectories(arrays["values"], float(meta["frames_hz"]), tuple(meta["names"]))
    first, second = meta["errors"]
    return Prediction(
        enhanced,
        moved,
        str(first),
        str(second),
        float(meta["seconds"]),
        limits=str(meta["limits"]),
        features=Features(arrays["features"], float(meta["features_hz"])) if "features_hz" in meta else None,
        embedding=arrays.get("embedding"),
        represent_error=str(meta.get("represent_error", "")),
        embed_error=str(meta.get("embed_error", "")),
    )


def sweep(folder: Path) -> None:
    """Removes what killed runs left half written."""
    if not folder.is_dir():
        return
    for path in folder.glob(".*.part"):
        try:
            if time.time() - path.stat().st_mtime > _STALE_S:
                path.unlink()
        except FileNotFoundError:
            continue  # another process was faster
