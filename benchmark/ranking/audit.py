"""Decides which stored results enter the tables; others are left out and named, with the reason.

Left out is a result whose files are damaged, moved or edited; whose counts, values or mixtures contradict
each other; that was made from another version of the recipe or another corpus than the committed manifest
says (or, without a manifest, than the majority of results, and all if there is no majority); measure by
measure, scores of another version than this package computes; and, by themselves, scores by class of phone
(see `phone_classes`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from benchmark.errors import ManifestError, MeasureError, SinbadError
from benchmark.metrics import parse
from benchmark.mixing.layout import MANIFEST
from benchmark.ranking.admit_trials import admit_trials
from benchmark.ranking.committed import Committed
from benchmark.ranking.faults import NAME, faults
from benchmark.ranking.followed import Followed, read_followed
from benchmark.ranking.phone_classes import PhoneColumns, admit_phones, read_phone_columns
from benchmark.ranking.result_folders import result_folders
from benchmark.ranking.score_array import (
    Condition,
    PackedResult,
    Unit,
    coded,
    packed_table,
)
from benchmark.scoring.rerun import REVIEWERS, Rerun, read_rerun, read_reviewers
from benchmark.scoring.results import Card, read_card, read_scores
from benchmark.scoring.speaker_verification import FILE_NAME as TRIALS_FILE
from benchmark.scoring.speaker_verification import SpeakerTrials, read_trials


class KeptOut(NamedTuple):
    """What is kept out of the tables, and why.

    Named as RECIPE/MODEL, as RECIPE/MODEL: MEASURE or as RECIPE/MODEL: phone classes.
    """

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the results is read; everything is checked all the same.

    Attributes:
        recipe: Name of a recipe, or None for all.
        measures: Names of measures, or None for all.
        phones: Whether scores by class of phone are read.
        followed: Whether it is read whom models followed in babble.
        speakers: Whether trials of speaker verification are read.
    """

    recipe: str | None = None
    measures: Collection[str] | None = None
    phones: bool = True
    followed: bool = True
    speakers: bool = True


#: All recipes, measures and classes of phones.
EVERYTHING = Wanted()


@dataclass(frozen=True, slots=True)
class Admitted:
    """The results of one recipe that may be compared.

    Attributes:
        results: Sorted by model.
        planned: Every (condition, unit) of a complete result where a manifest is committed, else empty.
        kept_out: What was left out.
        followed: Whom models followed in babble, by model, where that is known.
        reruns: Who made results again, by model.
        speakers: How well speakers were verified, by model: also of models without any other result.
    """

    results: tuple[PackedResult, ...]
    planned: frozenset[tuple[Condition, Unit]]
    kept_out: tuple[KeptOut, ...]
    followed: Mapping[str, tuple[Followed, ...]] = field(default_factory=dict)
    reruns: Mapping[str, Rerun] = field(default_factory=dict)
    speakers: Mapping[str, SpeakerTrials] = field(default_factory=dict)


def admit(results: Path, manifests: Path, wanted: Wanted = Wanted()) -> dict[str, Admitted]:
    """Reads and checks stored results.

    Args:
        results: Folder of results, RESULTS/RECIPE/MODEL.
        manifests: Folder of the committed manifests, which results have to agree with.
        wanted: What is read.

    Raises:
        StandingsError: There are no results.
    """
    folders = result_folders(results)
    refused: list[KeptOut] = []
    try:
        reviewers = read_reviewers(results.parent / REVIEWERS)
    except SinbadError as error:
        reviewers, refused = {}, [KeptOut(REVIEWERS, _brief(str(error), results.parent))]
    admitted = {
        recipe: _recipe(recipe, found, manifests / recipe, wanted, reviewers)
        for recipe, found in folders.items()
        if wanted.recipe in (None, recipe)
    }
    return {
        recipe: replace(item, kept_out=(*(refused if recipe == next(iter(admitted)) else ()), *item.kept_out))
        for recipe, item in admitted.items()
    }


