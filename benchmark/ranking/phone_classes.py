"""Scores by class of phone: which may enter the breakdown, packed as standings need them.

They are judged apart from the scores of whole utterances: a result without them, or with wrong ones, keeps its place in the tables.
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
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.ranking.score_array import STATUS, Column
from benchmark.ranking.value_bounds import bounds_of
from benchmark.scoring.phone_scores import PhoneScores, read_phone_scores
from benchmark.scoring.results import Result

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
    columns: Mapping[str, Mapping[str, Column]] = field(repr=False)


def read_phone_columns(folder: Path, result: Result) -> PhoneColumns | None:
    """Opens and packs the scores by class of phone that lie beside a sound result; None if there are none.

    Raises:
        StandingsError: They are damaged, edited, of another result, or contradict themselves.
    """
    scores = read_phone_scores(folder)
    if scores is None:
        return None
    if scores.scores_sha256 != result.card.scores_sha256:
        raise StandingsError(f"{folder}: scores by phone class belong to other scores; score the model again")
    for name, version in scores.measures.items():
        if result.card.measures.get(name) != version:
            raise StandingsError(
                f"{folder}: scores by phone class are of {name} version {version}, the card has "
                f"{result.card.measures.get(name, 'none')}; score the model again"
            )
    try:
        return _packed(scores, result)
    except StandingsError as error:
        raise StandingsError(f"{folder}: {error}. Score the model again") from error


def admit_phones(
    found: Mapping[str, PhoneColumns], corpus: PreparedCorpus | None, split: str
) -> tuple[dict[str, PhoneColumns], dict[str, str]]:
    """Those that were made with the right labels and are complete, and why the others were not taken.

    Args:
        found: Model to its scores, of results that may be compared.
        corpus: The committed manifest, if there is one; where phones are committed with it, it says what is right and complete.
            Else the labels of most results are right, and complete is what any of them has.
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
            for row in corpus.of_split(split)
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


def _packed(scores: PhoneScores, result: Result) -> PhoneColumns:
    if not len(scores.table):
        raise StandingsError("scores by phone class are none")
    words, index = {}, {}
    for name in ("mixture_id", "phone_class", "measure", "parameter", "status"):
        encoded = scores.table[name].combine_chunks().dictionary_encode()
        words[name] = encoded.dictionary.to_pylist()
        index[name] = encoded.indices.to_numpy(zero_copy_only=False).astype(np.intp)
    values = scores.table["value"].to_numpy().astype(float)
    status = np.array(words["status"], object)[index["status"]]
    for name, known in (("phone_class", set(CLASSES)), ("status", set(STATUS))):
        if strange := sorted(set(words[name]) - known):
            raise StandingsError(f"scores by phone class have the {name} '{strange[0]}'")
    described = {row["mixture_id"]: row for row in result.scores}
    if strange := sorted(set(words["mixture_id"]) - set(described)):
        raise StandingsError(f"{strange[0]} has scores by phone class and none of the whole utterance")
    _refuse_holes(words, index, result)
    rows = [described[mixture] for mixture in words["mixture_id"]]
    conditions, condition_of = _numbered([(row["noise_kind"], row["snr_db"]) for row in rows])
    units, unit_of = _numbered([(row["speaker"], row["utterance_id"]) for row in rows])
    codes = np.array([STATUS[word] for word in words["status"]], np.int8)[index["status"]]
    columns: dict[str, dict[str, Column]] = {}
    for m, measure in enumerate(words["measure"]):
        bound = bounds_of(measure, scores.measures.get(measure, ""))
        own = index["measure"] == m
        if bound is not None and not bound.all_possible(values[own], status[own]):
            raise StandingsError(f"a score of {measure} by phone class has a value that it cannot have")
        for c, name in enumerate(words["phone_class"]):
            here = own & (index["phone_class"] == c)
            mixture = index["mixture_id"][here]
            place = [
                index["parameter"][here],
                condition_of[mixture],
                unit_of[mixture],
                np.zeros_like(mixture),
            ]
            columns.setdefault(measure, {})[name] = Column(
                tuple(words["parameter"]),
                conditions,
                units,
                ("",),
                np.stack(place).astype(np.int32),
                values[here],
                codes[here],
            )
    pairs = np.unique(np.stack([index["mixture_id"], index["phone_class"]]), axis=1).T.tolist()
    places = frozenset((words["mixture_id"][i], words["phone_class"][k]) for i, k in pairs)
    return PhoneColumns(scores.labels_sha256, places, columns)


def _refuse_holes(
    words: Mapping[str, Sequence[str]], index: Mapping[str, NDArray[np.intp]], result: Result
) -> None:
    """Every mixture and class has each measure once for each parameter that the whole utterance has."""
    for measure in words["measure"]:
        whole = {row["parameter"] for row in result.scores if row["measure"] == measure}
        if whole != set(words["parameter"]):
            raise StandingsError(f"{measure} has other parameters by phone class than of whole utterances")
    sizes = [len(words[name]) for name in ("mixture_id", "phone_class", "measure", "parameter")]
    flat = np.ravel_multi_index(
        tuple(index[name] for name in ("mixture_id", "phone_class", "measure", "parameter")), sizes
    )
    pairs = np.unique(flat // (sizes[2] * sizes[3]))
    if len(np.unique(flat)) != len(flat) or len(flat) != len(pairs) * sizes[2] * sizes[3]:
        raise StandingsError("scores by phone class are there twice, or not for every measure and parameter")


def _numbered(items: Sequence[Any]) -> tuple[tuple[Any, ...], NDArray[np.intp]]:
    """The different items, and the place of each in them."""
    place = {item: i for i, item in enumerate(dict.fromkeys(items))}
    return tuple(place), np.array([place[item] for item in items], np.intp)
