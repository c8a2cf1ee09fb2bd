from __future__ import annotations

import numpy as np

from benchmark.mixing.talkers import talker_tracks
from benchmark.types import Trajectories


def ramp(frames: int, start: float, names=("LA", "LP")) -> Trajectories:
    values = np.stack([start + np.arange(frames), -np.arange(frames)], axis=1).astype(np.float32)
    return Trajectories(values, 100.0, names, np.ones(values.shape, bool))


def piece(name: str, offset: int, at: int, frames: int) -> dict:
    return {"noise_id": name, "offset": offset, "at": at, "frames": frames, "gain_db": 0.0}


def test_the_movements_of_a_talker_lie_where_the_talker_is_heard():
    recordings = {"v:A/1": ramp(300, 1000), "v:A/2": ramp(300, 2000), "v:B/1": ramp(300, 3000, ("LP", "LA"))}
    row = {
        "pieces": [
            piece("v:A/1", 16000, 0, 8000),  # from 1 s on, for half a second
            piece("v:A/2", 0, 8000, 8000),
            piece("v:B/1", 1600, 0, 16000),
            piece("v:C/1", 0, 0, 16000),  # nobody knows how they moved
        ]
    }
    first, second, third = talker_tracks(row, recordings.get, ramp(100, 0))
    assert list(first.values[:50, 0]) == list(range(1100, 1150))
    assert list(first.values[50:, 0]) == list(range(2000, 2050))
    assert list(second.values[:, 1]) == list(range(3010, 3110)), "by name, not by place"
    assert first.valid.all()
    assert second.valid.all()
    assert not third.valid.any()


def test_what_was_not_observed_stays_unknown():
    short = ramp(20, 0)
    short.valid[5] = False
    (track,) = talker_tracks({"pieces": [piece("v:A/1", 0, 0, 8000)]}, lambda _: short, ramp(60, 0))
    assert not track.valid[5].any()
    assert not track.valid[20:].any()
    assert track.valid[:5].all()
