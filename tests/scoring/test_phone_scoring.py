"""Scores by class of phone, from a model's output to the stored file."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.metrics import parse
from benchmark.models import load
from benchmark.runners.in_process import run_in_process
from benchmark.runners.open_runner import RunOptions
from benchmark.runners.prediction import Prediction
from benchmark.scoring.evaluate import evaluate
from benchmark.scoring.phone_scores import read_phone_scores
from benchmark.scoring.phone_scoring import score_phones
from benchmark.scoring.results import read_result, write_result
from benchmark.scoring.stored import stored_result
from benchmark.types import Segment, Trajectories
from tests.scoring.conftest import CONDITIONS, UTTERANCES
from tests.speechlike import NAMES, movement, speech

MEASURES = [parse(name) for name in ("PPMC", "RMSE", "STOI")]
SEGMENTS = (
    Segment("", "", 0.0, 0.1),
    Segment("p", "plosive", 0.1, 0.2),
    Segment("a", "vowel", 0.2, 0.45),
    Segment("t", "plosive", 0.45, 0.6),
    Segment("n", "nasal", 0.6, 0.65),
    Segment("", "", 0.65, 0.8),
)
ROW = {"mixture_id": "babble/0/A/U001"}
MODEL = f"""
import numpy as np

class Model:
    sample_rate = 16000
    def enhance(self, noisy):
        return noisy
    def invert(self, noisy):
        if abs(noisy).max() > 0.8:
            raise ValueError("too loud")
        level = np.convolve(np.abs(noisy), np.ones(800) / 800, "same")[::160]
        return level[:, None] * np.arange(1, 7), 100.0, {list(NAMES)}
