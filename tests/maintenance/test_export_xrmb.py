from __future__ import annotations

import numpy as np
import pytest

from benchmark.articulation.outline import from_anatomy
from benchmark.articulation.target_sets import smooth_pellets, speaker_targets
from benchmark.articulation.tract_variables import NAMES, body_arc, track
from benchmark.corpora import virtual, xrmb
from benchmark.files import demo_corpus
from benchmark.types import Trajectories, Utterance
from maintenance.export_xrmb import export

#: Positions in the export are whole micrometres.
TOLERANCE_MM = 0.01


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Utterance], dict[str, str]]:
    target = tmp_path_factory.mktemp("xrmb")
    written = export(demo_corpus(), target)
    return {u.id.lower(): u for u in xrmb.read(target)}, written


def test_the_xrmb_reader_finds_every_recording_and_no_fault(exported: tuple) -> None:
    found, written = exported
    assert set(found) == {name.lower() for name in written}
    assert [u.extra.get("problem") for u in found.values() if "problem" in u.extra] == []
    targets = [u for u in virtual.read(demo_corpus()) if u.split != "babble"]
    assert sorted(written.values()) == sorted(u.id for u in targets)
    assert len({name.split("/")[0] for name in written}) == len({u.speaker for u in targets})


def test_pellets_survive_the_way_there_and_back(exported: tuple) -> None:
    found, written = exported
    originals = {u.id: u for u in virtual.read(demo_corpus())}
    for name, original_id in list(written.items())[::9]:
        there, here = found[name.lower()].trajectories(), originals[original_id].trajectories()
        assert here is not None
        assert there.rate_hz == pytest.approx(145.645, abs=0.01)
        assert there.valid.all()
        for channel in ("UL_y", "T1_x", "T4_y", "MNM_x"):
            old = here.select((channel,)).values[:, 0]
            new = there.select((channel,)).values[:, 0]
            back = np.interp(np.arange(len(old)) / 100, np.arange(len(new)) / there.rate_hz, new)
            assert np.abs(back - old)[2:-2].max() < 1.0
            assert np.abs(back - old).mean() < 0.05


def test_sound_and_anatomy_survive_too(exported: tuple) -> None:
    found, written = exported
    originals = {u.id: u for u in virtual.read(demo_corpus())}
    name, original_id = next(iter(written.items()))
    there, here = found[name.lower()], originals[original_id]
    assert np.array_equal(there.audio().samples, here.audio().samples)
    assert there.anatomy is not None
    assert here.anatomy is not None
    assert there.anatomy().palate == pytest.approx(here.anatomy().palate, abs=1e-9)
    assert len(there.anatomy().pharynx) == 2


def test_tract_variables_are_the_same_by_either_way(exported: tuple) -> None:
    """Equal within 10 micrometres, except for locations where two places of the wall are equally near."""
    found, written = exported
    there = {written[name]: found[name.lower()] for name in written}
    here = [u for u in virtual.read(demo_corpus()) if u.split != "babble"]
    ties = frames_seen = 0
    for speaker in sorted({u.speaker for u in here})[:4]:
        own = [u for u in here if u.speaker == speaker]
        direct = speaker_targets(own, "tv6", virtual.CORPUS.sensors)
        by_xrmb = speaker_targets([there[u.id] for u in own], "tv6", xrmb.CORPUS.sensors)
        for utterance in own:
            one, two = direct[utterance.id], by_xrmb[there[utterance.id].id]
            frames = min(len(one.values), len(two.values))
            assert abs(len(one.values) - len(two.values)) <= 1
            both = (one.valid[:frames] & two.valid[:frames]).all(axis=1)
            # The spline has no neighbours beyond the ends of a recording.
            both[:5] = both[-5:] = False
            assert both.mean() > 0.9
            apart = (np.abs(one.values[:frames] - two.values[:frames]) > TOLERANCE_MM) & both[:, None]
            assert set(np.flatnonzero(apart.any(axis=0))) <= {NAMES.index("TBCL"), NAMES.index("TTCL")}
            for frame, column in np.argwhere(apart):
                assert equally_near(utterance, one, int(frame), int(column), two.values[frame, column])
            ties += apart.any(axis=1).sum()
            frames_seen += both.sum()
    assert ties < 0.001 * frames_seen


def equally_near(utterance: Utterance, direct: Trajectories, frame: int, column: int, place: float) -> bool:
    """Whether the tongue is as near to the wall at `place` as it is anywhere."""
    wall = from_anatomy(utterance.anatomy())  # type: ignore[misc]
    at = [np.interp(place, wall.along, wall.points[:, axis]) for axis in (0, 1)]
    pellets, sensors = smooth_pellets(utterance), virtual.CORPUS.sensors
    if NAMES[column] == "TTCL":
        tongue = track(pellets, sensors, "tongue_tip").xy[[frame]]  # type: ignore[union-attr]
    else:
        arc = body_arc(pellets, sensors, frame)
        fine = np.linspace(0, len(arc) - 1, 2000)  # type: ignore[arg-type]
        tongue = np.stack([np.interp(fine, np.arange(len(arc)), arc[:, axis]) for axis in (0, 1)], axis=1)
    nearest_mm = np.hypot(*(tongue - at).T).min()
    return bool(nearest_mm - abs(direct.values[frame, column + 1]) < TOLERANCE_MM)
