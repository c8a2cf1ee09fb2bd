import numpy as np
import pytest

from benchmark.errors import MeasureError
from benchmark.metrics import RMSE
from tests.metrics.signals import NAMES, pair


def test_in_the_units_of_the_parameter():
    target, estimate = pair(300, "units")
    scores = RMSE()(target, estimate)
    for c, name in enumerate(NAMES):
        error = target.values[:, c].astype(np.float64) - estimate.values[:, c]
        assert scores[name].value == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-9)


def test_in_standard_deviations_of_the_target():
    target, estimate = pair(300, "sd")
    own, sd = RMSE()(target, estimate), RMSE(scale="sd")(target, estimate)
    for c, name in enumerate(NAMES):
        assert sd[name].value == pytest.approx(
            own[name].value / target.values[:, c].astype(np.float64).std(), rel=1e-9
        )


def test_a_prediction_at_the_mean_scores_one_standard_deviation():
    target, estimate = pair(300, "mean")
    estimate.values[:] = target.values.mean(axis=0)
    assert RMSE(scale="sd")(target, estimate)["LP"].value == pytest.approx(1.0, abs=1e-5)


def test_a_mirrored_prediction_costs_what_a_failure_costs():
    target, estimate = pair(300, "mirror")
    estimate.values[:] = 2 * target.values.astype(np.float64).mean(axis=0) - target.values
    assert RMSE(scale="sd")(target, estimate)["TTCD"].value == pytest.approx(RMSE.worst, abs=1e-5)


def test_failures_are_charged_two_standard_deviations():
    target, _ = pair(300, "failed")
    deviation = target.values[:, 0].astype(np.float64).std()
    assert RMSE()(target, None)["LA"].value == pytest.approx(2 * deviation, rel=1e-9)
    assert RMSE(scale="sd")(target, None)["LA"] == (2.0, "failed", "the prediction is missing or not finite")


def test_a_still_target_is_left_out():
    target, estimate = pair(300, "still")
    target.values[:, 0] = 2.0
    assert RMSE(scale="sd")(target, estimate)["LA"].status == "left_out"


def test_only_the_normalised_error_is_ranked():
    assert RMSE(scale="sd").ranked
    assert not RMSE().ranked
    assert not RMSE().higher_is_better


def test_unknown_scale_is_an_error():
    with pytest.raises(MeasureError, match="sd"):
        RMSE(scale="octaves")
