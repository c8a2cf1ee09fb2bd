"""Data sets for PyTorch: noisy recordings with clean speech and targets, stored or mixed on the fly.

An item is a dictionary: `noisy` and `clean`, float32, shape (samples,), 16 kHz; `targets`, float32, and
`valid`, bool, shape (frames, channels), 100 Hz, frame k at sample 160 k; `mixture_id`, `utterance_id`,
`speaker`; `snr_db`, NaN for clean speech. `collate` pads items to batches.

What chance decides depends on seed, epoch and recording alone, so that an epoch is the same with any number
of workers.

Example:
    >>> corpus = benchmark.open("xrmb_noisy", speech_root="/data/xrmb")  # doctest: +SKIP
    >>> data = TrainingMixtures(corpus, crop_s=4.0)  # doctest: +SKIP
    >>> batches = BatchesByDuration(data, batch_s=120.0)  # doctest: +SKIP
    >>> loader = DataLoader(data, batch_sampler=batches, collate_fn=collate, num_workers=4)  # doctest: +SKIP
    >>> for epoch in range(10):  # doctest: +SKIP
    ...     data.set_epoch(epoch)
    ...     for batch in loader: ...
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import Dataset, IterableDataset, Sampler, get_worker_info

from benchmark.errors import ManifestError, SilentNoiseError
from benchmark.mixing.levels import factor
from benchmark.mixing.renderer import Renderer
from benchmark.mixing.rows import MixtureRow, PlanRow
from benchmark.mixing.training_plan import Conditions, training_plan, without_test
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.prepared.on_demand import OnDemandCorpus
from benchmark.randomness import Randomness
from benchmark.types import RATE_HZ

Item = dict[str, Any]
Sound = NDArray[np.float32]

#: Samples between two frames of targets.
_HOP = RATE_HZ // 100
#: Recordings among which those of like length are looked for, so that order stays random and padding short.
_POOL = 64
#: How often noise is drawn for a recording before it is given up: recordings of noise may be silent for a
#: while.
_DRAWN = 20


class _Recordings(Dataset[Item], ABC):
    """What both kinds of data set share: epochs, crops, targets."""

    def __init__(self, corpus: PreparedCorpus, crop_s: float | None, seed: int) -> None:
        self.corpus, self.seed = corpus, seed
        self._crop = None if crop_s is None else max(1, round(crop_s * 100)) * _HOP
        # Workers that live on from epoch to epoch see it change.
        self._epoch = torch.zeros((), dtype=torch.int64)
        self._epoch.share_memory_()  # type: ignore[no-untyped-call]

    @property
    def epoch(self) -> int:
        """The epoch that items are drawn for."""
        return int(self._epoch)

    def set_epoch(self, epoch: int) -> None:
        """Goes to an epoch, from 0; called before each pass over a loader."""
        self._epoch.fill_(epoch)

    def samples(self, index: int) -> int:
        """Length of an item at 16 kHz."""
        total = int(self._row(index)["samples"])
        return total if self._crop is None else min(total, self._crop)

    @abstractmethod
    def _row(self, index: int) -> PlanRow | MixtureRow:
        """What is planned of an item."""

    def _item(self, row: PlanRow | MixtureRow, noisy: Sound, clean: Sound) -> Item:
        key = row["utterance_id"]
        found = self.corpus.targets(key)
        total = len(noisy)
        start, stop = 0, total
        if self._crop is not None and total > self._crop:
            randomness = Randomness(("crop", self.seed, self.epoch, row["mixture_id"]))
            start = _HOP * randomness.integer("start", 0, (total - self._crop) // _HOP + 1)
            stop = start + self._crop
        frames = slice(start // _HOP, -(-stop // _HOP))
        valid = found.valid[frames]
        return {
            "noisy": torch.from_numpy(noisy[start:stop].copy()),
            "clean": torch.from_numpy(clean[start:stop].copy()),
            "targets": torch.from_numpy(np.where(valid, found.values[frames], np.float32(0))),
            "valid": torch.from_numpy(valid.copy()),
            "mixture_id": row["mixture_id"],
            "utterance_id": key,
            "speaker": row["speaker"],
            "snr_db": float("nan") if row["snr_db"] is None else float(row["snr_db"]),
        }


class Mixtures(_Recordings):
    """The mixtures of a split of the benchmark, map-style, from files or rendered on demand.

    Args:
        corpus: Prepared, or of `benchmark.open`.
        split: "train", "dev" or "test".
        crop_s: Longest item in seconds; where one is longer, the place is drawn anew each epoch. None crops
            none.
        seed: Of the crops.
    """

    def __init__(
        self, corpus: PreparedCorpus, split: str, *, crop_s: float | None = None, seed: int = 0
    ) -> None:
        super().__init__(corpus, crop_s, seed)
        self.rows = corpus.of_split(split)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Item:
        row = self.rows[index]
        noisy = self.corpus.noisy(row["mixture_id"]).samples
        # The clean file has the level before the gain that kept the sum below the peak limit.
        clean = self.corpus.clean(row["utterance_id"]).samples * np.float32(
            factor(row["common_gain_db"] or 0.0)
        )
        return self._item(row, noisy, clean)

    def _row(self, index: int) -> MixtureRow:
        return self.rows[index]


class TrainingMixtures(_Recordings):
    """One mixture for each recording, drawn anew every epoch and mixed on the fly, map-style.

    Nothing of the test split is heard, neither speech nor noise, and no mixture is one of the benchmark.

    Args:
        corpus: Of `benchmark.open`.
        split: "train" or "dev".
        conditions: What is drawn; by default as the recipe has it, one recording in ten clean.
        crop_s: Longest item in seconds; where one is longer, the place is drawn anew each epoch. None crops
            none.
        seed: Of all that is drawn.
        kept_s: Seconds of speech that each worker keeps in memory, 128 kB each.
    """

    def __init__(
        self,
        corpus: OnDemandCorpus,
        split: str = "train",
        *,
        conditions: Conditions | None = None,
        crop_s: float | None = None,
        seed: int = 0,
        kept_s: float = 1800.0,
    ) -> None:
        super().__init__(corpus, crop_s, seed)
        self._conditions = conditions or Conditions()
        self._sources = without_test(corpus.sources)
        wanted = {key for key, row in corpus.utterances.items() if row["split"] == split}
        self._utterances = [item for item in corpus.sources.targets if item.id in wanted]
        if not self._utterances:
            raise ManifestError(f"{corpus.folder}: holds no utterance of the split '{split}'")
        self._renderer = Renderer(corpus.recipe, self._sources, kept_s)
        self._planned: tuple[int, list[PlanRow]] = (-1, [])
        self.rows_of(0)  # what cannot be drawn is told at once

    def __len__(self) -> int:
        return len(self._utterances)

    def __getitem__(self, index: int) -> Item:
        row = self._row(index)
        silent = 0
        while True:
            try:
                return self._item(row, *self._renderer.pair(row))
            except SilentNoiseError:
                silent += 1
                if silent == _DRAWN:
                    raise
                row = self._again(index, silent)

    def rows_of(self, epoch: int) -> list[PlanRow]:
        """The plan of an epoch: a row for each item."""
        if self._planned[0] != epoch:
            self._planned = epoch, self._plan(self.seed, epoch)
        return self._planned[1]

    def _row(self, index: int) -> PlanRow:
        return self.rows_of(self.epoch)[index]

    def _again(self, index: int, number: int) -> PlanRow:
        """Other noise for an item whose noise is silent, the same whenever it is drawn again."""
        seed = Randomness(("again", self.seed, number)).integer("seed", 0, 2**62)
        return self._plan(seed, self.epoch)[index]

    def _plan(self, seed: int, epoch: int) -> list[PlanRow]:
        return training_plan(
            self.corpus.recipe, self._sources, self._utterances, self._conditions, seed, epoch
        )


class BatchesByDuration(Sampler[list[int]]):
    """Batches of items of like length, in an order that is drawn anew every epoch.

    Args:
        data: What is sampled from; its epoch decides.
        batch_s: Seconds of audio in a batch, padding included; a longer item is a batch of its own.
        rank: Which of several processes this is.
        count: How many processes share the batches; each has as many.
    """

    def __init__(
        self, data: Mixtures | TrainingMixtures, batch_s: float, rank: int = 0, count: int = 1
    ) -> None:
        self.data, self._limit, self._rank, self._count = data, round(batch_s * RATE_HZ), rank, count

    def __iter__(self) -> Iterator[list[int]]:
        batches = self._batches()
        yield from batches[self._rank : len(batches) // self._count * self._count : self._count]

    def __len__(self) -> int:
        return len(self._batches()) // self._count

    def _batches(self) -> list[list[int]]:
        randomness = Randomness(("batches", self.data.seed, self.data.epoch))
        order = sorted(range(len(self.data)), key=lambda i: randomness.token(f"item/{i}"))
        batches: list[list[int]] = []
        for start in range(0, len(order), _POOL):
            batch: list[int] = []
            for index in sorted(order[start : start + _POOL], key=self.data.samples):
                # In growing order the newest item is the longest.
                if batch and (len(batch) + 1) * self.data.samples(index) > self._limit:
                    batches.append(batch)
                    batch = []
                batch.append(index)
            batches.append(batch)
        numbered = sorted(range(len(batches)), key=lambda i: randomness.token(f"batch/{i}"))
        return [batches[i] for i in numbered]


class BatchStream(IterableDataset[dict[str, Any]]):
    """The same batches as an iterable data set: `DataLoader(stream, batch_size=None, num_workers=4)`.

    Each worker makes every so many-th batch, and a loader takes them in turn: the order is that of one
    worker.

    Args:
        batches: Which items go together.
    """

    def __init__(self, batches: BatchesByDuration) -> None:
        self.batches = batches

    def __iter__(self) -> Iterator[dict[str, Any]]:
        worker = get_worker_info()
        number, count = (worker.id, worker.num_workers) if worker is not None else (0, 1)
        data = self.batches.data
        for indices in list(self.batches)[number::count]:
            yield collate([data[index] for index in indices])


def collate(items: Sequence[Item]) -> dict[str, Any]:
    """Items as one batch, padded with zeros at the end.

    Returns:
        `noisy`, `clean`: shape (batch, samples); `targets`, `valid`: (batch, frames, channels); `lengths`,
        `frames`: int64, (batch,), before padding; `snr_db`: (batch,); the rest lists of text.
    """
    batch: dict[str, Any] = {
        name: pad_sequence([item[name] for item in items], batch_first=True)
        for name in ("noisy", "clean", "targets", "valid")
    }
    batch["lengths"] = torch.tensor([len(item["noisy"]) for item in items])
    batch["frames"] = torch.tensor([len(item["targets"]) for item in items])
    batch["snr_db"] = torch.tensor([item["snr_db"] for item in items])
    for name in ("mixture_id", "utterance_id", "speaker"):
        batch[name] = [item[name] for item in items]
    return batch
