from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import benchmark
from benchmark.mixing.renderer import Renderer
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.prepared.datasets import BatchesByDuration, BatchStream, Mixtures, TrainingMixtures, collate
from benchmark.prepared.on_demand import OnDemandCorpus


def passed(data: TrainingMixtures, epoch: int, workers: int, *, stream: bool = False) -> list[dict]:
    data.set_epoch(epoch)
    batches = BatchesByDuration(data, batch_s=6.0)
    if stream:
        return list(DataLoader(BatchStream(batches), batch_size=None, num_workers=workers))
    return list(DataLoader(data, batch_sampler=batches, collate_fn=collate, num_workers=workers))


def same(one: list[dict], other: list[dict]) -> bool:
    return [batch["mixture_id"] for batch in one] == [batch["mixture_id"] for batch in other] and all(
        torch.equal(left[name], right[name])
        for left, right in zip(one, other, strict=True)
        for name in ("noisy", "clean", "targets", "valid", "lengths")
    )


@pytest.fixture(scope="module")
def data(on_demand: OnDemandCorpus) -> TrainingMixtures:
    return TrainingMixtures(on_demand, crop_s=1.5, seed=7)


def test_an_epoch_is_the_same_with_any_number_of_workers_and_the_next_one_differs(
    data: TrainingMixtures,
) -> None:
    first = passed(data, 0, 0)
    assert sum(len(batch["mixture_id"]) for batch in first) == len(data)
    assert same(first, passed(data, 0, 1))
    assert same(first, passed(data, 0, 4))
    assert same(first, passed(data, 0, 4, stream=True))
    assert same(first, passed(data, 0, 0, stream=True))
    second = passed(data, 1, 4)
    assert not same(first, second)
    assert same(second, passed(data, 1, 0))


def test_workers_that_live_on_see_the_epoch_change(data: TrainingMixtures) -> None:
    loader = DataLoader(data, batch_size=1, collate_fn=collate, num_workers=1, persistent_workers=True)
    seen = []
    for epoch in (0, 1, 0):
        data.set_epoch(epoch)
        seen.append(list(loader))
    assert same(seen[0], seen[2])
    assert not same(seen[0], seen[1])


def test_an_item_is_speech_plus_noise_with_its_targets(on_demand: OnDemandCorpus) -> None:
    data = TrainingMixtures(on_demand)
    renderer = Renderer(on_demand.recipe, on_demand.sources)
    for index, row in enumerate(data.rows_of(0)):
        item = data[index]
        rendered = renderer.rendered(row)
        np.testing.assert_array_equal((item["noisy"] * 32768).numpy(), rendered.pcm)
        assert len(item["clean"]) == len(item["noisy"]) == row["samples"]
        wanted = on_demand.targets(row["utterance_id"])
        assert item["targets"].shape == (-(-row["samples"] // 160), len(wanted.names))
        if row["snr_db"] is not None:
            assert rendered.measured["snr_p56_db"] == pytest.approx(row["snr_db"], abs=0.05)


def test_a_crop_keeps_sound_and_targets_together(on_demand: OnDemandCorpus, data: TrainingMixtures) -> None:
    whole = TrainingMixtures(on_demand, seed=7)
    cropped, uncropped = data[0], whole[0]
    samples = cropped["noisy"]
    assert len(samples) == 24_000
    starts = [s for s in range(0, len(uncropped["noisy"]) - 24_000 + 1, 160)
              if torch.equal(uncropped["noisy"][s : s + 24_000], samples)]  # fmt: skip
    assert len(starts) == 1
    frames = slice(starts[0] // 160, starts[0] // 160 + 150)
    assert torch.equal(uncropped["targets"][frames], cropped["targets"])
    assert torch.equal(uncropped["valid"][frames], cropped["valid"])


def test_batches_are_full_but_not_longer_and_shared_evenly(data: TrainingMixtures) -> None:
    data.set_epoch(0)
    for batch in BatchesByDuration(data, batch_s=3.0):
        assert len(batch) * max(map(data.samples, batch)) <= 3.0 * 16_000
    halves = [list(BatchesByDuration(data, 1.5, rank, 2)) for rank in (0, 1)]
    assert [len(half) for half in halves] == [len(data) // 2] * 2
    assert {i for half in halves for batch in half for i in batch} == set(range(len(data)))


def test_a_stored_corpus_and_one_on_demand_give_the_same_items(
    small: Path, on_demand: OnDemandCorpus
) -> None:
    stored = Mixtures(PreparedCorpus(small), "test", crop_s=1.0)
    rendered = Mixtures.__new__(Mixtures)
    rendered.__dict__ = {**stored.__dict__, "corpus": on_demand}
    batch, other = (collate([data[i] for i in range(len(data))]) for data in (stored, rendered))
    assert same([batch], [other])
    assert batch["noisy"].shape == (13, 16_000)
    assert torch.isnan(batch["snr_db"]).sum() == 1


@pytest.mark.slow
def test_mixing_on_the_fly_is_five_hundred_times_as_fast_as_real_time(tmp_path: Path) -> None:
    data = TrainingMixtures(benchmark.open("demo_noisy", folder=tmp_path / "planned"))
    seconds = sum(map(data.samples, range(len(data)))) / 16_000

    def pace(epoch: int) -> float:
        data.set_epoch(epoch)
        start = time.process_time()
        for index in range(len(data)):
            data[index]
        return seconds / (time.process_time() - start)

    paces = [pace(epoch) for epoch in range(30)]  # the first ones fill the memory
    assert np.max(paces[10:]) >= 500
