"""A bounded sample of the recordings of a speaker, always the same one, as the checks see it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmark.articulation import audio_lag
from benchmark.articulation.tract_variables import Track, track
from benchmark.errors import CorpusError, LengthError
from benchmark.types import Trajectories, Utterance

#: Recordings of each speaker that are read.
SAMPLE = 12


@dataclass
class SpeakerSample:
    """What was read of one speaker."""

    speaker: str
    unit: str
    start_s: float
    recordings: list[dict[str, Track]] = field(default_factory=list)
    never_seen: set[str] = field(default_factory=set)
    timed: list[audio_lag.Recording] = field(default_factory=list)
    lengths: list[tuple[float, float]] = field(default_factory=list)
    rates_hz: set[float] = field(default_factory=set)
    seconds: float = 0.0

    @property
    def roles(self) -> list[str]:
        """Sensors that were seen at all."""
        return list(dict.fromkeys(role for recording in self.recordings for role in recording))

    def tracks(self, role: str) -> list[Track]:
        """One sensor in all recordings that have it."""
        return [recording[role] for recording in self.recordings if role in recording]

    def together(self, role: str) -> NDArray[np.float64]:
        """All known positions of a sensor, mm, shape (frames, 2)."""
        return np.concatenate([found.xy[found.valid] for found in self.tracks(role)])

    def without(self, role: str, code: NDArray[np.float64] | None = None) -> None:
        """Takes out a sensor, or those of its frames that hold `code`."""
        for recording in self.recordings:
            if role not in recording:
                continue
            xy, valid = recording.pop(role)
            rest = np.zeros_like(valid) if code is None else valid & (xy != code).any(axis=1)
            if rest.any():
                recording[role] = Track(xy, rest)


def sampled(utterances: Iterable[Utterance], most: int = SAMPLE) -> dict[str, list[Utterance]]:
    """Up to `most` recordings with trajectories of each speaker, evenly spread, in order of their ids."""
    by_speaker: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in sorted(utterances, key=lambda utterance: utterance.id):
        if utterance.trajectories is not None:
            by_speaker[utterance.speaker].append(utterance)
    return {
        speaker: [members[i * len(members) // most] for i in range(most)] if len(members) > most else members
        for speaker, members in sorted(by_speaker.items())
    }


def read_sample(utterances: Sequence[Utterance], sensors: Mapping[str, str]) -> SpeakerSample:
    """Reads the recordings of one speaker; what is damaged is passed over.

    Args:
        utterances: Of one speaker.
        sensors: Role to channel prefix, as in `Corpus.sensors`.
    """
    first = utterances[0]
    sample = SpeakerSample(
        first.speaker, str(first.extra.get("unit", "")), float(first.extra.get("start_s", 0.0))
    )
    for utterance in utterances:
        try:
            moved = utterance.trajectories() if utterance.trajectories else None
        except LengthError as apart:
            sample.lengths.append((apart.audio_s, apart.articulation_s))
            sample.rates_hz.add(apart.rate_hz)
            continue
        except CorpusError:
            continue  # Damage is reported where recordings are read one by one.
        if moved is None:
            continue
        recorded_s = moved.duration_s if moved.recorded_s is None else moved.recorded_s
        sample.lengths.append((utterance.duration_s, recorded_s))
        sample.rates_hz.add(moved.rate_hz)
        sample.seconds += moved.duration_s
        sample.timed += _timed(utterance, moved)
        tracks = {role: track(moved, sensors, role) for role in sensors}
        sample.never_seen.update(role for role, one in tracks.items() if one is not None)
        sample.recordings.append(
            {role: one for role, one in tracks.items() if one is not None and one.valid.any()}
        )
    sample.never_seen.difference_update(sample.roles)
    return sample


def _timed(utterance: Utterance, moved: Trajectories) -> list[audio_lag.Recording]:
    try:
        found = audio_lag.recording(utterance.audio(), moved)
    except CorpusError:
        return []  # Damaged audio is reported where recordings are read one by one.
    return [] if found is None else [found]
