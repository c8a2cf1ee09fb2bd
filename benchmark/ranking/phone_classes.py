"""Scores by class of phone: which may enter the breakdown, packed as standings need them.

They are judged apart from the scores of whole utterances: a result without them, or with wrong ones, keeps
its place in the tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import StandingsError
from benchmark.formats.phones import CLASSES, classes_in
from benchmark.ranking.committed import Committed
from benchmark.ranking.score_array import STATUS, CodedTable, PackedScores, coded
from benchmark.ranking.value_bounds import bounds_of
from benchmark.scoring.phone_scores import PhoneScores, read_phone_scores
from benchmark.scoring.results import Card

Place = tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class PhoneColumns:
    """Scores by class of phone of one result.

    Attributes:
        labels_sha256: Hash of the phones that they were made with.
        places: Every (mixture, class) that has scores.
        columns: Scores by measure and class; their axes are those of the whole result.
    """

    labels_sha256: str
    places: frozenset[Place] = field(repr=False)
    columns: Mapping[str, Mapping[str, PackedScores]] = field(repr=False)


def read_phone_columns(folder: Path, card: Card, whole: CodedTable) -> PhoneColumns | None:
    """Opens and packs the scores by class of phone that lie beside a sound result; None if there are none.

    Raises:
        StandingsError: They are damaged, edited, of another result, or contradict themselves.
    """
    scores = read_phone_scores(folder)
    if scores is None:
        return None
    if scores.scores_sha256 != card.scores_sha256:
        raise StandingsError(f"{folder}: scores by phone class belong to other scores; score the model again")
    for name, version in scores.measures.items():
        if card.measures.get(name) != version:
            raise StandingsError(
                f"{folder}: scores by phone class are of {name} version {version}, the card has "
                f"{card.measures.get(name, 'none')}; score the model again"
            )
    try:
        return _packed(scores, whole)
    except StandingsError as error:
        raise StandingsError(f"{folder}: {error}. Score the model again") from error


def admit_phones(
    found: Mapping[str, PhoneColumns], corpus: Committed | None, split: str
) -> tuple[dict[str, PhoneColumns], dict[str, str]]:
    """Those that were made with the right labels and are complete, and why the others were not taken.

    Args:
        found: Model to its scores, of results that may be compared.
        corpus: The committed manifest, if there is one; where phones are committed with it, it says what is
            right and complete. Else the labels of most results are right, and complete is what any of them
            has.
        split: The split that they were scored on.
    """
    if not found:
        return {}, {}
    committed = corpus.labels_hash(split) if corpus is not None else ""
    right = committed or Counter(item.labels_sha256 for item in found.values()).most_common(1)[0][0]
    origin = "the committed manifest" if committed else "most other results"
    same = {model: item for model, item in found.items() if item.labels_sha256 == right}
    if corpus is not None and committed:
        planned = {
            (row["mixture_id"], name)
            for row in corpus.mixtures(split).values()
            for name in classes_in(corpus.phones.get(row["utterance_id"], ()))
        }
    else:
        planned = {place for item in same.values() for place in item.places}
    refused = {
        model: f"were made with other phone labels ({item.labels_sha256[:12]}) than {origin} ({right[:12]})"
        for model, item in found.items()
        if model not in same
    }
    for model, item in same.items():
        if lacking := len(planned - item.places):
            refused[model] = f"lack {lacking} of {len(planned)} mixtures and classes"
        elif len(item.places) > len(planned):
            refused[model] = "have mixtures or classes that the committed manifest does not have"
    return {model: item for model, item in same.items() if model not in refused}, refused


def _packed(scores: PhoneScores, whole: CodedTable) -> PhoneColumns:
    if not len(scores.table):
        raise StandingsError("scores by phone class are none")
    table = coded(scores.table)
    words, codes = table.words, table.codes
    for name, known in (("phone_class", set(CLASSES)), ("status", set(STATUS))):
        if strange := sorted(set(words[name]) - known):
            raise StandingsError(f"scores by phone class have the {name} '{strange[0]}'")
    if strange := sorted(set(words["mixture_id"]) - set(whole.words["mixture_id"])):
        raise StandingsError(f"{strange[0]} has scores by phone class and none of the whole utterance")
    _refuse_holes(table, whole)
    # A mixture is described by the first of its scores of the whole utterance.
    rows = first_rows(whole)
    place = {name: i for i, name in enumerate(whole.words["mixture_id"])}
    row_of = rows[[place[name] for name in words["mixture_id"]]]
    snr_db = [None if np.isnan(x) else float(x) for x in whole.numbers["snr_db"][row_of]]
    conditions, condition_of = _numbered(
        [(whole.text(row, "noise_kind"), snr) for row, snr in zip(row_of.tolist(), snr_db, strict=True)]
    )
    units, unit_of = _numbered(
        [(whole.text(row, "speaker"), whole.text(row, "utterance_id")) for row in row_of.tolist()]
    )
    status = np.array([STATUS[word] for word in words["status"]], np.int8)[codes["status"]]
    values = table.numbers["value"]
    columns: dict[str, dict[str, PackedScores]] = {}
    for m, measure in enumerate(words["measure"]):
        bounds = bounds_of(measure, scores.measures.get(measure, ""))
        own = codes["measure"] == m
        if bounds is not None and not bounds.possible(values[own], status[own]).all():
            raise StandingsError(f"a score of {measure} by phone class has a value that it cannot have")
        for c, name in enumerate(words["phone_class"]):
            here = np.flatnonzero(own & (codes["phone_class"] == c))
            mixture = codes["mixture_id"][here]
            columns.setdefault(measure, {})[name] = PackedScores(
                words["parameter"],
                conditions,
                units,
                ("",),
                np.stack(
                    [
                        codes["parameter"][here],
                        condition_of[mixture],
                        unit_of[mixture],
                        np.zeros_like(mixture),
                    ]
                ),
                values[here],
                status[here],
            )
    size = len(words["phone_class"])
    pairs = np.flatnonzero(np.bincount(codes["mixture_id"] * size + codes["phone_class"])).tolist()
    places = frozenset((words["mixture_id"][i // size], words["phone_class"][i % size]) for i in pairs)
    return PhoneColumns(scores.labels_sha256, places, columns)


def first_rows(table: CodedTable) -> NDArray[np.int64]:
    """The first row of each mixture, in the order of its words."""
    codes = table.codes["mixture_id"]
    rows = np.zeros(len(table.words["mixture_id"]), np.int64)
    rows[codes[::-1]] = np.arange(len(codes))[::-1]
    return rows


def _refuse_holes(table: CodedTable, whole: CodedTable) -> None:
    """Every mixture and class has each measure once for each parameter that the whole utterance has."""
    words, codes = table.words, table.codes
    for measure in words["measure"]:
        of_whole = whole.of_measure(measure) if measure in whole.words["measure"] else None
        there = np.unique(of_whole.codes["parameter"]).tolist() if of_whole else []
        if {whole.words["parameter"][i] for i in there} != set(words["parameter"]):
            raise StandingsError(f"{measure} has other parameters by phone class than of whole utterances")
    names = ("mixture_id", "phone_class", "measure", "parameter")
    sizes = [len(words[name]) for name in names]
    flat = np.ravel_multi_index(tuple(codes[name] for name in names), sizes)
    times = np.bincount(flat, minlength=int(np.prod(sizes))).reshape(sizes[0] * sizes[1], -1)
    if times.max() > 1 or not np.isin(times.sum(axis=1), (0, sizes[2] * sizes[3])).all():
        raise StandingsError("scores by phone class are there twice, or not for every measure and parameter")


def _numbered(items: Sequence[Any]) -> tuple[tuple[Any, ...], NDArray[np.int64]]:
    """The different items, and the place of each in them."""
    place = {item: i for i, item in enumerate(dict.fromkeys(items))}
    return tuple(place), np.array([place[item] for item in items], np.int64)
