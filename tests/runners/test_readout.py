"""Features are scored through one fixed readout, fitted on clean or on noisy speech, kept and used again."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from benchmark.errors import MeasureError, ModelError
from benchmark.models import load, readout
from benchmark.models.entry import TRACKS
from benchmark.models.readout import Example, Readout, fit_readout
from benchmark.models.representations import LogMelFeatures, MfccFeatures
from benchmark.models.speaker_scales import Scale
from benchmark.ranking.faults import faults
from benchmark.ranking.score_array import coded
from benchmark.ranking.standings import standings
from benchmark.runners import readout_runner
from benchmark.runners.in_process import run_in_process
from benchmark.runners.open_runner import RunOptions, open_runner
from benchmark.runners.prediction import Item
from benchmark.scoring.evaluate import evaluate
from benchmark.scoring.results import read_result, write_result
from benchmark.scoring.score_rows import as_table
from benchmark.types import Features, Trajectories
from tests.scoring.conftest import SmallCorpus

SPLITS = {
    "train": ("S1/U001", "S1/U002", "S1/U003", "S1/U004", "S1/U005"),
    "dev": ("S3/U006", "S3/U007"),
    "test": ("S4/U008", "S5/U009"),
}


class ThreeSplits(SmallCorpus):
    """A small corpus that has something to learn from."""

    splits = ("dev", "test", "train")
    utterances = {key: {"speaker": key[:2]} for keys in SPLITS.values() for key in keys}  # noqa: RUF012

    @cache  # noqa: B019 - one corpus for all tests of this file
    def noisy(self, mixture_id):
        return super().noisy(mixture_id)

    def __iter__(self):
        return (row for split in self.splits for row in self.of_split(split))

    def of_split(self, split):
        first, *_ = super().of_split(split)
        conditions = {
            (row["noise_kind"], row["snr_db"], row["noise_category"]) for row in super().of_split(split)
        }
        rows = [
            {
                **first,
                "mixture_id": f"clean/{key}" if snr is None else f"{kind}/{snr:g}/{key}",
                "utterance_id": key,
                "speaker": key[:2],
                "noise_kind": kind,
                "snr_db": snr,
                "noise_category": category,
            }
            for kind, snr, category in conditions
            for key in SPLITS[split]
        ]
        return sorted(rows, key=lambda row: row["mixture_id"])


class KnowsTheAnswer:
    """Represents a recording by its targets, and hears how noisy it is."""

    sample_rate = 16000

    def __init__(self, corpus, method="represent", rate_hz=100.0, broken=()):
        self.heard = []
        self.known = {
            Item("", corpus.noisy(row["mixture_id"])).clip.samples.tobytes(): row
            for split in SPLITS
            for row in corpus.of_split(split)
        }
        self.corpus, self.rate_hz, self.broken = corpus, rate_hz, broken
        setattr(self, method, self._answer)

    def _answer(self, noisy):
        row = self.known[noisy.tobytes()]
        self.heard.append((row["split"], row["noise_kind"]))
        targets = self.corpus.targets(row["utterance_id"])
        if row["utterance_id"] in self.broken:
            raise ValueError("no idea")
        step = round(targets.rate_hz / self.rate_hz)
        # Other units, other places, mixed with each other: all that a linear map can undo.
        count = len(targets.names)
        mixed = targets.values[::step] @ (np.eye(count) + 0.3) * 40 + 7
        return mixed.astype(np.float32), self.rate_hz, [f"thing {number}" for number in range(count)]


@pytest.fixture(scope="module")
def splits():
    return ThreeSplits()


def mean(result, kind="clean"):
    return np.mean(
        [row["value"] for row in result.scores if row["noise_kind"] == kind and row["measure"] == "PPMC"]
    )


@pytest.mark.parametrize(
    ("method", "rate_hz", "least"),
    # At half the frame rate some of a fast movement is lost before the readout sees it.
    [("represent", 100.0, 0.99), ("represent", 50.0, 0.97), ("invert", 100.0, 0.99)],
)
def test_features_that_are_the_targets_in_other_words_are_read_almost_perfectly(
    method, rate_hz, least, splits
):
    model = KnowsTheAnswer(splits, method, rate_hz)
    result = evaluate(model, splits, ["PPMC"], readout="clean")
    assert min(mean(result), mean(result, "babble")) > least
    assert (result.card.failed, result.card.track) == (0, "readout_clean")
    assert result.card.model == "KnowsTheAnswer,readout=clean"
    assert result.card.arguments["readout"] == "clean, version 1"
    assert result.card.environment["readout channels"] == str(len(splits.targets("S4/U008").names))
    assert float(result.card.environment["readout fit seconds"]) >= 0


def test_the_clean_protocol_hears_no_noise_before_the_test(splits):
    model = KnowsTheAnswer(splits)
    evaluate(model, splits, ["PPMC"], readout="clean")
    before = model.heard[: model.heard.index(("test", "babble"))]
    assert set(before) == {("train", "clean"), ("dev", "clean")}
    model = KnowsTheAnswer(splits)
    result = evaluate(model, splits, ["PPMC"], readout="noisy")
    assert ("train", "babble") in model.heard
    assert ("dev", "babble") in model.heard
    assert (result.card.track, mean(result) > 0.99) == ("readout_noisy", True)


def test_a_fitted_readout_is_kept_and_gives_the_same_result(splits, tmp_path, monkeypatch):
    first = evaluate(load("logmel"), splits, ["PPMC"], readout="clean", store=tmp_path / "store")
    (kept,) = (tmp_path / "store" / "readouts").glob("*.npz")
    monkeypatch.setattr(readout_runner, "fit_readout", None)
    second = evaluate(load("logmel"), splits, ["PPMC"], readout="clean", store=tmp_path / "store")
    assert first.scores == second.scores
    assert first.card.environment == second.card.environment
    monkeypatch.undo()
    # Without what was kept it is fitted again, to the same numbers.
    kept.write_bytes(b"PK")
    third = evaluate(load("logmel"), splits, ["PPMC"], readout="clean", store=tmp_path / "store")
    assert first.scores == third.scores


def test_a_run_that_was_stopped_goes_on_where_it_was(splits, tmp_path, monkeypatch):
    whole = evaluate(load("logmel"), splits, ["PPMC"], readout="clean")
    heard = []
    represent = LogMelFeatures.represent

    def stopped_at(count):
        def noted(self, noisy):
            heard.append(noisy.tobytes())
            if len(heard) == count:
                raise KeyboardInterrupt
            return represent(self, noisy)

        return noted

    # While the readout is fitted, and while the test split is heard.
    for count in (3, 11):
        monkeypatch.setattr(LogMelFeatures, "represent", stopped_at(count))
        with pytest.raises(KeyboardInterrupt):
            evaluate(load("logmel"), splits, ["PPMC"], readout="clean", store=tmp_path)
    monkeypatch.setattr(LogMelFeatures, "represent", stopped_at(0))
    resumed = evaluate(load("logmel"), splits, ["PPMC"], readout="clean", store=tmp_path)
    assert resumed.scores == whole.scores
    # Nothing was heard twice but what was being heard when it was stopped.
    assert len(heard) == len(set(heard)) + 2


def test_what_an_object_represents_is_not_kept_for_another_of_its_class(splits, tmp_path):
    evaluate(KnowsTheAnswer(splits), splits, ["PPMC"], readout="clean", store=tmp_path)
    assert not (tmp_path / "readouts").exists()


def test_tracks_are_ranked_apart_and_a_name_says_which(splits, tmp_path):
    direct = evaluate(load("ridge_clean"), splits, ["PPMC"], store=tmp_path)
    read = [
        evaluate(load("logmel"), splits, ["PPMC"], readout=how, store=tmp_path) for how in ("clean", "noisy")
    ]
    found = standings([*read, direct])
    assert [item.name for item in found] == ["PPMC", *(f"PPMC, {TRACKS[r.card.track]}" for r in read)]
    assert [len(item.lines) for item in found] == [1, 1, 1]
    stored = read_result(write_result(tmp_path / "results", read[0]))
    table = coded(as_table(stored.scores))
    assert faults(stored.card, table) == []
    assert "does not exist" in faults(replace(stored.card, track="best"), table)[0]
    assert "its name says" in faults(replace(stored.card, track=""), table)[0]


def test_what_it_cannot_represent_fails_and_is_told(splits):
    result = evaluate(KnowsTheAnswer(splits, broken=("S4/U008",)), splits, ["PPMC"], readout="clean")
    assert result.card.failed == len(result.scores) / 2
    assert result.card.reasons == {"ValueError: no idea": result.card.failed}
    with pytest.raises(ModelError, match=r"nothing to fit a readout on for 3 of 5 .*ValueError: no idea"):
        evaluate(KnowsTheAnswer(splits, broken=SPLITS["train"][:3]), splits, ["PPMC"], readout="clean")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda values: (values[:, :1], 50.0), "gave 1 channels, 3 when the readout was fitted"),
        (lambda values: (values[: len(values) // 2], 50.0), "represent gave 0.400 s for 0.800 s"),
        (lambda values: (values[:0], 50.0), "represent gave no frames"),
        # A rate that makes one frame last for a year must not make a year of estimates.
        (lambda values: (values[:1], 1e-7), "the prediction does not move"),
        (lambda values: (values * np.float32(1e38), 50.0), "not finite"),
    ],
)
def test_strange_features_of_the_test_split_cost_that_recording(change, reason, splits):
    class Turns:
        sample_rate = 16000

        def represent(self, noisy):
            frames = noisy.reshape(-1, 320)
            values = np.stack([frames.std(axis=1), frames.max(axis=1), frames.min(axis=1)], axis=1)
            known = any(noisy.tobytes() == splits.clean(key).samples.tobytes() for key in SPLITS["test"])
            return change(values) if known else (values, 50.0)

    result = evaluate(Turns(), splits, ["PPMC"], readout="clean")
    assert any(reason in text for text in result.card.reasons), result.card.reasons


def test_what_has_nothing_to_read_out_says_so(splits):
    with pytest.raises(ModelError, match="neither represents nor inverts"):
        evaluate(load("logmmse"), splits, ["PPMC"], readout="clean")
    with pytest.raises(MeasureError, match="has no enhance and so no STOI"):
        evaluate(load("logmel"), splits, ["STOI"], readout="clean")
    with pytest.raises(ModelError, match="a readout is fitted on a corpus"):
        open_runner(replace(load("logmel"), how=evaluate_entry().how), RunOptions(), None)


def evaluate_entry():
    from benchmark.models.read_out import read_out

    return read_out(load("logmel"), "clean")


def test_an_enhancer_before_a_representation(splits, tmp_path):
    result = evaluate(load("logmmse+logmel"), splits, ["PPMC"], readout="clean", store=tmp_path)
    assert (result.card.model, result.card.failed) == ("logmmse+logmel,readout=clean", 0)


def examples(channels=3, frames=300, count=4, rate_hz=100.0, missing=False, seed=1):
    """Recordings with random features, and targets that depend linearly on them now and 50 ms later."""
    random = np.random.default_rng(seed)
    mixing = np.random.default_rng(0).normal(size=(channels, 2))
    found = []
    for number in range(count):
        values = np.cumsum(random.normal(size=(frames, channels)), axis=0)
        later = values[np.minimum(np.arange(frames) + 5, frames - 1)]
        targets = (values + 0.5 * later) @ mixing
        valid = np.ones(targets.shape, bool)
        if missing:
            valid[number * 20 : number * 20 + 60, 0] = False
            targets[~valid] = 1e6
        moved = Trajectories(targets.astype(np.float32), 100.0, ("LA", "LP"), valid)
        found.append(Example("S1", Features(values.astype(np.float32), rate_hz), moved))
    return found


def fitted(train, dev=None):
    scale = Scale(np.ones(2, np.int64), np.zeros(2), np.ones(2))
    return fit_readout(lambda: train, lambda: dev or train, {"S1": scale}, ("LA", "LP"))


@pytest.mark.parametrize("missing", [False, True])
def test_a_linear_map_is_found_again_whatever_is_missing(missing):
    found = fitted(examples(missing=missing), examples(seed=2))
    for example in examples(seed=3):
        estimate = found.read(example.features, 3.0).values
        assert np.corrcoef(estimate[:, 0], example.targets.values[:, 0])[0, 1] > 0.999
        assert np.abs(estimate - example.targets.values)[20:-20].max() < 0.2


def test_who_speaks_is_not_taken_for_how_they_move():
    train = examples()
    moved = [
        Example(
            "S2",
            Features(one.features.values + 50, 100.0),
            replace(one.targets, values=one.targets.values - 500),
        )
        for one in examples(seed=7)
    ]
    means = {
        group[0].speaker: np.concatenate([one.targets.values for one in group]).mean(axis=0)
        for group in (train, moved)
    }
    scales = {name: Scale(np.ones(2, np.int64), place, np.ones(2)) for name, place in means.items()}
    found = fit_readout(lambda: [*train, *moved], lambda: train, scales, ("LA", "LP"))
    assert float(found.facts["dev PPMC"]) > 0.999


def test_the_penalty_is_the_one_that_does_best_on_dev():
    train = examples(channels=60, frames=40, count=2)
    dev = examples(channels=60, seed=5)
    chosen = float(fitted(train, dev).facts["penalty"])
    assert chosen > 1e-6
    assert float(fitted(train, train).facts["penalty"]) < chosen


def test_many_channels_are_reduced_to_principal_components_and_still_channels_do_no_harm(monkeypatch):
    monkeypatch.setattr(readout, "COMPONENTS", 20)
    train = examples()
    random = np.random.default_rng(4)
    spread = random.normal(size=(3, 80)) * 10.0 ** random.uniform(-6, 6, 80)
    spread[:, :5] = 0
    wide = [
        item._replace(features=Features((item.features.values @ spread + 1).astype(np.float32), 100.0))
        for item in train
    ]
    found = fitted(wide).facts
    assert (found["channels"], found["inputs"]) == ("80", "101")
    assert float(found["dev PPMC"]) > 0.99
    with pytest.raises(ModelError, match="the same for every frame"):
        fitted([item._replace(features=Features(np.ones((300, 2), np.float32), 100.0)) for item in train])


def test_a_readout_is_restored_from_its_arrays():
    found = fitted(examples())
    again = Readout.restored(found.arrays())
    example = examples(seed=9)[0].features
    assert again.facts == found.facts
    assert again.read(example, 3.0).values.tobytes() == found.read(example, 3.0).values.tobytes()


def test_spectra_and_cepstra_are_representations(splits):
    clip = splits.clean("S1/U001")
    shapes = [
        run_in_process(model, clip, ("represent",)).features.values.shape
        for model in (LogMelFeatures(), MfccFeatures())
    ]
    assert shapes == [(81, 40), (81, 39)]
    # The first slope of a constant is nothing, and that of a ramp is its rise.
    from benchmark.models.representations import _slopes

    assert _slopes(np.arange(12.0)[:, None])[4:8, 0].tolist() == [1.0] * 4


def test_the_command_scores_a_representation_and_tells_what_the_readout_cost(
    tmp_path, monkeypatch, capsys, splits
):
    from benchmark import score
    from benchmark.prepared import corpus as prepared

    monkeypatch.setattr(prepared, "PreparedCorpus", lambda folder: splits)
    monkeypatch.setattr("benchmark.mixing.layout.require_folder", lambda folder: None)
    command = ["--corpus", str(tmp_path), "--model", "mfcc", "--readout", "noisy", "--measures", "PPMC"]
    assert score.main([*command, "--out", str(tmp_path / "results"), "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert (card["model"], card["track"]) == ("mfcc,readout=noisy", "readout_noisy")
    assert "readout fit seconds" in card["environment"]
    assert score.main([*command, "--out", str(tmp_path / "results"), "--keep"]) == 0
    assert "kept, it was scored before" in capsys.readouterr().out
