"""Writes the target trajectories of a prepared corpus, one file a speaker."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from benchmark.articulation import speaker_targets
from benchmark.articulation.target_sets import traced_outline
from benchmark.articulation.tract_variables import CONVENTION_VERSION
from benchmark.errors import CorpusError, ManifestError
from benchmark.mixing.layout import trajectories_path
from benchmark.mixing.noise_index import samples_at_16k
from benchmark.mixing.recipe import Recipe
from benchmark.mixing.rows import UtteranceRow
from benchmark.mixing.sources import Sources
from benchmark.mixing.trajectory_table import read_trajectories, targets_sha256, write_trajectories
from benchmark.types import Progress, Trajectories, Utterance
from benchmark.workers import share_out


class _Facts(TypedDict):
    """Columns of an utterance that are known once its targets are made."""

    frames: int
    valid_share: float
    targets_sha256: str


def unreadable_targets(
    utterances: Sequence[Utterance], target_set: str, jobs: int, progress: Progress
) -> dict[str, CorpusError]:
    """Why no targets can be made of some of `utterances`, by utterance id.

    Either their trajectories cannot be read, or the outline of their speaker cannot. One that is there and damaged is not
    replaced by an estimate: constrictions would be measured from another wall than the corpus states.

    Args:
        utterances: All of each speaker, in their order.
        target_set: Of the recipe; pellets need no outline.
        jobs: Worker processes.
        progress: Told of every utterance.
    """
    results = share_out(_problem, ((utterance,) for utterance in utterances), jobs)
    found = progress(results, len(utterances), "reading trajectories")
    problems = {
        utterance.id: problem
        for utterance, problem in zip(utterances, found, strict=True)
        if problem is not None
    }
    if target_set != "pellets":
        problems |= _without_outline([utterance for utterance in utterances if utterance.id not in problems])
    return problems


def _without_outline(utterances: Sequence[Utterance]) -> dict[str, CorpusError]:
    """The recordings of speakers whose outline cannot be used, and why."""
    by_speaker: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in utterances:
        by_speaker[utterance.speaker].append(utterance)
    problems: dict[str, CorpusError] = {}
    for members in by_speaker.values():
        try:
            traced_outline(members)
        except CorpusError as error:
            problems |= {utterance.id: CorpusError(f"{utterance.id}: {error}") for utterance in members}
    return problems


def _problem(utterance: Utterance) -> CorpusError | None:
    try:
        if utterance.trajectories is not None:
            utterance.trajectories()
    except CorpusError as error:
        return error
    return None


def write_targets(
    folder: Path,
    recipe: Recipe,
    sources: Sources,
    chosen: Sequence[Utterance],
    jobs: int,
    progress: Progress,
) -> list[UtteranceRow]:
    """Writes trajectories of the speakers of `chosen` and returns their rows of the table of utterances.

    A file holds all utterances of its speaker, chosen or not, because lip protrusion is relative to the speaker's median: a
    part of a corpus must not have other targets than the whole.
    """
    speakers = {utterance.speaker for utterance in chosen}
    by_speaker: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in sources.targets:
        if utterance.speaker in speakers:
            by_speaker[utterance.speaker].append(utterance)
    tasks = (
        (trajectories_path(folder, speaker), members, recipe, sources.sensors)
        for speaker, members in sorted(by_speaker.items())
    )
    results = share_out(_write_speaker, tasks, jobs)
    facts: dict[str, _Facts] = {}
    for found in progress(results, len(by_speaker), "trajectories"):
        facts.update(found)
    return [
        UtteranceRow(
            utterance_id=utterance.id,
            speaker=utterance.speaker,
            split=str(utterance.split),
            prompt=utterance.prompt,
            samples=samples_at_16k(utterance.duration_s),
            notes=str(utterance.extra.get("notes", "")),
            **facts[utterance.id],
        )
        for utterance in chosen
    ]


def _write_speaker(
    path: Path, utterances: Sequence[Utterance], recipe: Recipe, sensors: Any
) -> dict[str, _Facts]:
    made = speaker_targets(utterances, recipe.speech.targets, sensors)
    targets = {utterance.id: over_audio(made[utterance.id], utterance.duration_s) for utterance in utterances}
    if _stored(path) != {key: targets_sha256(value) for key, value in targets.items()}:
        write_trajectories(path, targets, {"convention": CONVENTION_VERSION})
    return {key: _facts(value) for key, value in targets.items()}


def over_audio(targets: Trajectories, audio_s: float) -> Trajectories:
    """Targets as long as their audio: frames after the articulation was recorded are there and invalid.

    In MOCHA-TIMIT audio goes on for some tenths of a second. A model cannot know, and must not fail for it.
    """
    missing = math.ceil(audio_s * targets.rate_hz - 1e-6) - len(targets.values)
    if missing <= 0:
        return targets
    after = ((0, missing), (0, 0))
    return Trajectories(
        np.pad(targets.values, after), targets.rate_hz, targets.names, np.pad(targets.valid, after)
    )


def _stored(path: Path) -> dict[str, str]:
    try:
        return {key: targets_sha256(value) for key, value in read_trajectories(path).items()}
    except ManifestError:
        return {}


def _facts(targets: Trajectories) -> _Facts:
    return _Facts(
        frames=len(targets.values),
        valid_share=round(float(targets.valid.mean()), 4) if targets.valid.size else 0.0,
        targets_sha256=targets_sha256(targets),
    )
