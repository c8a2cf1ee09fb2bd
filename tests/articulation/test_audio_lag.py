"""Audio and articulation that start at different times, by one lag for a speaker or by several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from benchmark.articulation.audio_lag import FEWEST, SHIFTS, Recording, _curves, _summed, estimate, recording
from benchmark.articulation.plausibility import implausible, lines
from benchmark.corpora import get
from benchmark.types import Clip, Utterance
from tests.articulation.test_plausibility import spoken

SENSORS = get("virtual").sensors


def shifted(utterances: Sequence[Utterance], late_s: Sequence[float]) -> list[Utterance]:
    """The same recordings with audio that begins later, or is cut at the front, at the same length."""

    def shift(utterance: Utterance, seconds: float) -> Utterance:
        clip = utterance.audio()
        hiss = 1e-5 * np.random.default_rng(7).standard_normal(len(clip.samples))
        count = round(seconds * clip.rate_hz)
        parts = (hiss[:count], clip.samples) if count > 0 else (clip.samples[-count:], hiss[:-count])
        samples = np.concatenate(parts)[: len(clip.samples)].astype(np.float32)
        return replace(utterance, audio=lambda: Clip(samples, clip.rate_hz), extra={"unit": "mm"})

    return [shift(one, seconds) for one, seconds in zip(utterances, late_s, strict=True)]


@pytest.mark.parametrize(("speaker", "late_s"), [("VM02", 0.15), ("VF02", -0.2), ("VF04", 0.4)])
def test_one_lag_of_all_recordings_is_found_with_its_side(speaker: str, late_s: float) -> None:
    utterances = spoken(speaker)
    (finding,) = implausible(shifted(utterances, [late_s] * len(utterances)), SENSORS)
    assert finding.kind == "lag"
    # Audio that begins late leaves its articulation early.
    assert finding.lag_s == pytest.approx(-late_s, abs=0.04)
    assert f"too {'early' if late_s > 0 else 'late'} for its audio" in finding.what
    start_s = float(finding.advice.split("start_s = ")[1].split()[0])
    assert start_s == pytest.approx(late_s, abs=0.04)


def test_another_lag_in_each_recording_is_found() -> None:
    utterances = spoken("VM02")
    late = np.array([-0.3, 0.0, 0.2, 0.4])
    moved = shifted(utterances, list(late))
    found = estimate([recording(one.audio(), one.trajectories()) for one in moved])  # type: ignore[misc]
    assert found is not None
    assert found.lags_s == pytest.approx(tuple(-late), abs=0.041)
    (line,) = lines(implausible(moved, SENSORS))
    assert "shifted against the audio by another time in each of 4 recordings" in line


def test_articulation_of_other_recordings_has_no_lag() -> None:
    utterances = spoken("VM01")
    mixed = [
        replace(one, trajectories=other.trajectories)
        for one, other in zip(utterances, [*utterances[1:], utterances[0]], strict=True)
    ]
    assert [finding for finding in implausible(mixed, SENSORS) if finding.kind == "lag"] == []


def test_too_few_recordings_tell_nothing() -> None:
    few = [recording(one.audio(), one.trajectories()) for one in spoken()[: FEWEST - 1]]  # type: ignore[misc]
    assert estimate(few) is None  # type: ignore[arg-type]


def test_what_is_explained_is_what_a_regression_on_the_frames_themselves_explains() -> None:
    draw = np.random.default_rng(5).standard_normal
    recordings = [
        Recording(draw((length, 3)) + 7.0, 20.0 * draw((length, 5)) - 40.0) for length in (60, 80, 70)
    ]
    shifts = [2, -3, 0]
    found = _curves(_summed(recordings), shifts)

    def overlapping(one: Recording, shift: int) -> tuple[np.ndarray, np.ndarray]:
        levels, moves = one.levels[max(-shift, 0) :], one.moves[max(shift, 0) :]
        frames = min(len(levels), len(moves))
        return levels[:frames], moves[:frames]

    parts = [overlapping(one, shift) for one, shift in zip(recordings[1:], shifts[1:], strict=True)]
    levels, moves = (np.concatenate(part) for part in zip(*parts, strict=True))
    scaled = (moves - moves.mean(axis=0)) / moves.std(axis=0)
    weights = np.linalg.solve(
        scaled.T @ scaled / len(scaled) + 0.01 * np.eye(5),
        scaled.T @ (levels - levels.mean(axis=0)) / len(scaled),
    )
    for shift, explained in zip(SHIFTS, found[0], strict=True):
        own, moved = overlapping(recordings[0], shift)
        heard = own - levels.mean(axis=0)
        said = (moved - moves.mean(axis=0)) / moves.std(axis=0) @ weights
        assert explained == pytest.approx(1 - ((heard - said) ** 2).sum() / (heard**2).sum(), abs=1e-9)
