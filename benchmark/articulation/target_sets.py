"""What a model has to predict, made speaker by speaker from raw articulation and clean audio."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from benchmark.articulation import outline as outlines
from benchmark.articulation import palate_estimate, tract_variables, velum
from benchmark.articulation.gaps import fill_short_gaps, screen_spikes, without_still_coils
from benchmark.articulation.outline import Outline
from benchmark.articulation.parameters import (
    ALL_PELLETS,
    CONSTRICTIONS,
    SOURCE,
    TRACT_VARIABLES,
    target_names,
)
from benchmark.articulation.smooth import frames_covered, low_pass, to_rate
from benchmark.articulation.source_features import source_features
from benchmark.errors import CorpusError
from benchmark.types import Trajectories, Utterance

RATE_HZ = 100.0
_DECIMALS = 4
_WITHOUT_OUTLINE = "mend the file, or take it away to do without it"


_TONGUE_ROLES = ("tongue_tip", "tongue_front", "tongue_mid", "tongue_back")


class SpeakerTargets(NamedTuple):
    """What became of the utterances of a speaker.

    Attributes:
        targets: Utterance id to its targets.
        problems: Utterance id to why it has none.
    """

    targets: dict[str, Trajectories]
    problems: dict[str, CorpusError]


def observed(targets: Iterable[Trajectories]) -> tuple[str, ...]:
    """Names of the channels that have at least one valid frame, in their order."""
    names: tuple[str, ...] = ()
    found: set[str] = set()
    for item in targets:
        names = item.names
        found.update(names[i] for i in np.flatnonzero(item.valid.any(axis=0)))
    return tuple(name for name in names if name in found)


def speaker_targets(
    utterances: Sequence[Utterance],
    targets: str | Sequence[str],
    sensors: Mapping[str, str],
    rate_hz: float = RATE_HZ,
) -> dict[str, Trajectories]:
    """Targets of all utterances of one speaker; see `sound_targets`, which does not stop at a damaged one.

    Raises:
        CorpusError: A target is not known, the speakers differ, or an utterance has no trajectories or is
            damaged.
    """
    made = sound_targets(utterances, targets, sensors, rate_hz)
    for problem in made.problems.values():
        raise problem
    return made.targets


def sound_targets(
    utterances: Sequence[Utterance],
    targets: str | Sequence[str],
    sensors: Mapping[str, str],
    rate_hz: float = RATE_HZ,
) -> SpeakerTargets:
    """Targets of those utterances of one speaker that are sound, and what is wrong with the others.

    Coils that never move are lost, spikes are screened, gaps up to 50 ms are bridged, pellets are low-passed
    at 20 Hz without delay and resampled; then the parameters are computed. Lip protrusion is relative to the
    median over the utterances given here, and a palate that was not recorded is estimated from them: give all
    that the speaker said. A traced palate that is damaged is not replaced by an estimate, from which
    constrictions would be measured otherwise: it is a problem of all utterances.

    Args:
        utterances: Of one speaker, each with trajectories.
        targets: A key of `TARGET_SETS`, or names of `PARAMETERS`.
        sensors: Role to channel prefix, as in `Corpus.sensors`.
        rate_hz: Frames per second of the targets. Frame k is at k / rate_hz seconds of the audio.

    Returns:
        Trajectories of the parameters in their order, rounded to 0.0001 and 0 where invalid; units are in
        `PARAMETERS`. A parameter whose pellet is missing is invalid, and the others stay.

    Raises:
        CorpusError: A target is not known, or the speakers differ.
    """
    names = target_names(targets)
    _refuse_mixed_speakers(utterances)
    pellets: dict[str, Trajectories] = {}
    problems: dict[str, CorpusError] = {}
    for utterance in utterances:
        try:
            pellets[utterance.id] = smooth_pellets(utterance, rate_hz)
        except CorpusError as error:
            problems[utterance.id] = error
    sound = [utterance for utterance in utterances if utterance.id in pellets]
    known = list(pellets.values())
    needs_wall = bool(set(names) & set(CONSTRICTIONS))
    try:
        wall = speaker_outline(sound, known, sensors) if needs_wall else None
    except CorpusError as error:
        damaged = {utterance.id: CorpusError(f"{utterance.id}: {error}") for utterance in sound}
        return SpeakerTargets({}, problems | damaged)
    rest, raised = _lip_rest(known, sensors), velum.raised_height(known, sensors)
    shapes: Sequence[Trajectories | None] = [None] * len(known)
    if set(names) & set(TRACT_VARIABLES):
        shapes = tract_variables.tract_variables_of_speaker(known, sensors, wall, rest)
    found: dict[str, Trajectories] = {}
    for utterance, own, shape in zip(sound, known, shapes, strict=True):
        parts = [_named_by_role(own, sensors)]
        if shape is not None:
            parts.append(shape)
        if "velum" in names:
            parts.append(_channel("velum", velum.opening(own, sensors, raised), own))
        try:
            if set(names) & set(SOURCE):
                parts.append(_source(utterance, own, sensors))
        except CorpusError as error:
            problems[utterance.id] = error
            continue
        found[utterance.id] = _settled(_joined(parts).select(names))
    return SpeakerTargets(found, problems)


def smooth_pellets(utterance: Utterance, rate_hz: float = RATE_HZ) -> Trajectories:
    """Screened, bridged, smoothed and resampled channels of one utterance, cut to the end of its audio.

    Raises:
        CorpusError: The utterance has no trajectories, or their file is damaged.
    """
    if utterance.trajectories is None:
        raise CorpusError(f"{utterance.id}: has no articulation to make targets from")
    raw = utterance.trajectories()
    covered = frames_covered(len(raw.values), raw.rate_hz, rate_hz)
    heard = max(1, int(np.ceil(utterance.duration_s * rate_hz - 1e-6)))
    # What is no coordinate (F0, areas) has no spikes to screen and no gaps to bridge: undefined is not lost.
    places = tuple(name for name in raw.names if name.endswith(("_x", "_y")))
    others = tuple(name for name in raw.names if name not in places)
    frames = min(covered, heard)
    coordinates = low_pass(fill_short_gaps(screen_spikes(without_still_coils(raw.select(places)))))
    parts = [to_rate(coordinates, rate_hz, frames)]
    if others:
        parts.append(to_rate(raw.select(others), rate_hz, frames))
    return _joined(parts)


def speaker_outline(
    utterances: Sequence[Utterance], pellets: Sequence[Trajectories], sensors: Mapping[str, str]
) -> Outline | None:
    """The speaker's outer wall: as traced, else estimated from the tongue's reach (`Outline.estimated`).

    Args:
        utterances: Of one speaker; the first that has an anatomy gives it.
        pellets: Smooth pellets of the same utterances.
        sensors: Role to channel prefix.

    Returns:
        None where there is neither a trace nor a tongue.
    """
    if (traced := traced_outline(utterances)) is not None:
        return traced
    tracks = (tract_variables.track(p, sensors, role) for p in pellets for role in _TONGUE_ROLES)
    reached = [track.xy[track.valid] for track in tracks if track is not None]
    return palate_estimate.estimate([*reached, *(tract_variables.body_tops(p, sensors) for p in pellets)])


def traced_outline(utterances: Sequence[Utterance]) -> Outline | None:
    """The speaker's outer wall as the corpus has it, or None where nobody traced it.

    Args:
        utterances: Of one speaker; the first that has an anatomy gives it.

    Raises:
        CorpusError: It cannot be read or is no line; names the file, or at least whose it is, and says what
            to do.
    """
    first = next((utterance for utterance in utterances if utterance.anatomy is not None), None)
    if first is None or first.anatomy is None:
        return None
    try:
        anatomy = first.anatomy()
    except CorpusError as error:
        raise CorpusError(f"{error} (outline of {first.speaker}; {_WITHOUT_OUTLINE})") from error
    try:
        return outlines.from_anatomy(anatomy)
    except CorpusError as error:
        raise CorpusError(f"{first.id}: {error} (outline of {first.speaker}; {_WITHOUT_OUTLINE})") from error


def _source(utterance: Utterance, pellets: Trajectories, sensors: Mapping[str, str]) -> Trajectories:
    """Source features from the clean audio; the corpus' own fundamental frequency where it has one."""
    found = source_features(utterance.audio(), pellets.rate_hz, len(pellets.values))
    pitch, voiced = found.pitch_hz, found.voiced
    own = sensors.get("f0")
    if own is not None and own in pellets.names:
        column = pellets.names.index(own)
        pitch, voiced = pellets.values[:, column].astype(np.float64), pellets.valid[:, column]
    everywhere = np.ones(len(pitch), bool)
    values = np.column_stack([found.aperiodicity, found.periodicity, np.where(voiced, pitch, 0.0)])
    valid = np.column_stack([everywhere, everywhere, voiced])
    return Trajectories(values.astype(np.float32), pellets.rate_hz, SOURCE, valid)


