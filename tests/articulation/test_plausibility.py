"""What is said of articulation that cannot be, and that nothing is said of what can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark import corpora
from benchmark.articulation.plausibility import Finding, implausible, lines, sampled
from benchmark.errors import LengthError
from benchmark.files import demo_corpus
from benchmark.types import Trajectories, Utterance

Values = NDArray[np.float32]
Change = Callable[[Values], Values]

DEMO = corpora.read("virtual", demo_corpus())
SENSORS = {
    role: prefix
    for role, prefix in corpora.get("virtual").sensors.items()
    if role not in ("jaw_back", "velum_opening", "f0")
}
CHANNELS = tuple(f"{prefix}_{axis}" for prefix in SENSORS.values() for axis in "xy")


def spoken(speaker: str = "VF01") -> list[Utterance]:
    return [u for u in DEMO if u.speaker == speaker and u.trajectories is not None]


def changed(utterance: Utterance, change: Change, unit: str = "mm", rate_hz: float = 100.0) -> Utterance:
    """A recording of a folder whose description states `unit` and `rate_hz`, its coordinates changed."""
    assert utterance.trajectories is not None
    pellets = utterance.trajectories().select(CHANNELS)
    values = change(pellets.values.copy())
    moved = Trajectories(values, rate_hz, CHANNELS, np.ones(values.shape, bool))
    extra = {**utterance.extra, "unit": unit}
    return replace(utterance, trajectories=lambda: moved, anatomy=None, extra=extra)


def found_in(change: Change, unit: str = "mm", rate_hz: float = 100.0, **sensors: str) -> list[Finding]:
    utterances = [changed(utterance, change, unit, rate_hz) for utterance in spoken()]
    return implausible(utterances, {**SENSORS, **sensors})


def only(findings: list[Finding]) -> tuple[str, str]:
    """Kind and line of the one finding."""
    (finding,) = findings
    (line,) = lines(findings)
    return finding.kind, line


def same(values: Values) -> Values:
    return values


def column(role: str) -> int:
    return 2 * list(SENSORS).index(role)


def test_nothing_is_said_of_any_embedded_speaker() -> None:
    assert implausible(DEMO, corpora.get("virtual").sensors) == []


def test_nothing_is_said_of_a_folder_that_is_described_rightly() -> None:
    assert found_in(same) == []


@pytest.mark.parametrize(
    ("factor", "stated", "advice"),
    [
        (0.1, "mm", 'looks like cm; write unit = "cm" instead of "mm"'),
        (1000, "m", 'looks like mm; write unit = "mm" instead of "m"'),
        (0.001, "um", 'looks like mm; write unit = "mm" instead of "um"'),
        (1 / 25.4, "mm", 'looks like inch; write unit = "inch" instead of "mm"'),
        (100, "mm", "looks like 1/100 mm; write unit = 0.01 instead of"),
        (10, "cm", 'looks like mm; write unit = "mm" instead of "cm"'),
        (10, "0.1", 'looks like 1/100 mm; write unit = 0.01 instead of "0.1"'),
    ],
)
def test_a_head_of_another_size_tells_the_unit(factor: float, stated: str, advice: str) -> None:
    kind, line = only(found_in(lambda values: values * np.float32(factor), stated))
    assert kind == "unit"
    assert advice in line


@pytest.mark.parametrize("size", [0.7, 1.4])
def test_small_and_large_heads_are_heads(size: float) -> None:
    assert found_in(lambda values: values * np.float32(size)) == []


def test_normalised_channels_are_named() -> None:
    kind, line = only(found_in(lambda values: (values - values.mean(axis=0)) / values.std(axis=0)))
    assert (kind, "look normalised" in line) == ("unit", True)
    kind, line = only(found_in(lambda values: values - values.mean(axis=0)))
    assert (kind, "the mean of each channel seems to have been taken away" in line) == ("unit", True)


@pytest.mark.parametrize(("stated", "true"), [(220, 250), (240, 250), (98, 100), (200, 100), (400, 500)])
def test_a_wrong_rate_is_told_by_the_length_of_the_audio(stated: float, true: float) -> None:
    def resampled(values: Values) -> Values:
        frames = int(len(values) * true / 100)
        at = np.arange(frames) * (100 / true)
        channels = [np.interp(at, np.arange(len(values)), channel) for channel in values.T]
        return np.stack(channels, axis=1).astype(np.float32)

    kind, line = only(found_in(resampled, rate_hz=stated))
    assert kind == "rate"
    assert line.endswith(f"the rate of {stated} seems wrong: a rate of {true} would fit")


def test_a_wrong_rate_is_told_of_recordings_that_are_refused_for_it() -> None:
    def refused(utterance: Utterance) -> Utterance:
        def read() -> Trajectories:
            error = LengthError("too far apart")
            error.audio_s, error.articulation_s, error.rate_hz = 10.0, 12.5, 200.0
            raise error

        return replace(utterance, trajectories=read)

    (finding,) = implausible([refused(utterance) for utterance in spoken()], SENSORS)
    assert finding.advice.endswith("a rate of 250 would fit")


def test_articulation_that_ends_early_is_counted_and_is_no_wrong_rate() -> None:
    kind, line = only(found_in(lambda values: values[:-20]))
    assert kind == "lengths"
    assert f"in {len(spoken())} of {len(spoken())} recordings" in line
    assert "at most 0.20 s shorter" in line


def test_what_a_reader_cut_off_counts() -> None:
    def cut(utterance: Utterance) -> Utterance:
        whole = changed(utterance, same).trajectories()  # type: ignore[misc]
        moved = replace(whole, recorded_s=whole.duration_s + 0.3)
        return replace(utterance, trajectories=lambda: moved)

    (finding,) = implausible([cut(utterance) for utterance in spoken()], SENSORS)
    assert "(at most 0.31 s longer)" in finding.what


def test_zeros_that_stand_for_lost_values_are_named() -> None:
    def lost(values: Values) -> Values:
        values[40:70, column("tongue_tip") : column("tongue_tip") + 2] = 0
        return values

    kind, line = only(found_in(lost))
    assert kind == "lost"
    assert f"the tongue tip is at exactly (0, 0) in {30 * len(spoken())} frames" in line
    assert "write missing = 0 in [trajectories]" in line


@pytest.mark.parametrize(("code", "unit", "stated"), [(-999.0, "mm", "999"), (99999.0, "cm", "9999.9")])
def test_other_numbers_that_stand_for_lost_values_are_named(code: float, unit: str, stated: str) -> None:
    def lost(values: Values) -> Values:
        values[50:55, column("jaw") : column("jaw") + 2] = code
        return values

    _, line = only(found_in(lost, unit))
    assert f"write missing = {stated} in" in line


def test_a_dead_coil_is_named() -> None:
    def dead(values: Values) -> Values:
        values[:, column("tongue_back") : column("tongue_back") + 2] = 0
        return values

    kind, line = only(found_in(dead))
    assert (kind, "the tongue back never moves: it is always at (0, 0)" in line) == ("lost", True)


def test_a_sensor_that_is_lost_throughout_is_named_with_the_targets_that_it_costs() -> None:
    """Readers mark a dead coil as lost, so that nothing of it is left to look at."""
    utterances = []
    for one in spoken():
        pellets = changed(one, same).trajectories()  # type: ignore[misc]
        pellets.valid[:, column("tongue_back") : column("tongue_back") + 2] = False
        utterances.append(replace(one, trajectories=lambda pellets=pellets: pellets, anatomy=None))
    kind, line = only(implausible(utterances, SENSORS))
    assert kind == "lost"
    assert f"the tongue back is lost in all frames of {len(utterances)} recordings" in line
    assert "so that TBCL, TBCD are never valid" in line


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tongue_mid", "tongue_back"),
        ("tongue_tip", "tongue_mid"),
        ("lower_lip", "jaw"),
        ("upper_lip", "tongue_tip"),
    ],
)
def test_exchanged_sensors_are_named(one: str, other: str) -> None:
    exchanged = {one: SENSORS[other], other: SENSORS[one]}
    kind, line = only(found_in(same, **exchanged))
    assert kind == "axes"
    assert "are exchanged" in line
    assert one.replace("_", " ") in line
    assert other.replace("_", " ") in line


def test_one_channel_for_two_roles_is_named() -> None:
    kind, line = only(found_in(same, upper_lip=SENSORS["tongue_tip"]))
    assert (kind, "the upper lip and the tongue tip have the very same values" in line) == ("sensors", True)


def test_lips_that_never_meet_or_part_are_named() -> None:
    def far(values: Values) -> Values:
        values[:, column("upper_lip") + 1] += 40
        return values

    def stiff(values: Values) -> Values:
        low = column("lower_lip")
        values[:, low : low + 2] = values[:, column("upper_lip") : column("upper_lip") + 2] - (2, 12)
        return values

    assert "the lips never meet: their sensors come no closer than 4" in only(found_in(far))[1]
    assert "the lips hardly part" in only(found_in(stiff))[1]


def test_speakers_with_the_same_fault_share_a_line() -> None:
    small = [changed(u, lambda v: v / np.float32(10)) for name in ("VF01", "VF02") for u in spoken(name)]
    findings = implausible(small, SENSORS)
    assert [finding.speaker for finding in findings] == ["VF01", "VF02"]
    (line,) = lines(findings)
    assert line.startswith("VF01 (and 1 more speakers: VF02): the head is 5.")


def test_a_sample_is_bounded_spread_and_always_the_same() -> None:
    (members,) = sampled(reversed([replace(spoken()[0], id=f"A/{i:03d}") for i in range(100)]), 5).values()
    assert [utterance.id for utterance in members] == ["A/000", "A/020", "A/040", "A/060", "A/080"]


def with_palate(change: Change) -> list[Utterance]:
    def traced(utterance: Utterance) -> Utterance:
        assert utterance.anatomy is not None
        anatomy = utterance.anatomy()
        palate, pharynx = change(anatomy.palate), anatomy.pharynx
        moved = replace(anatomy, palate=palate, pharynx=None if pharynx is None else change(pharynx))
        return replace(changed(utterance, same), anatomy=lambda: moved)

    return [traced(utterance) for utterance in spoken()]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda points: points / 10, "the trace of palate and pharynx is"),
        (lambda points: points * (1, -1), "the tongue lies beyond the palate"),
        (lambda points: points - (0, 12), "the tongue lies beyond the palate"),
        (lambda points: points - (0, -40), "the tongue comes no closer to the palate than"),
        (lambda points: points * 10, "the trace of palate and pharynx is"),
    ],
    ids=["cm", "upside down", "too low", "too high", "1/10 mm"],
)
def test_a_palate_of_other_coordinates_is_named(change: Change, said: str) -> None:
    kind, line = only(implausible(with_palate(change), SENSORS))
    assert (kind, said in line) == ("outline", True)


def test_a_traced_palate_of_the_same_coordinates_is_right() -> None:
    assert implausible(with_palate(lambda points: points), SENSORS) == []


def test_an_estimated_palate_that_is_too_short_is_named() -> None:
    tongue = [role for role in SENSORS if role.startswith("tongue")]
    less = {role: prefix for role, prefix in SENSORS.items() if role not in tongue} | {
        "tongue_tip": SENSORS["tongue_tip"]
    }

    def still(values: Values) -> Values:
        at = column("tongue_tip")
        values[:, at : at + 2] = values[:, at : at + 2].mean(axis=0) + 0.5 * np.sin(
            np.arange(len(values))[:, None]
        )
        return values

    utterances = [replace(changed(one, still), anatomy=None) for one in spoken()]
    kind, line = only(implausible(utterances, less))
    assert (kind, "no palate was traced" in line) == ("outline", True)
