"""What must hold for any signal, whatever its values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.metrics import ESTOI, LSD, PPMC, SISDR, STOI, LagPPMC, PESQLike, SegSNR, parse
from tests.metrics.signals import NAMES, noisy, pair, speech, tracks

CLEAN = speech()
INVARIANT = [STOI(), ESTOI(), PESQLike(), SISDR()]
AUDIO = [*INVARIANT, SegSNR(), LSD()]
QUICK = settings(max_examples=15, deadline=None)
names = {"ids": repr}


@pytest.mark.parametrize("measure", INVARIANT, **names)
@given(gain_db=st.floats(-50, 50), snr_db=st.integers(-10, 30))
@QUICK
def test_gain_of_the_estimate_changes_nothing(measure, gain_db, snr_db):
    estimate = noisy(CLEAN, snr_db)
    expected = measure(CLEAN, estimate, 16000)
    assert measure(CLEAN, estimate * 10 ** (gain_db / 20), 16000) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("measure", INVARIANT, **names)
@given(gain_db=st.floats(-50, 50))
@QUICK
def test_gain_of_both_changes_nothing(measure, gain_db):
    estimate, gain = noisy(CLEAN, 5), 10 ** (gain_db / 20)
    assert measure(CLEAN * gain, estimate * gain, 16000) == pytest.approx(
        measure(CLEAN, estimate, 16000), abs=1e-6
    )


@pytest.mark.parametrize("measure", [SegSNR(), LSD()], **names)
def test_diagnostics_depend_on_gain_as_they_say(measure):
    estimate = noisy(CLEAN, 10)
    assert abs(measure(CLEAN, 0.5 * estimate, 16000) - measure(CLEAN, estimate, 16000)) > 0.5


@pytest.mark.parametrize("measure", INVARIANT, **names)
def test_polarity_changes_nothing(measure):
    estimate = noisy(CLEAN, 5)
    assert measure(CLEAN, -estimate, 16000) == pytest.approx(measure(CLEAN, estimate, 16000), abs=1e-9)


@pytest.mark.parametrize("measure", AUDIO, **names)
@given(milliseconds=st.integers(0, 1500))
@QUICK
def test_trailing_silence_changes_little(measure, milliseconds):
    estimate = noisy(CLEAN, 10)
    pad = np.zeros(16 * milliseconds)
    longer = measure(np.append(CLEAN, pad), np.append(estimate, pad), 16000)
    tolerance = (
        0.1
        if measure.unit == "MOS"
        else 0.02 * (measure.range[1] - measure.range[0])
        if measure.unit == "1"
        else 0.3
    )
    assert longer == pytest.approx(measure(CLEAN, estimate, 16000), abs=tolerance)


@pytest.mark.parametrize("measure", AUDIO, **names)
def test_better_with_snr_on_average(measure):
    means = [
        np.mean([measure(c, noisy(c, snr, f"noise {k}"), 16000) for k, c in enumerate(CLIPS)])
        for snr in range(-10, 31, 5)
    ]
    steps = np.diff(means) if measure.higher_is_better else -np.diff(means)
    assert (steps > 0).all()


CLIPS = [speech(2.0, key=f"clip {k}") for k in range(3)]


@pytest.mark.parametrize("measure", AUDIO, **names)
@given(snr_db=st.integers(-20, 60))
@QUICK
def test_values_stay_in_range(measure, snr_db):
    low, high = measure.range
    assert low - 1e-9 <= measure(CLEAN, noisy(CLEAN, snr_db), 16000) <= high + 1e-9


@pytest.mark.parametrize("measure", AUDIO, **names)
def test_a_perfect_estimate_is_not_beaten(measure):
    perfect, good = measure(CLEAN, CLEAN, 16000), measure(CLEAN, noisy(CLEAN, 40), 16000)
    assert perfect > good if measure.higher_is_better else perfect < good


TRAJECTORY = [
    parse(n)
    for n in (
        "PPMC",
        "PPMC(pool='corpus')",
        "PPMC(pool='padded2s')",
        "PPMC(pool='fisher_z')",
        "RMSE",
        "RMSE(scale='sd')",
    )
]


@pytest.mark.parametrize("measure", TRAJECTORY, **names)
@given(order=st.permutations(range(4)))
@QUICK
def test_order_of_utterances_changes_nothing(measure, order):
    pairs = [pair(n, f"order {n}") for n in (90, 220, 150, 41)]
    expected = measure.aggregate(pairs)
    for name, score in measure.aggregate([pairs[k] for k in order]).items():
        assert score.value == pytest.approx(expected[name].value, abs=1e-9)


@pytest.mark.parametrize("measure", TRAJECTORY, **names)
@given(order=st.permutations(NAMES))
@QUICK
def test_order_of_channels_changes_nothing(measure, order):
    target, estimate = pair(150, "channels")
    expected = measure.aggregate([(target, estimate)])
    shuffled = measure.aggregate([(target.select(tuple(order)), estimate)])
    assert {n: s.value for n, s in shuffled.items()} == pytest.approx(
        {n: s.value for n, s in expected.items()}, abs=1e-12
    )


@given(scale=st.floats(0.01, 100), offset=st.floats(-100, 100))
@QUICK
def test_ppmc_ignores_scale_and_offset_and_knows_the_sign(scale, offset):
    target, estimate = pair(150, "affine")
    moved = tracks(estimate.values.astype(np.float64) * scale + offset)
    flipped = tracks(-estimate.values)
    for name, score in PPMC()(target, estimate).items():
        assert PPMC()(target, moved)[name].value == pytest.approx(score.value, abs=1e-4)
        assert PPMC()(target, flipped)[name].value == pytest.approx(-score.value, abs=1e-12)


def test_lag_never_lowers_the_mean():
    target, estimate = pair(150, "lag")
    plain = np.mean([s.value for s in PPMC()(target, estimate).values()])
    assert np.mean([s.value for s in LagPPMC()(target, estimate).values()]) >= plain
