from __future__ import annotations

import numpy as np
import pytest

from benchmark import corpora
from benchmark.articulation.target_sets import speaker_targets
from benchmark.corpora.sync_tone import tone_hz, without_sync_tone
from benchmark.files import demo_corpus
from benchmark.randomness import gaussian
from benchmark.types import Clip
from tests.speechlike import speech


def with_tone(rate_hz: int, hertz: float = 1000.0, seconds: float = 0.2) -> Clip:
    samples = speech("voice", 2.0, rate_hz).samples * 0.5
    samples[: rate_hz // 2] = 0
    samples += 1e-4 * gaussian("hiss", len(samples)).astype(np.float32)
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    samples[: len(time)] += 0.3 * np.sin(2 * np.pi * hertz * time).astype(np.float32)
    return Clip(samples, rate_hz)


@pytest.mark.parametrize("rate_hz", [16000, 21739, 22050])
@pytest.mark.parametrize("hertz", [916.0, 1000.0])
def test_an_opening_tone_is_silenced_and_nothing_else(rate_hz, hertz):
    clip = with_tone(rate_hz, hertz)
    found = without_sync_tone(clip)
    assert tone_hz(clip.samples, rate_hz) == pytest.approx(hertz, abs=10)
    assert not found.samples[: round(0.2 * rate_hz)].any()
    assert np.array_equal(found.samples[rate_hz // 2 :], clip.samples[rate_hz // 2 :])
    assert len(found.samples) == len(clip.samples)


def test_recordings_without_a_tone_are_left_alone():
    for utterance in corpora.read("virtual", demo_corpus())[::5]:
        clip = utterance.audio()
        assert without_sync_tone(clip) is clip
    for samples in (speech("x").samples, gaussian("n", 16000), np.zeros(16000), np.zeros(10)):
        clip = Clip(np.asarray(samples, np.float32), 16000)
        assert without_sync_tone(clip) is clip


def test_a_tone_later_in_the_recording_is_not_the_opening_one():
    clip = with_tone(16000)
    moved = Clip(np.roll(clip.samples, 16000), 16000)
    assert without_sync_tone(moved) is moved


@pytest.mark.real
def test_the_tone_of_a_real_recording_is_no_pitch(real_samples):
    (utterance,) = corpora.read("xrmb", real_samples / "xrmb")
    clip = utterance.audio()
    assert not clip.samples[: round(0.2 * clip.rate_hz)].any()
    assert clip.samples[round(0.9 * clip.rate_hz) :].any()
    targets = speaker_targets([utterance], "tv9", corpora.get("xrmb").sensors)[utterance.id]
    assert not targets.select(("pitch",)).valid[:25].any()
