"""Takes estimates that were computed elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmark.errors import ModelError
from benchmark.models.entry import DIRECT
from benchmark.runners.estimate_files import Channels, channels_of, kinds_in, read_estimates
from benchmark.runners.prediction import Enrolment, Item, Prediction


class PredictionsRunner:
    """A folder of estimates named by mixture, e.g. `babble/-5/F01/U001.flac` and `babble/-5/F01/U001.csv`.

    Attributes:
        identity: See `Runner`.
        batch: 1.
    """

    batch = 1

    def __init__(
        self,
        folder: Path,
        source_sha256: str,
        channels: Channels,
        does: Iterable[str] = (),
        *,
        tasks: Iterable[str] = DIRECT,
    ) -> None:
        self._folder = folder
        self._channels = channels_of(folder, channels)
        self._does, self._asked = frozenset(does), frozenset(tasks)
        self.identity = hashlib.sha256(source_sha256.encode()).hexdigest()

    def tasks(self) -> frozenset[str]:
        """See `Runner`; what there are files of, unless it was told.

        Raises:
            ModelError: There are none.
        """
        found = self._does or kinds_in(self._folder)
        if not found:
            raise ModelError(
                f"{self._folder}: holds no .wav, .flac, .csv or .npy; expected files such as "
                "babble/-5/SPEAKER/UTTERANCE.flac"
            )
        return found & self._asked

    def enrolment(self) -> Enrolment:
        """See `Runner`: files have no place for it."""
        return "no"

    def facts(self) -> dict[str, str]:
        """See `Runner`."""
        return {}

    def run(self, items: Iterable[Item]) -> Iterator[Prediction]:
        """See `Runner`."""
        for item in items:
            yield read_estimates(self._folder, item.id, self.tasks(), item.clip, self._channels)

    def close(self) -> None:
        """See `Runner`."""
