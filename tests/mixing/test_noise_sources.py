"""Pieces of noise from files: of any rate, levelled if speech, refused if not as planned."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.errors import CorpusError
from benchmark.metrics import active_speech_level
from benchmark.mixing.rows import Piece
from benchmark.mixing.sources import SourceReader, Sources
from benchmark.noises import NoiseReader
from tests.noises import corpora


def piece(noise_id, offset, frames):
    return Piece(noise_id=noise_id, offset=offset, at=0, frames=frames, gain_db=0.0)


@pytest.fixture
def reader(tmp_path):
    corpora.write_talker(tmp_path / "talker.wav", 40.0)
    corpora.write(tmp_path / "rain.wav", 5.0, 44100)
    noises = {"musan": NoiseReader(tmp_path), "demand": NoiseReader(tmp_path)}
    return SourceReader(Sources(readers=noises))


def test_talkers_are_levelled_and_noise_is_not(reader):
    heard = reader.talker(piece("musan:talker.wav", 100_000, 160_000))
    assert abs(active_speech_level(heard, 16000).level_db) < 0.5
    # Each piece loses a DC of its own; apart from that they are the same recording.
    part = reader.noise(piece("demand:rain.wav", 800, 1600))
    whole = reader.noise(piece("demand:rain.wav", 0, 2400))
    assert abs(part.mean()) < 1e-12
    assert abs(whole.mean()) < 1e-12
    np.testing.assert_allclose(part, whole[800:] - whole[800:].mean(), rtol=0, atol=1e-12)


def test_a_piece_of_a_talker_does_not_depend_on_what_was_read_before(reader):
    first = reader.talker(piece("musan:talker.wav", 300_000, 1000))
    again = SourceReader(reader._sources)
    again.talker(piece("musan:talker.wav", 0, 500))
    assert np.array_equal(again.talker(piece("musan:talker.wav", 300_000, 1000)), first)


def test_a_silent_stretch_takes_the_level_of_the_whole_recording(tmp_path):
    import soundfile

    from tests.speechlike import speech

    clip = np.concatenate([np.zeros(15 * 16000, np.float32), speech("late", 15.0).samples])
    soundfile.write(str(tmp_path / "late.wav"), clip, 16000)
    soundfile.write(str(tmp_path / "never.wav"), np.zeros(16000, np.float32), 16000)
    reader = SourceReader(Sources(readers={"musan": NoiseReader(tmp_path)}))
    heard = reader.talker(piece("musan:late.wav", 15 * 16000 - 1600, 16000))
    assert np.isfinite(heard).all()
    assert np.square(heard).sum() > 0
    with pytest.raises(CorpusError, match=r"musan:never\.wav: cannot serve as a talker"):
        reader.talker(piece("musan:never.wav", 0, 100))


def test_noise_that_is_shorter_than_planned_or_not_there_is_refused(reader):
    with pytest.raises(CorpusError, match=r"demand:rain\.wav: has .* not the recording that was planned"):
        reader.noise(piece("demand:rain.wav", 79_000, 4000))
    with pytest.raises(
        CorpusError, match=r"wham:x\.wav: is in the plan; give its folder with --noise-root wham=DIR"
    ):
        reader.noise(piece("wham:x.wav", 0, 100))
