import numpy as np
import pytest
from scipy.signal import resample_poly

from benchmark.metrics.resample import _kaiser_lowpass, resample
from tests.metrics.signals import noise


@pytest.mark.parametrize(
    ("rate", "new"),
    [
        (16000, 10000),
        (8000, 10000),
        (44100, 10000),
        (22050, 16000),
        (48000, 16000),
        (19980, 16000),
        (21739, 16000),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1000, 12345])
def test_equals_a_polyphase_filter(rate, new, size):
    signal = noise(size, "resample")
    common = np.gcd(rate, new)
    up, down = new // common, rate // common
    expected = resample_poly(signal, up, down, window=_kaiser_lowpass(up, down))
    np.testing.assert_allclose(resample(signal, rate, new), expected, atol=1e-12)


def test_same_rate_returns_the_same_samples():
    signal = noise(100, "same")
    assert resample(signal, 16000, 16000) is signal
