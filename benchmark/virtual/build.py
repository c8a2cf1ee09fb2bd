"""Makes a virtual corpus, or what is missing of it, and checks one against its generator."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.audio import read_clip
from benchmark.errors import CorpusError
from benchmark.types import RATE_HZ as AUDIO_RATE_HZ
from benchmark.types import Progress
from benchmark.virtual import store
from benchmark.virtual.build_state import BuildState, damage
from benchmark.virtual.pellets import CHANNELS, RATE_HZ, UNITS
from benchmark.virtual.plan import CORPORA, GENERATOR_VERSION, Line, Part, plan
from benchmark.virtual.synth import booth, require_synthesiser
from benchmark.virtual.voices import Voice
from benchmark.workers import share_out

#: Lines of a voice that a worker speaks in a row: starting a synthesiser takes about as long as a word.
_LINES = 4
_LICENCE = "MIT"
_ATTRIBUTION = (
    "Sentences, prosody and voices: the SINBAD team. Sound and articulation computed with VocalTractLab "
    "(P. Birkholz; GPL-3 software, package vocaltractlab-cython); no part of that software is contained here."
)


@dataclass(frozen=True, slots=True)
class Built:
    """What was done.

    Attributes:
        made: Utterances that were spoken now.
        kept: Utterances that were there and matched their hashes.
        content_sha256: Of the corpus as it now is.
    """

    made: int
    kept: int
    content_sha256: str


def build(corpus: str, root: Path, jobs: int, limit: int | None, progress: Progress) -> Built:
    """Makes a virtual corpus in a folder; what is there already and right is kept.

    Args:
        corpus: "demo" or "virtual".
        root: Where to.
        jobs: How many synthesisers speak at once, each in a process of its own.
        limit: At most so many utterances of each voice; None makes the whole corpus.
        progress: Told of every utterance.

    Raises:
        CorpusError: The corpus is not known, or the synthesiser failed.
        MissingExtraError: The synthesiser is not installed.
    """
    parts = plan(corpus)
    state = BuildState.open(root)
    todo = []
    for part in parts:
        missing = [line for line in part.lines[:limit] if not state.has(part.voice, line)]
        if missing or part.voice.name not in state.voices:
            todo.append((part.voice, missing))
    made = sum(len(lines) for _, lines in todo)
    kept = sum(len(part.lines[:limit]) for part in parts) - made
    if not (todo or state.fresh) and (root / store.INFO).is_file():
        return Built(0, kept, store.read_info(root)["content_sha256"])
    require_synthesiser()
    _prepare(root)
    for _ in progress(_spoken(state, todo, jobs), made, "speaking"):
        pass
    return Built(made, kept, _pack(corpus, state, parts))


def _prepare(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            pass
    except OSError as error:
        raise CorpusError(
            f"{root}: cannot be written ({error.strerror}); choose another with --out"
        ) from error


def differences(found: Path, made: Path) -> list[str]:
    """What of a freshly made corpus is not the same in another folder; one line each.

    Args:
        found: A corpus, e.g. the shipped one; its files are read, not only its tables.
        made: The same corpus or its beginning, made again.

    Raises:
        CorpusError: One of the two is damaged.
    """
    theirs = {row["id"]: row for row in store.read_rows(found / store.UTTERANCE_TABLE, store.UTTERANCES)}
    lines = []
    for row in store.read_rows(made / store.UTTERANCE_TABLE, store.UTTERANCES):
        other = theirs.get(row["id"])
        if other is None:
            lines.append(f"{row['id']}: is not there")
            continue
        changed = [name for name in row if row[name] != other[name]]
        if changed:
            lines.append(f"{row['id']}: {', '.join(changed)} differ{_how_far(found, made, row['id'])}")
        lines.extend(_damage(found, other))
    voices = {row["speaker"]: row for row in store.read_rows(found / store.SPEAKER_TABLE, store.SPEAKERS)}
    again = store.read_rows(made / store.SPEAKER_TABLE, store.SPEAKERS)
    return lines + [f"{r['speaker']}: the voice differs" for r in again if r != voices.get(r["speaker"])]


def _damage(root: Path, row: dict[str, Any]) -> list[str]:
    try:
        path = store.tracks_path(root, row["speaker"])
        return damage(root, row, store.read_track(path, row["id"]))
    except CorpusError as error:
        return [str(error)]


def _how_far(found: Path, made: Path, utterance_id: str) -> str:
    try:
        one, other = (read_clip(store.audio_path(root, utterance_id)).samples for root in (found, made))
    except CorpusError:
        return ""
    if len(one) != len(other):
        return f" ({len(one)} and {len(other)} samples)"
    steps = np.abs(one.astype(np.float64) - other) * 32768
    return (
        f" ({np.count_nonzero(steps)} of {len(one)} samples, by at most {steps.max():.0f} steps of 16 bits)"
    )


def _spoken(state: BuildState, todo: Iterable[tuple[Voice, list[Line]]], jobs: int) -> Iterator[str]:
    """Yields the id of every line once it is spoken and stored."""
    tasks = (
        (state.root, voice, lines[start : start + _LINES])
        for voice, lines in todo
        for start in range(0, max(1, len(lines)), _LINES)
    )
    for speaker, rows in share_out(_speak, tasks, jobs, in_order=False, batch_size=1):
        state.voices[speaker["speaker"]] = speaker
        for row in rows:
            state.rows[row["id"]] = row
            state.fresh.add(row["id"])
            yield row["id"]


def _speak(root: Path, voice: Voice, lines: Sequence[Line]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Speaks and stores some lines of a voice; returns the row of the voice and those of the lines."""
    state = BuildState(root)
    with booth(voice) as room:
        state.put_voice(voice, *room.anatomy())
        for line in lines:
            state.put(voice, line, room.speak(line))
    return state.voices[voice.name], list(state.rows.values())


def _pack(corpus: str, state: BuildState, parts: Sequence[Part]) -> str:
    root = state.root
    utterances: list[dict[str, Any]] = []
    for part in parts:
        rows = [row for line in part.lines if (row := state.row(part.voice, line)) is not None]
        utterances += rows
        if state.spoken_now(part.voice):
            store.write_tracks(
                store.tracks_path(root, part.voice.name), {row["id"]: state.track(row) for row in rows}
            )
    speakers = [state.voices[part.voice.name] for part in parts]
    digest = store.content_hash(utterances, speakers)
    store.write_rows(root / store.UTTERANCE_TABLE, store.UTTERANCES, utterances)
    store.write_rows(root / store.SPEAKER_TABLE, store.SPEAKERS, speakers)
    planned = sum(len(part.lines) for part in parts)
    store.write_info(root, _facts(corpus, digest, utterances, complete=len(utterances) == planned))
    state.clear()
    return digest


def _facts(
    corpus: str, digest: str, utterances: Sequence[Mapping[str, Any]], *, complete: bool
) -> dict[str, Any]:
    return {
        "name": corpus,
        "version": CORPORA[corpus].version,
        "generator_version": GENERATOR_VERSION,
        "synthesiser": f"vocaltractlab-cython {version('vocaltractlab-cython')}",
        "licence": _LICENCE,
        "attribution": _ATTRIBUTION,
        "complete": complete,
        "utterances": len(utterances),
        "seconds": round(sum(row["duration_s"] for row in utterances), 3),
        "audio_rate_hz": AUDIO_RATE_HZ,
        "trajectory_rate_hz": RATE_HZ,
        "channels": {channel: UNITS[channel] for channel in CHANNELS},
        "content_sha256": digest,
    }
