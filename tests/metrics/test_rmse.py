from dataclasses import replace

import numpy as np
import pytest

from benchmark.articulation.parameters import PARAMETERS
from benchmark.errors import MeasureError
from benchmark.metrics import RMSE, TV10
from benchmark.metrics.parameters import by_unit, unit_of
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


@pytest.mark.parametrize("offset_sd", [3.0, 9.9, 50.0])
def test_an_answer_has_its_own_error_however_far_off(offset_sd):
    target, estimate = pair(300, "far")
    deviation = target.values.astype(np.float64).std(axis=0)
    estimate.values[:] = target.values + offset_sd * deviation
    for scale, unit in (("own", deviation[0]), ("sd", 1.0)):
        answer, failure = RMSE(scale=scale)(target, estimate)["LA"], RMSE(scale=scale)(target, None)["LA"]
        assert answer.status == "ok"
        assert answer.value == pytest.approx(offset_sd * unit, rel=1e-4)
        assert failure.value == pytest.approx(10.0 * unit, rel=1e-4)


def test_failures_are_charged_ten_standard_deviations():
    target, _ = pair(300, "failed")
    deviation = target.values[:, 0].astype(np.float64).std()
    assert RMSE()(target, None)["LA"].value == pytest.approx(10 * deviation, rel=1e-9)
    assert RMSE(scale="sd")(target, None)["LA"] == (10.0, "failed", "the prediction is missing or not finite")


def test_a_still_target_is_left_out():
    target, estimate = pair(300, "still")
    target.values[:, 0] = 2.0
    assert RMSE(scale="sd")(target, estimate)["LA"].status == "left_out"


def test_only_the_normalised_error_is_ranked():
    assert RMSE(scale="sd").ranked
    assert not RMSE().ranked
    assert not RMSE().higher_is_better


def speakers_in_other_heads(offsets):
    """One movement of speakers whose heads lie at different places, predicted for a mean head."""
    target, estimate = pair(300, "heads")
    return [
        (replace(target, values=(target.values + offset).astype(np.float32)), estimate) for offset in offsets
    ]


def test_where_a_head_lay_does_not_enter_the_centred_error():
    """Heads at x = 132, 64 and 34 mm once gave RMSE of 35-62 mm and no remark."""
    heads = speakers_in_other_heads((132.0, 64.0, 34.0))
    apart = [RMSE().aggregate([head])["LA"].value for head in heads]
    assert max(apart) > 3 * min(apart)
    for scale in ("centred", "z"):
        values = [RMSE(scale=scale).aggregate([head])["LA"].value for head in heads]
        np.testing.assert_allclose(values, values[0], rtol=1e-4)


def test_the_centred_error_is_that_of_all_frames_of_the_speaker_about_their_means():
    pairs = [pair(300, "one"), pair(200, "two")]
    centred, z = (RMSE(scale=scale).aggregate(pairs) for scale in ("centred", "z"))
    for c, name in enumerate(NAMES):
        target, estimate = (
            np.concatenate([p[i].values[:, c] for p in pairs]).astype(np.float64) for i in (0, 1)
        )
        error = (estimate - estimate.mean()) - (target - target.mean())
        assert centred[name].value == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-9)
        assert z[name].value == pytest.approx(np.sqrt(np.mean(error**2)) / target.std(), rel=1e-9)


def test_failed_utterances_are_charged_ten_standard_deviations_frame_by_frame():
    (target, estimate), (other, _) = pair(300, "one"), pair(300, "two")
    both = np.concatenate([target.values[:, 0], other.values[:, 0]]).astype(np.float64)
    error = estimate.values[:, 0].astype(np.float64) - target.values[:, 0]
    expected = np.sqrt((np.sum((error - error.mean()) ** 2) + 300 * 100 * both.var()) / 600)
    score = RMSE(scale="centred").aggregate([(target, estimate), (other, None)])["LA"]
    assert score.value == pytest.approx(expected, rel=1e-9)
    assert score.reason == "1 of 2 failed"
    assert RMSE(scale="z").aggregate([(target, None)])["LA"][:2] == (10.0, "failed")


def test_parameters_of_one_unit_are_a_group():
    assert by_unit(TV10) == {
        "mm": TV10[:6],
        "1": ("aperiodicity", "periodicity", "nasalance"),
        "Hz": ("pitch",),
    }


def test_every_target_has_the_unit_that_articulation_states():
    for name, parameter in PARAMETERS.items():
        if name != "velum":
            assert unit_of(name) == parameter.unit


def test_unknown_scale_is_an_error():
    with pytest.raises(MeasureError, match="sd"):
        RMSE(scale="octaves")
