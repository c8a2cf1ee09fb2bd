import os
import signal

import numpy as np
import pytest

from benchmark.errors import MeasureError
from benchmark.metrics import DNSMOS, PESQ, UnscorableReference, ViSQOL, parse
from benchmark.metrics.providers.child import Child, child
from tests.metrics.signals import noise, noisy, speech

CLEAN = speech(2.0)


@pytest.fixture(scope="module")
def pesq_package():
    return pytest.importorskip("pesq", reason="pip install pesq")


@pytest.mark.parametrize("snr_db", [-5, 10, 30])
@pytest.mark.parametrize(("mode", "rate_hz"), [("wb", 16000), ("nb", 8000)])
def test_pesq_is_what_the_package_says(pesq_package, mode, rate_hz, snr_db):
    clean = speech(2.0, rate_hz)
    estimate = noisy(clean, snr_db)
    expected = pesq_package.pesq(rate_hz, clean.astype(np.float32), estimate.astype(np.float32), mode)
    assert PESQ(mode=mode)(clean, estimate, rate_hz) == pytest.approx(expected, abs=1e-6)


def test_pesq_says_in_its_name_what_it_is(pesq_package):
    name = PESQ().name
    assert name.startswith("PESQ(package='pesq ")
    assert "no Corrigendum 2" in name
    assert parse(name) == PESQ()
    assert parse("PESQ(mode='nb')").mode == "nb"
    with pytest.raises(MeasureError, match="installed is"):
        parse("PESQ(package='pesq 0.0.1, no Corrigendum 2')")
    assert not PESQ().ranked


@pytest.mark.parametrize("seconds", [0.5, 61.0])
def test_pesq_is_not_asked_about_lengths_it_cannot_do(pesq_package, seconds):
    clean = speech(seconds)
    with pytest.raises(UnscorableReference, match="1 to 60 s"):
        PESQ()(clean, noisy(clean, 10), 16000)


def test_pesq_is_not_asked_about_a_reference_that_is_nearly_silent(pesq_package):
    faint = CLEAN * 1e-5
    with pytest.raises(UnscorableReference, match="too little speech"):
        PESQ()(faint, noisy(faint, 10), 16000)
    click = np.zeros(32000)
    click[16000:16100] = noise(100, "click")
    with pytest.raises(UnscorableReference, match="too little speech"):
        PESQ()(click, click, 16000)


@pytest.mark.parametrize("seconds", [0.1, 0.12, 0.15])
def test_a_burst_that_the_package_cannot_score_against_itself_is_the_fault_of_the_reference(
    pesq_package, seconds
):
    burst = np.zeros(32000)
    length = round(seconds * 16000)
    burst[8000 : 8000 + length] = CLEAN[4000 : 4000 + length]
    with pytest.raises(UnscorableReference, match="cannot be scored even against itself"):
        PESQ()(burst, burst, 16000)
    with pytest.raises(UnscorableReference, match="cannot be scored even against itself"):
        PESQ()(burst, noisy(burst, 10), 16000)


def test_a_crash_is_an_error_and_the_next_pair_is_scored(pesq_package):
    estimate = noisy(CLEAN, 10)
    value = PESQ()(CLEAN, estimate, 16000)
    served = child("benchmark.metrics.providers.pesq_child")
    os.kill(served._process.pid, signal.SIGSEGV)
    with pytest.raises(MeasureError, match="crashed"):
        PESQ()(CLEAN, estimate, 16000)
    assert PESQ()(CLEAN, estimate, 16000) == value


def test_a_complaint_of_the_package_is_an_error(pesq_package):
    with pytest.raises(MeasureError, match="pesq: "):
        Child("benchmark.metrics.providers.pesq_child").ask(
            {
                "clean": np.zeros(16000, np.float32),
                "estimate": np.zeros(16000, np.float32),
                "rate_hz": np.array(16000),
                "mode": np.array("wb"),
            }
        )


@pytest.mark.slow
def test_dnsmos_scales_come_from_one_run():
    pytest.importorskip("speechmos", reason="pip install speechmos onnxruntime")
    from speechmos import dnsmos

    estimate = noisy(CLEAN, 10)
    expected = dnsmos.run(estimate, sr=16000)
    for scale, key in (
        ("overall", "ovrl_mos"),
        ("signal", "sig_mos"),
        ("background", "bak_mos"),
        ("p808", "p808_mos"),
    ):
        assert DNSMOS(scale=scale)(CLEAN, estimate, 16000) == pytest.approx(float(expected[key]), abs=1e-5)
    assert DNSMOS(scale="p808").shares == DNSMOS().shares
    with pytest.raises(MeasureError, match="silent"):
        DNSMOS()(CLEAN, 0 * CLEAN, 16000)


@pytest.mark.slow
def test_visqol_orders_noise():
    pytest.importorskip("visqol", reason="pip install visqol-python")
    assert ViSQOL()(CLEAN, noisy(CLEAN, 30), 16000) > ViSQOL()(CLEAN, noisy(CLEAN, 0), 16000)
    with pytest.raises(MeasureError, match="silent"):
        ViSQOL()(CLEAN, 0 * CLEAN, 16000)
