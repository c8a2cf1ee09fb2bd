from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from benchmark import prepare
from benchmark.errors import CorpusError, ManifestError
from benchmark.joint.training_corpus import Scales, collect
from benchmark.mixing.gather import Roots, gather
from benchmark.mixing.trajectory_table import read_trajectories, write_trajectories
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.types import Trajectories


def test_targets_of_a_speaker_have_mean_0_and_deviation_1(training_corpus):
    by_speaker = {}
    for utterance in training_corpus.train:
        by_speaker.setdefault(utterance.speaker, []).append(training_corpus.targets[utterance.id])
    for items in by_speaker.values():
        values = np.concatenate([np.where(item.valid, item.values, np.nan) for item in items])
        np.testing.assert_allclose(np.nanmean(values, axis=0), 0.0, atol=1e-5)
        np.testing.assert_allclose(np.nanstd(values, axis=0), 1.0, atol=1e-4)


def test_what_was_not_observed_does_not_count(planned, tmp_path, monkeypatch):
    corpus = PreparedCorpus(planned)
    gathered = gather(corpus.recipe, Roots())
    before = collect(corpus, gathered)
    utterance = before.train[0]

    def with_holes(self, key, original=PreparedCorpus.targets):
        found = original(self, key)
        if key != utterance.id:
            return found
        valid, values = found.valid.copy(), found.values.copy()
        valid[10:20, 2] = False
        values[10:20, 2] = np.nan
        return Trajectories(values, found.rate_hz, found.names, valid)

    monkeypatch.setattr(PreparedCorpus, "targets", with_holes)
    after = collect(PreparedCorpus(planned), gathered)
    targets = after.targets[utterance.id]
    assert np.isfinite(targets.values).all()
    assert not targets.valid[10:20, 2].any()
    assert targets.valid[:, [0, 1, 3, 4, 5]].all()
    assert np.isfinite(after.scales.average()).all()
    # Other channels are as they were.
    np.testing.assert_array_equal(targets.values[:, 0], before.targets[utterance.id].values[:, 0])


def test_a_target_that_never_moves_is_not_blown_up(planned, monkeypatch):
    corpus = PreparedCorpus(planned)

    def stiff(self, key, original=PreparedCorpus.targets):
        found = original(self, key)
        values = found.values.copy()
        values[:, 1] = 5.0
        return Trajectories(values, found.rate_hz, found.names, found.valid)

    monkeypatch.setattr(PreparedCorpus, "targets", stiff)
    found = collect(corpus, gather(corpus.recipe, Roots()))
    assert all(np.abs(item.values[:, 1]).max() < 1e-3 for item in found.targets.values())


def test_whoever_lacks_a_target_has_no_say_in_its_average(training_corpus):
    names, speakers = ("TTCD", "LA"), ("A", "B")
    scales = Scales(
        names,
        {"A": np.array([6.0, 4.0]), "B": np.array([0.0, 8.0])},
        {"A": np.array([2.0, 1.0]), "B": np.array([1.0, 3.0])},
        {"A": np.array([True, True]), "B": np.array([False, True])},
    )
    mean, deviation = scales.average()
    np.testing.assert_array_equal(mean, [6.0, 6.0])
    np.testing.assert_array_equal(deviation, [2.0, 2.0])
    nobody = replace(scales, moves={name: np.array([False, True]) for name in speakers})
    assert (nobody.average()[0][0], nobody.average()[1][0]) == (0.0, 1.0)
    assert all(training_corpus.scales.moves[speaker].all() for speaker in training_corpus.scales.mean)


def test_nothing_of_the_test_split_is_within_reach(planned, training_corpus):
    corpus = PreparedCorpus(planned)
    gathered = gather(corpus.recipe, Roots())
    tested = {utterance.id for utterance in gathered.targets if utterance.split == "test"}
    talkers = {
        recording.noise_id
        for (_, split), there in gathered.talkers.items()
        if split == "test"
        for talker in there
        for recording in talker.speech
    }
    assert tested
    assert talkers
    assert not tested & set(training_corpus.sources.speech)
    assert not tested & set(training_corpus.targets)
    assert {split for _, split in training_corpus.sources.talkers} == {"train", "dev"}
    assert {split for _, split in training_corpus.sources.stretches} == {"train", "dev"}
    readable = {
        f"{source}:{key}" for source, found in training_corpus.sources.voices.items() for key in found
    }
    assert readable
    assert not talkers & readable


def test_a_corpus_without_train_or_dev_split_says_how_to_prepare_it(tmp_path):
    folder = tmp_path / "test_only"
    options = ["--plan-only", "--limit", "1", "--split", "test", "--json"]
    assert prepare.main(["--recipe", "demo_noisy", "--out", str(folder), *options]) == 0
    corpus = PreparedCorpus(folder)
    with pytest.raises(
        ManifestError, match="no utterance of the split 'train', only test; prepare it without --split"
    ):
        collect(corpus, gather(corpus.recipe, Roots()))


