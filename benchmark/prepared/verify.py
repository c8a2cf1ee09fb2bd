"""Compares a prepared corpus on disk with its own tables, file by file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.errors import ManifestError, RecipeError
from benchmark.mixing.audio_store import audio_store, samples_match
from benchmark.mixing.build import JOURNAL, left_out_noise
from benchmark.mixing.layout import CROISSANT, MANIFEST, RECIPE, UTTERANCES, trajectories_path
from benchmark.mixing.manifest import plan_hash
from benchmark.mixing.phone_table import FILE_NAME, read_labels
from benchmark.mixing.plan import plan
from benchmark.mixing.recipe import Recipe
from benchmark.mixing.rows import MixtureRow
from benchmark.mixing.sources import Sources
from benchmark.mixing.trajectory_table import read_trajectories, targets_sha256
from benchmark.prepared.corpus import Tables, same_recipe
from benchmark.types import Progress, silent
from benchmark.workers import share_out


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a prepared corpus; paths relative to its folder, sorted.

    Attributes:
        checked: How many mixtures were compared.
        missing: Files that the tables name and the disk lacks.
        changed: Files whose samples or values are not those of the tables, or that hold further mixtures.
        unexpected: Files that no table names.
    """

    checked: int
    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.missing or self.changed or self.unexpected)


def verify(corpus: Tables, *, jobs: int = 1, progress: Progress = silent) -> Verdict:
    """Reads every file of a prepared corpus again and compares hashes."""
    folder = corpus.folder
    store = audio_store(folder)

    def rendered() -> Iterator[MixtureRow]:
        return (row for row in corpus.mixtures.values() if row["pcm_sha256"] is not None)

    count = sum(1 for _ in rendered())
    checks = share_out(samples_match, ((store, row) for row in rendered()), jobs, batch_size=32)
    missing: list[Path] = []
    changed: list[Path] = []
    named: dict[Path, set[str]] = defaultdict(set)
    for row, right in zip(rendered(), progress(checks, count, "verifying"), strict=True):
        path = store.path(row)
        named[path].add(row["mixture_id"])
        if not right:
            (changed if path.is_file() else missing).append(path)
    changed += [path for path, ids in named.items() if path.is_file() and not store.holds_only(path, ids)]
    if not _same_recipe(corpus):
        recipe = folder / RECIPE
        (changed if recipe.is_file() else missing).append(recipe)
    for path, right in _targets(corpus).items():
        if not right:
            (changed if path.is_file() else missing).append(path)
    phones = folder / FILE_NAME
    if phones.is_file() and not _sound_labels(phones, corpus):
        changed.append(phones)
    talkers = set(folder.glob("talkers/*/*.parquet"))
    changed += [path for path in talkers if not _readable(path)]
    expected = set(named)
    expected |= {folder / name for name in (MANIFEST, UTTERANCES, RECIPE, JOURNAL, FILE_NAME, CROISSANT)}
    expected |= talkers
    expected |= {trajectories_path(folder, row["speaker"]) for row in corpus.utterances.values()}
    found = {path for path in folder.rglob("*") if path.is_file()}
    relative = [
        sorted({str(path.relative_to(folder)) for path in group})
        for group in (missing, changed, found - expected)
    ]
    return Verdict(count, *relative)


def same_plan(corpus: Tables, recipe: Recipe, sources: Sources) -> bool:
    """Whether planning again from the recipe and the sources at hand gives the rows that the corpus holds.

    Args:
        corpus: What was prepared.
        recipe: As it lies there now.
        sources: Speech and noise at hand.
    """
    there = sources.without(left_out_noise(corpus.facts))
    return plan_hash(plan(recipe, there, corpus.utterances.keys()).parts()) == corpus.facts["plan_sha256"]


def _same_recipe(corpus: Tables) -> bool:
    try:
        return same_recipe(corpus)
    except (ManifestError, RecipeError):
        return False


def _readable(path: Path) -> bool:
    try:
        read_trajectories(path)
    except ManifestError:
        return False
    return True


def _sound_labels(path: Path, corpus: Tables) -> bool:
    """Whether the phones are as they were written, and of utterances of this corpus."""
    try:
        return read_labels(path).keys() <= corpus.utterances.keys()
    except ManifestError:
        return False


def _targets(corpus: Tables) -> dict[Path, bool]:
    """Whether each file of trajectories holds what the table of utterances says."""
    right: dict[Path, bool] = {}
    speakers: dict[str, dict[str, str]] = {}
    for key, row in corpus.utterances.items():
        speakers.setdefault(row["speaker"], {})[key] = row["targets_sha256"]
    for speaker, wanted in speakers.items():
        path = trajectories_path(corpus.folder, speaker)
        try:
            found = read_trajectories(path)
        except ManifestError:
            right[path] = False
            continue
        right[path] = all(
            key in found and targets_sha256(found[key]) == digest for key, digest in wanted.items()
        )
    return right
