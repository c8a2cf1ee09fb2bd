from __future__ import annotations

import numpy as np
import pytest

from benchmark.models.entry import Training
from benchmark.models.ridge import RidgeInverter
from benchmark.runners.trained_cache import trained
from tests.speechlike import NAMES, speech


@pytest.fixture
def training():
    calls = []

    def train(corpus):
        calls.append(corpus)
        weights = np.cos(np.arange(521 * 6)).reshape(521, 6) / 3
        return RidgeInverter(weights, NAMES, 100.0)

    return Training(train, RidgeInverter.arrays, RidgeInverter.restored), calls


@pytest.mark.parametrize("damage", [None, b"", b"PK\x03\x04 torn"])
def test_what_was_learnt_is_kept_bit_for_bit_and_damage_means_training_again(training, damage, tmp_path):
    how, calls = training
    path = tmp_path / "trained" / "x.npz"
    heard = speech("x", 1.0).samples
    first = trained(how, None, path).invert(heard)
    if damage is not None:
        path.write_bytes(damage)
    second = trained(how, None, path).invert(heard)
    assert len(calls) == (1 if damage is None else 2)
    assert second.values.tobytes() == first.values.tobytes()
    assert (second.names, second.rate_hz) == (first.names, first.rate_hz)


def test_nothing_is_kept_where_nothing_shall_be(training, tmp_path):
    how, calls = training
    trained(how, None, None)
    trained(how, None, None)
    assert len(calls) == 2
    assert list(tmp_path.iterdir()) == []
