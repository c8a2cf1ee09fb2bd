import numpy as np
import pytest
from scipy import stats

from benchmark.errors import MeasureError
from benchmark.metrics import PPMC, TV6, TV9, LagPPMC, best_lag, mean_over
from benchmark.metrics.checks import UnscorableReference
from tests.metrics.signals import NAMES, movement, noise, pair, tracks


def test_equals_scipy_on_every_parameter():
    target, estimate = pair(400, "scipy")
    scores = PPMC()(target, estimate)
    for c, name in enumerate(NAMES):
        expected = stats.pearsonr(
            target.values[:, c].astype(np.float64), estimate.values[:, c].astype(np.float64)
        )
        assert scores[name].value == pytest.approx(expected.statistic, abs=1e-12)


def test_only_frames_valid_on_both_sides_count():
    target, estimate = pair(300, "valid")
    target.valid[:50] = False
    estimate.valid[280:] = False
    scores = PPMC()(target, estimate)
    kept = slice(50, 280)
    for c, name in enumerate(NAMES):
        t, e = target.values[kept, c].astype(np.float64), estimate.values[kept, c].astype(np.float64)
        assert scores[name].value == pytest.approx(stats.pearsonr(t, e).statistic, abs=1e-12)


def test_far_from_zero_no_digit_is_lost():
    wave = np.sin(np.arange(200) / 9)[:, None]
    target, estimate = tracks(wave + 4096), tracks(wave + 4096)
    assert PPMC()(target, estimate)["LA"].value == pytest.approx(1.0, abs=1e-12)


