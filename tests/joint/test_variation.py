"""Training speech made more various."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.errors import SinbadError
from benchmark.joint.config_files import load_config
from benchmark.joint.data import TrainingData
from benchmark.joint.training_corpus import Targets
from benchmark.joint.variation import at_speed, length_at, targets_at_speed, through_another_microphone
from benchmark.randomness import Randomness
from benchmark.types import RATE_HZ
from tests.joint.runs import tiny_config

DRAWS = Randomness(("tests", "variation"))


def tone(hertz: float, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE_HZ)) / RATE_HZ).astype(np.float32)


@pytest.mark.parametrize("speed", [0.85, 0.9, 1.0, 1.1, 1.25])
def test_what_is_played_faster_is_shorter_and_higher(speed):
    played = at_speed(tone(440.0), speed)
    assert len(played) == length_at(RATE_HZ, speed) == int(np.ceil(RATE_HZ / speed - 1e-9))
    spectrum = np.abs(np.fft.rfft(played * np.hanning(len(played))))
    assert spectrum.argmax() * RATE_HZ / len(played) == pytest.approx(440.0 * speed, abs=1.0)


@pytest.mark.parametrize("speed", [0.85, 1.0, 1.1])
def test_targets_stay_with_the_sound(speed):
    times = np.arange(200) / 100
    values = np.stack([np.sin(3 * times), times], axis=1).astype(np.float32)
    valid = np.ones(values.shape, bool)
    valid[50, 0] = False
    moved = targets_at_speed(Targets(values, valid), speed)
    said = np.arange(len(moved.values)) / 100 * speed  # when it was said at the usual speed
    assert said[-1] <= times[-1] + 1e-9 < said[-1] + speed / 100 + 1e-9
    np.testing.assert_allclose(moved.values[:, 1], said, atol=1e-4)
    np.testing.assert_allclose(
        moved.values[moved.valid[:, 0], 0], np.sin(3 * said)[moved.valid[:, 0]], atol=1e-3
    )
    lost = said[~moved.valid[:, 0]]
    assert np.all(np.abs(lost - 0.5) < 0.01 + 1e-9)
    assert len(lost)
    assert moved.valid[:, 1].all()


def test_targets_that_are_not_there_stay_away():
    none = Targets(np.zeros((0, 2), np.float32), np.zeros((0, 2), bool))
    assert targets_at_speed(none, 1.1).values.shape == (0, 2)


def test_every_epoch_draws_another_microphone(training_corpus):
    config = tiny_config(data={"crop_s": None, "kinds": ["clean"], "microphone_db": 6.0})
    data = TrainingData(training_corpus, config.data, 30.0, 1)
    drawn = [
        {piece.row["mixture_id"]: piece.microphone for batch in data.plan(epoch) for piece in batch}
        for epoch in (0, 1)
    ]
    assert all(drawn[0][key] != drawn[1][key] for key in drawn[0])


def test_another_microphone_is_one_smooth_response_without_delay():
    pulse = np.zeros(4096, np.float32)
    pulse[2048] = 1.0
    noise = np.random.default_rng(1).standard_normal(4096).astype(np.float32)
    one, two = through_another_microphone([pulse, noise], 10.0, DRAWS)
    assert np.abs(one).argmax() == 2048
    response = 20 * np.log10(np.abs(np.fft.rfft(one)))
    assert np.ptp(response) > 2.0
    assert np.abs(response).max() < 25.0
    # The same response for both: that is what keeps the clean speech in the mixture.
    expected = np.fft.irfft(np.fft.rfft(noise) * np.fft.rfft(np.roll(one, -2048)))
    np.testing.assert_allclose(two, expected, atol=1e-3)
    other = through_another_microphone([pulse], 10.0, Randomness(("tests", "other")))[0]
    assert not np.allclose(one, other)


def test_train_pieces_are_varied_and_dev_is_not(training_corpus):
    config = tiny_config(
        data={"crop_s": None, "speeds": [0.9, 1.1], "microphone_db": 6.0}, training={"batch_s": 30.0}
    )
    plain = tiny_config(data={"crop_s": None}, training={"batch_s": 30.0})
    data, usual = (TrainingData(training_corpus, one.data, 30.0, 1) for one in (config, plain))
    pieces = [piece for batch in data.plan(0) for piece in batch]
    assert {piece.speed for piece in pieces} == {0.9, 1.1}
    assert {piece.speed for batch in usual.plan(0) for piece in batch} == {1.0}
    for batch in data.batches(0):
        for i, length in enumerate(batch.lengths.tolist()):
            assert batch.noisy[i, :length].abs().max() > 0
            assert batch.noisy[i, length:].abs().sum() == 0
            assert not batch.valid[i, 2 * -(-length // 320) :].any()
    for one, two in zip(data.dev_batches, usual.dev_batches, strict=True):
        assert one.noisy.equal(two.noisy)
        assert one.targets.equal(two.targets)
    first, again = next(data.batches(0)), next(data.batches(0))
    assert first.noisy.equal(again.noisy)


@pytest.mark.parametrize("speeds", ["[0.93]", "[2.0]", "[]"])
def test_odd_speeds_are_refused(speeds):
    with pytest.raises(SinbadError, match="speed"):
        load_config("joint", [f"data.speeds={speeds}"])
