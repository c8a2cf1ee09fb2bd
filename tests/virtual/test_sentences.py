from __future__ import annotations

import pytest

from benchmark.virtual.inventory import PHONES
from benchmark.virtual.sentences import sentences, split_of


@pytest.mark.parametrize("split", ["train", "dev", "test", "babble"])
def test_sentences_belong_to_their_split_and_do_not_repeat(split: str) -> None:
    texts = [sentence.text for sentence in sentences("anyone", split, 20)]
    assert len(set(texts)) == 20
    assert {split_of(text) for text in texts} == {split}


def test_the_same_voice_says_the_same_and_another_something_else() -> None:
    first = [s.text for s in sentences("one", "train", 5)]
    assert first == [s.text for s in sentences("one", "train", 5)]
    assert first[:3] == [s.text for s in sentences("one", "train", 3)]
    assert not set(first) & {s.text for s in sentences("other", "train", 5)}


def test_every_sentence_moves_every_articulator() -> None:
    for sentence in sentences("anyone", "test", 30):
        closures = {p for p in sentence.symbols if PHONES[p].manner in ("plosive", "nasal")}
        assert closures & set("pbm")
        assert closures & set("tdn")
        assert closures & set("kgN")
        assert closures & set("mnN")


def test_a_split_never_changes() -> None:
    # Written down when the shipped corpus was made.
    assert split_of("Peggy came from the summer with our brown teacher.") == "train"


def test_six_sentences_cover_nearly_all_phones() -> None:
    covered = frozenset().union(*(s.symbols for s in sentences("anyone", "train", 6)))
    assert len(covered) >= 34


def test_text_begins_with_a_capital_and_avoids_a_before_a_vowel() -> None:
    for sentence in sentences("anyone", "train", 40):
        assert sentence.text[0].isupper()
        for word, following in zip(sentence.words, sentence.words[1:], strict=False):
            assert not (word.spelling == "a" and following.phones[0].phone.syllabic)