def test_batch_equals_single_calls_for_utterances_of_any_length():
    pairs = [pair(n, f"batch {n}") for n in (400, 35, 1, 120)]
    together = PPMC().batch(pairs)
    for one, both in zip(pairs, together, strict=True):
        for name, score in PPMC()(*one).items():
            assert both[name].status == score.status
            assert both[name].value == pytest.approx(score.value, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize(("spoil", "reason"), [(np.nan, "not finite"), (np.inf, "not finite")])
def test_a_prediction_that_is_not_finite_fails_with_zero(spoil, reason):
    target, estimate = pair(200, "spoilt")
    estimate.values[17, 3] = spoil
    scores = PPMC()(target, estimate)
    assert (scores["TBCD"].value, scores["TBCD"].status) == (0.0, "failed")
    assert reason in scores["TBCD"].reason
    assert scores["LA"].status == "ok"


def test_a_constant_prediction_fails_with_zero():
    target, estimate = pair(200, "constant")
    estimate.values[:, 0] = 7.7
    assert PPMC()(target, estimate)["LA"] == (0.0, "failed", "the prediction does not move")


def test_rounding_noise_is_not_movement():
    target, estimate = pair(200, "rounding")
    estimate.values[:, 0] = np.float32(1000) + np.where(np.arange(200) % 2, np.spacing(np.float32(1000)), 0)
    assert PPMC()(target, estimate)["LA"].status == "failed"


def test_a_constant_target_is_left_out():
    target, estimate = pair(200, "still")
    target.values[:, 1] = 3.0
    score = PPMC()(target, estimate)["LP"]
    assert score.status == "left_out"
    assert np.isnan(score.value)


def test_a_short_target_is_left_out():
    target, estimate = pair(200, "short")
    target.valid[9:, 2] = False
    assert PPMC()(target, estimate)["TBCL"].status == "left_out"
    target.valid[9, 2] = True
    assert PPMC()(target, estimate)["TBCL"].status == "ok"


@pytest.mark.parametrize("kept", [0, 5, 179])
def test_a_model_cannot_have_hard_frames_left_out(kept):
    target, estimate = pair(200, "withheld")
    estimate.valid[kept:] = False
    score = PPMC()(target, estimate)["LA"]
    assert (score.value, score.status) == (0.0, "failed")


def test_no_prediction_fails_everywhere():
    target, _ = pair(200, "none")
    assert {s.status for s in PPMC()(target, None).values()} == {"failed"}


def test_channel_order_does_not_matter():
    target, estimate = pair(200, "order")
    assert PPMC()(target, estimate.select(tuple(reversed(NAMES)))) == PPMC()(target, estimate)


@pytest.mark.parametrize("extra", [-5, -1, 1, 5])
def test_a_few_frames_more_or_less_are_cut_to_the_overlap(extra):
    target, _ = pair(200, "overlap")
    longer = tracks(movement(210, "overlap"))
    cut = tracks(longer.values[: 200 + extra])
    n = min(200, 200 + extra)
    expected = PPMC()(tracks(target.values[:n]), tracks(cut.values[:n]))
    assert PPMC()(target, cut) == expected


def test_more_than_50_ms_of_difference_is_an_error():
    target, _ = pair(200, "longer")
    with pytest.raises(MeasureError, match=r"0\.060 s"):
        PPMC()(target, tracks(movement(206, "longer")))


def test_names_and_rates_must_agree():
    target, estimate = pair(200, "names")
    with pytest.raises(MeasureError, match="TTCD"):
        PPMC()(target, estimate.select(NAMES[:5]))
    with pytest.raises(MeasureError, match="50 frames per second"):
        PPMC()(target, tracks(estimate.values, rate_hz=50.0))


def test_a_target_that_is_not_finite_blames_no_model():
    target, estimate = pair(200, "blame")
    target.values[3, 3] = np.nan
    with pytest.raises(UnscorableReference):
        PPMC()(target, estimate)


def test_utterance_mean_counts_failures_and_skips_what_was_left_out():
    good, frozen, still = pair(200, "a"), pair(200, "b"), pair(200, "c")
    frozen[1].values[:, 0] = 1.0
    still[0].values[:, 0] = 1.0
    mean = PPMC().aggregate([good, frozen, still])["LA"]
    assert mean.value == pytest.approx(PPMC()(*good)["LA"].value / 2)
    assert mean.reason == "1 of 2 failed"


def test_corpus_is_one_correlation_over_everything():
    pairs = [pair(n, f"corpus {n}", 2.0) for n in (100, 250, 180)]
    scores = PPMC(pool="corpus").aggregate(pairs)
    target = np.concatenate([t.values for t, _ in pairs]).astype(np.float64)
    estimate = np.concatenate([e.values for _, e in pairs]).astype(np.float64)
    for c, name in enumerate(NAMES):
        assert scores[name].value == pytest.approx(
            stats.pearsonr(target[:, c], estimate[:, c]).statistic, abs=1e-12
        )


def test_corpus_keeps_the_targets_of_failed_utterances():
    kept, lost = pair(200, "kept"), pair(200, "lost")
    whole = PPMC(pool="corpus").aggregate([kept, (lost[0], None)])["LA"]
    target = np.concatenate([kept[0].values[:, 0], lost[0].values[:, 0]]).astype(np.float64)
    filled = kept[1].values[:, 0].astype(np.float64)
    estimate = np.concatenate([filled, np.full(200, filled.mean())])
    assert whole.value == pytest.approx(stats.pearsonr(target, estimate).statistic, abs=1e-9)
    assert whole.value < PPMC(pool="corpus").aggregate([kept])["LA"].value
    assert PPMC(pool="corpus").aggregate([(lost[0], None)])["LA"].status == "failed"


def test_padded_segments_are_correlated_zeros_and_all():
    pairs = [pair(n, f"padded {n}") for n in (250, 130)]
    scores = PPMC(pool="padded2s").aggregate(pairs)
    for c, name in enumerate(NAMES):
        values = []
        for target, estimate in pairs:
            frames = -(-len(target.values) // 200) * 200
            t, e = (np.zeros(frames), np.zeros(frames))
            t[: len(target.values)], e[: len(target.values)] = target.values[:, c], estimate.values[:, c]
            values += [
                stats.pearsonr(t[k : k + 200], e[k : k + 200]).statistic for k in range(0, frames, 200)
            ]
        assert scores[name].value == pytest.approx(np.mean(values), abs=1e-12)


def test_fisher_z_averages_in_the_transformed_domain():
    pairs = [pair(200, f"z {error}", error) for error in (0.1, 1.0, 5.0)]
    single = [PPMC()(*p)["LP"].value for p in pairs]
    assert PPMC(pool="fisher_z").aggregate(pairs)["LP"].value == pytest.approx(
        np.tanh(np.mean(np.arctanh(single)))
    )


def test_conventions_differ_on_the_same_predictions():
    pairs = [pair(n, f"differ {n}", 3.0) for n in (150, 260, 330)]
    values = [
        round(PPMC(pool=p).aggregate(pairs)["TTCD"].value, 3)
        for p in ("utterance", "corpus", "padded2s", "fisher_z")
    ]
    assert len(set(values)) == 4


def test_groups_average_over_their_parameters():
    scores = PPMC()(*pair(200, "groups"))
    assert mean_over(scores, TV6) == pytest.approx(np.mean([scores[n].value for n in NAMES[:6]]))
    assert mean_over(scores, TV9) == pytest.approx(np.mean([s.value for s in scores.values()]))
    with pytest.raises(MeasureError, match="nasalance"):
        mean_over(scores, ("LA", "nasalance"))


def test_unknown_pool_is_an_error_that_lists_the_known():
    with pytest.raises(MeasureError, match="corpus"):
        PPMC(pool="everything")


@pytest.mark.parametrize("shift", [-4, 0, 3])
def test_best_lag_finds_the_shift(shift):
    values = movement(300, "lag")
    target, late = tracks(values[20:220]), tracks(values[20 - shift : 220 - shift])
    found = best_lag(target, late)
    assert found.lag_ms == shift * 10
    assert LagPPMC()(target, late)["LA"].value == pytest.approx(1.0, abs=1e-9)
    assert not LagPPMC().ranked


def test_lag_is_limited_and_of_equal_lags_none_wins():
    values = movement(300, "limit")
    far = best_lag(tracks(values[20:220]), tracks(values[10:210]))
    assert abs(far.lag_ms) <= 50
    assert far.scores["LA"].value < 0.99
    hopeless = tracks(np.full((200, 9), 3.0))
    assert best_lag(tracks(values[:200]), hopeless).lag_ms == 0


def test_unrelated_movement_correlates_little():
    target, other = tracks(movement(2000, "one")), tracks(noise(18000, "two").reshape(-1, 9))
    assert abs(mean_over(PPMC()(target, other), TV9)) < 0.1


@pytest.mark.parametrize("measure", [PPMC, PPMC(pool="corpus"), LagPPMC])
def test_bare_arrays_are_refused_with_a_word_on_what_is_wanted(measure):
    array = np.zeros((50, 2))
    with pytest.raises(MeasureError, match=r"target must be Trajectories.*got ndarray"):
        measure(array, array)
    target, _ = pair(50, "bare")
    with pytest.raises(MeasureError, match=r"estimate must be Trajectories.*got ndarray"):
        measure(target, target.values)
