from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from benchmark.randomness import Randomness
from benchmark.virtual.inventory import PHONES
from benchmark.virtual.prosody import LEAD_MS, PAUSE_MS, TAIL_MS, Accent, Pitch, Segment, pitch, segments
from benchmark.virtual.sentences import sentences
from tests.virtual.conftest import make_voice

SAID = tuple(sentences("prosody", "train", 30))
DRAWS = Randomness(("prosody",))


def _all_segments() -> list[Segment]:
    voice = make_voice()
    return [
        s
        for i, said in enumerate(SAID)
        for s in segments((said,), voice, 1.0, Randomness(("prosody", i)))
        if s.symbol
    ]


def test_segments_follow_each_other_without_gap() -> None:
    timed = segments(SAID[:2], make_voice(), 1.0, DRAWS)
    assert timed[0] == Segment("", 0, LEAD_MS)
    assert timed[-1].symbol == ""
    assert timed[-1].end_ms - timed[-1].start_ms == TAIL_MS
    assert all(a.end_ms == b.start_ms for a, b in pairwise(timed))
    inner = [s for s in timed[1:-1] if s.symbol == ""]
    assert [s.end_ms - s.start_ms for s in inner] == [PAUSE_MS]


def test_nothing_is_shorter_than_what_the_articulators_need() -> None:
    for segment in _all_segments():
        assert segment.end_ms - segment.start_ms >= 0.85 * PHONES[segment.symbol].minimal_ms


def test_stress_lengthens_the_vowels_of_content_words() -> None:
    lengths: dict[bool, list[int]] = {True: [], False: []}
    for i, said in enumerate(SAID):
        flat = [(word.kind, spoken) for word in said.words for spoken in word.phones]
        timed = [s for s in segments((said,), make_voice(), 1.0, Randomness(("prosody", i))) if s.symbol]
        # The last syllable is left out: it is lengthened anyway.
        for (kind, spoken), segment in list(zip(flat, timed, strict=True))[:-5]:
            if spoken.phone.symbol == "E" and kind not in ("determiner", "preposition"):
                lengths[spoken.stressed].append(segment.end_ms - segment.start_ms)
    inherent, minimal = PHONES["E"].inherent_ms, PHONES["E"].minimal_ms
    assert np.mean(lengths[True]) == pytest.approx(inherent, rel=0.04)
    assert np.mean(lengths[False]) == pytest.approx((inherent + minimal) / 2, rel=0.04)


def test_the_last_syllable_is_lengthened() -> None:
    def last(said: int, sentence_count: int) -> int:
        timed = segments(SAID[said : said + sentence_count], make_voice(), 1.0, DRAWS)
        nucleus = [s for s in timed if s.symbol and PHONES[s.symbol].syllabic][-1]
        return nucleus.end_ms - nucleus.start_ms

    shares = []
    for i in range(20):
        inherent = [p for w in SAID[i].words for p in w.phones if p.phone.syllabic][-1].phone.inherent_ms
        shares.append(last(i, 1) / inherent)
    everywhere = [
        (s.end_ms - s.start_ms) / PHONES[s.symbol].inherent_ms
        for s in _all_segments()
        if PHONES[s.symbol].syllabic
    ]
    assert np.mean(shares) > 1.1 * np.mean(everywhere)


def test_a_faster_voice_takes_less_time() -> None:
    slow = segments(SAID[:1], make_voice(), 1.0, DRAWS)[-1].end_ms
    fast = segments(SAID[:1], replace(make_voice(), tempo=1.2), 1.0, DRAWS)[-1].end_ms
    assert fast < 0.9 * slow


def test_pitch_falls_and_rises_where_it_is_accented() -> None:
    flat = Pitch(100.0, 2.0, -2.0, 2000, (), 0.0)
    assert flat.hz(0) > flat.hz(1000) > flat.hz(1800)
    accented = replace(flat, accents=(Accent(1000.0, 4.0),))
    assert accented.hz(1000) == round(100.0 * 2 ** (4.0 / 12), 2)
    assert accented.hz(800) == flat.hz(800)
    assert accented.hz(1200) == flat.hz(1200)


def test_pitch_stays_in_a_speakable_range() -> None:
    wild = Pitch(230.0, 30.0, -40.0, 2000, (), -20.0)
    values = [wild.hz(ms) for ms in range(-100, 2200, 10)]
    assert min(values) == 60.0
    assert max(values) == 400.0


def test_only_stressed_syllables_get_accents() -> None:
    voice = make_voice()
    timed = segments(SAID[:1], voice, 1.0, DRAWS)
    line = pitch(timed, voice, DRAWS)
    stressed = [s for s in timed if s.accented]
    assert len(line.accents) == len(stressed)
    for accent, segment in zip(line.accents, stressed, strict=True):
        assert segment.start_ms <= accent.peak_ms <= segment.end_ms
        assert 0 < accent.height_st <= voice.range_st
