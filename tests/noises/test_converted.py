"""Noise that is brought to 16 kHz once: the same samples, bounded, and never believed without its hash."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest

from benchmark.errors import SinbadError
from benchmark.noises import NoiseReader, converted
from benchmark.noises.reading import _BLOCK, read_stretch
from tests.noises import corpora


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SINBAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SINBAD_AT_16K_GB", "1")
    return tmp_path


@pytest.mark.parametrize("rate_hz", [44100, 8000])
def test_what_is_kept_are_the_samples_that_a_stretch_has(folder, rate_hz):
    path = corpora.write(folder / "rain.wav", 64.0, rate_hz, channels=2)
    kept = NoiseReader(folder).keep("rain.wav", time.time_ns())
    for offset, frames in ((0, 1000), (_BLOCK - 300, 700), (2 * _BLOCK - 1, 16000), (64 * 16000 - 200, 400)):
        assert np.array_equal(converted.cut(kept, offset, frames), read_stretch(path, offset, frames))


def test_only_what_reads_slowly_or_sounds_other_is_worth_keeping(folder):
    corpora.write(folder / "16.wav", 1.0, 16000)
    corpora.write(folder / "48.wav", 1.0, 48000)
    corpora.write_talker(folder / "talker.ogg", 1.0)
    reader = NoiseReader(folder)
    assert [reader.costly(name) for name in ("16.wav", "48.wav", "talker.ogg")] == [False, True, False]


def test_a_file_that_is_changed_is_another_and_one_that_is_moved_is_not(folder):
    corpora.write(folder / "a.wav", 1.0, 44100)
    first = NoiseReader(folder).keep("a.wav", 0)
    (folder / "a.wav").rename(folder / "b.wav")
    assert NoiseReader(folder).keep("b.wav", 0) == first
    corpora.write(folder / "b.wav", 1.1, 44100)
    assert NoiseReader(folder).keep("b.wav", 0) != first


def test_what_was_damaged_is_made_again(folder):
    corpora.write(folder / "a.wav", 1.0, 44100)
    kept = NoiseReader(folder).keep("a.wav", 0)
    sound = kept.read_bytes()
    for damaged in (sound[:-4], sound[:100] + b"x" + sound[101:], b""):
        kept.write_bytes(damaged)
        assert NoiseReader(folder).keep("a.wav", 0).read_bytes() == sound


def test_what_was_not_used_for_longest_makes_room_but_nothing_of_this_run(folder, monkeypatch):
    for name in "abcd":
        corpora.write(folder / f"{name}.wav", 1.0, 44100)
    reader = NoiseReader(folder)
    a, b = (reader.keep(f"{name}.wav", 0) for name in "ab")
    os.utime(a, (2e9, 2e9))
    os.utime(b, (1e9, 1e9))
    monkeypatch.setenv("SINBAD_AT_16K_GB", "130e-6")
    c = reader.keep("c.wav", time.time_ns())
    assert a.exists()
    assert not b.exists()
    assert c.exists()
    with pytest.raises(OSError, match="set SINBAD_AT_16K_GB to more"):
        reader.keep("d.wav", 1)


@pytest.mark.parametrize("said", ["much", "-1", "nan"])
def test_a_bound_that_is_no_number_is_refused(monkeypatch, said):
    monkeypatch.setenv("SINBAD_AT_16K_GB", said)
    with pytest.raises(SinbadError, match="no number of gigabytes"):
        converted.most_bytes()
