from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import CorpusError
from benchmark.mixing.targets import make_targets, over_audio
from benchmark.mixing.targets_aside import SetAside, put_aside
from benchmark.types import Trajectories, Utterance, silent
from tests.corpora import voices


@pytest.mark.parametrize(("audio_s", "frames"), [(0.05, 10), (0.1, 10), (0.101, 11), (0.13, 13)])
def test_targets_last_as_long_as_their_audio(audio_s, frames):
    values = np.arange(20, dtype=np.float32).reshape(10, 2)
    given = Trajectories(values, 100.0, ("LA", "LP"), np.ones(values.shape, bool))
    found = over_audio(given, audio_s)
    assert found.values.shape == found.valid.shape == (frames, 2)
    assert np.array_equal(found.values[:10], values)
    assert found.valid[:10].all()
    assert not found.valid[10:].any()


SENSORS = {"upper_lip": "UL", "lower_lip": "LL", "tongue_tip": "T1", "tongue_mid": "T3", "tongue_back": "T4"}


def paths(seed, pellets):
    found = voices.pellet_paths(seed, 1.0, 200.0)
    values = np.concatenate([found[name] for name in pellets], axis=1).astype(np.float32)
    names = tuple(f"{name}_{axis}" for name in pellets for axis in "xy")
    return Trajectories(values, 200.0, names, np.ones(values.shape, bool))


def said(speaker, pellets=("UL", "LL", "T1", "T3", "T4"), number=1):
    return Utterance(f"{speaker}/{number}", speaker, "", 1.0, None, partial(paths, number, pellets))


@pytest.fixture
def made(tmp_path):
    def make(utterances, targets, speakers=("A", "B")):
        scratch = Path(tempfile.mkdtemp(dir=tmp_path))
        return make_targets(utterances, speakers, targets, SENSORS, scratch, 1, silent)

    return make


def test_pellets_are_those_that_the_corpus_has_sensors_for(made):
    found = made([said("A"), said("B", number=2)], "pellets")
    assert found.names == tuple(f"{name}_{axis}" for name in ("UL", "LL", "TT", "TM", "TB") for axis in "xy")
    assert found.remarks == ["LI_x, LI_y, TF_x, TF_y: never observed in this corpus, no part of its targets"]


def test_tract_variables_without_a_tongue_back_are_those_that_remain(made):
    utterances = [said("A", ("UL", "LL", "T1", "T3")), said("B", ("UL", "LL", "T1", "T3"), 2)]
    assert made(utterances, "tv6").names == ("LA", "LP", "TTCL", "TTCD")


def test_a_sensor_that_one_speaker_lacks_costs_that_speakers_channels_alone(made):
    found = made([said("A"), said("B", ("UL", "LL", "T1", "T3"), 2)], "tv6")
    assert found.names == ("LA", "LP", "TBCL", "TBCD", "TTCL", "TTCD")
    seen = {
        speaker: item.valid.any(axis=0).tolist()
        for speaker, of in found.by_speaker.items()
        for item in of.values()
    }
    assert seen == {"A": [True] * 6, "B": [True, True, False, False, True, True]}
    assert found.remarks == ["B: TBCL, TBCD never observed, invalid throughout"]


def test_a_part_of_a_corpus_has_the_columns_of_the_whole(made):
    utterances = [said("A"), said("B", ("UL", "LL", "T1", "T3"), 2)]
    assert made(utterances, "tv6", {"B"}).names == made(utterances, "tv6").names


def test_a_listed_target_that_nobody_has_is_refused_by_name(made):
    with pytest.raises(CorpusError, match=r"no speaker has LC_y, V_x: .*observed are LA"):
        made([said("A")], ["LA", "LC_y", "V_x"])


def test_targets_put_aside_come_back_as_they_were(tmp_path):
    one, two = paths(1, ("UL", "LL")), paths(2, ("UL", "LL"))
    two.valid[3, 1] = False
    put_aside(tmp_path, "a/b", {"x": one, "y": two})
    found = SetAside(tmp_path, ["a/b"], ("LL_y", "UL_x"))
    assert list(found) == ["a/b"]
    assert ("a/b" in found, "c" in found, found.get("c"), len(found)) == (True, False, None, 1)
    for key, given in (("x", one), ("y", two)):
        again, wanted = found["a/b"][key], given.select(("LL_y", "UL_x"))
        assert (again.names, again.rate_hz) == (wanted.names, wanted.rate_hz)
        assert np.array_equal(again.values, wanted.values)
        assert np.array_equal(again.valid, wanted.valid)
