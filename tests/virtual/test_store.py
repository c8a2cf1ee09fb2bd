from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import CorpusError
from benchmark.virtual import store
from benchmark.virtual.pellets import CHANNELS
from benchmark.virtual.store import Track


def _track(frames: int, start: float = 0.0) -> Track:
    values = (start + np.arange(frames * len(CHANNELS))).reshape(frames, -1).astype(np.float32)
    valid = np.ones(values.shape, dtype=bool)
    valid[::2, -1] = False
    values[~valid] = 0.0
    return Track(values, valid)


def test_tracks_come_back_as_they_were(tmp_path: Path) -> None:
    path = store.tracks_path(tmp_path, "VF01")
    tracks = {"VF01/U002": _track(7, 5.5), "VF01/U001": _track(3)}
    store.write_tracks(path, tracks)
    for utterance_id, track in tracks.items():
        found = store.read_track(path, utterance_id)
        assert np.array_equal(found.values, track.values)
        assert np.array_equal(found.valid, track.valid)
        assert found.values.dtype == np.float32
        assert found.sha256 == track.sha256


def test_rewriting_a_file_is_noticed(tmp_path: Path) -> None:
    path = store.tracks_path(tmp_path, "VF01")
    store.write_tracks(path, {"VF01/U001": _track(3)})
    store.read_track(path, "VF01/U001")
    store.write_tracks(path, {"VF01/U001": _track(4), "VF01/U000": _track(5)})
    assert len(store.read_track(path, "VF01/U001").values) == 4


def test_the_hash_sees_values_and_mask_but_not_what_is_masked() -> None:
    track = _track(4)
    other = Track(track.values.copy(), track.valid.copy())
    other.values[0, -1] = 99.0
    assert other.sha256 == track.sha256
    other.values[1, 0] += 0.001
    assert other.sha256 != track.sha256
    mask = track.valid.copy()
    mask[0, -1] = True
    assert Track(track.values, mask).sha256 != track.sha256


def test_a_missing_utterance_and_a_missing_file_are_named(tmp_path: Path) -> None:
    path = store.tracks_path(tmp_path, "VF01")
    with pytest.raises(CorpusError, match=r"VF01\.parquet: missing"):
        store.read_track(path, "VF01/U001")
    store.write_tracks(path, {"VF01/U001": _track(3)})
    with pytest.raises(CorpusError, match="has no trajectories of VF01/U009"):
        store.read_track(path, "VF01/U009")


def test_a_truncated_file_is_an_error_of_one_line(tmp_path: Path) -> None:
    path = store.tracks_path(tmp_path, "VF01")
    store.write_tracks(path, {"VF01/U001": _track(300)})
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(CorpusError, match="cannot be read as Parquet") as caught:
        store.read_track(path, "VF01/U001")
    assert "\n" not in str(caught.value)


def test_another_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    store.write_rows(path, store.SPEAKERS, [])
    with pytest.raises(CorpusError, match="has no column id, text"):
        store.read_rows(path, store.UTTERANCES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "holds no virtual corpus"),
        ("{", "not JSON"),
        ("[]", "not the description"),
        (json.dumps({"kind": "sinbad virtual corpus", "trajectory_rate_hz": 50}), "is 50, expected 100.0"),
    ],
)
def test_a_bad_description_is_refused(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "corpus.json").write_text(text)
    with pytest.raises(CorpusError, match=message):
        store.read_info(tmp_path)


def test_the_content_hash_does_not_depend_on_order() -> None:
    rows = [{"id": "b", "x": 1}, {"id": "a", "x": 2}]
    voices = [{"speaker": "v"}]
    assert store.content_hash(rows, voices) == store.content_hash(rows[::-1], voices)
    assert store.content_hash(rows, voices) != store.content_hash([{"id": "b", "x": 3}, rows[1]], voices)