def train_only(folder, limit: int):
    options = ["--plan-only", "--limit", str(limit), "--split", "train", "--json"]
    assert prepare.main(["--recipe", "demo_noisy", "--out", str(folder), *options]) == 0
    corpus = PreparedCorpus(folder)
    return corpus, gather(corpus.recipe, Roots())


def test_a_dev_split_that_was_left_out_is_asked_for(tmp_path):
    corpus, gathered = train_only(tmp_path / "train", 2)
    with pytest.raises(
        ManifestError, match="no utterance of the split 'dev', only train; prepare it without"
    ):
        collect(corpus, gathered)


def test_where_a_corpus_has_no_dev_split_prompts_are_held_out(tmp_path):
    corpus, gathered = train_only(tmp_path / "train", 40)
    gathered = replace(gathered, speech={item.id: item for item in gathered.targets if item.split != "dev"})
    found = collect(corpus, gathered)
    everything = {key for key, row in corpus.utterances.items() if row["split"] == "train"}
    assert {item.id for item in (*found.train, *found.dev)} == everything
    prompts = {item.prompt for item in found.train}
    held_out = {item.prompt for item in found.dev}
    assert not prompts & held_out
    assert len(held_out) == max(1, len(prompts | held_out) // 10)
    assert found.dev == collect(corpus, gathered).dev
    assert {item.id for item in found.dev} <= found.targets.keys()


def test_one_prompt_cannot_be_held_out(tmp_path):
    corpus, gathered = train_only(tmp_path / "train", 1)
    gathered = replace(gathered, speech={item.id: item for item in gathered.targets if item.split != "dev"})
    with pytest.raises(
        CorpusError, match=r"all train utterances have the prompt .* name utterances for a dev"
    ):
        collect(corpus, gathered)


def test_speech_that_is_not_on_disk_is_named(planned):
    corpus = PreparedCorpus(planned)
    gathered = gather(corpus.recipe, Roots())
    wanted = next(key for key, row in corpus.utterances.items() if row["split"] == "train")
    less = replace(gathered, speech={item.id: item for item in gathered.targets if item.id != wanted})
    with pytest.raises(CorpusError, match=f"{wanted}: is in .* but not among the train utterances on disk"):
        collect(corpus, less)


def test_targets_at_another_rate_are_refused(planned, tmp_path):
    import shutil

    folder = tmp_path / "slow"
    shutil.copytree(planned, folder)
    for path in (folder / "trajectories").iterdir():
        found = read_trajectories(path)
        slow = {key: Trajectories(item.values, 50.0, item.names, item.valid) for key, item in found.items()}
        write_trajectories(path, slow)
    corpus = PreparedCorpus(folder)
    with pytest.raises(ManifestError, match="have 50 frames a second where 100 are expected"):
        collect(corpus, gather(corpus.recipe, Roots()))


def test_extra_speech_comes_from_voices_that_only_babble_in_training(planned):
    corpus = PreparedCorpus(planned)
    gathered = gather(corpus.recipe, Roots())
    found = collect(corpus, gathered, own_extra=True)
    voices = gathered.voices["corpus_voices"]
    assert {item.id for item in found.extra} == {
        key for key, item in voices.items() if item.extra["babble_split"] == "train"
    }
    assert {item.split for item in found.extra} == {"train"}


def number_of(piece) -> int:
    return int(piece.id.rpartition(".")[2])


def test_extra_speech_of_any_rate_is_cut_into_pieces_at_16_khz(planned, tmp_path):
    seconds = 20.0
    noise = np.random.default_rng(3).normal(size=round(seconds * 22050)) * 0.1
    (tmp_path / "book").mkdir()
    soundfile.write(tmp_path / "book" / "one.wav", noise, 22050)
    soundfile.write(tmp_path / "blip.wav", noise[:1000], 22050)
    corpus = PreparedCorpus(planned)
    found = collect(corpus, gather(corpus.recipe, Roots()), extra_folders=[tmp_path])
    # Noise that is long enough for every utterance must be for every piece.
    longest = math.floor(max(item.duration_s for item in found.train) * 16000)
    assert longest < 8 * 16000
    pieces, rest = divmod(round(seconds * 16000), longest)
    expected = [longest] * pieces + [rest] * (rest >= 8000)
    assert [len(item.audio().samples) for item in sorted(found.extra, key=number_of)] == expected
    assert {item.id.rpartition(".")[0] for item in found.extra} == {"extra0/book/one.wav"}
    assert all(item.audio().rate_hz == 16000 for item in found.extra)


def test_folders_without_speech_are_named(planned, tmp_path):
    corpus = PreparedCorpus(planned)
    gathered = gather(corpus.recipe, Roots())
    with pytest.raises(CorpusError, match=r"holds no recording of at least 0.5 s"):
        collect(corpus, gathered, extra_folders=[tmp_path])
    with pytest.raises(CorpusError, match="is no folder; give a folder of clean speech"):
        collect(corpus, gathered, extra_folders=[tmp_path / "none"])
    nobody = replace(gathered, voices={})
    assert collect(corpus, nobody, own_extra=True).extra == []
