"""Builds a prepared corpus on disk: plan, render, write; a rerun does only what is missing or changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import cast

import pyarrow as pa

from benchmark.articulation.tract_variables import CONVENTION_VERSION
from benchmark.errors import CorpusError, ManifestError
from benchmark.files import alone_in, write_text
from benchmark.mixing.audio_store import AudioStore, Layout, audio_store, samples_match
from benchmark.mixing.journal import Journal
from benchmark.mixing.labels import write_phones
from benchmark.mixing.layout import MANIFEST, RECIPE, UTTERANCES
from benchmark.mixing.manifest import (
    MEASURED,
    PLANNED,
    corpus_hash,
    in_order,
    mixtures_table,
    plan_hash,
    read_table,
    table_of,
    write_table,
)
from benchmark.mixing.plan import Plan, plan
from benchmark.mixing.plan_summary import NoiseUse, noise_use
from benchmark.mixing.recipe import Recipe, recipe_hash
from benchmark.mixing.render_missing import render_missing
from benchmark.mixing.rows import Measured, MixtureRow, PlanRow, UtteranceRow
from benchmark.mixing.sources import Sources
from benchmark.mixing.talkers import write_talkers
from benchmark.mixing.targets import Targets, make_targets, write_targets
from benchmark.types import SPLITS, Progress, Utterance, silent
from benchmark.workers import share_out

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
    everything, listed = sources, chosen_by(selection, sources)
    earlier, facts = _earlier(folder, recipe)
    store = audio_store(folder, layout)
    spoilt = left_out_noise(facts)
    # Noise is dealt over what was listed, so that a recording that proves unreadable changes the noise of no
    # other.
    dealt_over = {utterance.id for utterance in listed}
    planned = plan(recipe, everything.without(spoilt), dealt_over)
    sources, chosen, targets = _with_targets(recipe, everything, listed, jobs, progress)
    planned = planned.of({utterance.id for utterance in chosen})
    with alone_in(folder), Journal(folder / JOURNAL, recipe_hash(recipe)) as journal:
        _refuse_other_plan(planned, earlier)
        known = {**_of_plan(planned, earlier), **_of_plan(planned, journal.measured)}
        for torn in folder.rglob(".*.part"):  # of a run that was killed while it wrote
            torn.unlink()
        measured, left_out, remarks = known, list(sources.damaged), list(targets.remarks)
        kept = 0
        if not selection.plan_only:
            sound = _intact(store, planned, known, jobs, progress)
            measured = sound
            while True:
                missing = [i for i, row in enumerate(planned) if row["mixture_id"] not in measured]
                done = render_missing(recipe, planned, missing, sources, store, journal, jobs, progress)
                remarks += done.remarks
                left_out += [*done.without_speech.values(), *done.without_noise.values()]
                chosen = [item for item in chosen if item.id not in done.without_speech]
                planned = planned.of({utterance.id for utterance in chosen})
                measured = {**measured, **done.made}
                if not (done.without_noise and chosen):
                    break
                # Noise that cannot be used is as if it had never been there: what was drawn of it is drawn
                # anew.
                spoilt |= done.without_noise.keys()
                before = {row["mixture_id"]: row for row in planned}
                try:
                    planned = plan(recipe, everything.without(spoilt), dealt_over)
                    planned = planned.of({utterance.id for utterance in chosen})
                except CorpusError as error:
                    reason = next(iter(done.without_noise.values()))
                    raise CorpusError(f"{error}; left out before: {reason}") from error
                _refuse_other_plan(planned, earlier)
                measured = {
                    key: measured[key]
                    for row in planned
                    if (key := row["mixture_id"]) in measured and _same_row(before[key], row)
                }
            kept = sum(row is sound.get(key) for key, row in measured.items())
            if not planned:
                journal.discard()
                raise CorpusError(f"{left_out[0]} (and no other recording can be used)")
        now = planned.table()
        here = set(now["mixture_id"].to_pylist())
        others = [row for key, row in earlier.items() if key not in here]
        rows = pa.concat_tables([mixtures_table(now, measured), table_of("mixtures", others)])
        del now
        rows = in_order(rows, "mixture_id")
        utterances = write_targets(folder, targets, chosen, jobs, progress)
        prepared = set(rows["utterance_id"].unique().to_pylist())
        remarks += write_phones(folder, chosen, prepared, jobs, progress)
        remarks += write_talkers(folder, targets, everything, chain(planned, others), jobs, progress)
        write_text(folder / RECIPE, text)
        content, planned_sha256 = _write_tables(folder, recipe, rows, utterances, spoilt, targets.names)
        journal.discard()
    rendered = len(measured) - kept if not selection.plan_only else 0
    return Report(folder, rendered, kept, left_out, remarks, noise_use(planned), content, planned_sha256)


def _with_targets(
    recipe: Recipe, sources: Sources, chosen: list[Utterance], jobs: int, progress: Progress
) -> tuple[Sources, list[Utterance], Targets]:
    """All without the utterances of which no targets can be made, before hours are spent on their audio.

    All utterances of a chosen speaker are read, because the targets of one depend on the others.
    """
    speakers = {utterance.speaker for utterance in chosen}
    made = make_targets(sources.targets, speakers, recipe.speech.targets, sources.sensors, jobs, progress)
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


def _refuse_other_plan(planned: Iterable[PlanRow], earlier: Mapping[str, MixtureRow]) -> None:
    """Rows that a finished run rendered must be in this plan as they are."""
    for row in planned if earlier else ():
        found = earlier.get(row["mixture_id"])
        if found is not None and not _same_row(found, row):
            raise ManifestError(
                f"{row['mixture_id']}: was planned from other speech or noise than is given now; choose "
                "another folder with --out"
            )


def _of_plan(planned: Iterable[PlanRow], rendered: Mapping[str, MixtureRow]) -> dict[str, Measured]:
    """What was measured on those of `rendered` that were made from the very rows of this plan.

    After an interrupted run the others are rendered anew: a damaged noise file was taken away, say, and no
    table counts on them yet.
    """
    same = {}
    for row in planned if rendered else ():
        found = rendered.get(row["mixture_id"])
        if found is not None and found["pcm_sha256"] is not None and _same_row(found, row):
            same[row["mixture_id"]] = cast(Measured, {name: found.get(name) for name in MEASURED.names})
    return same


def _same_row(found: Mapping[str, object], row: Mapping[str, object]) -> bool:
    return all(found.get(name) == row.get(name) for name in PLANNED.names)


def _intact(
    store: AudioStore, planned: Plan, known: Mapping[str, Measured], jobs: int, progress: Progress
) -> dict[str, Measured]:
    """Those of `known` whose audio on disk has the samples that the manifest says."""
    if not known:
        return {}
    rows = (MixtureRow(**row, **known[key]) for row in planned if (key := row["mixture_id"]) in known)
    keys = [key for row in planned if (key := row["mixture_id"]) in known]
    checks = share_out(samples_match, ((store, row) for row in rows), jobs, batch_size=32)
    right = progress(checks, len(keys), "checking what is there")
    return {key: known[key] for key, ok in zip(keys, right, strict=True) if ok}


def _write_tables(
    folder: Path,
    recipe: Recipe,
    rows: pa.Table,
    utterances: Sequence[UtteranceRow],
    spoilt: frozenset[str],
    parameters: Sequence[str],
) -> tuple[str, str]:
    plan = plan_hash(rows)
    facts = {
        "recipe": recipe.name,
        "version": str(recipe.version),
        "recipe_sha256": recipe_hash(recipe),
        "plan_sha256": plan,
        "targets": ",".join(parameters),
        "targets_convention": CONVENTION_VERSION,
    }
    if spoilt:
        facts[_LEFT_OUT_NOISE] = json.dumps(sorted(spoilt))
    kept: dict[str, UtteranceRow] = {}
    if (folder / UTTERANCES).exists():
        kept = {row["utterance_id"]: row for row in read_table(folder / UTTERANCES, "utterances").rows}
    kept.update({row["utterance_id"]: row for row in utterances})
    wanted = set(rows["utterance_id"].unique().to_pylist())
    if not wanted <= kept.keys():
        raise ManifestError(
            f"{folder / UTTERANCES}: lacks utterances of the earlier run; prepare all splits "
            "again, without --limit"
        )
    of_utterances = write_table(
        folder / UTTERANCES, "utterances", [kept[key] for key in sorted(wanted)], facts
    )
    return corpus_hash(write_table(folder / MANIFEST, "mixtures", rows, facts), of_utterances), plan
