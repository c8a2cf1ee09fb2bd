"""How much a recipe makes and how its noise is spread, told before anything is rendered."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from benchmark.mixing.recipe import Recipe
from benchmark.mixing.rows import PlanRow
from benchmark.types import RATE_HZ, SPLITS, Utterance

#: What lossless compression leaves of 16-bit samples; .68 of the 754 mixtures of demo_noisy.
_COMPRESSED = 0.68


class Size(TypedDict):
    """How much audio a recipe makes.

    Attributes:
        utterances: How many are mixed.
        conditions: How many mixtures there are of each, the clean one among them.
        mixtures: How many files.
        hours: How long they are together.
        gigabytes: How much room they need, about.
    """

    utterances: int
    conditions: int
    mixtures: int
    hours: float
    gigabytes: float


class NoiseUse(TypedDict):
    """How often a category of noise is used in a split.

    Attributes:
        noise_kind: Of the recipe.
        split: Where it is used.
        noise_category: Of the noise.
        noise_sources: Where it comes from.
        mixtures: At each SNR; equal at all of them, because the noise of an utterance is.
        snrs: How many SNRs there are.
        recordings: How many different recordings (or draws of generated noise) are heard.
        talkers: How many talk at once; None for a recorded crowd.
        voices: Least and greatest number of different voices among them; None for a recorded crowd.
        noise_seen: Whether the category occurs in training.
        uneven: By how much the counts of the categories that occur in this kind and split differ within a
            speaker, at most.
    """

    noise_kind: str
    split: str
    noise_category: str
    noise_sources: list[str]
    mixtures: int
    snrs: int
    recordings: int
    talkers: int | None
    voices: tuple[int, int] | None
    noise_seen: bool | None
    uneven: int


def size(recipe: Recipe, utterances: Iterable[Utterance]) -> Size:
    """What preparing `utterances` would make; needs headers only."""
    seconds = [utterance.duration_s for utterance in utterances]
    conditions = int(recipe.mixing.clean) + sum(len(kind.snr_db) for kind in recipe.noises)
    total_s = conditions * sum(seconds)
    return Size(
        utterances=len(seconds),
        conditions=conditions,
        mixtures=conditions * len(seconds),
        hours=round(total_s / 3600, 3),
        gigabytes=round(total_s * RATE_HZ * 2 * _COMPRESSED / 1e9, 3),
    )


@dataclass(slots=True)
class _Tally:
    """What is seen of the rows of one kind, split and category; all have the same `talkers`."""

    talkers: int | None
    noise_seen: bool | None
    mixtures: int = 0
    snrs: set[float] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    recordings: set[str] = field(default_factory=set)
    voices: set[int] = field(default_factory=set)


def noise_use(rows: Iterable[PlanRow]) -> list[NoiseUse]:
    """How the noise of a plan is spread, by kind, split and category."""
    found: dict[tuple[str, str, str], _Tally] = {}
    by_speaker: dict[tuple[str, str], dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for row in rows:
        if row["snr_db"] is None:
            continue
        key = row["noise_kind"], row["split"], row["noise_category"]
        tally = found.setdefault(key, _Tally(row["talkers"], row["noise_seen"]))
        tally.mixtures += 1
        tally.snrs.add(row["snr_db"])
        tally.sources.add(row["noise_source"])
        tally.recordings.update(piece["noise_id"] for piece in row["pieces"])
        if row["voices"] is not None:
            tally.voices.add(row["voices"])
        by_speaker[key[:2]][row["speaker"]][row["noise_category"]] += 1
    kinds = {kind: None for kind, _, _ in found}
    order = sorted(found, key=lambda key: (list(kinds).index(key[0]), SPLITS.index(key[1]), key[2]))
    return [_use(key, found[key], by_speaker[key[:2]].values()) for key in order]


def _use(key: tuple[str, str, str], tally: _Tally, of_speakers: Iterable[Counter[str]]) -> NoiseUse:
    kind, split, category = key
    snrs = len(tally.snrs)
    counts = list(of_speakers)
    categories = {name for counted in counts for name in counted}
    differences = [
        max(counted[name] for name in categories) - min(counted[name] for name in categories)
        for counted in counts
    ]
    return NoiseUse(
        noise_kind=kind,
        split=split,
        noise_category=category,
        noise_sources=sorted(tally.sources),
        mixtures=tally.mixtures // snrs,
        snrs=snrs,
        recordings=len(tally.recordings),
        talkers=tally.talkers,
        voices=(min(tally.voices), max(tally.voices)) if tally.voices else None,
        noise_seen=tally.noise_seen,
        uneven=max(differences) // snrs,
    )


def size_line(counted: Size) -> str:
    """One line for people."""
    return (
        f"{counted['mixtures']} mixtures ({counted['utterances']} utterances in {counted['conditions']} "
        f"conditions), {counted['hours']:.2f} hours, about {counted['gigabytes']:.2f} GB"
    )


def noise_lines(used: Sequence[NoiseUse]) -> list[str]:
    """A table for people; empty if there is no noise."""
    if not used:
        return []
    head = [
        "noise",
        "split",
        "category",
        "from",
        "at each SNR",
        "SNRs",
        "recordings",
        "talkers",
        "voices",
        "in training",
    ]
    table = [head]
    for row in used:
        few, many = row["voices"] or (0, 0)
        table.append(
            [
                row["noise_kind"],
                row["split"],
                row["noise_category"],
                "+".join(row["noise_sources"]),
                str(row["mixtures"]),
                str(row["snrs"]),
                str(row["recordings"]),
                "a crowd" if row["talkers"] is None else str(row["talkers"] or "-"),
                "-" if not many else str(many) if few == many else f"{few}-{many}",
                "yes" if row["noise_seen"] else "no",
            ]
        )
    widths = [max(len(line[i]) for line in table) for i in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    ]
    uneven = max(row["uneven"] for row in used)
    return [
        *lines,
        f"within a speaker the counts of the categories that occur in the split differ by at most {uneven}",
    ]
