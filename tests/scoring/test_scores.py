from __future__ import annotations

import numpy as np
import pytest

from benchmark.metrics import parse
from benchmark.runners.in_process import run_in_process
from benchmark.runners.prediction import Prediction
from benchmark.scoring.scores import aligned, plan_scores, score_utterance
from benchmark.types import Clip, Trajectories
from tests.speechlike import NAMES, movement, speech

MEASURES = [parse(name) for name in ("PPMC", "RMSE", "STOI", "SISDR")]
ROWS = [
    {
        "mixture_id": f"babble/{snr}/A/U001",
        "utterance_id": "A/U001",
        "speaker": "A",
        "noise_kind": "babble",
        "noise_category": "babble",
        "snr_db": float(snr),
    }
    for snr in (-5, 5)
]


class Good:
    sample_rate = 16000

    def enhance(self, noisy):
        return noisy

    def invert(self, noisy):
        return movement("target")


def scored(model):
    clean = speech("A", 1.2)
    predictions = [run_in_process(model, clean) for _ in ROWS]
    plan = plan_scores("m", [], MEASURES, [task for task in ("enhance", "invert") if hasattr(model, task)])
    return score_utterance(plan, ROWS, clean, movement("target"), predictions)


def test_a_perfect_model_gets_the_best_of_everything():
    rows = scored(Good())
    assert len(rows) == len(ROWS) * (2 * len(NAMES) + 2)
    values = {
        name: [row["value"] for row in rows if row["measure"] == name]
        for name in ("PPMC", "RMSE", "STOI", "SISDR")
    }
    assert np.allclose(values["PPMC"], 1)
    assert np.allclose(values["RMSE"], 0)
    assert np.allclose(values["STOI"], 1)
    assert {row["status"] for row in rows} == {"ok"}


@pytest.mark.parametrize(
    ("enhance", "reason"),
    [
        (lambda noisy: None, "expected one channel"),
        (lambda noisy: noisy[None], "expected one channel"),
        (lambda noisy: noisy * np.nan, "not finite"),
        (lambda noisy: (noisy * 1000).astype(int), "expected floats"),
        (lambda noisy: noisy[: len(noisy) // 2], "samples"),
        (lambda noisy: np.concatenate([noisy] * 5), "samples for"),
        (lambda noisy: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_a_failing_enhancer_stands_at_the_worst_value_with_its_reason(enhance, reason):
    class Bad:
        sample_rate = 16000

    Bad.enhance = staticmethod(enhance)
    rows = scored(Bad())
    assert len(rows) == len(ROWS) * 2
    assert {row["status"] for row in rows} == {"failed"}
    assert {(row["measure"], row["value"]) for row in rows} == {
        (name, parse(name).worst) for name in ("STOI", "SISDR")
    }
    assert all(reason in row["reason"] for row in rows)


@pytest.mark.parametrize(
    ("invert", "reason"),
    [
        (lambda noisy: None, "invert gave NoneType"),
        (lambda noisy: movement("target", 0.6), "0.600 s of trajectories for 1.200 s"),
        (lambda noisy: movement("target").select(("LA",)), "not finite"),
        (
            lambda noisy: Trajectories(np.zeros((0, 1), np.float32), 100.0, ("LA",), np.ones((0, 1), bool)),
            "no frames",
        ),
        (lambda noisy: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_a_failing_inverter_stands_at_the_worst_value_with_its_reason(invert, reason):
    class Bad:
        sample_rate = 16000

    Bad.invert = staticmethod(invert)
    rows = scored(Bad())
    assert len(rows) == len(ROWS) * 2 * len(NAMES)
    failed = [row for row in rows if row["status"] == "failed"]
    assert len(failed) >= len(ROWS) * 2 * (len(NAMES) - 1)
    for row in failed:
        charge = parse(row["measure"])(movement("target"), None)[row["parameter"]].value
        assert row["value"] == np.float32(charge)
        assert reason in row["reason"]


def test_a_model_cannot_hide_its_hard_frames_behind_a_mask():
    class Sly(Good):
        def invert(self, noisy):
            honest = movement("other")
            target = movement("target")
            values = honest.values.copy()
            values[:20] = target.values[:20]
            valid = np.zeros(values.shape, bool)
            valid[:20] = True
            return Trajectories(values, 100.0, NAMES, valid)

    rows = [row for row in scored(Sly()) if row["measure"] == "PPMC"]
    assert max(row["value"] for row in rows) < 0.999


def test_a_model_that_works_in_place_does_not_change_what_it_hears_next():
    heard = []

    class InPlace:
        sample_rate = 16000

        def enhance(self, noisy):
            noisy *= 0
            return noisy

        def invert(self, noisy):
            heard.append(float(np.abs(noisy).max()))
            return movement("target")

    scored(InPlace())
    assert min(heard) > 0.1


def test_another_frame_rate_and_order_of_names_is_aligned():
    target = movement("target")
    time = np.arange(240) / 200.0
    own = np.arange(len(target.values)) / 100.0
    faster = np.stack([np.interp(time, own, target.values[:, i]) for i in range(6)], axis=1)[:, ::-1]
    estimate = Trajectories(faster.astype(np.float32), 200.0, NAMES[::-1], np.ones(faster.shape, bool))
    found, reason = aligned(estimate, target)
    assert reason == ""
    assert found.names == NAMES
    assert np.allclose(found.values, target.values, atol=1e-4)


def test_the_model_is_given_its_own_rate():
    lengths = []

    class Slow(Good):
        sample_rate = 8000

        def enhance(self, noisy):
            lengths.append(len(noisy))
            return noisy

    rows = scored(Slow())
    assert set(lengths) == {9600}
    assert {row["status"] for row in rows} == {"ok"}


def test_time_is_measured():
    prediction = run_in_process(Good(), Clip(np.ones(1600, np.float32), 16000))
    assert isinstance(prediction, Prediction)
    assert prediction.seconds > 0
