"""Real recordings, one a format, read to the byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.io

from benchmark import corpora
from benchmark.articulation.plausibility import implausible
from benchmark.articulation.target_sets import speaker_targets
from benchmark.formats import carstens, est_track

pytestmark = pytest.mark.real


def test_xrmb(real_samples: Path) -> None:
    (utterance,) = corpora.read("xrmb", real_samples / "xrmb")
    found = utterance.trajectories()  # type: ignore[misc]
    assert found.values.shape == (730, 16)
    assert not found.valid[:6].any()
    assert found.valid[6:].all()
    np.testing.assert_array_equal(found.values[-1, :2], np.array([13.764, 16.991], np.float32))
    assert found.rate_hz == pytest.approx(1e6 / 6866, abs=1e-3)
    assert utterance.id == "JW11/tp005"
    assert utterance.duration_s == pytest.approx(5.0243, abs=1e-4)
    anatomy = utterance.anatomy()  # type: ignore[misc]
    assert anatomy.palate.shape == (22, 2)
    np.testing.assert_array_equal(anatomy.palate[0], (-4.0, 4.433))
    np.testing.assert_array_equal(anatomy.pharynx, [(-90.663, 16.444), (-90.629, -24.627)])


def test_hprc(real_samples: Path) -> None:
    (utterance,) = corpora.read("hprc", real_samples / "hprc")
    found = utterance.trajectories()  # type: ignore[misc]
    assert (len(found.values), found.rate_hz) == (262, 100.0)
    path = real_samples / "hprc" / "F01" / "F01_B01_S01_R01_N.mat"
    elements = scipy.io.loadmat(path)[path.stem][0]
    tip = next(element for element in elements if element["NAME"][0] == "TT")
    np.testing.assert_array_equal(found.select(("TT_x", "TT_y")).values, tip["SIGNAL"][:, [0, 2]])
    clip = utterance.audio()
    assert (len(clip.samples), clip.rate_hz) == (114_881, 44_100)
    assert utterance.extra["sentence"] == "The birch canoe slid on the smooth planks."
    phones = utterance.phones()  # type: ignore[misc]
    spoken = [item.phone for item in phones if item.phone]
    assert " ".join(spoken[:7]) == "DH AH0 B ER1 CH K AH0"
    assert all(item.phone_class for item in phones if item.phone)
    assert phones[3] == ("B", "plosive", pytest.approx(0.26984, abs=1e-5), pytest.approx(0.36961, abs=1e-5))


def test_mocha(real_samples: Path) -> None:
    (utterance,) = corpora.read("mocha", real_samples / "mocha")
    found = utterance.trajectories()  # type: ignore[misc]
    rows = np.loadtxt(real_samples / "mocha" / "fsew0_001.ema")
    assert (len(found.values), found.rate_hz) == (966, 500.0)
    # Columns 14 and 19 after time and flag are velum x and y; x is turned to grow towards the lips.
    expected = rows[:, [2 + 12, 2 + 17]] / (-100.0, 100.0)
    np.testing.assert_allclose(found.select(("V_x", "V_y")).values, expected, atol=1e-5)
    assert utterance.duration_s == pytest.approx(2.218, abs=1e-3)
    anatomy = utterance.anatomy()  # type: ignore[misc]
    assert anatomy.palate[0, 0] == -3.5829
    # The tongue lies under the palate and between lips and velum.
    means = {name: found.values[:, i].mean() for i, name in enumerate(found.names)}
    assert means["UL_x"] > means["TT_x"] > means["TB_x"] > means["TD_x"] > means["V_x"]


def test_est_ramps(real_samples: Path) -> None:
    binary = est_track.read_track(real_samples / "est" / "esttrack.bin")
    text = est_track.read_track(real_samples / "est" / "esttrack.txt")
    ramp = np.arange(1, 841, dtype=float).reshape(10, 84)
    np.testing.assert_array_equal(binary.values, ramp)
    np.testing.assert_array_equal(text.values, ramp)
    np.testing.assert_allclose(binary.times, text.times, atol=1e-9)
    assert binary.names == text.names


@pytest.mark.parametrize(("name", "sensors", "rate_hz"), [("ag500", 12, 200.0), ("ag501", 16, 250.0)])
def test_carstens_ramps(real_samples: Path, name: str, sensors: int, rate_hz: float) -> None:
    path = real_samples / "ag50x" / f"{name}.pos"
    ramp = np.arange(1, 10 * sensors * 7 + 1, dtype=float).reshape(10, sensors, 7)
    np.testing.assert_array_equal(carstens.read_positions(path), ramp)
    assert carstens.read_header(path).rate_hz == rate_hz


@pytest.mark.parametrize("name", ["xrmb", "hprc", "mocha"])
def test_no_real_recording_is_implausible(real_samples: Path, name: str) -> None:
    found = implausible(corpora.read(name, real_samples / name), corpora.get(name).sensors)
    # The articulation of MOCHA's recording does end 0.29 s before its audio.
    assert [finding.kind for finding in found] == (["lengths"] if name == "mocha" else [])


@pytest.mark.parametrize("name", ["xrmb", "hprc", "mocha"])
def test_targets_are_plausible(real_samples: Path, name: str) -> None:
    utterances = corpora.read(name, real_samples / name)
    (found,) = speaker_targets(utterances, "tv10", corpora.get(name).sensors).values()
    middle = {
        n: np.median(found.values[found.valid[:, i], i])
        for i, n in enumerate(found.names)
        if found.valid[:, i].any()
    }
    assert 10 < middle["LA"] < 50
    assert -0.01 < middle["LP"] < 0.01
    assert 0 < middle["TBCD"] < 25
    assert 0 < middle["TTCD"] < 25
    assert middle["TTCL"] < middle["TBCL"]
    assert 60 < middle["pitch"] < 350
    assert found.valid[:, :6].mean() > 0.95
