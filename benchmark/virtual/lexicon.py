"""A small English-like lexicon of our own.

The synthesiser knows the sounds of German and a few more. English words are respelt with them: a uvular R,
"v" for w, "E" for the vowels of "bad" and "bed". The voices therefore have an accent, and all articulators
have work to do. A word is its phones, parted by blanks; a stress mark ' stands before the vowel that
carries the main stress.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from benchmark.errors import CorpusError
from benchmark.virtual.inventory import Phone, phone

STRESS = "'"

NOUNS = {
    "boat": "b 'o: t", "captain": "k 'E p t @ n", "garden": "g 'a: d @ n", "window": "v 'I n d o:",
    "baker": "b 'e: k 6", "kitchen": "k 'I tS I n", "money": "m 'a n i:", "puppy": "p 'a p i:",
    "teacher": "t 'i: tS 6", "village": "v 'I l I dZ", "summer": "s 'a m 6", "apple": "'E p @ l",
    "bottle": "b 'O t @ l", "shadow": "S 'E d o:", "finger": "f 'I N g 6", "thunder": "T 'a n d 6",
    "paper": "p 'e: p 6", "judge": "dZ 'a dZ", "king": "k 'I N", "goat": "g 'o: t", "fish": "f 'I S",
    "table": "t 'e: b @ l", "mother": "m 'a D 6", "ladder": "l 'E d 6", "river": "R 'I v 6",
    "song": "s 'O N", "moon": "m 'u: n", "cake": "k 'e: k", "house": "h 'aU s", "island": "'aI l @ n d",
    "boy": "b 'OY", "coin": "k 'OY n", "mouse": "m 'aU s", "treasure": "t R 'E Z 6",
    "monkey": "m 'a N k i:", "chapel": "tS 'E p @ l", "pocket": "p 'O k I t", "gate": "g 'e: t",
    "bridge": "b R 'I dZ", "thief": "T 'i: f", "farmer": "f 'a: m 6", "doctor": "d 'O k t 6",
    "cottage": "k 'O t I dZ",
}  # fmt: skip
VERBS = {
    "found": "f 'aU n d", "carried": "k 'E R i: d", "painted": "p 'e: n t I d", "took": "t 'U k",
    "bought": "b 'O t", "pushed": "p 'U S t", "kept": "k 'E p t", "guarded": "g 'a: d I d",
    "opened": "'o: p @ n d", "touched": "t 'a tS t", "loved": "l 'a v d", "moved": "m 'u: v d",
    "changed": "tS 'e: n dZ d", "counted": "k 'aU n t I d", "noticed": "n 'o: t I s t",
    "bathed": "b 'e: D d", "followed": "f 'O l o: d", "missed": "m 'I s t", "enjoyed": "E n dZ 'OY d",
    "behaved like": "b I h 'e: v d l aI k", "looked at": "l 'U k t E t", "thought of": "T 'O t O v",
    "came from": "k 'e: m f R O m", "jumped over": "dZ 'a m p t o: v 6",
}  # fmt: skip
ADJECTIVES = {
    "big": "b 'I g", "happy": "h 'E p i:", "golden": "g 'o: l d @ n", "tiny": "t 'aI n i:",
    "busy": "b 'I z i:", "thin": "T 'I n", "yellow": "j 'E l o:", "quiet": "k v 'aI @ t",
    "noisy": "n 'OY z i:", "cheap": "tS 'i: p", "young": "j 'a N", "common": "k 'O m @ n",
    "smooth": "s m 'u: D", "empty": "'E m p t i:", "good": "g 'U d", "brown": "b R 'aU n",
    "hungry": "h 'a N g R i:", "usual": "j 'u: Z u: @ l", "famous": "f 'e: m @ s", "shining": "S 'aI n I N",
    "patient": "p 'e: S @ n t",
}  # fmt: skip
DETERMINERS = {
    "the": "D @", "a": "@", "my": "m aI", "our": "aU 6", "this": "D I s", "that": "D E t", "her": "h 6",
    "every": "'E v R i:",
}  # fmt: skip
PREPOSITIONS = {
    "behind": "b I h 'aI n d", "near": "n i: 6", "with": "v I D", "under": "'a n d 6", "to": "t u:",
    "beside": "b I s 'aI d", "along": "@ l 'O N", "by": "b aI", "above": "@ b 'a v",
}  # fmt: skip
PRONOUNS = {
    "they": "D e:", "we": "v i:", "you": "j u:", "nobody": "n 'o: b O d i:", "somebody": "s 'a m b O d i:",
    "uncle Tom": "'a N k @ l t 'O m", "Peggy": "p 'E g i:", "Bobby": "b 'O b i:", "Maggie": "m 'E g i:",
    "cousin Anna": "k 'a z @ n 'E n @",
}  # fmt: skip
TIMES = {
    "today": "t u: d 'e:", "in the morning": "I n D @ m 'O n I N", "again": "@ g 'E n",
    "last month": "l 'a: s t m 'a n T", "at noon": "E t n 'u: n", "before supper": "b I f 'O s 'a p 6",
    "all evening": "O l 'i: v n I N", "in May": "I n m 'e:", "on Sunday": "O n s 'a n d e:",
    "this time": "D I s t 'aI m", "for a penny": "f O @ p 'E n i:", "once more": "v 'a n s m 'O",
}  # fmt: skip
CLASSES = {
    "noun": NOUNS, "verb": VERBS, "adjective": ADJECTIVES, "determiner": DETERMINERS, "preposition":
    PREPOSITIONS, "pronoun": PRONOUNS, "time": TIMES,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spoken:
    """A phone in a word, with or without the main stress."""

    phone: Phone
    stressed: bool


@cache
def pronounce(kind: str, word: str) -> tuple[Spoken, ...]:
    """The phones of a word (or fixed phrase) of class `kind`.

    Raises:
        CorpusError: The word is not in the lexicon, or its entry holds a symbol outside of the inventory.
    """
    entry = CLASSES.get(kind, {}).get(word)
    if entry is None:
        raise CorpusError(f"lexicon: no {kind} {word!r}")
    return parse(entry, f"lexicon, {kind} {word!r}")


def parse(entry: str, where: str) -> tuple[Spoken, ...]:
    """Reads a phone string such as "b 'o: t".

    Args:
        entry: Symbols parted by blanks, a stress mark before the stressed vowels.
        where: What is being read, for messages.

    Raises:
        CorpusError: A symbol is not in the inventory, a consonant is stressed, or there is nothing.
    """
    spoken = []
    for token in entry.split():
        found = phone(token.removeprefix(STRESS), where)
        stressed = token.startswith(STRESS)
        if stressed and not found.syllabic:
            raise CorpusError(f"{where}: the stress mark stands before {found.symbol!r}, which is no vowel")
        spoken.append(Spoken(found, stressed))
    if not spoken:
        raise CorpusError(f"{where}: no phones")
    return tuple(spoken)
