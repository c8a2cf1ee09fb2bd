"""Pieces of noise from files: of any rate, levelled if speech, refused if not as planned."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.errors import CorpusError
from benchmark.metrics import active_speech_level
from benchmark.mixing import sources
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


class Counting(NoiseReader):
    """Counts how often something is decoded."""

    def __init__(self, folder):
        super().__init__(folder)
        object.__setattr__(self, "read", [])

    def stretch(self, identity, offset, frames):
        self.read.append((identity, offset, frames))
        return super().stretch(identity, offset, frames)


@pytest.fixture
def words(tmp_path):
    import soundfile

    from tests.speechlike import speech

    for i in range(4):
        clip = speech(f"word {i}", 2.0).samples
        soundfile.write(str(tmp_path / f"w{i}.ogg"), clip, 22050)
    return tmp_path


def test_short_recordings_are_decoded_once_and_give_the_same_samples(words):
    pieces = [piece(f"words:w{i}.ogg", 100 + 700 * i, 5000) for i in range(4)]
    few = SourceReader(Sources(readers={"words": (decoding := Counting(words))}))
    many = SourceReader(Sources(readers={"words": (once := Counting(words))}), noise_s=600.0)
    for _ in range(3):
        for one in pieces:
            assert np.array_equal(few.noise(one), many.noise(one))
            assert np.array_equal(few.talker(one), many.talker(one))
    assert len(once.read) == 4
    assert len(decoding.read) > 20


def test_memory_for_noise_is_bounded_and_the_latest_stays(words, monkeypatch):
    monkeypatch.setattr(sources, "_KEPT_S", 0.1)
    counting = Counting(words)
    two_s = 2.1 * max(counting.samples(f"w{i}.ogg") for i in range(3)) / 16000
    reader = SourceReader(Sources(readers={"words": counting}), noise_s=two_s)
    for i in (0, 1, 0, 2, 0, 1):
        reader.noise(piece(f"words:w{i}.ogg", 0, 100))
    assert [name for name, _, _ in counting.read] == ["w0.ogg", "w1.ogg", "w2.ogg", "w1.ogg"]


def test_long_recordings_are_cut_where_a_piece_lies(words):
    import soundfile

    soundfile.write(str(words / "long.flac"), np.tile([0.1, -0.1], 8 * 8000), 16000)
    reader = SourceReader(Sources(readers={"words": (counting := Counting(words))}), noise_s=600.0)
    reader.noise(piece("words:long.flac", 50_000, 100))
    assert counting.read == [("long.flac", 50_000, 100)]


def test_a_recording_that_ends_in_damage_gives_what_is_sound_in_it(tmp_path):
    import soundfile

    clip = np.concatenate([np.full(32000, 0.1, np.float32), np.full(16000, np.nan, np.float32)])
    clip[:32000:2] *= -1
    soundfile.write(str(tmp_path / "torn.wav"), clip, 16000, subtype="FLOAT")
    reader = SourceReader(Sources(readers={"words": (counting := Counting(tmp_path))}), noise_s=600.0)
    assert np.abs(reader.noise(piece("words:torn.wav", 0, 8000))).max() > 0.05
    for _ in range(2):
        with pytest.raises(CorpusError, match=r"torn\.wav"):
            reader.noise(piece("words:torn.wav", 30_000, 8000))
    wholes = [offset for _, offset, frames in counting.read if frames == 48_000]
    assert len(wholes) == 1
