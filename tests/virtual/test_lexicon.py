from __future__ import annotations

import pytest

from benchmark.errors import CorpusError
from benchmark.virtual.inventory import PHONES, phone
from benchmark.virtual.lexicon import CLASSES, parse, pronounce


def test_every_entry_uses_the_inventory_and_has_a_vowel() -> None:
    for kind, words in CLASSES.items():
        for word in words:
            spoken = pronounce(kind, word)
            assert any(s.phone.syllabic for s in spoken), word


def test_content_words_carry_stress() -> None:
    unstressed = [
        word
        for kind in ("noun", "verb", "adjective", "time")
        for word in CLASSES[kind]
        if not any(s.stressed for s in pronounce(kind, word))
    ]
    assert unstressed == []


def test_the_lexicon_uses_the_whole_inventory() -> None:
    used = {
        s.phone.symbol for kind, words in CLASSES.items() for word in words for s in pronounce(kind, word)
    }
    assert used == set(PHONES)


def test_every_place_of_articulation_has_a_closure_and_every_nasal_a_voice() -> None:
    places = {p.place for p in PHONES.values() if p.manner == "plosive"}
    assert places == {"labial", "alveolar", "velar"}
    assert {p.place for p in PHONES.values() if p.manner == "nasal" and p.voiced} == places


@pytest.mark.parametrize("symbol", ["w", "V", "r\\", "", "eI", "3:"])
def test_an_unknown_symbol_is_refused_by_name(symbol: str) -> None:
    with pytest.raises(CorpusError, match="word list, line 3: unknown phone"):
        phone(symbol, "word list, line 3")


@pytest.mark.parametrize(
    ("entry", "message"),
    [("k 'w t", "unknown phone 'w'"), ("'k a t", "stress mark stands before 'k'"), ("  ", "no phones")],
)
def test_a_bad_entry_is_refused(entry: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        parse(entry, "entry")


def test_an_unknown_word_is_refused() -> None:
    with pytest.raises(CorpusError, match="no noun 'zebra'"):
        pronounce("noun", "zebra")
