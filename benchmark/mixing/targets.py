"""Writes the target trajectories of a prepared corpus, one file a speaker."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypedDict

import numpy as np

from benchmark.articulation.parameters import PARAMETERS, target_names
from benchmark.articulation.target_sets import SpeakerTargets, observed, sound_targets
from benchmark.articulation.tract_variables import CONVENTION_VERSION
from benchmark.errors import CorpusError, ManifestError
from benchmark.mixing.layout import trajectories_path
from benchmark.mixing.noise_index import samples_at_16k
from benchmark.mixing.rows import UtteranceRow
from benchmark.mixing.targets_aside import SetAside, put_aside
from benchmark.mixing.trajectory_table import read_trajectories, targets_sha256, write_trajectories
from benchmark.types import Progress, Trajectories, Utterance
from benchmark.workers import share_out


class _Facts(TypedDict):
    """Columns of an utterance that are known once its targets are made."""

    frames: int
    valid_share: float
    targets_sha256: str


class Targets(NamedTuple):
    """Targets of all speakers that take part, with the same columns for each.

    Attributes:
        names: The parameters.
        by_speaker: Speaker to utterance id to trajectories; read from disk when a speaker is looked up.
        problems: Utterance id to why it has no targets.
        remarks: A line for each thing about the targets that the user should know.
    """

    names: tuple[str, ...]
    by_speaker: Mapping[str, Mapping[str, Trajectories]]
    problems: dict[str, CorpusError]
    remarks: list[str]


def make_targets(
    utterances: Sequence[Utterance],
    speakers: Container[str],
    targets: str | Sequence[str],
    sensors: Mapping[str, str],
    scratch: Path,
    jobs: int,
    progress: Progress,
) -> Targets:
    """Targets of all that some speakers said; each file is read once.

    A named set gives those of its parameters that are observed for at least one speaker of the corpus,
    whichever speakers are chosen, so that a part of the corpus has the same columns as the whole. Parameters
    that a recipe lists one by one must all be observed.

    Args:
        utterances: Of all speakers of the corpus, because the targets of an utterance depend on the others of
            its speaker.
        speakers: Those whose targets are wanted.
        targets: Of the recipe: a named set or a list of parameters.
        sensors: Role to channel prefix, as in `Corpus.sensors`.
        scratch: An empty folder of this machine, which keeps the targets while the result is in use: those of
            a large corpus are not to lie in memory.
        jobs: Worker processes.
        progress: Told of every speaker.

    Raises:
        CorpusError: A parameter that the recipe lists is not observed of anybody, or none of the set is.
    """
    grouped: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in utterances:
        grouped[utterance.speaker].append(utterance)
    wanted = {speaker: members for speaker, members in sorted(grouped.items()) if speaker in speakers}
    results = share_out(_of_speaker, ((members, targets, sensors) for members in wanted.values()), jobs)
    problems: dict[str, CorpusError] = {}
    seen: dict[str, tuple[str, ...]] = {}
    kept_of: list[str] = []
    for speaker, made in zip(wanted, progress(results, len(wanted), "trajectories"), strict=True):
        if made.targets:
            put_aside(scratch, speaker, made.targets)
            kept_of.append(speaker)
        seen[speaker] = tuple(observed(made.targets.values()))
        problems |= made.problems
    names = target_names(targets)
    missing = set(names).difference(*seen.values())
    for speaker, members in sorted(grouped.items()):
        if missing and speaker not in wanted:
            missing -= _observed_of_others(members, sorted(missing), sensors)
    kept = tuple(name for name in names if name not in missing)
    if kept_of and (not kept or (missing and not isinstance(targets, str))):
        raise CorpusError(_nowhere(missing, kept))
    return Targets(kept, SetAside(scratch, kept_of, kept), problems, _remarks(names, kept, seen))


def _of_speaker(
    utterances: Sequence[Utterance], targets: str | Sequence[str], sensors: Mapping[str, str]
) -> SpeakerTargets:
    made = sound_targets(utterances, targets, sensors)
    long = {item.id: item.duration_s for item in utterances}
    return made._replace(targets={key: over_audio(item, long[key]) for key, item in made.targets.items()})


def _observed_of_others(
    utterances: Sequence[Utterance], names: Sequence[str], sensors: Mapping[str, str]
) -> set[str]:
    """Which of `names` are observed in the first sound recording of a speaker who is not chosen."""
    for utterance in utterances:
        made = sound_targets([utterance], names, sensors)
        if made.targets:
            return set(observed(made.targets.values()))
    return set()


def _nowhere(missing: Container[str], kept: Sequence[str]) -> str:
    names = [name for name in PARAMETERS if name in missing]
    return (
        f"no speaker has {', '.join(names)}: no sensor is mapped to it, or it is lost throughout; take it "
        "out of speech.targets, or correct [sensors] in corpus.toml (observed are "
        f"{', '.join(kept) or 'none'})"
    )


def _remarks(names: Sequence[str], kept: Sequence[str], seen: Mapping[str, Sequence[str]]) -> list[str]:
    """Which parameters of the set no speaker has, and which ones single speakers lack."""
    absent = [name for name in names if name not in kept]
    remarks = (
        [f"{', '.join(absent)}: never observed in this corpus, no part of its targets"] if absent else []
    )
    for speaker, found in seen.items():
        lacking = [name for name in kept if name not in found]
        if lacking and found:
            remarks.append(f"{speaker}: {', '.join(lacking)} never observed, invalid throughout")
    return remarks


def write_targets(
    folder: Path, targets: Targets, chosen: Sequence[Utterance], jobs: int, progress: Progress
) -> list[UtteranceRow]:
    """Writes trajectories of the speakers of `chosen` and returns their rows of the table of utterances.

    A file holds all utterances of its speaker, chosen or not, because lip protrusion is relative to the
    speaker's median: a part of a corpus must not have other targets than the whole.
    """
    speakers = sorted({utterance.speaker for utterance in chosen})
    tasks = ((trajectories_path(folder, speaker), targets.by_speaker[speaker]) for speaker in speakers)
    facts: dict[str, _Facts] = {}
    for found in progress(share_out(_write_speaker, tasks, jobs), len(speakers), "writing trajectories"):
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


def _write_speaker(path: Path, targets: Mapping[str, Trajectories]) -> dict[str, _Facts]:
    facts = {key: _facts(value) for key, value in targets.items()}
    if _stored(path) != {key: found["targets_sha256"] for key, found in facts.items()}:
        write_trajectories(path, targets, {"convention": CONVENTION_VERSION})
    return facts


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
