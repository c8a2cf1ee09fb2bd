from __future__ import annotations

import numpy as np
import pytest
import soundfile
import torch

from benchmark.errors import CorpusError, SilentNoiseError, SilentSpeechError
from benchmark.joint.batch import Batch, target_frames
from benchmark.joint.mixtures import Renderer
from benchmark.joint.training_corpus import collect
from benchmark.mixing.gather import Roots, gather
from benchmark.prepared.corpus import PreparedCorpus
from tests.joint.runs import data_of, tiny_config

TENSORS = ("noisy", "clean", "lengths", "targets", "valid", "has_targets")


def equal(one: Batch, other: Batch) -> bool:
    return one.ids == other.ids and all(
        torch.equal(getattr(one, name), getattr(other, name)) for name in TENSORS
    )


def test_batches_depend_on_seed_and_epoch_alone(training_corpus):
    data = data_of(training_corpus, tiny_config())
    first = list(data.batches(2))
    list(data.batches(0))
    torch.rand(3)
    again = list(data_of(training_corpus, tiny_config()).batches(2))
    assert all(equal(one, other) for one, other in zip(first, again, strict=True))
    other = list(data_of(training_corpus, tiny_config(training={"seed": 2})).batches(2))
    assert not any(torch.equal(one.noisy, two.noisy) for one, two in zip(first, other, strict=False))


@pytest.mark.parametrize("batch_s", [1.0, 2.5, 100.0])
def test_each_utterance_comes_once_an_epoch_in_batches_of_the_size_asked_for(training_corpus, batch_s):
    data = data_of(training_corpus, tiny_config(training={"batch_s": batch_s}))
    for epoch in range(3):
        plan = data.plan(epoch)
        names = [piece.row["utterance_id"] for pieces in plan for piece in pieces]
        assert sorted(names) == [item.id for item in training_corpus.train]
        longest = [len(pieces) * max(piece.samples for piece in pieces) for pieces in plan]
        assert max(longest) <= batch_s * 16000
        assert len(list(data.batches(epoch))) == len(plan)


def test_order_changes_from_epoch_to_epoch(training_corpus):
    data = data_of(training_corpus, tiny_config(training={"batch_s": 1.0}))
    orders = {tuple(pieces[0].row["utterance_id"] for pieces in data.plan(epoch)) for epoch in range(8)}
    assert len(orders) > 1


def test_crops_begin_with_a_hidden_state_and_carry_their_own_frames(training_corpus):
    data = data_of(training_corpus, tiny_config())
    renderer = Renderer(training_corpus)
    starts = set()
    for epoch in range(4):
        for pieces, batch in zip(data.plan(epoch), data.batches(epoch), strict=True):
            for i, piece in enumerate(pieces):
                assert piece.start % 320 == 0
                assert piece.samples == 16000
                starts.add(piece.start)
                mixture, speech = renderer.pair(piece.row)
                stretch = slice(piece.start, piece.start + piece.samples)
                np.testing.assert_array_equal(batch.noisy[i, : piece.samples], mixture[stretch])
                np.testing.assert_array_equal(batch.clean[i, : piece.samples], speech[stretch])
                # Frame k of the trajectories belongs to sample 160 k.
                targets = training_corpus.targets[piece.row["utterance_id"]]
                first = piece.start // 160
                frames = min(target_frames(piece.samples), len(targets.values) - first)
                np.testing.assert_array_equal(
                    batch.targets[i, :frames], targets.values[first : first + frames]
                )
                np.testing.assert_array_equal(batch.valid[i, :frames], targets.valid[first : first + frames])
    assert len(starts) > 4


def test_whole_utterances_are_padded_with_silence_that_is_not_valid(training_corpus):
    config = tiny_config(data={"crop_s": None}, training={"batch_s": 100.0})
    (batch,) = data_of(training_corpus, config).batches(0)
    lengths = {item.id: round(item.duration_s * 16000) for item in training_corpus.train}
    assert sorted(batch.lengths.tolist()) == sorted(lengths.values())
    assert len(set(batch.lengths.tolist())) > 1
    for i, length in enumerate(batch.lengths.tolist()):
        assert not batch.noisy[i, length:].any()
        assert not batch.clean[i, length:].any()
        assert not batch.valid[i, target_frames(length) :].any()
        assert batch.valid[i].any()


def test_processes_share_every_batch_and_pad_alike(training_corpus):
    config = tiny_config(data={"crop_s": None}, training={"batch_s": 6.0})
    data = data_of(training_corpus, config)
    assert all(len(pieces) >= 2 for pieces in data.plan(0, 2))
    shares = [list(data.batches(0, rank, 2)) for rank in range(2)]
    plan = data.plan(0, 2)
    assert len(shares[0]) == len(shares[1]) == len(plan)
    for one, two, pieces in zip(*shares, plan, strict=True):
        assert one.noisy.shape[1] == two.noisy.shape[1]
        assert sorted([*one.ids, *two.ids]) == sorted(piece.row["mixture_id"] for piece in pieces)


def test_more_processes_than_utterances_are_an_error(training_corpus):
    data = data_of(training_corpus, tiny_config())
    with pytest.raises(CorpusError, match="9 processes cannot share 3 train utterances; start fewer"):
        next(data.batches(0, 0, 9))