def _channel(name: str, value: tract_variables.Value | None, like: Trajectories) -> Trajectories:
    frames = len(like.values)
    if value is None:
        return Trajectories(
            np.zeros((frames, 1), np.float32), like.rate_hz, (name,), np.zeros((frames, 1), bool)
        )
    mm = np.where(value.valid, value.mm, 0.0).astype(np.float32)
    return Trajectories(mm[:, None], like.rate_hz, (name,), value.valid[:, None])


def _settled(targets: Trajectories) -> Trajectories:
    """Rounds targets, far below the accuracy measured, so that all processors give the same bits."""
    values = np.where(targets.valid, np.round(targets.values.astype(np.float64), _DECIMALS) + 0.0, 0.0)
    return Trajectories(values.astype(np.float32), targets.rate_hz, targets.names, targets.valid)


def _joined(parts: Sequence[Trajectories]) -> Trajectories:
    return Trajectories(
        np.concatenate([part.values for part in parts], axis=1),
        parts[0].rate_hz,
        tuple(name for part in parts for name in part.names),
        np.concatenate([part.valid for part in parts], axis=1),
    )


def _lip_rest(pellets: Sequence[Trajectories], sensors: Mapping[str, str]) -> float | None:
    tracks = (tract_variables.track(p, sensors, "lower_lip") for p in pellets)
    seen = [track.xy[track.valid, 0] for track in tracks if track is not None]
    together = np.concatenate(seen) if seen else np.zeros(0)
    return float(np.median(together)) if together.size else None


def _named_by_role(pellets: Trajectories, sensors: Mapping[str, str]) -> Trajectories:
    """All pellets under the names that they have in every corpus; invalid where there is no such sensor."""
    names = tuple(f"{short}_{axis}" for short in ALL_PELLETS.values() for axis in "xy")
    own = [f"{sensors.get(role, '')}_{axis}" for role in ALL_PELLETS for axis in "xy"]
    present = [i for i, name in enumerate(own) if name in pellets.names]
    picked = pellets.select(tuple(own[i] for i in present))
    values = np.zeros((len(pellets.values), len(names)), np.float32)
    valid = np.zeros(values.shape, bool)
    values[:, present], valid[:, present] = picked.values, picked.valid
    return Trajectories(values, pellets.rate_hz, names, valid)


def _refuse_mixed_speakers(utterances: Sequence[Utterance]) -> None:
    speakers = sorted({utterance.speaker for utterance in utterances})
    if len(speakers) > 1:
        raise CorpusError(f"targets are made speaker by speaker, got {', '.join(speakers)} together")