def _recipe(
    recipe: str, folders: Sequence[Path], manifest: Path, wanted: Wanted, reviewers: Mapping[str, str]
) -> Admitted:
    kept_out: list[KeptOut] = []
    if not NAME.fullmatch(recipe):
        kept_out = [
            KeptOut(f"{recipe}/{folder.name}", "its folder bears no name of a recipe") for folder in folders
        ]
        return Admitted((), frozenset(), tuple(kept_out))
    right = _committed(recipe, manifest, kept_out)
    sound: list[PackedResult] = []
    by_phone: dict[str, PhoneColumns] = {}
    followed: dict[str, tuple[Followed, ...]] = {}
    reruns: dict[str, Rerun] = {}
    for folder in folders:
        name = f"{recipe}/{folder.name}"
        try:
            card = read_card(folder)
            if moved := _moved(card, folder):
                kept_out.append(KeptOut(name, moved))
                continue
            table = coded(read_scores(folder, card))
        except SinbadError as error:
            kept_out.append(KeptOut(name, _brief(str(error), folder)))
            continue
        if wrong := faults(card, table, right):
            kept_out.append(KeptOut(name, f"{'; '.join(wrong)}. Score the model again"))
            continue
        sound.append(packed_table(card, table, wanted.measures))
        try:
            if wanted.phones and (phones := read_phone_columns(folder, card, table)):
                by_phone[folder.name] = phones
        except SinbadError as error:
            kept_out.append(KeptOut(f"{name}: phone classes", _brief(str(error), folder)))
        try:
            if wanted.followed and (found := read_followed(folder)):
                followed[folder.name] = found
        except SinbadError as error:
            kept_out.append(KeptOut(f"{name}: whom it followed", _brief(str(error), folder)))
        try:
            if record := read_rerun(folder, card, reviewers):
                reruns[folder.name] = record
        except SinbadError as error:
            kept_out.append(KeptOut(f"{name}: re-run", _brief(str(error), folder)))
    same = _of_one_corpus(recipe, sound, right, kept_out)
    same = _with_phones(recipe, same, by_phone, right, kept_out)
    current = [_of_this_version(result, kept_out) for result in same]
    planned = _planned(right, current[0].card.split) if right and current else frozenset()
    shown = tuple(result for result in current if result.columns)
    speakers = _speakers(recipe, folders, right, kept_out) if wanted.speakers else {}
    there = {result.card.model for result in shown}
    return Admitted(
        shown,
        planned,
        tuple(kept_out),
        {model: found for model, found in followed.items() if model in there},
        {model: record for model, record in reruns.items() if model in there},
        speakers,
    )


def _speakers(
    recipe: str, folders: Sequence[Path], corpus: Committed | None, kept_out: list[KeptOut]
) -> dict[str, SpeakerTrials]:
    """Admitted trials of speaker verification by model; a model may have nothing else."""
    found: dict[str, SpeakerTrials] = {}
    for path in sorted(folders[0].parent.glob(f"*/{TRIALS_FILE}")):
        name = f"{recipe}/{path.parent.name}: speaker verification"
        try:
            trials = read_trials(path)
        except SinbadError as error:
            kept_out.append(KeptOut(name, _brief(str(error), path.parent)))
            continue
        if (trials.facts.recipe, trials.facts.model) != (recipe, path.parent.name):
            kept_out.append(KeptOut(name, "its file was moved or edited; verify the speakers again"))
        else:
            found[path.parent.name] = trials
    admitted, refused = admit_trials(recipe, found, corpus)
    kept_out += [
        KeptOut(f"{recipe}/{model}: speaker verification", f"{why}; verify the speakers again")
        for model, why in refused.items()
    ]
    return admitted


def _committed(recipe: str, folder: Path, kept_out: list[KeptOut]) -> Committed | None:
    """The committed manifest, if there is one that can be read: a damaged one must not hide the results."""
    if not (folder / MANIFEST).is_file():
        return None
    try:
        return Committed(folder)
    except ManifestError as error:
        kept_out.append(KeptOut(f"{recipe}: committed manifest", _brief(str(error), folder)))
        return None