def test_the_dev_split_is_the_same_for_every_seed_and_uncut(training_corpus):
    one = data_of(training_corpus, tiny_config()).dev_batches
    two = data_of(training_corpus, tiny_config(training={"seed": 9})).dev_batches
    assert all(equal(first, second) for first, second in zip(one, two, strict=True))
    names = [name for batch in one for name in batch.ids]
    # Three utterances would say little: each is heard in twenty mixtures.
    assert len(training_corpus.dev) == 3
    assert all(sum(name.endswith(item.id) for name in names) == 20 for item in training_corpus.dev)
    lengths = [length for batch in one for length in batch.lengths.tolist()]
    assert sum(lengths) == 20 * sum(round(item.duration_s * 16000) for item in training_corpus.dev)


def test_clean_speech_may_be_heard_instead_of_the_mixture(training_corpus):
    (batch,) = data_of(
        training_corpus, tiny_config(data={"heard": "clean"}, training={"batch_s": 99.0})
    ).batches(0)
    assert torch.equal(batch.noisy, batch.clean)


def test_extra_speech_has_no_targets_and_is_never_more_than_the_train_split(planned):
    corpus = PreparedCorpus(planned)
    training_corpus = collect(corpus, gather(corpus.recipe, Roots()), own_extra=True)
    data = data_of(training_corpus, tiny_config(data={"extra_speech": True}, training={"batch_s": 99.0}))
    taken = set()
    for epoch in range(40):
        (batch,) = data.batches(epoch)
        assert batch.has_targets.sum() == len(training_corpus.train)
        assert (~batch.has_targets).sum() == min(len(training_corpus.extra), len(training_corpus.train))
        assert not batch.valid[~batch.has_targets].any()
        taken |= {
            name for name, known in zip(batch.ids, batch.has_targets.tolist(), strict=True) if not known
        }
    assert all(any(name.endswith(f"/{item.id}") for name in taken) for item in training_corpus.extra)


def test_pieces_of_extra_speech_that_are_silent_are_passed_over(planned, tmp_path):
    corpus = PreparedCorpus(planned)
    wave = np.random.default_rng(2).normal(size=16000 * 4) * 0.1
    soundfile.write(tmp_path / "long.wav", np.concatenate([wave, np.zeros(16000 * 20), wave]), 16000)
    training_corpus = collect(corpus, gather(corpus.recipe, Roots()), extra_folders=[tmp_path])
    data = data_of(training_corpus, tiny_config(data={"extra_speech": True}, training={"batch_s": 99.0}))
    audible = [item.id for item in training_corpus.extra if np.any(item.audio().samples)]
    assert 0 < len(audible) < len(training_corpus.extra)
    heard = set()
    for epoch in range(4):
        (batch,) = data.batches(epoch)
        heard |= {name for name in batch.ids if "extra0" in name}
    assert heard
    assert all(any(name.endswith(item) for item in audible) for name in heard)


def test_where_noise_is_silent_other_noise_is_drawn_and_the_same_again(training_corpus, monkeypatch):
    config = tiny_config(data={"kinds": ["nonbabble"], "clean_share": 0.0})
    refused = []

    def often_silent(self, row, original=Renderer.pair):
        if len(refused) < 3 or row["mixture_id"] in refused:
            refused.append(row["mixture_id"])
            raise SilentNoiseError(f"{row['mixture_id']}: its noise is silent there")
        return original(self, row)

    monkeypatch.setattr(Renderer, "pair", often_silent)
    first = list(data_of(training_corpus, config).batches(0))
    number = len(refused)
    assert number >= 3
    again = data_of(training_corpus, config)
    assert sorted(name for batch in first for name in batch.ids)
    refused.clear()
    assert all(equal(one, two) for one, two in zip(first, again.batches(0), strict=True))
    monkeypatch.setattr(
        Renderer, "pair", lambda self, row: (_ for _ in ()).throw(SilentNoiseError("all silent"))
    )
    with pytest.raises(CorpusError, match=r"all silent \(noise was drawn 20 times\)"):
        list(data_of(training_corpus, config).batches(0))


def test_an_utterance_without_speech_is_named_at_once(training_corpus, monkeypatch):
    asked = []

    def silent(self, row):
        asked.append(row["utterance_id"])
        raise SilentSpeechError(f"{row['utterance_id']}: has no measurable speech level")

    monkeypatch.setattr(Renderer, "pair", silent)
    with pytest.raises(SilentSpeechError, match=r"has no measurable speech level$"):
        next(data_of(training_corpus, tiny_config()).batches(0))
    # Batches are rendered ahead, each utterance no more than once.
    assert len(asked) == len(set(asked))


def test_a_batch_of_other_shapes_is_a_defect():
    ones = torch.ones(2, 640)
    with pytest.raises(ValueError, match=r"targets has the shape \(2, 3\), expected \(2, 4\)"):
        Batch(
            ones,
            ones,
            torch.tensor([640, 640]),
            torch.ones(2, 3, 6),
            torch.ones(2, 3, 6) > 0,
            ones[:, 0] > 0,
            ["a", "b"],
        )
