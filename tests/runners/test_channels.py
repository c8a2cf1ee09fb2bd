"""Channels are known by the names that labs and published models use."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.articulation.parameters import TARGET_SETS
from benchmark.errors import ModelError
from benchmark.runners.channels import channel_fault, matched, refuse_other_channels, renamed
from benchmark.types import Trajectories

PELLETS = TARGET_SETS["pellets"]


def sensors(names, axes="xy", joint="_"):
    return [f"{name}{joint}{axis}" for name in names for axis in axes]


@pytest.mark.parametrize(
    ("given", "tongue"),
    [
        (sensors(["TD", "TB", "TT", "LI", "UL", "LL"], "XY", ""), {"TB": "TD", "TM": "TB", "TT": "TT"}),
        (sensors(["UL", "LL", "TT", "TB", "TD", "LI"]), {"TB": "TD", "TM": "TB", "TT": "TT"}),
        (sensors(["ul", "ll", "tt", "tm", "tb", "li"]), {"TB": "tb", "TM": "tm", "TT": "tt"}),
        (
            sensors(["T1", "T2", "T3", "upperlip", "lowerlip", "jaw"], ("py", "pz")),
            {"TB": "T3", "TM": "T2", "TT": "T1"},
        ),
        (
            sensors(["TR", "TB", "TT", "UL", "LL", "ML", "JAW", "JAWL"], "xz"),
            {"TB": "TR", "TM": "TB", "TT": "TT"},
        ),
        (
            sensors(["UL", "LL", "T1", "T2", "T3", "T4", "MNI", "MNM"], joint=""),
            {"TB": "T4", "TM": "T3", "TF": "T2", "TT": "T1"},
        ),
        (
            sensors(
                ["tongue_tip", "tongue_body", "tongue_dorsum", "upper_lip", "lower_lip", "lower_incisor"]
            ),
            {"TB": "tongue_dorsum", "TM": "tongue_body", "TT": "tongue_tip"},
        ),
    ],
    ids=["SPARC", "TB and TD", "own", "mngu0", "HPRC", "XRMB", "long"],
)
def test_pellets_of_all_labs(given, tongue):
    found = matched(given, PELLETS)
    for ours, theirs in tongue.items():
        assert found[f"{ours}_x"].startswith(theirs)
        assert found[f"{ours}_y"].startswith(theirs)
    assert {"UL_x", "UL_y", "LL_x", "LL_y", "LI_x", "LI_y"} <= set(found)
    assert len(set(found.values())) == len(found) == 6 + 2 * len(tongue)
    # The second axis that a lab names points up.
    assert found["UL_x"] < found["UL_y"]


def test_names_that_could_be_two_things_are_none():
    own = ["TT_x", "TT_y", "TB_x", "TB_y"]
    assert matched(sensors(["TT", "TB"], "xyz"), PELLETS) == dict(zip(own, own, strict=True))
    assert matched(sensors(["T1", "T2"], "xyz"), PELLETS) == {}
    assert matched(["max", "index", "time", "x"], PELLETS) == {}


def test_the_same_target_twice_is_refused():
    with pytest.raises(ModelError, match="my model: gives LA twice, as LA and as lip_aperture"):
        refuse_other_channels("my model", ["LA", "lip_aperture"], TARGET_SETS["tv6"])
    assert "twice" in channel_fault(["TTx", "TT_x"], PELLETS)


def test_an_estimate_is_renamed_and_what_is_unknown_stays():
    values = np.arange(8, dtype=np.float32).reshape(2, 4)
    moved = Trajectories(values, 50.0, ("what", "lp", "LA", "TDX"), np.ones(values.shape, bool))
    found = renamed(moved, TARGET_SETS["tv6"])
    assert found.names == ("LA", "LP")
    assert found.values.tolist() == [[2, 1], [6, 5]]
    assert renamed(moved, ("TTCD",)) is moved
    assert refuse_other_channels("m", moved.names, TARGET_SETS["tv6"]) == ("LA", "LP")
