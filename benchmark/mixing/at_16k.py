"""Noise and voices of babble are brought to 16 kHz once for all mixtures that a run renders of them.

Without it each utterance decodes and resamples its own stretches, and levels each of its talkers anew.
Samples are the same either way: what cannot be kept is read from the recordings themselves.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmark.audio import resample
from benchmark.errors import CorpusError, SinbadError
from benchmark.mixing.rows import Piece, PlanRow
from benchmark.mixing.sources import SourceReader, Sources, Window
from benchmark.noises import converted
from benchmark.types import RATE_HZ, Clip, Progress
from benchmark.workers import share_out

#: A recording of a noise corpus is converted if at least this share of its length is asked for.
_WORTH = 0.5


@dataclass(slots=True)
class _Use:
    """What a plan asks of one recording.

    Attributes:
        frames: How much is cut from it, at 16 kHz.
        times: By how many pieces.
        talking: A piece for each stretch over which its talker has to be levelled.
    """

    frames: int = 0
    times: int = 0
    talking: dict[Window, Piece] = field(default_factory=dict)


class _Found(NamedTuple):
    """Where a recording lies at 16 kHz, if it does, what levels it there, and why it could not be kept."""

    path: Path | None
    factors: dict[Window, float]
    problem: str


def brought_to_16k(
    rows: Iterable[PlanRow], sources: Sources, jobs: int, progress: Progress
) -> tuple[Sources, str]:
    """Finds out once what several mixtures need, and returns the sources with it.

    The second value says why not all of it could be done, or is "".

    Args:
        rows: What is going to be rendered.
        sources: Speech and noise at hand.
        jobs: Worker processes.
        progress: Told of every recording of noise.
    """
    uses = _uses(rows, sources)
    since = time.time_ns()
    tasks = [(_alone(sources, noise_id), noise_id, use, since) for noise_id, use in uses.items()]
    if not tasks:
        return sources, ""
    kept: dict[str, Path] = {}
    factors: dict[Window, float] = {}
    problems: list[str] = []
    results = progress(share_out(_bring, tasks, jobs), len(tasks), "noise to 16 kHz")
    for noise_id, found in zip(uses, results, strict=True):
        factors |= found.factors
        if found.path is not None:
            kept[noise_id] = found.path
        problems += [found.problem] if found.problem else []
    problem = (
        f"preparing takes longer, not all noise can be kept at 16 kHz: {problems[0]}" if problems else ""
    )
    return replace(sources, kept=kept, factors=factors), problem


def _uses(rows: Iterable[PlanRow], sources: Sources) -> dict[str, _Use]:
    """What rows ask of each recording, the most used first; generated noise is no recording."""
    uses: dict[str, _Use] = {}
    last: list[Piece] = []
    for row in rows:
        if row["pieces"] is last:  # at another SNR
            continue
        last = row["pieces"]
        for piece in last:
            if piece["noise_id"].startswith("synthetic:"):
                continue
            use = uses.setdefault(piece["noise_id"], _Use())
            use.frames += piece["frames"]
            use.times += 1
            if row["talkers"]:
                use.talking.setdefault(sources.window(piece), piece)
    return dict(sorted(uses.items(), key=lambda item: (-item[1].frames, item[0])))


def _alone(sources: Sources, noise_id: str) -> Sources:
    """What is read for one recording."""
    source, _, name = noise_id.partition(":")
    if source not in sources.voices:
        return Sources(readers={source: sources.readers[source]} if source in sources.readers else {})
    voice = sources.voices[source].get(name)
    return Sources(voices={source: {name: voice} if voice is not None else {}})


def _bring(sources: Sources, noise_id: str, use: _Use, since: int) -> _Found:
    """Keeps one recording at 16 kHz where that is worth it, and levels its talkers."""
    problem, kept = "", None
    try:
        kept = _keep(sources, noise_id, use, since)
    except CorpusError:
        pass  # it is told of where it is heard
    except (SinbadError, OSError) as error:
        problem = str(error)
    reader = SourceReader(replace(sources, kept={noise_id: kept} if kept else {}))
    factors: dict[Window, float] = {}
    for window, piece in use.talking.items():
        with suppress(CorpusError):
            factors[window] = reader.factor(piece)
    return _Found(kept, factors, problem)


def _keep(sources: Sources, noise_id: str, use: _Use, since: int) -> Path | None:
    if not converted.most_bytes():
        return None
    source, _, name = noise_id.partition(":")
    if source in sources.voices:
        voice = sources.voices[source].get(name)
        if voice is None or use.times < 2:
            return None
        clip = voice.audio()
        frames = -(-len(clip.samples) * RATE_HZ // clip.rate_hz)
        return converted.kept(
            f"clip {clip.rate_hz} {_hash(clip)}", frames, lambda: [resample(clip, RATE_HZ).samples], since
        )
    reader = sources.readers.get(source)
    if reader is None or not reader.costly(name) or use.frames < _WORTH * reader.samples(name):
        return None
    return reader.keep(name, since)


def _hash(clip: Clip) -> str:
    return hashlib.sha256(np.ascontiguousarray(clip.samples, "<f4").tobytes()).hexdigest()
