"""Sentences from templates, each belonging to one split for ever."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmark.draws import Draws
from benchmark.errors import CorpusError
from benchmark.virtual.lexicon import CLASSES, Spoken, pronounce

TEMPLATES = (
    "determiner adjective noun verb determiner noun time",
    "pronoun verb determiner adjective noun preposition determiner noun",
    "determiner noun preposition determiner noun verb determiner adjective noun",
    "pronoun verb determiner noun preposition determiner adjective noun",
    "determiner adjective noun verb determiner adjective noun",
)
# A sentence's split is a property of its words, so that no corpus made with this lexicon can share
# sentences between splits.
_SHARES = ("train",) * 9 + ("dev",) * 4 + ("test",) * 4 + ("babble",) * 3
_CANDIDATES = 12
_ATTEMPTS = 10_000


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a sentence: its class, spelling and phones."""

    kind: str
    spelling: str
    phones: tuple[Spoken, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The spelling, beginning with a capital."""
        joined = " ".join(word.spelling for word in self.words)
        return f"{joined[0].upper()}{joined[1:]}."

    @property
    def symbols(self) -> frozenset[str]:
        """The phones that occur."""
        return frozenset(spoken.phone.symbol for word in self.words for spoken in word.phones)


def split_of(text: str) -> str:
    """The split that a sentence belongs to: "train", "dev", "test" or "babble"."""
    return Draws(("sentence", text)).choice("split", _SHARES)


def sentences(voice: str, split: str, count: int) -> list[Sentence]:
    """`count` different sentences of a split for one voice, chosen to cover the inventory.

    Of several candidates the one with most phones that the voice has not said lately is taken.

    Raises:
        CorpusError: The templates cannot give that many.
    """
    candidates = _drawn(Draws(("sentences", voice, split)), split)
    chosen: list[Sentence] = []
    said: dict[str, int] = {}
    for _ in range(count):
        pool = [next(candidates) for _ in range(_CANDIDATES)]
        best = max(
            pool, key=lambda sentence: sum(1.0 / (1 + said.get(s, 0)) for s in sorted(sentence.symbols))
        )
        chosen.append(best)
        for symbol in best.symbols:
            said[symbol] = said.get(symbol, 0) + 1
    return chosen


def _drawn(draws: Draws, split: str) -> Iterator[Sentence]:
    seen = set()
    for attempt in range(_ATTEMPTS):
        sentence = _sentence(draws, attempt)
        if sentence.text not in seen and split_of(sentence.text) == split:
            seen.add(sentence.text)
            yield sentence
    raise CorpusError(f"the templates give too few sentences of split {split!r}")


def _sentence(draws: Draws, attempt: int) -> Sentence:
    kinds = draws.choice(f"{attempt}/template", TEMPLATES).split()
    words: list[Word] = []
    for position, kind in enumerate(kinds):
        free = [word for word in CLASSES[kind] if all(word != other.spelling for other in words)]
        spelling = draws.choice(f"{attempt}/{position}", free)
        words.append(Word(kind, spelling, pronounce(kind, spelling)))
    words = [_article(word, following) for word, following in zip(words, [*words[1:], None], strict=True)]
    return Sentence(tuple(words))


def _article(word: Word, following: Word | None) -> Word:
    if word.spelling == "a" and following is not None and following.phones[0].phone.syllabic:
        return Word(word.kind, "this", pronounce("determiner", "this"))
    return word
