"""Strange but finite signals: a value in range or a `MeasureError`, and not one floating-point warning."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.errors import MeasureError
from benchmark.metrics import ESTOI, LSD, SISDR, STOI, PESQLike, SegSNR, active_speech_level, available, parse
from benchmark.types import Trajectories
from tests.metrics.signals import noise, speech

AUDIO = [STOI(), ESTOI(), PESQLike(), SISDR(), SISDR(zero_mean=True), SegSNR(), LSD()]
TRAJECTORY = [parse(n) for n in available() if n.startswith(("PPMC", "RMSE", "Lag"))]
SHAPES = ("noise", "silence", "click", "square", "tone", "faint", "loud", "DC and dust", "speech", "late")


def shaped(shape, size, key):
    n = np.arange(size)
    return {
        "noise": lambda: noise(size, key),
        "silence": lambda: np.zeros(size),
        "click": lambda: np.where(n == size - 1, 1.0, 0.0),
        "square": lambda: np.sign(noise(size, key)),
        "tone": lambda: np.sin(0.7 * n),
        "faint": lambda: noise(size, key) * 1e-290,
        "loud": lambda: noise(size, key) * 1e25,
        "DC and dust": lambda: 0.3 + 1e-17 * noise(size, key),
        "speech": lambda: speech(3.2)[:size],
        "late": lambda: np.where(n < size // 2, 0.0, noise(size, key)),
    }[shape]()


@given(
    shapes=st.tuples(st.sampled_from(SHAPES), st.sampled_from(SHAPES)),
    size=st.sampled_from([1, 2, 50, 511, 512, 513, 1600, 5000, 16000, 24000]),
    rate_hz=st.sampled_from([8000, 11025, 16000, 22050, 44100]),
)
@settings(max_examples=60, deadline=None)
def test_audio(shapes, size, rate_hz):
    clean, estimate = (shaped(shape, size, key) for shape, key in zip(shapes, "ab", strict=True))
    with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
        warnings.simplefilter("error")
        for measure in AUDIO:
            try:
                value = measure(clean, estimate, rate_hz)
            except MeasureError:
                continue
            assert measure.range[0] - 1e-9 <= value <= measure.range[1] + 1e-9, measure


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [1, 100, 16000])
def test_level(shape, size):
    with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
        warnings.simplefilter("error")
        try:
            level = active_speech_level(shaped(shape, size, "level"), 16000)
        except MeasureError:
            return
    assert np.isfinite(level.level_db)
    assert 0 < level.activity <= 1 + 1e-12
    assert level.level_db >= level.rms_db - 1e-12


values = st.sampled_from([0.0, 1.0, -3.5, 20.0, 1e-30, 1e30, float("nan"), float("inf")])


@given(st.data(), st.integers(1, 30))
@settings(max_examples=150, deadline=None)
def test_trajectories(data, frames):
    def tracks(finite):
        numbers = values.filter(np.isfinite) if finite else values
        rows = data.draw(st.lists(st.tuples(numbers, numbers), min_size=frames, max_size=frames))
        valid = data.draw(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=frames, max_size=frames))
        return Trajectories(
            np.array(rows, np.float32), 100.0, ("LA", "LP"), np.array(valid) | (frames % 2 == 0)
        )

    target, estimate = tracks(finite=True), tracks(finite=False)
    with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
        warnings.simplefilter("error")
        for measure in TRAJECTORY:
            for score in measure(target, estimate).values():
                if score.status == "left_out":
                    assert np.isnan(score.value)
                else:
                    assert measure.range[0] <= score.value <= measure.range[1]
                assert (score.status == "ok") or score.reason
