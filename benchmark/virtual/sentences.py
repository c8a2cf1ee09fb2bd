"""Sentences from templates, each belonging to one split for ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmark.errors import CorpusError
from benchmark.randomness import Randomness
from benchmark.virtual.lexicon import CLASSES, Spoken, pronounce

_TEMPLATES = tuple(
    template.split()
    for template in (
        "determiner adjective noun verb determiner noun time",
        "pronoun verb determiner adjective noun preposition determiner noun",
        "determiner noun preposition determiner noun verb determiner adjective noun",
        "pronoun verb determiner noun preposition determiner adjective noun",
        "determiner adjective noun verb determiner adjective noun",
    )
)
_WORDS = {kind: tuple(words) for kind, words in CLASSES.items()}
# "A" would have to become "an", which the lexicon does not know.
_A, _BEFORE_VOWEL = ("determiner", "a"), ("determiner", "this")
# A sentence's split is a property of its words, so that no corpus made with this lexicon can share
# sentences between splits.
_SHARES = ("train",) * 9 + ("dev",) * 4 + ("test",) * 4 + ("babble",) * 3
_CANDIDATES = 8
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
        return _text([word.spelling for word in self.words])

    @property
    def symbols(self) -> frozenset[str]:
        """The phones that occur."""
        return frozenset(spoken.phone.symbol for word in self.words for spoken in word.phones)

    @property
    def moves_everything(self) -> bool:
        """Whether lips, tongue tip and tongue body make a closure each and the velum opens."""
        phones = [spoken.phone for word in self.words for spoken in word.phones]
        closures = {phone.place for phone in phones if phone.manner in ("plosive", "nasal")}
        return closures == {"labial", "alveolar", "velar"} and any(p.manner == "nasal" for p in phones)


def split_of(text: str) -> str:
    """The split that a sentence belongs to: "train", "dev", "test" or "babble"."""
    return Randomness(("sentence", text)).choice("split", _SHARES)


def sentences(voice: str, split: str, count: int) -> list[Sentence]:
    """`count` different sentences of a split for one voice, chosen to cover the inventory.

    Every sentence moves every articulator, so that none of its trajectories stands still. Of several
    candidates the one with most phones that the voice has not said lately is taken.

    Raises:
        CorpusError: The templates cannot give that many.
    """
    candidates = _drawn(Randomness(("sentences", voice, split)), split)
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


def _drawn(randomness: Randomness, split: str) -> Iterator[Sentence]:
    seen = set()
    for attempt in range(_ATTEMPTS):
        spellings = _spellings(randomness, attempt)
        text = _text([spelling for _, spelling in spellings])
        if text not in seen and split_of(text) == split:
            seen.add(text)
            sentence = Sentence(tuple(Word(kind, word, pronounce(kind, word)) for kind, word in spellings))
            if sentence.moves_everything:
                yield sentence
    raise CorpusError(f"the templates give too few sentences of split {split!r}")


def _spellings(randomness: Randomness, attempt: int) -> list[tuple[str, str]]:
    words: list[tuple[str, str]] = []
    for position, kind in enumerate(randomness.choice(f"{attempt}/template", _TEMPLATES)):
        word = randomness.choice(f"{attempt}/{position}", _WORDS[kind])
        if (kind, word) in words:
            free = [other for other in _WORDS[kind] if (kind, other) not in words]
            word = randomness.choice(f"{attempt}/{position}/again", free)
        words.append((kind, word))
    return [_article(*pair) for pair in zip(words, [*words[1:], None], strict=True)]


def _article(word: tuple[str, str], following: tuple[str, str] | None) -> tuple[str, str]:
    if word == _A and following is not None and pronounce(*following)[0].phone.syllabic:
        return _BEFORE_VOWEL
    return word


def _text(spellings: Sequence[str]) -> str:
    joined = " ".join(spellings)
    return f"{joined[0].upper()}{joined[1:]}."
