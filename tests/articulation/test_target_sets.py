from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from benchmark.articulation.parameters import PARAMETERS, TARGET_SETS, target_names
from benchmark.articulation.target_sets import observed, sound_targets, speaker_targets
from benchmark.errors import CorpusError
from benchmark.types import Anatomy, Clip, Trajectories, Utterance
from tests.corpora import voices

SENSORS = {
    "upper_lip": "UL",
    "lower_lip": "LL",
    "tongue_tip": "T1",
    "tongue_front": "T2",
    "tongue_mid": "T3",
    "tongue_back": "T4",
    "jaw": "MNI",
}
EXTRA = {**SENSORS, "velum_opening": "VEL", "f0": "F0"}


def trajectories(
    seed: int, rate: float, lost: str = "", extra: bool = False, shift: float = 0.0
) -> Trajectories:
    paths = voices.pellet_paths(seed, 2.0, rate)
    names = tuple(f"{pellet}_{axis}" for pellet in paths for axis in "xy")
    values = np.concatenate([path + np.array([shift, 0.0]) for path in paths.values()], axis=1)
    valid = np.array([not name.startswith(lost) if lost else True for name in names]) & np.ones(
        values.shape, bool
    )
    if extra:
        times = np.arange(len(values)) / rate
        voiced = (times > 0.5) & (times < 1.5)
        values = np.column_stack([values, 20 * np.abs(np.sin(4 * times)), np.where(voiced, 150.0, 0.0)])
        valid = np.column_stack([valid, np.ones(len(values), bool), voiced])
        names += ("VEL", "F0")
    return Trajectories(values.astype(np.float32), rate, names, valid)


def sound(seed: int) -> Clip:
    return Clip(voices.speech(seed, 2.0, 16000).astype(np.float32), 16000)


def anatomy() -> Anatomy:
    return Anatomy(voices.PALATE, voices.PHARYNX)


def utterance(number: int, rate: float = 145.645, **kinds: object) -> Utterance:
    made = partial(trajectories, number, rate, **kinds)  # type: ignore[arg-type]
    return Utterance(f"S/{number}", "S", str(number), 2.0, partial(sound, number), made, anatomy)


def test_sets_are_made_of_known_parameters() -> None:
    assert TARGET_SETS["tv6"] == ("LA", "LP", "TBCL", "TBCD", "TTCL", "TTCD")
    assert TARGET_SETS["tv9"] == (*TARGET_SETS["tv6"], "aperiodicity", "periodicity", "pitch")
    assert TARGET_SETS["tv10"] == (*TARGET_SETS["tv9"], "velum")
    for names in TARGET_SETS.values():
        assert set(names) <= set(PARAMETERS)
    assert target_names("pellets")[:4] == ("UL_x", "UL_y", "LL_x", "LL_y")
    assert target_names(["LC_x", "V_y", "LA"]) == ("LC_x", "V_y", "LA")
    with pytest.raises(CorpusError, match="no target set is called 'tv7'; there are tv6"):
        target_names("tv7")
    with pytest.raises(CorpusError, match="no target is called TX_x; there are LA"):
        target_names(["LA", "TX_x"])
    with pytest.raises(CorpusError, match="twice"):
        target_names(["LA", "LA"])


@pytest.mark.parametrize("target_set", ["tv6", "tv9", "tv10", "pellets"])
@pytest.mark.parametrize("rate", [100.0, 145.645, 500.0])
def test_every_set_has_its_names_rate_and_length(target_set: str, rate: float) -> None:
    utterances = [utterance(1, rate, extra=True), utterance(2, rate, extra=True)]
    found = speaker_targets(utterances, target_set, EXTRA)
    assert list(found) == ["S/1", "S/2"]
    for targets in found.values():
        assert targets.names == target_names(target_set)
        assert targets.rate_hz == 100.0
        assert 198 <= len(targets.values) <= 200
        assert targets.values.dtype == np.float32
        assert np.isfinite(targets.values).all()
        assert targets.valid[5:-5].any(axis=0).all()


def test_rates_agree_about_the_same_movement() -> None:
    by_rate = [
        speaker_targets([utterance(1, rate)], "tv6", SENSORS)["S/1"] for rate in (145.645, 200.0, 1250.0)
    ]
    for other in by_rate[1:]:
        frames = min(len(by_rate[0].values), len(other.values)) - 8
        np.testing.assert_allclose(
            by_rate[0].values[8:frames, [0, 1, 3, 5]], other.values[8:frames, [0, 1, 3, 5]], atol=0.01
        )


def test_protrusion_is_relative_to_the_speakers_median() -> None:
    together = speaker_targets([utterance(1), utterance(2, shift=10.0)], "tv6", SENSORS)
    column = np.concatenate([targets.values[targets.valid[:, 1], 1] for targets in together.values()])
    assert np.median(column) == pytest.approx(0.0, abs=1e-4)
    alone = speaker_targets([utterance(1)], "tv6", SENSORS)["S/1"]
    offset = (alone.values[:, 1] - together["S/1"].values[:, 1])[alone.valid[:, 1]]
    np.testing.assert_allclose(offset, offset[0], atol=2.1e-4)
    assert abs(offset[0]) > 2


