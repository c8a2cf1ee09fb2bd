from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from benchmark.metrics import PESQLike, UnscorableReference
from benchmark.metrics.pesqlike import bark, model
from benchmark.metrics.pesqlike.align import align_reference, global_lag, shift
from benchmark.metrics.pesqlike.coefficients import FITTED
from tests.metrics.signals import noise, noisy, speech

CLEAN = speech(3.0)


def test_bark_scale_by_published_points():
    # Zwicker's critical-band edges, which the formula meets within 0.05 Bark between 200 Hz and 6.7 kHz
    # (Traunmüller 1990).
    for edge_bark, hertz in ((3, 300), (5, 510), (8, 920), (11, 1480), (15, 2700), (18, 4400), (20, 6400)):
        assert float(bark.hertz_to_bark(hertz)) == pytest.approx(edge_bark, abs=0.12)
    assert float(bark.bark_to_hertz(bark.hertz_to_bark(1234.5))) == pytest.approx(1234.5)


def test_threshold_in_quiet_is_lowest_where_the_ear_is_keenest():
    frequency = np.arange(100.0, 8000.0, 10.0)
    threshold = bark.threshold_in_quiet_db(frequency)
    assert 3000 < frequency[threshold.argmin()] < 4000
    assert float(bark.threshold_in_quiet_db(np.array(1000.0))) == pytest.approx(3.37, abs=0.02)


def test_bands_keep_the_power_of_every_bin_inside():
    weights = model.BANDS.weights
    bins = np.arange(len(weights)) * model.RATE_HZ / model.FFT
    inside = (bins > 120) & (bins < 7750)
    np.testing.assert_allclose(weights[inside].sum(axis=1), 1.0, atol=1e-12)
    assert (weights.sum(axis=1) <= 1 + 1e-12).all()


def test_loudness_is_zero_below_threshold_and_grows_by_the_exponent():
    quiet = bark.loudness(np.array([0.0, 1.0]), np.array(10.0), np.array(0.23))
    assert (quiet == 0).all()
    loud = bark.loudness(np.array([1e9, 1e10]), np.array(10.0), np.array(0.23))
    assert np.log10(loud[1] / loud[0]) == pytest.approx(0.23, abs=0.01)


@pytest.mark.parametrize("lag", [-4000, -37, 0, 1, 3999])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_delay_is_found_and_removed(lag, sign):
    signal = np.pad(speech(1.0), 5000)
    delayed = sign * shift(signal, -lag)
    assert global_lag(align_reference(signal, 4000), delayed) == lag
    np.testing.assert_array_equal(shift(delayed, lag), sign * signal)


@pytest.mark.parametrize("milliseconds", [-100, -5, 20, 200])
def test_a_fixed_delay_costs_next_to_nothing(milliseconds):
    quiet = np.zeros(4000)
    clean = np.concatenate([quiet, CLEAN, quiet])
    estimate = noisy(clean, 15)
    delayed = shift(estimate, -16 * milliseconds)
    assert PESQLike()(clean, delayed, 16000) == pytest.approx(PESQLike()(clean, estimate, 16000), abs=0.05)


def test_a_perfect_copy_scores_the_top_and_silence_the_bottom():
    low, high = PESQLike.range
    assert PESQLike()(CLEAN, CLEAN, 16000) == high
    assert PESQLike()(CLEAN, 0 * CLEAN, 16000) == low
    assert PESQLike()(CLEAN, np.full(len(CLEAN), 0.3), 16000) == low


def test_silence_where_speech_was_is_the_bottom_even_with_a_click_outside():
    clean = np.concatenate([np.zeros(16000), CLEAN, np.zeros(16000)])
    click = np.zeros(len(clean))
    click[100] = 1.0
    assert PESQLike()(clean, click, 16000) < 1.3


@pytest.mark.parametrize("offset", [-0.3, 0.01, 2.0])
def test_dc_is_not_heard(offset):
    estimate = noisy(CLEAN, 15)
    assert PESQLike()(CLEAN, estimate + offset, 16000) == pytest.approx(
        PESQLike()(CLEAN, estimate, 16000), abs=0.01
    )


@pytest.mark.parametrize("seed", range(20))
def test_never_raises_for_finite_input_with_speech_in_the_reference(seed):
    kinds = [
        lambda: noise(len(CLEAN), f"{seed}") * 10.0 ** (seed - 10),
        lambda: np.sign(CLEAN),
        lambda: np.where(np.arange(len(CLEAN)) == seed * 100, 1.0, 0.0),
        lambda: CLEAN[::-1],
    ]
    low, high = PESQLike.range
    assert low <= PESQLike()(CLEAN, kinds[seed % 4](), 16000) <= high


@pytest.mark.parametrize("rate_hz", [16000, 22050, 44100, 48000])
def test_higher_rates_are_taken(rate_hz):
    clean = speech(2.0, rate_hz)
    low_passed = sosfilt(butter(8, 7000, fs=rate_hz, output="sos"), clean)
    assert PESQLike()(clean, low_passed, rate_hz) > 3.5


def test_narrow_band_and_too_short_are_errors():
    with pytest.raises(UnscorableReference, match="wide-band"):
        PESQLike()(speech(1.0, 8000), speech(1.0, 8000), 8000)
    with pytest.raises(UnscorableReference, match="64 ms"):
        PESQLike()(CLEAN[5000:5900], CLEAN[5000:5900], 16000)


def test_single_pairs_and_batches_of_spectra_are_one_code():
    measure = PESQLike()
    reference = measure.reference(CLEAN, 16000)
    estimates = [measure.analyse(reference, noisy(CLEAN, snr)) for snr in (0, 10, 20)]
    stacked = model.Spectra(*(np.array([e[k] for e in estimates]) for k in range(2)))
    clean = model.Spectra(*(np.array([s] * 3) for s in reference.spectra))
    during = np.array([reference.during] * 3)
    together = model.score(model.disturbance(clean, stacked, during, FITTED), FITTED)
    np.testing.assert_allclose(together, [measure.compare(reference, e) for e in estimates], atol=1e-9)


def test_added_sound_disturbs_more_than_what_is_missing():
    measure = PESQLike()
    reference = measure.reference(CLEAN, 16000)
    louder, softer = (reference.spectra._replace(power=reference.spectra.power * PATTERN**s) for s in (1, -1))
    added = model.disturbance(reference.spectra, louder, reference.during, LINEAR).added
    missing = model.disturbance(reference.spectra, softer, reference.during, LINEAR).added
    assert added > missing


PATTERN = np.where(np.add.outer(np.arange(188), np.arange(42)) % 5 == 0, 20.0, 1.0)
LINEAR = replace(FITTED, colour_limit_db=0.0, gain_low_db=0.0, gain_high_db=0.0)
