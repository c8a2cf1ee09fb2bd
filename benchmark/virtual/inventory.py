"""The phones of the virtual language, in the SAMPA symbols that VocalTractLab has gestures for.

VocalTractLab drops symbols that it does not know without a word; so every symbol is checked here before it
gets there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmark.errors import CorpusError


@dataclass(frozen=True, slots=True)
class Phone:
    """One phone.

    Attributes:
        symbol: SAMPA.
        manner: "vowel", "diphthong", "plosive", "affricate", "fricative", "nasal", "lateral" or "glide".
        place: Where it is made: "labial", "dental", "alveolar", "postalveolar", "palatal", "velar",
            "uvular", "glottal"; "" for vowels.
        voiced: Whether the vocal folds are set to vibrate.
        inherent_ms: Duration in a stressed syllable at a middling tempo.
        minimal_ms: What shortening tends to but never reaches.
    """

    symbol: str
    manner: str
    place: str
    voiced: bool
    inherent_ms: float
    minimal_ms: float

    @property
    def syllabic(self) -> bool:
        """Whether it carries a syllable."""
        return self.manner in ("vowel", "diphthong")


_VOWELS = {
    "I": (78, 45), "E": (88, 50), "a": (95, 50), "O": (95, 50), "U": (78, 45), "@": (58, 40), "6": (72, 45),
    "i:": (115, 65), "e:": (120, 70), "a:": (135, 75), "o:": (125, 70), "u:": (115, 65),
}  # fmt: skip
_DIPHTHONGS = {"aI": (165, 100), "aU": (170, 100), "OY": (170, 100)}
_PAIRS = (
    ("plosive", "labial", "p b", (95, 70), (80, 60)),
    ("plosive", "alveolar", "t d", (92, 68), (74, 55)),
    ("plosive", "velar", "k g", (95, 70), (80, 60)),
    ("affricate", "postalveolar", "tS dZ", (140, 100), (120, 85)),
    ("fricative", "labial", "f v", (105, 75), (72, 52)),
    ("fricative", "dental", "T D", (100, 72), (65, 50)),
    ("fricative", "alveolar", "s z", (110, 78), (80, 58)),
    ("fricative", "postalveolar", "S Z", (112, 80), (82, 60)),
)
_OTHERS = (
    ("fricative", "glottal", "h", False, (65, 48)),
    ("fricative", "uvular", "R", True, (70, 52)),
    ("nasal", "labial", "m", True, (82, 60)),
    ("nasal", "alveolar", "n", True, (72, 55)),
    ("nasal", "velar", "N", True, (84, 62)),
    ("lateral", "alveolar", "l", True, (72, 52)),
    ("glide", "palatal", "j", True, (66, 48)),
)


def _phones() -> Iterable[Phone]:
    for symbol, span in _VOWELS.items():
        yield Phone(symbol, "vowel", "", True, *span)
    for symbol, span in _DIPHTHONGS.items():
        yield Phone(symbol, "diphthong", "", True, *span)
    for manner, place, pair, voiceless_span, voiced_span in _PAIRS:
        voiceless, voiced = pair.split()
        yield Phone(voiceless, manner, place, False, *voiceless_span)
        yield Phone(voiced, manner, place, True, *voiced_span)
    for manner, place, symbol, is_voiced, span in _OTHERS:
        yield Phone(symbol, manner, place, is_voiced, *span)


PHONES = {phone.symbol: phone for phone in _phones()}
SILENCE = ""


def phone(symbol: str, where: str) -> Phone:
    """The phone with this symbol.

    Args:
        symbol: SAMPA, without stress mark.
        where: What is being read, for the message.

    Raises:
        CorpusError: There is no such phone.
    """
    try:
        return PHONES[symbol]
    except KeyError:
        raise CorpusError(
            f"{where}: unknown phone {symbol!r}; the inventory is {' '.join(sorted(PHONES))}"
        ) from None
