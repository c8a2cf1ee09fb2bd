import importlib.util
from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import MeasureError
from benchmark.metrics import SpeechEnvelope, active_speech_level
from tests.metrics.signals import noise, noisy, speech


def p56_by_the_sample(signal, rate_hz):
    """The recommendation's recursion, one sample and one threshold at a time."""
    g, hangover = np.exp(-1 / (rate_hz * 0.03)), int(np.ceil(0.2 * rate_hz))
    thresholds = 2.0 ** np.arange(-15, 1)
    counts, held = np.zeros(16), np.full(16, hangover)
    p = q = 0.0
    for x in np.abs(signal):
        p = g * p + (1 - g) * x
        q = g * q + (1 - g) * p
        over = q >= thresholds
        held = np.where(over, 0, held + 1)
        counts += held <= hangover
    energy = np.sum(signal**2)
    level = [10 * np.log10(energy / c) if c else None for c in counts]
    excess = [
        None if a is None else a - 20 * np.log10(t) - 15.9 for a, t in zip(level, thresholds, strict=True)
    ]
    for j in range(1, 16):
        if excess[j] is not None and excess[j] <= 0:
            share = excess[j - 1] / (excess[j - 1] - excess[j])
            return level[j - 1] + share * (level[j] - level[j - 1])
    raise AssertionError("no crossing")


@pytest.mark.parametrize("gain_db", [0, -17, -30])
@pytest.mark.parametrize("rate_hz", [8000, 16000])
def test_equals_the_recursion(gain_db, rate_hz):
    signal = speech(2.5, rate_hz) * 10 ** (gain_db / 20)
    signal = np.concatenate([signal, np.zeros(rate_hz)])
    assert active_speech_level(signal, rate_hz).level_db == pytest.approx(
        p56_by_the_sample(signal, rate_hz), abs=1e-6
    )


@pytest.fixture(scope="module")
def voltmeter():
    """`svp56_fast` of mcvqoe-base, read from its file: importing the package needs all its siblings."""
    found = importlib.util.find_spec("mcvqoe")
    if found is None:
        pytest.skip("the oracle of P.56 is not installed: pip install --no-deps mcvqoe-base")
    path = Path(found.submodule_search_locations[0]) / "base" / "misc.py"
    spec = importlib.util.spec_from_file_location("mcvqoe_misc", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.svp56_fast


@pytest.mark.parametrize("gain_db", [0, -10, -26])
def test_equals_the_reference_implementation(voltmeter, gain_db):
    signal = np.concatenate([speech(4.0), np.zeros(16000)]) * 10 ** (gain_db / 20)
    pcm = np.round(signal * 32768).astype(np.int16)
    ours, (level, activity, _) = active_speech_level(pcm, 16000), voltmeter(pcm, 16000)
    assert ours.level_db == pytest.approx(level, abs=0.02)
    assert ours.activity == pytest.approx(activity, abs=0.005)


def test_pauses_lower_the_long_term_level_only():
    signal = speech(4.0)
    whole = active_speech_level(signal, 16000)
    padded = active_speech_level(np.concatenate([signal, np.zeros(64000)]), 16000)
    assert padded.level_db == pytest.approx(whole.level_db, abs=0.3)
    assert padded.rms_db == pytest.approx(whole.rms_db - 10 * np.log10(2), abs=1e-9)
    # The hangover of 0.2 s runs on into the pause.
    assert padded.activity == pytest.approx((whole.activity * 4 + 0.2) / 8, abs=0.01)


def test_steady_noise_is_always_active():
    level = active_speech_level(noise(64000, "steady") * 0.1, 16000)
    assert level.activity == pytest.approx(1.0, abs=0.02)
    assert level.level_db == pytest.approx(-20.0, abs=0.1)


@pytest.mark.parametrize("octaves", [-20, -3, 1, 10])
def test_follows_the_gain_by_octaves_exactly(octaves):
    signal = speech()
    expected = active_speech_level(signal, 16000).level_db + octaves * 20 * np.log10(2)
    assert active_speech_level(signal * 2.0**octaves, 16000).level_db == pytest.approx(expected, abs=1e-9)


def test_int16_is_read_at_its_full_scale():
    signal = np.round(speech() * 32768).astype(np.int16)
    assert active_speech_level(signal, 16000) == active_speech_level(signal / 32768, 16000)


@pytest.mark.parametrize(
    "bad", [np.zeros(1000), np.full(1000, 0.1), np.array([]), np.full(1000, np.nan), np.zeros((10, 2))]
)
def test_what_has_no_level_is_an_error(bad):
    with pytest.raises(MeasureError):
        active_speech_level(bad, 16000)


def test_noise_raises_the_level_of_speech():
    clean = speech(4.0)
    assert active_speech_level(noisy(clean, 0), 16000).level_db > active_speech_level(clean, 16000).level_db


@pytest.mark.parametrize("gain", [0.01, 0.3, 0.7, 1.0, 2.5])
def test_one_envelope_gives_the_level_at_any_gain(gain):
    signal = noise(64000, "bursts") + 0.01
    found, expected = SpeechEnvelope.of(signal, 16000).level(gain), active_speech_level(gain * signal, 16000)
    assert found == pytest.approx(expected, abs=1e-9)