"""


def labelled(corpus):
    corpus.phones = dict.fromkeys(UTTERANCES, SEGMENTS)
    return corpus


def scored(estimate, measures=("PPMC", "RMSE")):
    prediction = Prediction(None, estimate, "", "" if estimate else "it crashed", 0.1)
    return score_phones(
        [parse(name) for name in measures], [ROW], SEGMENTS, movement("target", 0.8), [prediction]
    )


def value(rows, phone_class, measure, parameter):
    (row,) = [
        row
        for row in rows
        if (row["phone_class"], row["measure"], row["parameter"]) == (phone_class, measure, parameter)
    ]
    return row


def test_a_class_is_scored_on_its_own_frames_and_no_others():
    target, other = movement("target", 0.8), movement("other", 0.8)
    mixed = other.values.copy()
    plosive = [*range(10, 20), *range(45, 60)]
    mixed[plosive] = target.values[plosive]
    rows = scored(Trajectories(mixed, 100.0, NAMES, other.valid))
    vowel = slice(20, 45)
    for i, name in enumerate(NAMES):
        assert value(rows, "plosive", "PPMC", name)["value"] == pytest.approx(1.0)
        assert value(rows, "plosive", "RMSE", name)["value"] == pytest.approx(0.0, abs=1e-6)
        truth, guess = target.values[vowel, i].astype(float), mixed[vowel, i].astype(float)
        assert value(rows, "vowel", "PPMC", name)["value"] == pytest.approx(np.corrcoef(truth, guess)[0, 1])
        assert value(rows, "vowel", "RMSE", name)["value"] == pytest.approx(
            np.sqrt(np.mean((truth - guess) ** 2))
        )


def test_a_class_of_less_than_a_tenth_of_a_second_is_left_out():
    rows = [row for row in scored(movement("other", 0.8)) if row["phone_class"] == "nasal"]
    assert len(rows) == 2 * len(NAMES)
    assert {(row["status"], row["value"], row["reason"]) for row in rows} == {
        ("left_out", None, "fewer than 10 valid frames")
    }


def test_frames_that_were_not_observed_do_not_count():
    target = movement("target", 0.8)
    valid = target.valid.copy()
    valid[20:40] = False
    hidden = Trajectories(target.values, 100.0, NAMES, valid)
    prediction = Prediction(None, movement("other", 0.8), "", "", 0.1)
    rows = score_phones([parse("PPMC")], [ROW], SEGMENTS, hidden, [prediction])
    assert {row["status"] for row in rows if row["phone_class"] == "vowel"} == {"left_out"}
    assert {row["status"] for row in rows if row["phone_class"] == "plosive"} == {"ok"}


def test_a_model_that_fails_stands_at_the_worst_value_in_every_class():
    rows = scored(None)
    assert len(rows) == 3 * 2 * len(NAMES)
    failed = [row for row in rows if row["phone_class"] != "nasal"]
    assert {(row["status"], row["reason"]) for row in failed} == {("failed", "it crashed")}
    assert {row["value"] for row in failed if row["measure"] == "PPMC"} == {0.0}


def test_unlabelled_speech_and_silence_give_nothing():
    prediction = Prediction(None, movement("other", 0.8), "", "", 0.1)
    for segments in ((), SEGMENTS[:1]):
        assert score_phones([parse("PPMC")], [ROW], segments, movement("target", 0.8), [prediction]) == []


def test_they_are_complete_whatever_the_model_does_and_change_nothing_else(corpus, tmp_path):
    path = tmp_path / "model.py"
    path.write_text(MODEL)
    entry = load(f"{path}:Model")
    options = RunOptions(runner="in-process")
    plain = evaluate(corpus, entry, MEASURES, options=options)
    assert plain.phones is None
    full = evaluate(labelled(corpus), entry, MEASURES, options=options)
    assert full.scores == plain.scores
    table = full.phones.table.to_pylist()
    mixtures = len(CONDITIONS) * len(UTTERANCES)
    assert len(table) == mixtures * 3 * 2 * len(NAMES)
    assert full.phones.measures == {"PPMC": "1", "RMSE": "2"}
    assert full.phones.labels_sha256 == corpus.labels_hash("test")
    loud = {row["status"] for row in table if "/-5/" in row["mixture_id"] and row["phone_class"] != "nasal"}
    assert loud == {"failed"}


def test_an_enhancer_alone_has_none(corpus):
    result = evaluate(labelled(corpus), load("noisy"), (), also=MEASURES)
    assert result.phones is None


def test_a_second_run_from_the_store_gives_the_same_bytes(corpus, tmp_path):
    path = tmp_path / "model.py"
    path.write_text(MODEL)
    folders = []
    for name in ("one", "two"):
        made = evaluate(
            labelled(corpus),
            load(f"{path}:Model"),
            MEASURES,
            options=RunOptions(runner="in-process"),
            store=tmp_path / "store",
        )
        folders.append(write_result(tmp_path / name, made))
    assert len({(folder / "phone_scores.parquet").read_bytes() for folder in folders}) == 1
    assert read_phone_scores(folders[0]).scores_sha256 == read_result(folders[0]).card.scores_sha256


def test_a_stored_result_is_kept_only_with_the_scores_of_these_labels(corpus, tmp_path):
    path = tmp_path / "model.py"
    path.write_text(MODEL)
    entry = load(f"{path}:Model")
    options = RunOptions(runner="in-process")

    def kept():
        return stored_result(tmp_path, corpus, entry, MEASURES, "test") is not None

    folder = write_result(tmp_path, evaluate(corpus, entry, MEASURES, options=options))
    assert kept()
    labelled(corpus)
    assert not kept()
    write_result(tmp_path, evaluate(corpus, entry, MEASURES, options=options))
    assert kept()
    corpus.phones = dict.fromkeys(UTTERANCES, SEGMENTS[:3])
    assert not kept()
    labelled(corpus)
    (folder / "phone_scores.parquet").write_bytes(b"")
    assert not kept()


def test_what_is_scored_is_what_the_runner_gave():
    class Perfect:
        sample_rate = 16000

        def invert(self, noisy):
            return movement("target", 0.8)

    prediction = run_in_process(Perfect(), speech("A", 0.8))
    rows = score_phones([parse("PPMC")], [ROW], SEGMENTS, movement("target", 0.8), [prediction])
    assert {round(row["value"], 6) for row in rows if row["status"] == "ok"} == {1.0}
