"""Which stored results may enter the tables. What may not is left out and named, so that one bad result cannot hide the others.

Left out is a result whose files are damaged, moved or edited; whose counts, values or mixtures contradict each other; that was made
from another corpus than the committed manifest says (or, without a manifest, than the majority of results, and all if there is no
majority); measure by measure, scores of another version than this package computes; and, by themselves, scores by class of phone
(see `phone_classes`).
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from benchmark.errors import ManifestError, MeasureError, StandingsError
from benchmark.metrics import parse
from benchmark.mixing.layout import MANIFEST
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.ranking.phone_classes import PhoneColumns, admit_phones, read_phone_columns
from benchmark.ranking.score_array import Compact, Condition, Unit, compact
from benchmark.ranking.value_bounds import bounds_of
from benchmark.scoring.results import Card, Result, read_result
from benchmark.scoring.score_rows import SCORES, count_status

_KINDS: Mapping[str, type | tuple[type, ...]] = {"str": str, "int": int, "float": (int, float), "dict": dict}
_DESCRIBING = ("utterance_id", "speaker", "noise_kind", "noise_category", "snr_db")


class KeptOut(NamedTuple):
    """What does not enter the tables: RECIPE/MODEL, RECIPE/MODEL: MEASURE or RECIPE/MODEL: phone classes, and why."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """The results of one recipe that may be compared.

    Attributes:
        results: Sorted by model.
        planned: Every (condition, unit) of a complete result where a manifest is committed, else empty.
        kept_out: What was left out.
    """

    results: tuple[Compact, ...]
    planned: frozenset[tuple[Condition, Unit]]
    kept_out: tuple[KeptOut, ...]


def admit(results: Path, manifests: Path) -> dict[str, Admitted]:
    """Reads and checks all stored results.

    Args:
        results: Folder of results, RESULTS/RECIPE/MODEL.
        manifests: Folder of the committed manifests, which results have to agree with.

    Raises:
        StandingsError: There are no results.
    """
    folders = sorted(
        {path.parent for name in ("card.json", "scores.parquet") for path in results.glob(f"*/*/{name}")}
    )
    if not folders:
        raise StandingsError(
            f"{results}: holds no results; score a model with `python -m benchmark.score` first"
        )
    by_recipe: dict[str, list[Path]] = {}
    for folder in folders:
        by_recipe.setdefault(folder.parent.name, []).append(folder)
    return {recipe: _recipe(recipe, found, manifests / recipe) for recipe, found in by_recipe.items()}


def faults(result: Result, corpus: PreparedCorpus | None = None) -> list[str]:
    """Contradictions within a result, and between it and the manifest; empty if there are none.

    Args:
        result: As stored.
        corpus: The committed manifest, if there is one.
    """
    card, scores = result.card, result.scores
    if wrong := _mistyped(result):
        return wrong
    found = [
        f"the card counts {stated} {what} scores, there are {there}"
        for what, stated, there in (
            ("expected", card.expected, len(scores)),
            ("ok", card.ok, count_status(scores, "ok")),
            ("failed", card.failed, count_status(scores, "failed")),
            ("left out", card.left_out, count_status(scores, "left_out")),
        )
        if stated != there
    ]
    keys = [(row["mixture_id"], row["measure"], row["parameter"]) for row in scores]
    if len(set(keys)) != len(keys):
        key, count = Counter(keys).most_common(1)[0]
        found.append(f"{' '.join(key).strip()} is there {count} times")
    unnamed = {row["measure"] for row in scores} ^ set(card.measures)
    found += (
        [f"card and scores do not name the same measures ({', '.join(sorted(unnamed))})"] if unnamed else []
    )
    found += _impossible(result)
    mixtures = _committed_rows(corpus, result)
    return found + (_foreign(scores, mixtures) if mixtures is not None else [])


def _recipe(recipe: str, folders: Sequence[Path], manifest: Path) -> Admitted:
    kept_out: list[KeptOut] = []
    corpus = _committed(recipe, manifest, kept_out)
    sound: list[Compact] = []
    by_phone: dict[str, PhoneColumns] = {}
    for folder in folders:
        name = f"{recipe}/{folder.name}"
        try:
            result = read_result(folder)
        except StandingsError as error:
            kept_out.append(KeptOut(name, _brief(str(error), folder)))
            continue
        found = _moved(result, folder) or faults(result, corpus)
        if found:
            kept_out.append(KeptOut(name, f"{'; '.join(found)}. Score the model again"))
            continue
        sound.append(compact(result))
        try:
            if phones := read_phone_columns(folder, result):
                by_phone[folder.name] = phones
        except StandingsError as error:
            kept_out.append(KeptOut(f"{name}: phone classes", _brief(str(error), folder)))
    same = _of_one_corpus(recipe, sound, corpus, kept_out)
    same = _with_phones(recipe, same, by_phone, corpus, kept_out)
    current = [_of_this_version(result, kept_out) for result in same]
    planned = _planned(corpus, current[0].card.split) if corpus and current else frozenset()
    return Admitted(tuple(result for result in current if result.columns), planned, tuple(kept_out))


def _committed(recipe: str, manifest: Path, kept_out: list[KeptOut]) -> PreparedCorpus | None:
    """The committed manifest, if there is one that this version reads: a damaged one must not hide the results."""
    if not (manifest / MANIFEST).is_file():
        return None
    try:
        return PreparedCorpus(manifest)
    except ManifestError as error:
        kept_out.append(KeptOut(f"{recipe}: committed manifest", _brief(str(error), manifest)))
        return None


def _of_one_corpus(
    recipe: str, results: Sequence[Compact], corpus: PreparedCorpus | None, kept_out: list[KeptOut]
) -> list[Compact]:
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
    kept: list[Compact] = []
    for result in results:
        card = result.card
        if (card.split, card.corpus_sha256) == allowed:
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


def _undecided(recipe: str, results: Sequence[Compact]) -> list[KeptOut]:
    """All results of a recipe, of which nothing says who is right."""
    reason = (
        "was scored on the corpus {}, others on another, none is in the majority and no manifest is committed; "
        "score the models on one corpus, or remove what is old"
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
    results: Sequence[Compact],
    by_phone: Mapping[str, PhoneColumns],
    corpus: PreparedCorpus | None,
    kept_out: list[KeptOut],
) -> list[Compact]:
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


def _of_this_version(result: Compact, kept_out: list[KeptOut]) -> Compact:
    columns = dict(result.columns)
    for name, version in result.card.measures.items():
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


def _planned(corpus: PreparedCorpus, split: str) -> frozenset[tuple[Condition, Unit]]:
    return frozenset(
        ((row["noise_kind"], row["snr_db"]), (row["speaker"], row["utterance_id"]))
        for row in corpus.of_split(split)
    )


def _committed_rows(corpus: PreparedCorpus | None, result: Result) -> Mapping[str, Mapping[str, Any]] | None:
    """Rows of the manifest, where the result claims to be made from it; another corpus is named as such later."""
    if corpus is None:
        return None
    try:
        same = corpus.split_hash(result.card.split) == result.card.corpus_sha256
    except ManifestError:
        return None
    return corpus.mixtures if same else None


def _mistyped(result: Result) -> list[str]:
    """The first field of the card, or column of the scores, that holds something else than it should."""
    for field in dataclasses.fields(Card):
        value = getattr(result.card, field.name)
        kind = _KINDS[str(field.type).partition("[")[0]]
        if not isinstance(value, kind) or isinstance(value, bool):
            return [f"{field.name} of the card is {value!r}"]
    for column in SCORES:
        there = {type(row.get(column.name)) for row in result.scores}
        text = pa.types.is_string(column.type)
        allowed: set[type] = {str} if text else {int, float, bool}
        if not there <= (allowed | {type(None)} if column.nullable else allowed):
            held = "text" if text else "numbers"
            return [f"the column {column.name} of the scores does not hold {held}"]
    return []


def _impossible(result: Result) -> list[str]:
    """The first value that its measure cannot give."""
    # What this version does not compute is kept out for its version.
    bounds = {name: bounds_of(name, version) for name, version in result.card.measures.items()}
    for row in result.scores:
        bound = bounds.get(row["measure"])
        if bound is not None and not bound.possible(row["value"], row["status"]):
            return [
                f"{row['mixture_id']} {row['measure']} {row['parameter']}: {row['value']} cannot be the value of a score "
                f"that is '{row['status']}'"
            ]
    return []


def _foreign(scores: Sequence[Mapping[str, Any]], mixtures: Mapping[str, Mapping[str, Any]]) -> list[str]:
    for row in scores:
        if row["utterance_id"] == "*":
            continue
        planned = mixtures.get(row["mixture_id"])
        if planned is None or any(planned[name] != row[name] for name in _DESCRIBING):
            return [f"{row['mixture_id']} is not described as the committed manifest does"]
    return []


def _moved(result: Result, folder: Path) -> list[str]:
    stated = f"{result.card.recipe}/{result.card.model}"
    if stated == f"{folder.parent.name}/{folder.name}":
        return []
    return [f"its card says {stated}; it was moved or edited"]


def _brief(message: str, folder: Path) -> str:
    # Rendered tables must not depend on where the folder lies on this machine.
    return message.removeprefix(str(folder)).lstrip("/: ").replace(str(folder), folder.name)
