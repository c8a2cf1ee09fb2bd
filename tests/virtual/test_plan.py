from __future__ import annotations

from dataclasses import replace

import pytest

from benchmark.errors import CorpusError
from benchmark.virtual.plan import CORPORA, fingerprint, plan
from benchmark.virtual.sentences import split_of

SPLITS = ("train", "dev", "test")


@pytest.fixture(scope="module", params=sorted(CORPORA))
def parts(request: pytest.FixtureRequest) -> list:
    return plan(request.param)


def test_sentences_are_disjoint_between_splits_and_never_repeat(parts: list) -> None:
    by_split: dict[str, list[str]] = {}
    for part in parts:
        for line in part.lines:
            by_split.setdefault(line.split, []).extend(
                f"{text}." for text in line.text.rstrip(".").split(". ")
            )
    for split, texts in by_split.items():
        assert len(set(texts)) == len(texts)
        assert {split_of(text) for text in texts} == {split}
    assert set(by_split) == {*SPLITS, "babble"}


def test_every_voice_is_another_and_has_one_split(parts: list) -> None:
    voices = [part.voice for part in parts]
    assert len({voice.name for voice in voices}) == len(voices)
    assert len({(voice.scale, voice.f0_hz) for voice in voices}) == len(voices)
    for part in parts:
        assert {line.split for line in part.lines} == {"babble" if part.voice.babble else part.voice.split}
        assert all(line.id.startswith(f"{part.voice.name}/") for line in part.lines)


def test_each_split_has_both_sexes_and_eight_voices_that_only_babble(parts: list) -> None:
    for split in SPLITS:
        for babble, least in ((False, 2), (True, 8)):
            found = [
                part.voice for part in parts if part.voice.split == split and part.voice.babble is babble
            ]
            assert len(found) >= least
            assert {voice.sex for voice in found} == {"F", "M"}


def test_utterances_are_of_speakable_length(parts: list) -> None:
    for part in parts:
        for line in part.lines:
            low, high = (4000, 7500) if part.voice.babble else (2000, 4200)
            assert low <= line.duration_ms <= high, line.id


def test_settings_are_within_the_synthesisers_ranges(parts: list) -> None:
    for part in parts:
        assert 0.8 <= part.voice.scale <= 1.1
        for line in part.lines:
            assert 10.0 <= line.tau_ms <= 20.0, line.id
            assert 6000 <= line.pressure_dpa <= 10000, line.id
            assert all(60 <= line.pitch.hz(ms) <= 400 for ms in range(0, line.duration_ms, 50)), line.id


def test_sizes() -> None:
    def size(name: str) -> tuple[int, float]:
        targets = [part for part in plan(name) if not part.voice.babble]
        return len(targets), sum(line.duration_ms for part in targets for line in part.lines) / 60000

    voices, minutes = size("demo")
    assert voices >= 8
    assert 2 <= minutes <= 3
    voices, minutes = size("virtual")
    assert voices >= 16
    assert minutes >= 30


def test_the_two_corpora_share_no_voice() -> None:
    def voices(name: str) -> set[tuple[float, float]]:
        return {(part.voice.scale, part.voice.f0_hz) for part in plan(name)}

    assert not voices("demo") & voices("virtual")


def test_a_fingerprint_notices_every_change() -> None:
    part = plan("demo")[0]
    voice, line = part.voice, part.lines[0]
    same = fingerprint(voice, line)
    assert same == fingerprint(plan("demo")[0].voice, plan("demo")[0].lines[0])
    others = {
        fingerprint(replace(voice, scale=voice.scale + 0.001), line),
        fingerprint(voice, replace(line, tau_ms=line.tau_ms + 0.01)),
        fingerprint(voice, replace(line, segments=line.segments[:-1])),
        fingerprint(voice, replace(line, pitch=replace(line.pitch, final_st=0.0))),
    }
    assert same not in others
    assert len(others) == 4


def test_an_unknown_corpus_is_refused() -> None:
    with pytest.raises(CorpusError, match="no virtual corpus 'huge'; there are demo, virtual"):
        plan("huge")
