"""What several mixtures need of a recording is found out once, and changes no sample."""

from __future__ import annotations

from functools import partial

import pytest

from benchmark.audio import pcm16, read_clip, write_flac
from benchmark.errors import CorpusError
from benchmark.mixing.at_16k import brought_to_16k
from benchmark.mixing.render import assemble_noise
from benchmark.mixing.rows import Piece, PlanRow
from benchmark.mixing.sources import WHOLE, SourceReader, Sources
from benchmark.noises import NoiseReader
from benchmark.types import Clip, Utterance, silent
from tests.noises import corpora
from tests.speechlike import speech


def row(number: int, talkers: int, *pieces: Piece) -> PlanRow:
    return PlanRow(
        mixture_id=f"m{number}",
        utterance_id="A/u",
        speaker="A",
        split="test",
        noise_kind="babble",
        noise_category="babble",
        noise_source="musan",
        noise_seen=True,
        talkers=talkers,
        voices=talkers,
        snr_db=0.0,
        samples=8000,
        looped=False,
        pieces=list(pieces),
    )


def piece(noise_id: str, offset: int) -> Piece:
    return Piece(noise_id=noise_id, offset=offset, at=0, frames=8000, gain_db=1.5)


def voice(path) -> Utterance:
    return Utterance(
        id=path.stem,
        speaker="B",
        prompt="",
        duration_s=2.0,
        audio=partial(read_clip, path),
        trajectories=None,
    )


@pytest.fixture
def sources(tmp_path, monkeypatch):
    monkeypatch.setenv("SINBAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SINBAD_AT_16K_GB", "1")
    corpora.write(tmp_path / "rain.wav", 1.4, 44100)
    corpora.write_talker(tmp_path / "talker.wav", 40.0)
    spoken = speech("B", 2.0, 22050)
    write_flac(tmp_path / "said.flac", pcm16(spoken.samples), 22050)
    target = Utterance("A/u", "A", "", 0.5, lambda: Clip(spoken.samples, 22050), None)
    reader = NoiseReader(tmp_path)
    return Sources(
        {"A/u": target},
        voices={"corpus": {"said": voice(tmp_path / "said.flac")}},
        readers={"musan": reader, "demand": reader},
    )


@pytest.fixture
def rows():
    return [
        row(0, 0, piece("demand:rain.wav", 100)),
        row(1, 0, piece("demand:rain.wav", 9000)),
        row(2, 2, piece("corpus:said", 300), piece("corpus:said", 12000)),
        row(3, 2, piece("musan:talker.wav", 300_000), piece("musan:talker.wav", 12000)),
    ]


def test_noise_is_the_same_sample_for_sample_whether_it_is_kept_or_not(sources, rows, tmp_path):
    brought, problem = brought_to_16k(rows, sources, 1, silent)
    assert problem == ""
    assert brought.kept.keys() == {"demand:rain.wav", "corpus:said"}
    assert brought.factors.keys() == {
        ("corpus:said", WHOLE),
        ("musan:talker.wav", 1),
        ("musan:talker.wav", 0),
    }
    needed = brought.needed_by(rows)
    assert (needed.kept, needed.factors) == (brought.kept, brought.factors)
    made = [assemble_noise(one, SourceReader(sources)) for one in rows]
    (tmp_path / "rain.wav").rename(tmp_path / "gone.wav")  # so that it can only come from what is kept
    for one, other in zip(rows, made, strict=True):
        again = assemble_noise(one, SourceReader(needed))
        assert again.samples.tobytes() == other.samples.tobytes()
        assert again.talker_levels_db == other.talker_levels_db


def test_where_what_was_kept_is_gone_the_recordings_are_read(sources, rows):
    brought, _ = brought_to_16k(rows, sources, 1, silent)
    for path in brought.kept.values():
        path.unlink()
    for one in rows:
        assert (
            assemble_noise(one, SourceReader(brought)).samples.tobytes()
            == assemble_noise(one, SourceReader(sources)).samples.tobytes()
        )


def test_where_nothing_can_be_kept_the_user_is_told_why(sources, rows, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SINBAD_CACHE", str(tmp_path / "file"))
    brought, problem = brought_to_16k(rows, sources, 1, silent)
    assert brought.kept == {}
    assert "preparing takes longer, not all noise can be kept at 16 kHz" in problem
    assert "cannot be written" in problem


def test_damage_is_told_of_where_the_noise_is_heard(sources, tmp_path):
    (tmp_path / "rain.wav").write_bytes(b"RIFF")
    heard = row(0, 0, piece("demand:rain.wav", 100))
    brought, problem = brought_to_16k([heard], sources, 1, silent)
    assert problem == ""
    with pytest.raises(CorpusError, match=r"rain\.wav"):
        assemble_noise(heard, SourceReader(brought))
