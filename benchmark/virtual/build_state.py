"""The half-made corpus: what is spoken already, kept safe until the tables can be written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.audio import pcm16, pcm_sha256, read_clip, write_flac
from benchmark.errors import CorpusError
from benchmark.files import replacing, write_text
from benchmark.types import RATE_HZ
from benchmark.virtual import store
from benchmark.virtual.plan import Line, fingerprint
from benchmark.virtual.store import Track
from benchmark.virtual.synth import Take
from benchmark.virtual.voices import Voice

_PARTS = ".parts"


@dataclass(frozen=True, slots=True)
class BuildState:
    """Spoken lines and voices of a corpus in a folder.

    Attributes:
        root: The corpus' folder.
        rows: Utterance id to row of the table, of what the tables or a run that was stopped hold.
        voices: Voice name to row of the table of speakers.
        fresh: Ids of utterances whose articulation is not in the corpus' own files yet.
    """

    root: Path
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    voices: dict[str, dict[str, Any]] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)

    @classmethod
    def open(cls, root: Path) -> BuildState:
        """What there is in a folder; nothing, if it is new or what it holds cannot be read."""
        state = cls(root)
        try:
            state.rows.update(_by(store.read_rows(root / store.UTTERANCE_TABLE, store.UTTERANCES), "id"))
            state.voices.update(_by(store.read_rows(root / store.SPEAKER_TABLE, store.SPEAKERS), "speaker"))
        except CorpusError:
            state.rows.clear()
        for path in sorted((root / _PARTS).glob("*/*.json")):
            row = json.loads(path.read_text(encoding="utf-8"))
            state.rows[row["id"]] = row
            state.fresh.add(row["id"])
        return state

    def row(self, voice: Voice, line: Line) -> dict[str, Any] | None:
        """The row of a line, if the line was spoken as it is planned now."""
        row = self.rows.get(line.id)
        return row if row is not None and row["fingerprint"] == fingerprint(voice, line) else None

    def has(self, voice: Voice, line: Line) -> bool:
        """Whether a line was spoken as planned and its files are unharmed."""
        row = self.row(voice, line)
        if row is None:
            return False
        try:
            return not damage(self.root, row, self.track(row))
        except CorpusError:
            return False

    def put(self, voice: Voice, line: Line, take: Take) -> None:
        """Stores a spoken line."""
        write_flac(store.audio_path(self.root, line.id), take.pcm, RATE_HZ)
        with replacing(self._part(line.id, ".npz")) as temporary, temporary.open("wb") as stream:
            np.savez(stream, values=take.values, valid=take.valid)
        row = {
            "id": line.id,
            "speaker": voice.name,
            "split": line.split,
            "text": line.text,
            "phones": [
                {"symbol": s.symbol, "start_s": s.start_ms / 1000, "end_s": s.end_ms / 1000}
                for s in line.segments
            ],
            "duration_s": len(take.pcm) / RATE_HZ,
            "pcm_sha256": pcm_sha256(take.pcm),
            "trajectory_sha256": Track(take.values, take.valid).sha256,
            "fingerprint": fingerprint(voice, line),
        }
        write_text(self._part(line.id, ".json"), json.dumps(row))
        self.rows[line.id] = row
        self.fresh.add(line.id)

    def put_voice(self, voice: Voice, palate: NDArray[np.float64], pharynx: NDArray[np.float64]) -> None:
        """Notes who speaks."""
        self.voices[voice.name] = {
            "speaker": voice.name,
            "role": "babble" if voice.babble else "target",
            "split": "babble" if voice.babble else voice.split,
            "babble_split": voice.split if voice.babble else "",
            "sex": voice.sex,
            "scale": voice.scale,
            "f0_hz": voice.f0_hz,
            "range_st": voice.range_st,
            "tempo": voice.tempo,
            "tau_ms": voice.tau_ms,
            "breathiness": voice.breathiness,
            "palate": palate.tolist(),
            "pharynx": pharynx.tolist(),
        }

    def track(self, row: Mapping[str, Any]) -> Track:
        """The articulation of a row.

        Raises:
            CorpusError: Its file is missing or damaged.
        """
        if row["id"] not in self.fresh:
            return store.read_track(store.tracks_path(self.root, row["speaker"]), row["id"])
        path = self._part(row["id"], ".npz")
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return Track(arrays["values"], arrays["valid"])
        except (OSError, ValueError, KeyError) as error:
            raise CorpusError(f"{path}: damaged ({error}); remove it and run the command again") from error

    def spoken_now(self, voice: Voice) -> bool:
        """Whether the voice's articulation has to be written again."""
        return any(utterance_id.startswith(f"{voice.name}/") for utterance_id in self.fresh)

    def clear(self) -> None:
        """Removes what was kept only until the tables were written."""
        shutil.rmtree(self.root / _PARTS, ignore_errors=True)

    def _part(self, utterance_id: str, suffix: str) -> Path:
        return self.root / _PARTS / f"{utterance_id}{suffix}"


def damage(root: Path, row: Mapping[str, Any], track: Track) -> list[str]:
    """What of an utterance does not match its row of the table; one line each, none if all is well.

    Args:
        root: The corpus' folder.
        row: Of the table of utterances.
        track: Its articulation.

    Raises:
        CorpusError: The sound cannot be read.
    """
    found = []
    pcm = pcm16(read_clip(store.audio_path(root, row["id"])).samples)
    if pcm_sha256(pcm) != row["pcm_sha256"]:
        found.append(f"{row['id']}: the sound is not the one of the table")
    if track.sha256 != row["trajectory_sha256"]:
        found.append(f"{row['id']}: the trajectories are not those of the table")
    return found


def _by(rows: list[dict[str, Any]], key: str) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in rows}
