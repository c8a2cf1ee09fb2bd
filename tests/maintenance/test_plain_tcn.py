from __future__ import annotations

import numpy as np

from benchmark import prepare
from maintenance import plain_tcn


def test_the_plain_network_trains_and_is_a_model(tmp_path):
    corpus, run = tmp_path / "demo_noisy", tmp_path / "run"
    assert prepare.main(["--recipe", "demo_noisy", "--limit", "2", "--out", str(corpus)]) == 0
    assert plain_tcn.main(["--corpus", str(corpus), "--out", str(run), "--epochs", "1"]) == 0
    found = plain_tcn.PlainTcn(str(run)).invert(
        np.random.default_rng(1).normal(0, 0.1, 16000).astype(np.float32)
    )
    assert found.values.shape == (100, 6)
    assert np.isfinite(found.values).all()
    assert found.values.std(axis=0).min() > 0
