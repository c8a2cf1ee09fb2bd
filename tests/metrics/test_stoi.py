import numpy as np
import pystoi
import pytest

from benchmark.metrics import ESTOI, STOI, UnscorableReference
from tests.metrics.signals import noise, noisy, speech

RATES = (8000, 10000, 16000, 22050, 44100, 48000)


def oracle(clean, estimate, rate_hz):
    with pytest.MonkeyPatch.context() as patch:
        # The oracle's own randomness (1e-16) is taken away, or a comparison to 1e-9 could fail by chance.
        patch.setattr(np.random, "standard_normal", lambda shape: np.zeros(shape))
        return pystoi.stoi(clean, estimate, rate_hz), pystoi.stoi(clean, estimate, rate_hz, extended=True)


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("seconds", [0.9, 1.37, 4.0])
@pytest.mark.parametrize("snr_db", [-5, 5, 20])
def test_equals_pystoi(rate_hz, seconds, snr_db):
    clean = speech(seconds, rate_hz)
    estimate = noisy(clean, snr_db)
    stoi, estoi = oracle(clean, estimate, rate_hz)
    assert STOI()(clean, estimate, rate_hz) == pytest.approx(stoi, abs=1e-9)
    assert ESTOI()(clean, estimate, rate_hz) == pytest.approx(estoi, abs=1e-9)


@pytest.mark.slow
def test_equals_pystoi_on_a_thousand_pairs():
    worst, scored = 0.0, 0
    # Of the shortest some hold too little speech; there pystoi gives a number that means nothing, and we
    # refuse.
    durations = np.exp(np.linspace(np.log(0.5), np.log(30), 1050))
    for number, seconds in enumerate(durations):
        rate_hz = RATES[number % len(RATES)]
        clean = speech(seconds, rate_hz, key=f"pair {number}")
        estimate = noisy(clean, number % 41 - 10, key=f"noise {number}")
        stoi, estoi = oracle(clean, estimate, rate_hz)
        if stoi == 1e-5:
            with pytest.raises(UnscorableReference):
                STOI()(clean, estimate, rate_hz)
            continue
        scored += 1
        worst = max(
            worst,
            abs(STOI()(clean, estimate, rate_hz) - stoi),
            abs(ESTOI()(clean, estimate, rate_hz) - estoi),
        )
    assert worst < 1e-9
    assert scored >= 1000


def test_equals_pystoi_at_a_rate_without_common_divisor():
    clean = speech(1.0, 21739)
    estimate = noisy(clean, 5)
    assert STOI()(clean, estimate, 21739) == pytest.approx(oracle(clean, estimate, 21739)[0], abs=1e-9)


def test_estoi_is_the_same_every_time_where_pystoi_draws_lots():
    clean = speech()
    estimate = noisy(clean, 0)
    estimate[8000:20000] = 0.0
    ours = {ESTOI()(clean, estimate, 16000) for _ in range(5)}
    with np.errstate(all="ignore"):
        theirs = {pystoi.stoi(clean, estimate, 16000, extended=True) for _ in range(5)}
    assert len(ours) == 1
    assert len(theirs) > 1


def test_too_little_speech_is_an_error_and_not_a_number():
    short = speech()[2000:7000]
    with pytest.raises(UnscorableReference, match="too little speech"):
        STOI()(short, noisy(short, 0), 16000)
    with pytest.warns(RuntimeWarning):
        assert pystoi.stoi(short, noisy(short, 0), 16000) == 1e-5


def test_a_constant_estimate_is_silence():
    clean = speech()
    for measure in (STOI(), ESTOI()):
        assert measure(clean, np.full(len(clean), 0.3), 16000) == 0.0


def test_batch_equals_single_calls():
    clean = speech()
    estimates = [noisy(clean, snr) for snr in (-5, 0, 10)]
    for measure in (STOI(), ESTOI()):
        assert measure.batch(clean, estimates, 16000) == [measure(clean, e, 16000) for e in estimates]


def test_bounds_for_unrelated_signals():
    clean = speech(4.0)
    assert abs(ESTOI()(clean, noise(len(clean), "unrelated"), 16000)) < 0.1
