"""What a recipe's corpus on disk holds, before anything is prepared from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmark import corpora, noises
from benchmark.articulation import plausibility
from benchmark.articulation.constriction_report import Constrictions
from benchmark.corpora.contract import walk
from benchmark.corpora.corpus_report import (
    SpeakerSummary,
    by_speaker,
    constrictions_by_speaker,
    examine_all,
    noise_summary,
)
from benchmark.errors import CorpusError
from benchmark.mixing.gather import Roots, assign_splits, gather_noise, speech_root
from benchmark.mixing.plan import plan_mixtures
from benchmark.mixing.plan_summary import NoiseUse, Size, noise_use, size
from benchmark.mixing.recipe import Recipe
from benchmark.types import SPLITS, Progress, Utterance, silent


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found.

    Attributes:
        recipe: Name of the recipe.
        corpus: Title of the corpus.
        root: Its folder.
        found: Recordings on disk, damaged ones among them.
        inspected: Recordings that were read.
        hours: Of speech on disk.
        splits: Speakers, utterances and hours of each split; "none" are those that no split names.
        absent: Utterances of each split that the published division names and the disk lacks.
        speakers: One summary for each.
        opens_with_tone: Ids of recordings that begin with a synchronisation tone.
        constrictions: By speaker, what is known of palate and constrictions.
        implausible: What cannot be in the articulation, the worst first.
        suspicious: By utterance id, what is odd about a recording that is used all the same.
        ignored: Files that look like recordings and are not read.
        damaged: A line for each recording that cannot be used.
        size: What the recipe would make.
        noise: By noise corpus, what is there.
        noise_use: How the recipe would spread its noise.
        remarks: A line for each further thing that the user should know.
    """

    recipe: str
    corpus: str
    root: Path
    found: int
    inspected: int
    hours: float
    splits: Mapping[str, Mapping[str, Any]]
    absent: Mapping[str, int]
    speakers: Sequence[SpeakerSummary]
    opens_with_tone: Sequence[str]
    constrictions: Mapping[str, Constrictions]
    implausible: Sequence[plausibility.Finding]
    suspicious: Mapping[str, Sequence[str]]
    ignored: Sequence[corpora.Ignored]
    damaged: Sequence[str]
    size: Size
    noise: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    noise_use: Sequence[NoiseUse] = ()
    remarks: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """The same for machines."""
        return {
            **{name: getattr(self, name) for name in self.__slots__},
            "root": str(self.root),
            "speakers": [asdict(speaker) for speaker in self.speakers],
            "sampled": plausibility.SAMPLE,
            "constrictions": {speaker: asdict(one) for speaker, one in self.constrictions.items()},
            "implausible": [finding._asdict() for finding in self.implausible],
            "ignored": [file._asdict() for file in self.ignored],
        }


def inspect_corpus(
    recipe: Recipe, roots: Roots, *, limit: int | None = None, jobs: int = 1, progress: Progress = silent
) -> Inspection:
    """Reads every recording of a recipe's corpora.

    Args:
        recipe: Says which corpus, how it is divided and what is mixed.
        roots: Folders of the speech and of noise corpora.
        limit: Read at most so many recordings of each speaker.
        jobs: Worker processes.
        progress: Told of every recording and speaker.

    Raises:
        CorpusError: The corpus is not there.
    """
    corpus = corpora.get(recipe.speech.corpus)
    root = speech_root(recipe, corpus, roots.speech)
    listed = corpora.scan(recipe.speech.corpus, root)
    utterances = _with_splits(recipe, listed.utterances)
    chosen = _first_of_each(utterances, limit)
    findings = examine_all(chosen, jobs=jobs, progress=progress)
    noise, remarks = _noise(roots.noises)
    targets = [utterance for utterance in utterances if utterance.split in SPLITS]
    spread, unknown = _noise_use(recipe, targets, listed.utterances, roots.noises)
    return Inspection(
        recipe=recipe.name,
        corpus=corpus.title,
        root=root,
        found=len(listed.utterances) + len(listed.problems),
        inspected=len(chosen),
        hours=round(sum(utterance.duration_s for utterance in utterances) / 3600, 5),
        splits=_splits(utterances),
        absent=_absent(recipe, utterances, root),
        speakers=by_speaker(chosen, findings),
        opens_with_tone=[finding.utterance_id for finding in findings if finding.tone],
        constrictions=constrictions_by_speaker(chosen, corpus.sensors, jobs=jobs, progress=progress),
        implausible=plausibility.implausible(chosen, corpus.sensors, jobs=jobs, progress=progress),
        suspicious={
            finding.utterance_id: list(finding.suspicions) for finding in findings if finding.suspicions
        },
        ignored=listed.ignored,
        damaged=[*listed.problems, *(reason for finding in findings for reason in finding.damaged)],
        size=size(recipe, targets),
        noise=noise,
        noise_use=spread,
        remarks=[*remarks, *unknown],
    )


def _noise_use(
    recipe: Recipe, targets: Sequence[Utterance], found: Sequence[Utterance], roots: Mapping[str, Path]
) -> tuple[list[NoiseUse], list[str]]:
    """How the recipe would spread its noise; or none, and why that cannot be told."""
    try:
        sources = gather_noise(recipe, targets, found, Roots(noises=roots))
        return noise_use(plan_mixtures(recipe, targets, sources)), []
    except CorpusError as error:
        return [], [f"how noise would be spread cannot be told: {error}"]


def _with_splits(recipe: Recipe, found: Sequence[Utterance]) -> list[Utterance]:

    assigned = {utterance.id: utterance.split for utterance in assign_splits(recipe, found)}
    return [replace(utterance, split=assigned.get(utterance.id)) for utterance in found]


def _first_of_each(utterances: Sequence[Utterance], limit: int | None) -> list[Utterance]:
    taken: dict[str, int] = {}
    chosen = []
    for utterance in utterances:
        taken[utterance.speaker] = taken.get(utterance.speaker, 0) + 1
        if limit is None or taken[utterance.speaker] <= limit:
            chosen.append(utterance)
    return chosen


def _splits(utterances: Sequence[Utterance]) -> dict[str, dict[str, Any]]:
    facts: dict[str, dict[str, Any]] = {}
    for name in (*SPLITS, None):
        members = [utterance for utterance in utterances if utterance.split == name]
        facts[name or "none"] = {
            "speakers": len({utterance.speaker for utterance in members}),
            "utterances": len(members),
            "hours": round(sum(utterance.duration_s for utterance in members) / 3600, 5),
        }
    return facts


def _absent(recipe: Recipe, utterances: Sequence[Utterance], root: Path) -> dict[str, int]:
    """How many utterances of each split the published division counts on and the disk lacks."""
    if recipe.speech.splits == "corpus":
        return {}
    published = corpora.load_splits(recipe.speech.corpus, recipe.speech.splits).members(walk(root))
    if published is None:
        return {}
    here = {utterance.id for utterance in utterances}
    missing = [split for identity, split in published.items() if identity not in here]
    return {split: missing.count(split) for split in SPLITS}


def _noise(roots: Mapping[str, Path]) -> tuple[dict[str, list[dict[str, Any]]], list[str]]:
    summary, remarks = {}, []
    for name, root in roots.items():
        recordings, problems = noises.scan(name, root)
        summary[name] = noise_summary(recordings)
        remarks += [f"{name}: {line}" for line in (*noises.remarks(recordings), *problems)]
    return summary, remarks
