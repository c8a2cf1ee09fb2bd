"""Pairs of clean and degraded clips with their PESQ score, made once and kept in a working folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmark.errors import MissingExtraError
from maintenance.fit_pesqlike.conditions import Condition, conditions, draws
from maintenance.fit_pesqlike.speech import RATE_HZ, SOURCES, Source, clips

Array = NDArray[np.float64]
PAIRS = "pairs.npz"
TABLE = "pairs.csv"


class Material(NamedTuple):
    """All pairs.

    Attributes:
        table: One row a pair: role, kind, condition, talker, clip, pesq.
        clean: int16, shape (clips, samples); `table.clip` says which belongs to a row.
        degraded: int16, shape (pairs, samples), peak-normalised.
    """

    table: pd.DataFrame
    clean: NDArray[np.int16]
    degraded: NDArray[np.int16]


def make(demo: Path, work: Path) -> Material:
    """Degrades every clip in every condition of its role, scores it with PESQ, and stores all under `work`.

    Args:
        demo: The folder `audio` of the embedded corpus.
        work: Where to keep the pairs (about half a gigabyte).
    """
    voices = {source: clips(source, demo) for source in SOURCES}
    clean: list[NDArray[np.int16]] = []
    degraded: list[NDArray[np.int16]] = []
    rows: list[dict[str, object]] = []
    for source, own in voices.items():
        for number, clip in enumerate(own):
            others = _others(source, voices) + [c for k, c in enumerate(own) if k != number]
            clean.append(_int16(clip))
            for condition in _wanted(source):
                pair = condition.apply(clip, draws(source.talker, str(number), condition.name), others)
                degraded.append(_int16(pair))
                score = pesq_wb(clean[-1], degraded[-1])
                rows.append(
                    {
                        "role": condition.role,
                        "kind": condition.kind,
                        "condition": condition.name,
                        "talker": source.talker,
                        "clip": len(clean) - 1,
                        "pesq": score,
                    }
                )
    material = Material(pd.DataFrame(rows), np.array(clean), np.array(degraded))
    work.mkdir(parents=True, exist_ok=True)
    material.table.to_csv(work / TABLE, index=False)
    np.savez(work / PAIRS, clean=material.clean, degraded=material.degraded)
    return material


def load(work: Path) -> Material:
    """What `make` stored."""
    with np.load(work / PAIRS, allow_pickle=False) as stored:
        return Material(pd.read_csv(work / TABLE), stored["clean"], stored["degraded"])


def pesq_wb(clean: NDArray[np.int16], degraded: NDArray[np.int16]) -> float:
    """Wide-band score by the package `pesq`."""
    try:
        from pesq import pesq
    except ImportError:
        raise MissingExtraError("pesq", "measures", "fitting PESQLike") from None
    return float(pesq(RATE_HZ, clean, degraded, "wb"))


def _wanted(source: Source) -> Iterator[Condition]:
    for condition in conditions():
        if (condition.role == "fit") == source.fitted:
            yield condition


def _others(source: Source, voices: dict[Source, list[Array]]) -> list[Array]:
    """Voices for babble, from the same side of the split: fit and evaluation share no talker."""
    return [
        c for other, own in voices.items() if other != source and other.fitted == source.fitted for c in own
    ]


def _int16(signal: Array) -> NDArray[np.int16]:
    peak = np.abs(signal).max()
    # The level a degraded clip arrives at means nothing to PESQ; a common headroom keeps 16 bits sufficient.
    rounded: NDArray[np.int16] = np.round(signal * (0.9 * 32767 / peak)).astype(np.int16)
    return rounded
