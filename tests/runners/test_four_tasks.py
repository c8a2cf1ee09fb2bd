"""Models may enhance, invert, represent and embed, and every answer is checked in every runner.

A model is asked only for what is needed.
"""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmark.errors import MeasureError, ModelError
from benchmark.models import load
from benchmark.models.entry import TASKS, Submission
from benchmark.runners import child_runner
from benchmark.runners.checking import check_model
from benchmark.runners.child_runner import ChildRunner
from benchmark.runners.estimate_files import Channels, read_estimates
from benchmark.runners.in_process import run_in_process
from benchmark.runners.limits import Limits
from benchmark.runners.open_runner import RunOptions, open_runner
from benchmark.runners.prediction import Item
from benchmark.runners.predictions_runner import PredictionsRunner
from benchmark.scoring.evaluate import evaluate
from benchmark.types import Clip
from tests.runners.test_child_runner import STRANGER

HEARD = Item("x", Clip(np.linspace(-0.5, 0.5, 3200, dtype=np.float32), 16000))
MODEL = """
import numpy as np


class Everything:
    sample_rate = 16000

    def enhance(self, noisy):
        return noisy / 2

    def invert(self, noisy):
        return self.represent(noisy)[0], 50.0, ["LA", "LP"]

    def represent(self, noisy):
        frames = noisy[: len(noisy) // 320 * 320].reshape(-1, 320)
        return np.stack([frames.mean(axis=1), np.abs(frames).max(axis=1)], axis=1), 50.0

    def embed(self, noisy):
        return [[1.0, 2.0, float(np.abs(noisy).max())]]


class OnlyFeatures:
    sample_rate = 16000
    represent = Everything.represent


class Hostile:
    sample_rate = 16000

    def __init__(self, what="shape"):
        self.what = what

    def represent(self, noisy):
        return {
            "shape": (np.zeros(5), 50),
            "channels": (np.zeros((2, 5000)), 50),
            "many": (np.broadcast_to(np.float32(0), (len(noisy), 4096)), 50),
            "frames": (np.zeros((len(noisy) * 9, 1)), 50),
            "nan": (np.full((4, 2), np.nan), 50),
            "rate": (np.zeros((4, 2)), -1),
            "objects": (np.array([[{}]]), 50),
            "nothing": None,
        }[self.what]

    def embed(self, noisy):
        return {
            "shape": np.zeros((3, 3)),
            "channels": np.ones(10_000),
            "many": np.ones(0),
            "frames": np.zeros(4),
            "nan": np.array([1.0, np.inf]),
            "rate": "a vector",
            "objects": np.array([{}]),
            "nothing": None,
        }[self.what]
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "many.py"
    path.write_text(MODEL)
    return path


def given(spec, arguments=None, store=None, runner="child", tasks=TASKS):
    opened = open_runner(load(spec, arguments), RunOptions(runner=runner, tasks=tasks), store)
    try:
        return opened.tasks(), next(iter(opened.run([HEARD])))
    finally:
        opened.close()


def test_all_four_answers_come_the_same_from_a_child_from_this_process_and_from_the_store(models, tmp_path):
    spec = f"{models}:Everything"
    tasks, far = given(spec, store=tmp_path)
    assert tasks == set(TASKS)
    assert far.errors == ("", "", "", "")
    assert far.features.values.shape == (10, 2)
    assert (far.features.rate_hz, far.features.duration_s) == (50.0, 0.2)
    assert far.embedding.tolist() == [1.0, 2.0, 0.5]
    assert far.features.values.tobytes() == far.trajectories.values.tobytes()
    _, here = given(spec, runner="in-process")
    _, kept = given(spec, store=tmp_path)
    assert far.sha256() == here.sha256() == kept.sha256()


def test_a_model_is_asked_for_no_more_than_is_wanted(models, tmp_path):
    tasks, prediction = given(f"{models}:Everything", store=tmp_path, tasks=("represent",))
    assert tasks == {"represent"}
    assert prediction.features is not None
    assert (prediction.enhanced, prediction.trajectories, prediction.embedding) == (None, None, None)
    # What was kept of that is no answer to another question.
    _, other = given(f"{models}:Everything", store=tmp_path, tasks=("embed",))
    assert (other.features, other.embedding.shape) == (None, (3,))


def test_the_second_of_a_pair_hears_what_the_first_gives(models):
    spec = f"{models}:Everything"
    _, alone = given(spec, tasks=("represent", "embed"))
    tasks, pair = given(f"{spec}+{spec}", tasks=("represent", "embed"))
    assert tasks == {"enhance", "represent", "embed"}
    assert pair.enhanced is not None
    assert pair.features.values[:, 1] == pytest.approx(alone.features.values[:, 1] / 2)
    assert pair.embedding[2] == pytest.approx(alone.embedding[2] / 2)


def test_a_pair_whose_second_cannot_do_what_is_asked_says_so(models):
    with pytest.raises(ModelError, match="no method embed and cannot come after"):
        given(f"{models}:Everything+{models}:OnlyFeatures", tasks=("embed",))


@pytest.mark.parametrize(
    ("what", "features", "vector"),
    [
        ("shape", "of shape (5,)", "of shape (3, 3)"),
        ("channels", "2 frames of 5000 channels", "of shape (10000,)"),
        ("many", "3200 frames of 4096 channels", "of shape (0,)"),
        ("frames", "28800 frames", "nothing but zeros"),
        ("nan", "not finite", "not finite"),
        ("rate", "frame rate of -1", "expected numbers"),
        ("objects", "expected numbers", "expected numbers"),
        ("nothing", "gave NoneType", "expected numbers"),
    ],
)
def test_a_wrong_answer_is_a_failure_with_its_reason(what, features, vector, models):
    prediction = given(f"{models}:Hostile", {"what": what}, tasks=TASKS, runner="in-process")[1]
    assert (prediction.features, prediction.embedding) == (None, None)
    assert features in prediction.represent_error
    assert vector in prediction.embed_error


def test_features_alone_cannot_be_scored_directly(models, corpus):
    with pytest.raises(MeasureError, match=r"neither enhances nor inverts.*--readout clean"):
        evaluate(f"{models}:OnlyFeatures", corpus, limit=1)


def test_files_of_features_and_vectors(tmp_path):
    np.save(tmp_path / "x.features.npy", np.ones((20, 3), np.float32))
    np.save(tmp_path / "x.embedding.npy", np.ones(7))
    runner = PredictionsRunner(tmp_path, "", Channels(("LA",), 100.0), tasks=TASKS)
    assert runner.tasks() == {"represent", "embed"}
    prediction = next(runner.run([HEARD]))
    assert "features.json is missing" in prediction.represent_error
    (tmp_path / "features.json").write_text(json.dumps({"rate_hz": 100}))
    prediction = next(runner.run([HEARD]))
    assert (prediction.features.values.shape, prediction.embedding.shape) == ((20, 3), (7,))
    (tmp_path / "x.features.npy").unlink()
    (tmp_path / "x.features.npy").symlink_to(tmp_path / "x.embedding.npy")
    told = read_estimates(tmp_path, "x", frozenset(["represent"]), HEARD.clip, Channels((), 1.0))
    assert "a link" in told.represent_error


def test_check_model_looks_at_features_and_vectors(models):
    options = RunOptions(runner="in-process")
    found = {item.what: item for item in check_model(load(f"{models}:Everything"), options)}
    assert found["features"].text == "2 channels at 50 frames a second"
    assert found["embedding"].text == "3 dimensions"
    assert found["it loads"].text.startswith("and has embed and enhance and invert and represent")
    bad = [
        item
        for item in check_model(load(f"{models}:Hostile", {"what": "nan"}), options)
        if item.verdict == "bad"
    ]
    assert {"represent gave", "embed gave"} <= {" ".join(item.text.split()[1:3]) for item in bad}


def test_what_is_not_asked_for_is_not_called(models):
    class Loud:
        sample_rate = 16000

        def enhance(self, noisy):
            raise AssertionError

        def embed(self, noisy):
            return noisy[:3]

    assert run_in_process(Loud(), HEARD.clip, ("embed",)).errors == ("", "", "", "")
    assert replace(RunOptions()).tasks == ("enhance", "invert")


@pytest.mark.parametrize(
    "answer",
    [
        (
            "send({'n': 1, 'represent': {'shape': [10, 10**9], 'rate_hz': 50}, 'embed': "
            "{'error': 'x'}, 'bytes': 0})"
        ),
        "send({'n': 1, 'represent': {'shape': [2, -1], 'rate_hz': 50}, 'embed': {'error': 'x'}, 'bytes': 0})",
        "send({'n': 1, 'represent': {'shape': [1, 1, 1, 1]}, 'embed': {'error': 'x'}, 'bytes': 4}, b'abcd')",
        (
            "send({'n': 1, 'represent': {'shape': [1, 1], 'rate_hz': 1e-400}, 'embed': {'error': "
            "'x'}, 'bytes': 4}, b'abcd')"
        ),
        (
            "send({'n': 1, 'represent': {'error': 'x'}, 'embed': {'shape': [10**5]}, 'bytes': "
            "400000}, bytes(400000))"
        ),
        (
            "send({'n': 1, 'represent': {'error': 'x'}, 'embed': {'shape': [1]}, 'bytes': 4}, "
            "struct.pack('<f', float('inf')))"
        ),
        "send({'n': 1, 'enhance': {'shape': [4]}, 'bytes': 16}, bytes(16))",
        "send({'n': 1, 'bytes': 2 * 10**7})",
    ],
)
def test_a_forged_answer_of_features_is_a_failure(answer, monkeypatch, tmp_path, scratch):
    path = tmp_path / "stranger.py"
    hello = "send({'n': 0, 'sample_rate': 16000, 'tasks': ['represent', 'embed'], 'bytes': 0})"
    path.write_text(STRANGER.format(hello=hello, answer=answer))
    monkeypatch.setattr(child_runner, "_CHILD", path)
    made = Submission(tmp_path / "x.py", "", "Model", {})
    runner = ChildRunner(made, "", Limits(item_s=2.0), tasks=("represent", "embed"))
    try:
        prediction = next(runner.run([HEARD]))
    finally:
        runner.close()
    assert (prediction.features, prediction.embedding, prediction.enhanced) == (None, None, None)
    assert prediction.represent_error != "" != prediction.embed_error