def test_a_pellet_lost_throughout_costs_its_own_parameters_only() -> None:
    found = speaker_targets([utterance(1, lost="T4"), utterance(2)], "tv6", SENSORS)
    assert found["S/1"].valid.any(axis=0).tolist() == [True, True, False, False, True, True]
    assert found["S/2"].valid.any(axis=0).all()


def test_without_a_trace_the_palate_is_estimated() -> None:
    bare = [replace(utterance(number), anatomy=None) for number in (1, 2, 3)]
    found = speaker_targets(bare, "tv6", SENSORS)["S/1"]
    traced = speaker_targets([utterance(number) for number in (1, 2, 3)], "tv6", SENSORS)["S/1"]
    assert found.valid.any(axis=0).all()
    both = found.valid[:, 3] & traced.valid[:, 3]
    assert np.corrcoef(found.values[both, 3], traced.values[both, 3])[0, 1] > 0.6


def test_the_corpus_own_pitch_and_opening_are_taken() -> None:
    found = speaker_targets([utterance(1, 100.0, extra=True)], "tv10", EXTRA)["S/1"]
    pitch, opening = found.select(("pitch",)), found.select(("velum",))
    assert pitch.valid.sum() == 99
    np.testing.assert_array_equal(pitch.values[pitch.valid], 150.0)
    np.testing.assert_allclose(
        opening.values[:, 0], 20 * np.abs(np.sin(4 * np.arange(len(opening.values)) / 100)), atol=1e-4
    )


def test_a_velum_coil_opens_downwards() -> None:
    sensors = {**SENSORS, "velum": "MNM"}
    found = speaker_targets([utterance(1)], "tv10", sensors)["S/1"].select(("velum",))
    height = speaker_targets([utterance(1)], ["V_y"], sensors)["S/1"].values[:, 0]
    assert np.corrcoef(found.values[:, 0], height)[0, 1] == pytest.approx(-1.0)
    assert np.quantile(found.values, 0.02) == pytest.approx(0.0, abs=0.1)


def test_without_a_velum_the_tenth_is_invalid_and_the_nine_stay() -> None:
    found = speaker_targets([utterance(1)], "tv10", SENSORS)["S/1"]
    assert not found.valid[:, 9].any()
    assert found.valid[:, :9].any(axis=0).all()


def test_listed_parameters_come_in_their_order_and_without_a_sensor_they_are_invalid() -> None:
    found = speaker_targets([utterance(1)], ["TT_x", "LA", "V_y"], SENSORS)["S/1"]
    assert found.names == ("TT_x", "LA", "V_y")
    assert found.valid.any(axis=0).tolist() == [True, True, False]
    assert observed([found]) == ("TT_x", "LA")


def dead(place: float, number: int = 1) -> Utterance:
    """An utterance in which the tongue-back coil rests in one place throughout."""
    made = trajectories(number, 145.645)
    made.values[:, [made.names.index("T4_x"), made.names.index("T4_y")]] = place
    return replace(utterance(number), trajectories=partial(given, made))


def given(made: Trajectories) -> Trajectories:
    return made


@pytest.mark.parametrize("place", [0.0, 12.5])
def test_a_coil_that_never_moves_is_lost_and_no_data(place: float) -> None:
    found = speaker_targets([dead(place)], "tv6", SENSORS)["S/1"]
    assert found.valid.any(axis=0).tolist() == [True, True, False, False, True, True]
    assert not speaker_targets([dead(place)], ["TB_x", "TB_y"], SENSORS)["S/1"].valid.any()


def test_a_damaged_utterance_leaves_the_others_of_its_speaker() -> None:
    def damaged() -> Trajectories:
        raise CorpusError("ema/2.csv: damaged")

    found = sound_targets([utterance(1), replace(utterance(2), trajectories=damaged)], "tv6", SENSORS)
    assert list(found.targets) == ["S/1"]
    assert str(found.problems["S/2"]) == "ema/2.csv: damaged"


def test_frames_end_with_the_audio() -> None:
    short = replace(utterance(1), duration_s=1.234)
    assert len(speaker_targets([short], "tv6", SENSORS)["S/1"].values) == 124


def test_two_speakers_or_no_articulation_are_refused() -> None:
    with pytest.raises(CorpusError, match="speaker by speaker, got S, Z"):
        speaker_targets([utterance(1), replace(utterance(2), speaker="Z")], "tv6", SENSORS)
    with pytest.raises(CorpusError, match="S/1: has no articulation"):
        speaker_targets([replace(utterance(1), trajectories=None)], "tv6", SENSORS)


def test_targets_are_rounded_and_blank_where_invalid() -> None:
    found = speaker_targets([utterance(1, lost="T4")], "tv9", SENSORS)["S/1"]
    rounded = np.round(found.values.astype(np.float64), 4).astype(np.float32)
    np.testing.assert_array_equal(found.values, rounded)
    assert (found.values[~found.valid] == 0).all()
    assert not np.signbit(found.values[found.values == 0]).any()
