import fast_bss_eval.numpy
import numpy as np
import pytest

from benchmark.errors import MeasureError
from benchmark.metrics import LSD, SISDR, SegSNR
from tests.metrics.signals import noise, noisy, speech


@pytest.mark.parametrize("zero_mean", [False, True])
@pytest.mark.parametrize("snr_db", [-20, 0, 15, 40])
def test_sisdr_equals_fast_bss_eval(zero_mean, snr_db):
    clean = speech()
    estimate = noisy(clean, snr_db) + 0.002
    expected = fast_bss_eval.numpy.si_sdr(clean[None], estimate[None], zero_mean=zero_mean)[0]
    assert SISDR(zero_mean=zero_mean)(clean, estimate, 16000) == pytest.approx(expected, abs=1e-6)


def test_sisdr_conventions_differ_by_dc():
    clean = speech()
    estimate = noisy(clean, 10) + 0.01
    assert SISDR(zero_mean=True)(clean, estimate, 16000) > SISDR()(clean, estimate, 16000) + 0.1


def test_sisdr_limits():
    clean = speech()
    assert SISDR()(clean, clean, 16000) == 100.0
    assert SISDR()(clean, -3 * clean, 16000) == 100.0
    orthogonal = noise(len(clean), "orthogonal")
    orthogonal -= clean * np.dot(orthogonal, clean) / np.dot(clean, clean)
    assert SISDR()(clean, orthogonal, 16000) == -50.0
    with pytest.raises(MeasureError, match="silent"):
        SISDR()(clean, np.zeros(len(clean)), 16000)
    with pytest.raises(MeasureError, match="silent"):
        SISDR(zero_mean=True)(clean, np.full(len(clean), 0.5), 16000)


def test_segsnr_of_proportional_error_is_its_level():
    clean = speech()
    assert SegSNR()(clean, 1.1 * clean, 16000) == pytest.approx(20.0, abs=1e-9)
    assert SegSNR()(clean, clean, 16000) == 35.0
    assert SegSNR()(clean, 100 * clean, 16000) == -10.0
    assert SegSNR()(clean, 0 * clean, 16000) == pytest.approx(0.0, abs=1e-9)


def test_segsnr_by_a_loop():
    clean = speech()
    estimate = noisy(clean, 3)
    window = np.hanning(514)[1:-1]
    frames = range(0, len(clean) - 511, 256)
    energy = [np.sum((window * clean[k : k + 512]) ** 2) for k in frames]
    values = [
        np.clip(10 * np.log10(e / np.sum((window * (clean - estimate)[k : k + 512]) ** 2)), -10, 35)
        for k, e in zip(frames, energy, strict=True)
        if e > 1e-4 * max(energy)
    ]
    assert 0 < len(values) < len(energy)
    assert SegSNR()(clean, estimate, 16000) == pytest.approx(np.mean(values), abs=1e-9)


def test_lsd_of_a_gain_is_the_gain_where_no_floor_is_touched():
    clean = speech()
    loud = noise(16000, "flat")
    assert LSD()(loud, loud * 10 ** (3 / 20), 16000) == pytest.approx(3.0, abs=0.05)
    assert LSD()(clean, clean, 16000) == 0.0
    assert 20 < LSD()(clean, 0 * clean, 16000) <= 60


def test_diagnostics_are_not_ranked():
    assert SISDR().ranked
    assert not SegSNR().ranked
    assert not LSD().ranked
    assert not LSD().higher_is_better
