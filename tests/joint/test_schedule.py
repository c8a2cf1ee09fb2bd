from __future__ import annotations

import pytest

from benchmark.joint.config import TrainingConfig
from benchmark.joint.schedule import Schedule


def test_the_rate_rises_over_the_warm_up_and_stays():
    schedule = Schedule(TrainingConfig(warmup=4, schedule="constant"))
    assert [schedule.at(step, 0.0) for step in range(6)] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    assert Schedule(TrainingConfig(warmup=0, schedule="constant")).at(0, 0.0) == 1.0


def test_the_cosine_falls_to_zero_over_the_epochs():
    schedule = Schedule(TrainingConfig(warmup=0, schedule="cosine", epochs=10))
    assert [schedule.at(0, done) for done in (0.0, 5.0, 10 - 1e-6)] == pytest.approx([1.0, 0.5, 0.0])


def test_the_cosine_starts_again_with_every_cycle():
    schedule = Schedule(TrainingConfig(warmup=0, schedule="cosine", epochs=10, cycle=4))
    assert [schedule.at(0, done) for done in (0.0, 2.0, 4 - 1e-6, 4.0, 6.0, 9.0)] == pytest.approx(
        [1.0, 0.5, 0.0, 1.0, 0.5, 0.5 + 0.5**1.5]
    )


def test_a_plateau_halves_the_rate_after_patience_and_again():
    schedule = Schedule(TrainingConfig(warmup=0, schedule="plateau", patience=2, plateau_factor=0.5))
    rates = []
    for better in (True, False, False, False, False, True, False):
        schedule.after_epoch(better)
        rates.append(schedule.at(0, 0.0))
    assert rates == [1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.25]
