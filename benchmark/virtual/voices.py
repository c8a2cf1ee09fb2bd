"""Who speaks: the voices of each virtual corpus."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.randomness import Randomness

# Ranges of a voice by sex: scale of the tract and typical F0 (Hz). 1.0 is the synthesiser's own man.
_RANGES = {"F": ((0.82, 0.93), (175.0, 240.0)), "M": ((0.94, 1.08), (92.0, 140.0))}
_STEPS = 10_000


@dataclass(frozen=True, slots=True)
class Voice:
    """A virtual speaker.

    Attributes:
        name: Label, unique in the corpus; babble voices begin with "B".
        sex: "F" or "M"; it tells tract length and pitch range, nothing else.
        split: "train", "dev" or "test".
        babble: Whether the voice only babbles and is never a target.
        scale: Factor on every length of the vocal tract.
        f0_hz: Typical fundamental frequency.
        range_st: Height of a full pitch accent, semitones.
        tempo: Factor on the speaking rate; 1 is middling.
        tau_ms: Time constant of the articulators: small is crisp, large slurs one sound into the next.
        breathiness: Setting of the vocal folds in voiced sounds: 0 is modal, 1 fully breathy, -1 pressed.
    """

    name: str
    sex: str
    split: str
    babble: bool
    scale: float
    f0_hz: float
    range_st: float
    tempo: float
    tau_ms: float
    breathiness: float


def cast(corpus: str, counts: dict[str, dict[str, int]], *, babble: bool) -> list[Voice]:
    """The voices of a corpus, spread over the ranges so that no two are alike.

    Args:
        corpus: Name of the corpus; other corpora get other voices.
        counts: Number of voices for each sex ("F", "M") and split.
        babble: Whether to cast targets or babble voices.
    """
    voices: list[Voice] = []
    for sex in sorted(counts):
        splits = _interleaved(counts[sex])
        randomness = Randomness(("voices", corpus, "babble" if babble else "target", sex))
        pitch_rank = randomness.sample("pitch", range(len(splits)), len(splits))
        for i, split in enumerate(splits):
            name = f"{'B' if babble else 'V'}{sex}{i + 1:02d}"
            voices.append(
                _voice(
                    Randomness(("voice", corpus, name)),
                    name,
                    sex,
                    split,
                    babble,
                    i,
                    pitch_rank[i],
                    len(splits),
                )
            )
    return voices


def _voice(
    randomness: Randomness,
    name: str,
    sex: str,
    split: str,
    babble: bool,
    rank: int,
    pitch_rank: int,
    count: int,
) -> Voice:
    (small, large), (low, high) = _RANGES[sex]

    def between(purpose: str, start: float, end: float, digits: int) -> float:
        return round(start + (end - start) * randomness.integer(purpose, 0, _STEPS + 1) / _STEPS, digits)

    def stratum(purpose: str, start: float, end: float, position: int, digits: int) -> float:
        width = (end - start) / count
        return between(purpose, start + width * (position + 0.1), start + width * (position + 0.9), digits)

    return Voice(
        name=name,
        sex=sex,
        split=split,
        babble=babble,
        scale=stratum("scale", small, large, rank, 3),
        f0_hz=stratum("f0", low, high, pitch_rank, 1),
        range_st=between("range", 2.5, 5.5, 2),
        tempo=between("tempo", 0.92, 1.1, 3),
        tau_ms=between("tau", 10.5, 13.5, 2),
        breathiness=between("breathiness", -0.6, 0.4, 2),
    )


def _interleaved(counts: dict[str, int]) -> list[str]:
    # Larger remainders first (Bresenham): each split gets small, middling and large speakers.
    total = sum(counts.values())
    given = dict.fromkeys(counts, 0)
    order = []
    for position in range(total):
        split = max(counts, key=lambda name: counts[name] * (position + 1) / total - given[name])
        given[split] += 1
        order.append(split)
    return order
