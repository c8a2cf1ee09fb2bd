"""Builds a prepared corpus on disk: plan, render, write; a rerun does only what is missing or changed."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import pyarrow as pa

from benchmark.articulation.tract_variables import CONVENTION_VERSION
from benchmark.errors import CorpusError, ManifestError
from benchmark.files import alone_in, write_text
from benchmark.mixing.audio_store import Layout, audio_store
from benchmark.mixing.completion import Preparation, complete_audio, of_plan
from benchmark.mixing.journal import Journal
from benchmark.mixing.labels import write_phones
from benchmark.mixing.layout import MANIFEST, RECIPE, UTTERANCES
from benchmark.mixing.manifest import (
    mixtures_table,
    read_table,
    table_of,
)
from benchmark.mixing.plan import plan
from benchmark.mixing.plan_summary import NoiseUse, noise_use
from benchmark.mixing.recipe import Recipe, recipe_hash
from benchmark.mixing.rows import MixtureRow, UtteranceRow
from benchmark.mixing.sources import Sources
from benchmark.mixing.table_hash import corpus_hash, in_order
from benchmark.mixing.table_writer import merged, write_table, writing
from benchmark.mixing.talkers import write_talkers
from benchmark.mixing.targets import Targets, make_targets, write_targets
from benchmark.types import SPLITS, Progress, Utterance, silent

JOURNAL = "journal.jsonl"
_LEFT_OUT_NOISE = "left_out_noise"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which part of the plan to prepare.

    Attributes:
        split: One split, or None for all.
        limit: At most so many utterances of each split, in the order of their ids, or None for all.
        plan_only: Write the tables and trajectories, but no audio.
    """

    split: str | None = None
    limit: int | None = None
    plan_only: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What building did.

    Attributes:
        folder: The prepared corpus.
        rendered: Mixtures written now.
        kept: Mixtures that were there and matched their hashes.
        left_out: One line for each recording that could not be used.
        remarks: One line for each thing that the user should know.
        noise: How the planned noise is spread.
        content_sha256: Hash of all mixtures, utterances and targets.
        plan_sha256: Hash of the planned columns of the mixtures alone.
    """

    folder: Path
    rendered: int
    kept: int
    left_out: list[str]
    remarks: list[str]
    noise: list[NoiseUse]
    content_sha256: str
    plan_sha256: str


def build(
    recipe: Recipe,
    text: str,
    sources: Sources,
    folder: Path,
    selection: Selection,
    *,
    layout: Layout | None = None,
    jobs: int = 1,
    progress: Progress = silent,
) -> Report:
    """Prepares `recipe` below `folder`.

    Args:
        recipe: What to prepare.
        text: The recipe as the user wrote it, stored beside the result.
        sources: Speech and noise at hand.
        folder: Where to; may hold an earlier or interrupted run of the same recipe, which is completed.
        selection: Which part.
        layout: How the audio shall lie; None for as it lies there, or files.
        jobs: Worker processes.
        progress: Told of every finished utterance.

    Raises:
        ManifestError: `folder` holds something else, or audio in another layout.
        CorpusError: A recording cannot be used and the recipe does not allow leaving it out.
    """
    listed = chosen_by(selection, sources)
    earlier, stored = _earlier(folder, recipe)
    store = audio_store(folder, layout)
    spoilt, dealt_over = left_out_noise(stored), frozenset(item.id for item in listed)
    planned = plan(recipe, sources.without(spoilt), dealt_over)
    with tempfile.TemporaryDirectory(prefix="sinbad-targets-") as scratch:
        sound, chosen, targets = _with_targets(recipe, sources, listed, Path(scratch), jobs, progress)
        planned = planned.of({utterance.id for utterance in chosen})
        work = Preparation(recipe, sources, dealt_over, earlier, spoilt, chosen, planned)
        work.left_out += sound.damaged
        work.remarks += targets.remarks
        with alone_in(folder), Journal(folder / JOURNAL, recipe_hash(recipe)) as journal:
            work.refuse_other_plan()
            work.measured = of_plan(work.planned, earlier)
            work.measured.update(of_plan(work.planned, journal.measured))
            for torn in folder.rglob(".*.part"):  # of a run that was killed while it wrote
                torn.unlink()
            if not selection.plan_only:
                complete_audio(work, sound, store, journal, jobs, progress)
            planned, chosen = work.planned, work.chosen
            here = {row["mixture_id"] for row in planned} if earlier else set()
            others = [row for key, row in earlier.items() if key not in here]
            utterances = write_targets(folder, targets, chosen, jobs, progress)
            prepared = {utterance.id for utterance in chosen} | {row["utterance_id"] for row in others}
            work.remarks += write_phones(folder, chosen, prepared, jobs, progress)
            work.remarks += write_talkers(folder, targets, sources, chain(planned, others), jobs, progress)
            write_text(folder / RECIPE, text)
            now = (mixtures_table(part, work.measured) for part in planned.parts())
            rows = merged(now, in_order(table_of("mixtures", others), "mixture_id"), "mixture_id")
            facts = _facts(recipe, work.spoilt, targets.names)
            content, planned_sha256 = _write_tables(folder, rows, prepared, utterances, facts)
            journal.discard()
    return Report(
        folder,
        0 if selection.plan_only else len(work.measured) - len(work.kept),
        len(work.kept),
        work.left_out,
        work.remarks,
        noise_use(planned),
        content,
        planned_sha256,
    )


def _with_targets(
    recipe: Recipe,
    sources: Sources,
    chosen: list[Utterance],
    scratch: Path,
    jobs: int,
    progress: Progress,
) -> tuple[Sources, list[Utterance], Targets]:
    """All without the utterances of which no targets can be made, before hours are spent on their audio.

    All utterances of a chosen speaker are read, because the targets of one depend on the others.
    """
    speakers = {utterance.speaker for utterance in chosen}
    made = make_targets(
        sources.targets, speakers, recipe.speech.targets, sources.sensors, scratch, jobs, progress
    )
    problems = made.problems
    if problems and recipe.speech.on_damage == "stop":
        raise next(iter(problems.values()))
    sound = [utterance for utterance in chosen if utterance.id not in problems]
    if not sound:
        raise CorpusError(f"{next(iter(problems.values()))} (and no other recording can be used)")
    speech = {key: utterance for key, utterance in sources.speech.items() if key not in problems}
    damaged = [*sources.damaged, *map(str, problems.values())]
    return replace(sources, speech=speech, damaged=damaged), sound, made


def chosen_by(selection: Selection, sources: Sources) -> list[Utterance]:
    """The utterances of a selection, by split.

    Raises:
        CorpusError: None on disk belongs to the selected split.
    """
    splits = SPLITS if selection.split is None else (selection.split,)
    chosen: list[Utterance] = []
    for split in splits:
        members = [utterance for utterance in sources.targets if utterance.split == split]
        if selection.split is not None and not members:
            there = sorted({str(utterance.split) for utterance in sources.targets})
            raise CorpusError(
                f"no utterance on disk belongs to the split '{split}'; there are: {', '.join(there)}"
            )
        chosen += members[: selection.limit]
    return chosen


def left_out_noise(facts: Mapping[str, str]) -> frozenset[str]:
    """Noise ids that a prepared corpus left out as unusable, from the facts of its manifest."""
    return frozenset(json.loads(facts.get(_LEFT_OUT_NOISE, "[]")))


def _earlier(folder: Path, recipe: Recipe) -> tuple[dict[str, MixtureRow], dict[str, str]]:
    """Rows of an earlier run below `folder`, by mixture id, and the facts of its manifest."""
    if not (folder / MANIFEST).exists():
        ours = (folder / RECIPE).exists() or (folder / JOURNAL).exists()
        if folder.is_dir() and any(folder.iterdir()) and not ours:
            raise ManifestError(f"{folder}: holds other files; choose an empty folder with --out")
        return {}, {}
    table = read_table(folder / MANIFEST, "mixtures")
    if table.facts.get("recipe_sha256") != recipe_hash(recipe):
        raise ManifestError(
            f"{folder}: was prepared from another recipe ({table.facts.get('recipe')}, version "
            f"{table.facts.get('version')}); choose another folder with --out, or delete it"
        )
    if (made := table.facts.get("targets_convention", "1")) != CONVENTION_VERSION:
        raise ManifestError(
            f"{folder}: its targets follow version {made} of their convention, and this is version "
            f"{CONVENTION_VERSION}; choose another folder with --out, or delete it"
        )
    return {row["mixture_id"]: row for row in table.rows}, table.facts


def _facts(recipe: Recipe, spoilt: frozenset[str], parameters: Sequence[str]) -> dict[str, str]:
    """What is stored beside both tables."""
    facts = {
        "recipe": recipe.name,
        "version": str(recipe.version),
        "recipe_sha256": recipe_hash(recipe),
        "targets": ",".join(parameters),
        "targets_convention": CONVENTION_VERSION,
    }
    return facts | ({_LEFT_OUT_NOISE: json.dumps(sorted(spoilt))} if spoilt else {})


def _write_tables(
    folder: Path,
    rows: Iterable[pa.Table],
    prepared: AbstractSet[str],
    utterances: Sequence[UtteranceRow],
    facts: Mapping[str, str],
) -> tuple[str, str]:
    """Writes both tables, that of utterances first, and returns the hashes of the corpus and of its plan.

    Args:
        folder: The prepared corpus.
        rows: Its mixtures, in the order of their ids.
        prepared: Ids of their utterances.
        utterances: Those of this run.
        facts: To store beside them.
    """
    kept: dict[str, UtteranceRow] = {}
    if (folder / UTTERANCES).exists():
        kept = {row["utterance_id"]: row for row in read_table(folder / UTTERANCES, "utterances").rows}
    kept.update({row["utterance_id"]: row for row in utterances})
    if not prepared <= kept.keys():
        raise ManifestError(
            f"{folder / UTTERANCES}: lacks utterances of the earlier run; prepare all splits "
            "again, without --limit"
        )
    with writing(folder / MANIFEST, "mixtures", rows) as mixtures:
        facts = {**facts, "plan_sha256": mixtures.plan_sha256}
        of_utterances = write_table(
            folder / UTTERANCES, "utterances", [kept[key] for key in sorted(prepared)], facts
        )
        mixtures.say(facts)
    return corpus_hash(mixtures.content_sha256, of_utterances), mixtures.plan_sha256
