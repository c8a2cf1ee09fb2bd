from __future__ import annotations

import itertools
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmark.corpora import virtual
from benchmark.errors import CorpusError
from benchmark.files import demo_corpus
from benchmark.formats.phones import CLASSES
from benchmark.virtual.pellets import CHANNELS


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(demo_corpus(), tmp_path / "demo"))


def test_targets_have_sound_articulation_and_anatomy() -> None:
    utterances = [u for u in virtual.read(demo_corpus()) if u.split != "babble"]
    assert {u.split for u in utterances} == {"train", "dev", "test"}
    for utterance in utterances[::9]:
        clip = utterance.audio()
        assert clip.rate_hz == 16000
        assert clip.duration_s == utterance.duration_s
        trajectories = pickle.loads(pickle.dumps(utterance)).trajectories()
        assert trajectories.names == CHANNELS
        assert trajectories.rate_hz == 100.0
        assert trajectories.valid[:, :-1].all()
        assert 0.3 < trajectories.valid[:, -1].mean() < 0.95
        assert np.all(trajectories.values[~trajectories.valid] == 0.0)
        anatomy = utterance.anatomy()
        assert anatomy.anterior == 1
        assert np.all(np.diff(anatomy.palate[:, 0]) < 0)
        assert anatomy.pharynx.shape == (5, 2)


def test_babble_voices_have_articulation_and_a_split_of_their_own() -> None:
    babble = [u for u in virtual.read(demo_corpus()) if u.split == "babble"]
    assert {u.extra["babble_split"] for u in babble} == {"train", "dev", "test"}
    for utterance in babble:
        assert utterance.extra["role"] == "babble"
        assert utterance.trajectories().valid.any()
        assert utterance.anatomy().palate.shape[1] == 2


def test_ids_are_sorted_and_facts_are_told() -> None:
    utterances = virtual.read(demo_corpus())
    assert [u.id for u in utterances] == sorted(u.id for u in utterances)
    for utterance in utterances:
        assert utterance.extra["sex"] in ("F", "M")
        assert 0.8 < float(utterance.extra["scale"]) < 1.1
        assert "problem" not in utterance.extra


def test_phones_fill_each_utterance() -> None:
    phones = virtual.read_phones(demo_corpus())
    for utterance in virtual.read(demo_corpus()):
        intervals = phones[utterance.id]
        assert intervals[0].start_s == 0.0
        assert intervals[-1].end_s == pytest.approx(utterance.duration_s)
        assert all(a.end_s == b.start_s for a, b in itertools.pairwise(intervals))


def test_every_phone_but_silence_has_a_class() -> None:
    classes: dict[str, set[str]] = {}
    for utterance in virtual.read(demo_corpus()):
        for item in pickle.loads(pickle.dumps(utterance.phones))():
            classes.setdefault(item.phone, set()).add(item.phone_class)
    assert classes[""] == {""}
    assert all(len(found) == 1 and found <= set(CLASSES) for phone, found in classes.items() if phone)
    assert set().union(*classes.values()) == {"", *CLASSES}
    for phone, name in {"aI": "diphthong", "l": "approximant", "j": "approximant", "R": "fricative"}.items():
        assert classes[phone] == {name}


def test_it_is_recognised(tmp_path: Path) -> None:
    assert virtual.looks_like(demo_corpus())
    assert not virtual.looks_like(tmp_path)


def _problems(root: Path) -> list[str]:
    return [str(u.extra["problem"]) for u in virtual.read(root) if "problem" in u.extra]


def test_damaged_recordings_are_marked_by_name(copy: Path) -> None:
    gone, cut = copy / "audio/VF01/U001.flac", copy / "audio/VF01/U002.flac"
    gone.unlink()
    cut.write_bytes(b"")
    shutil.copy(copy / "audio/VF01/U004.flac", copy / "audio/VF01/U003.flac")
    (copy / "trajectories/VM01.parquet").unlink()
    problems = _problems(copy)
    assert sum("VF01/U001.flac" in problem for problem in problems) == 1
    assert sum("VF01/U002.flac" in problem for problem in problems) == 1
    assert sum("VF01/U003.flac: lasts" in problem for problem in problems) == 1
    assert any("VM01.parquet: missing" in problem for problem in problems)


@pytest.mark.parametrize("name", ["corpus.json", "utterances.parquet", "speakers.parquet"])
def test_a_missing_or_damaged_table_is_named(copy: Path, name: str) -> None:
    path = copy / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(CorpusError, match=name):
        virtual.read(copy)
    path.unlink()
    with pytest.raises(CorpusError, match=name):
        virtual.read(copy)


def test_a_damaged_trajectory_file_is_an_error_when_it_is_read(copy: Path) -> None:
    path = copy / "trajectories" / "VF01.parquet"
    path.write_bytes(b"PAR1 nothing PAR1")
    utterance = next(u for u in virtual.read(copy) if u.speaker == "VF01")
    assert utterance.trajectories is not None
    with pytest.raises(CorpusError, match=r"VF01\.parquet: cannot be read as Parquet"):
        utterance.trajectories()
