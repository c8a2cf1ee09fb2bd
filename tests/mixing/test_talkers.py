from __future__ import annotations

import numpy as np

from benchmark import prepare
from benchmark.mixing import talkers
from benchmark.mixing.layout import talkers_path, trajectories_path
from benchmark.mixing.talkers import talker_tracks
from benchmark.mixing.trajectory_table import read_trajectories, targets_sha256
from benchmark.types import Trajectories
from tests import recipe_corpora


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


def test_targets_of_speakers_who_babble_are_made_once(tmp_path, monkeypatch):
    recipe_corpora.WRITERS["xrmb"](tmp_path / "xrmb")

    def again(utterances, *_):
        raise AssertionError(f"{utterances[0].speaker}: targets were made before")

    monkeypatch.setattr(talkers, "speaker_targets", again)
    out = tmp_path / "out"
    where = ["--speech-root", str(tmp_path / "xrmb"), "--out", str(out), "--jobs", "1", "--plan-only"]
    assert prepare.main(["--recipe", "xrmb_noisy", *where]) == 0
    written = sorted((out / "talkers" / "corpus").glob("*.parquet"))
    assert written
    for path in written:
        assert path == talkers_path(out, "corpus", path.stem)
        own, talked = read_trajectories(trajectories_path(out, path.stem)), read_trajectories(path)
        assert {key: targets_sha256(one) for key, one in talked.items()} == {
            key: targets_sha256(one) for key, one in own.items()
        }
