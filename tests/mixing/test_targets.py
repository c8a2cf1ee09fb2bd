from __future__ import annotations

import numpy as np
import pytest

from benchmark.mixing.targets import over_audio
from benchmark.types import Trajectories


@pytest.mark.parametrize(("audio_s", "frames"), [(0.05, 10), (0.1, 10), (0.101, 11), (0.13, 13)])
def test_targets_last_as_long_as_their_audio(audio_s, frames):
    values = np.arange(20, dtype=np.float32).reshape(10, 2)
    given = Trajectories(values, 100.0, ("LA", "LP"), np.ones(values.shape, bool))
    found = over_audio(given, audio_s)
    assert found.values.shape == found.valid.shape == (frames, 2)
    assert np.array_equal(found.values[:10], values)
    assert found.valid[:10].all()
    assert not found.valid[10:].any()
