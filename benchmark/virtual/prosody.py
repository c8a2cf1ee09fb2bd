"""How long each phone lasts and where the pitch goes: rules, since the synthesiser has none.

Durations follow the scheme of Klatt (JASA 59:1208, 1976): a phone has an inherent and a minimal duration,
and each rule shrinks or stretches only what lies between the two. Pitch is a falling line with an accent on
each stressed syllable and a fall or rise at the end. Both are computed with sums, products and one power,
and rounded, so that every machine gets the same numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchmark.randomness import Randomness
from benchmark.virtual.inventory import PHONES, SILENCE
from benchmark.virtual.lexicon import Spoken
from benchmark.virtual.sentences import Sentence
from benchmark.virtual.voices import Voice

LEAD_MS, TAIL_MS, PAUSE_MS = 120, 150, 90
_UNSTRESSED, _FUNCTION_WORD, _CLUSTER, _FINAL = 0.5, 0.4, 0.8, 1.45
_CONTENT = ("noun", "verb", "adjective", "pronoun", "time")
_JITTER = 0.08
_ACCENT_HALF_MS = 160.0
_FINAL_MS = 260.0
_RISE_ONE_IN = 6
_F0_SPAN_HZ = (60.0, 400.0)


@dataclass(frozen=True, slots=True)
class Segment:
    """A phone, or silence (symbol ""), in time; whole milliseconds."""

    symbol: str
    start_ms: int
    end_ms: int
    accented: bool = False


@dataclass(frozen=True, slots=True)
class Accent:
    """A bump in the pitch: a smooth rise and fall of `height_st` semitones around `peak_ms`."""

    peak_ms: float
    height_st: float


@dataclass(frozen=True, slots=True)
class Pitch:
    """The pitch of an utterance, in semitones about `base_hz`.

    Attributes:
        base_hz: The voice's typical F0.
        start_st: Height of the falling line at the beginning.
        end_st: Its height at the end.
        total_ms: Length of the line.
        accents: Bumps that are added.
        final_st: What is added at the very end; negative falls, positive rises.
    """

    base_hz: float
    start_st: float
    end_st: float
    total_ms: int
    accents: tuple[Accent, ...]
    final_st: float

    def hz(self, time_ms: float) -> float:
        """F0 in Hz at a time, rounded to 0.01 Hz."""
        place = min(max(time_ms / self.total_ms, 0.0), 1.0)
        height = self.start_st + (self.end_st - self.start_st) * place
        for accent in self.accents:
            distance = (time_ms - accent.peak_ms) / _ACCENT_HALF_MS
            if abs(distance) < 1.0:
                height += accent.height_st * (1.0 - distance * distance) ** 2
        late = min(max(1.0 - (self.total_ms - TAIL_MS - time_ms) / _FINAL_MS, 0.0), 1.0)
        height += self.final_st * late * late
        low, high = _F0_SPAN_HZ
        return round(min(max(self.base_hz * math.pow(2.0, height / 12.0), low), high), 2)


def segments(
    said: tuple[Sentence, ...], voice: Voice, tempo: float, randomness: Randomness
) -> tuple[Segment, ...]:
    """Phones in time for one or more sentences, with silence before, between and after.

    Args:
        said: The sentences.
        voice: Who speaks.
        tempo: Factor on the rate, on top of the voice's own.
        randomness: Draws for the jitter, one identity an utterance.
    """
    timed = [Segment(SILENCE, 0, LEAD_MS)]
    for number, sentence in enumerate(said):
        if number:
            timed.append(Segment(SILENCE, timed[-1].end_ms, timed[-1].end_ms + PAUSE_MS))
        for spoken, factor in _factors(sentence):
            jitter = 1.0 + _JITTER * (randomness.integer(f"jitter/{len(timed)}", 0, 2001) - 1000) / 1000.0
            kind = spoken.phone
            ideal = kind.minimal_ms + (kind.inherent_ms - kind.minimal_ms) * factor
            length = max(round(ideal * jitter / (voice.tempo * tempo)), 30)
            start = timed[-1].end_ms
            timed.append(Segment(kind.symbol, start, start + length, spoken.stressed))
    return (*timed, Segment(SILENCE, timed[-1].end_ms, timed[-1].end_ms + TAIL_MS))


def _factors(sentence: Sentence) -> list[tuple[Spoken, float]]:
    flat: list[tuple[Spoken, float]] = []
    for word in sentence.words:
        for i, spoken in enumerate(word.phones):
            factor = _word_factor(word.kind, spoken)
            neighbours = [word.phones[j] for j in (i - 1, i + 1) if 0 <= j < len(word.phones)]
            if not spoken.phone.syllabic and any(not other.phone.syllabic for other in neighbours):
                factor *= _CLUSTER
            flat.append((spoken, factor))
    last_nucleus = max(i for i, (spoken, _) in enumerate(flat) if spoken.phone.syllabic)
    return [
        (spoken, factor * _FINAL if i >= last_nucleus else factor) for i, (spoken, factor) in enumerate(flat)
    ]


def _word_factor(kind: str, spoken: Spoken) -> float:
    if kind not in _CONTENT:
        return _FUNCTION_WORD
    return 1.0 if spoken.stressed or not spoken.phone.syllabic else _UNSTRESSED


def pitch(timed: tuple[Segment, ...], voice: Voice, randomness: Randomness) -> Pitch:
    """The pitch for phones in time."""
    stressed = [s for s in timed if s.accented and PHONES[s.symbol].syllabic]
    accents = []
    for number, segment in enumerate(stressed):
        share = 0.45 + 0.55 * randomness.integer(f"accent/{number}", 0, 1001) / 1000.0
        # Later accents are lower; the early peak is what declination leaves to hear.
        height = voice.range_st * share * (1.0 - 0.35 * number / max(len(stressed) - 1, 1))
        accents.append(Accent(0.4 * segment.start_ms + 0.6 * segment.end_ms, round(height, 3)))
    rises = randomness.integer("final", 0, _RISE_ONE_IN) == 0
    register = (randomness.integer("register", 0, 2001) - 1000) / 1000.0
    return Pitch(
        base_hz=voice.f0_hz,
        start_st=round(register + 0.35 * voice.range_st, 3),
        end_st=round(register - 0.55 * voice.range_st, 3),
        total_ms=timed[-1].end_ms,
        accents=tuple(accents),
        final_st=round(voice.range_st * (0.9 if rises else -0.6), 3),
    )