def _of_one_corpus(
    recipe: str, results: Sequence[PackedResult], corpus: Committed | None, kept_out: list[KeptOut]
) -> list[PackedResult]:
    identities = Counter((result.card.split, result.card.corpus_sha256) for result in results)
    if not identities:
        return []
    if corpus is not None:
        right = {
            (split, corpus.split_hash(split))
            for split in {result.card.split for result in results} & set(corpus.splits)
        }
        # One split is compared at a time; the test split is what a leaderboard is about.
        allowed = next((item for item in sorted(right, key=lambda item: item[0] != "test")), ("", ""))
        origin = "the committed manifest"
    else:
        (allowed, most), *rest = identities.most_common()
        if rest and rest[0][1] == most:
            kept_out += _undecided(recipe, results)
            return []
        origin = "most other results"
    kept: list[PackedResult] = []
    for result in results:
        card = result.card
        if corpus is not None and corpus.recipe_version not in (None, card.recipe_version):
            kept_out.append(
                KeptOut(
                    f"{recipe}/{card.model}",
                    f"was scored on version {card.recipe_version} of the recipe, "
                    f"version {corpus.recipe_version} is committed; prepare the corpus "
                    "again and score the model on it",
                )
            )
        elif (card.split, card.corpus_sha256) == allowed:
            kept.append(result)
        else:
            kept_out.append(
                KeptOut(
                    f"{recipe}/{card.model}",
                    f"was scored on another corpus ({card.split} {card.corpus_sha256[:12]}) than {origin} "
                    f"({allowed[0]} {allowed[1][:12]}); prepare the corpus again and score the model on it",
                )
            )
    return kept


def _undecided(recipe: str, results: Sequence[PackedResult]) -> list[KeptOut]:
    """All results of a recipe, of which nothing says who is right."""
    reason = (
        "was scored on the corpus {}, others on another, none is in the majority and no manifest is "
        "committed; score the models on one corpus, or remove what is old"
    )
    return [
        KeptOut(
            f"{recipe}/{result.card.model}",
            reason.format(f"{result.card.split} {result.card.corpus_sha256[:12]}"),
        )
        for result in results
    ]


def _with_phones(
    recipe: str,
    results: Sequence[PackedResult],
    by_phone: Mapping[str, PhoneColumns],
    corpus: Committed | None,
    kept_out: list[KeptOut],
) -> list[PackedResult]:
    """Results that are compared, with those scores by class of phone that may be."""
    found = {r.card.model: by_phone[r.card.model] for r in results if r.card.model in by_phone}
    admitted, refused = admit_phones(found, corpus, results[0].card.split if results else "")
    kept_out += [
        KeptOut(f"{recipe}/{model}: phone classes", f"{why}; score the model again")
        for model, why in refused.items()
    ]
    return [
        replace(r, phones=admitted[r.card.model].columns) if r.card.model in admitted else r for r in results
    ]


def _of_this_version(result: PackedResult, kept_out: list[KeptOut]) -> PackedResult:
    columns = dict(result.columns)
    for name in result.columns:
        version = result.card.measures[name]
        try:
            current = parse(name).version
        except MeasureError:
            current = "unknown"
        if current != version:
            del columns[name]
            kept_out.append(
                KeptOut(
                    f"{result.card.recipe}/{result.card.model}: {name}",
                    f"version {version}, this package has version {current}; score the model again",
                )
            )
    return replace(result, columns=columns)


def _planned(corpus: Committed, split: str) -> frozenset[tuple[Condition, Unit]]:
    return frozenset(
        ((row["noise_kind"], row["snr_db"]), (row["speaker"], row["utterance_id"]))
        for row in corpus.mixtures(split).values()
    )


def _moved(card: Card, folder: Path) -> str:
    stated = f"{card.recipe}/{card.model}"
    if stated == f"{folder.parent.name}/{folder.name}":
        return ""
    return f"its card says {stated}; it was moved or edited. Score the model again"


def _brief(message: str, folder: Path) -> str:
    # Rendered tables must not depend on where the folder lies on this machine.
    return message.removeprefix(str(folder)).lstrip("/: ").replace(str(folder), folder.name)
