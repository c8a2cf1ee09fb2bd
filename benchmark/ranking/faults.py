"""Contradictions within a stored result, and between it and the committed manifest."""

from __future__ import annotations

import math
import re
from collections import Counter

import numpy as np

from benchmark.models.enrolled import ENDING
from benchmark.models.enrolled import TRACK as ENROLMENT
from benchmark.models.entry import TRACKS
from benchmark.models.read_out import READOUTS
from benchmark.ranking.averages import DROP, NOISY
from benchmark.ranking.committed import DESCRIBING, Committed
from benchmark.ranking.phone_classes import first_rows
from benchmark.ranking.score_array import STATUS, CodedTable
from benchmark.ranking.value_bounds import bounds_of
from benchmark.scoring.results import Card

#: Names of recipes and of kinds of noise; those of averages are taken.
NAME = re.compile(r"[a-z0-9][a-z0-9_]*")
_AVERAGES = frozenset({NOISY, DROP})


def faults(card: Card, table: CodedTable, manifest: Committed | None = None) -> list[str]:
    """Contradictions within a result, and between it and the manifest; empty if there are none.

    Args:
        card: As stored.
        table: Its scores.
        manifest: The committed manifest, if there is one.
    """
    if strange := sorted(set(table.words["status"]) - set(STATUS)):
        return [f"a score has the status '{strange[0]}'"]
    kinds = table.words["noise_kind"]
    if strange := [kind for kind in kinds if not NAME.fullmatch(kind) or kind in _AVERAGES]:
        return [f"'{strange[0]}' is no name of a kind of noise"]
    if card.track not in TRACKS:
        return [f"its card names a track '{card.track}', which does not exist"]
    if (readout := _readout_of(card.model)) != (card.track if card.track in READOUTS else ""):
        return [f"its name says {readout or 'no readout'}, its track {card.track or 'none'}"]
    if card.model.endswith(ENDING) != (card.track == ENROLMENT):
        return [f"its name ends with {ENDING} only in the track {ENROLMENT}, and always there"]
    counts = Counter(
        dict(zip(table.words["status"], np.bincount(table.codes["status"]).tolist(), strict=False))
    )
    found = [
        f"the card counts {stated} {what} scores, there are {there}"
        for what, stated, there in (
            ("expected", card.expected, len(table)),
            ("ok", card.ok, counts["ok"]),
            ("failed", card.failed, counts["failed"]),
            ("left out", card.left_out, counts["left_out"]),
        )
        if stated != there
    ]
    unnamed = set(table.words["measure"]) ^ set(card.measures)
    found += (
        [f"card and scores do not name the same measures ({', '.join(sorted(unnamed))})"] if unnamed else []
    )
    return found + _repeated(table) + _impossible(card, table) + _misdescribed(card, table, manifest)


def _readout_of(model: str) -> str:
    """The track that the name of a model states, if it is behind a readout."""
    return next((track for track, ending in READOUTS.items() if model.endswith(ending)), "")


def _repeated(table: CodedTable) -> list[str]:
    """The first score that is there more than once."""
    names = ("mixture_id", "measure", "parameter")
    flat = np.ravel_multi_index(
        tuple(table.codes[name] for name in names), [max(1, len(table.words[name])) for name in names]
    )
    there, first, times = np.unique(flat, return_index=True, return_counts=True)
    if len(there) == len(flat):
        return []
    worst = int(np.argmax(times))
    key = " ".join(table.text(int(first[worst]), name) for name in names)
    return [f"{key.strip()} is there {times[worst]} times"]


def _impossible(card: Card, table: CodedTable) -> list[str]:
    """The first value that its measure cannot give."""
    code_of = np.array([STATUS[word] for word in table.words["status"]], np.int8)
    for m, measure in enumerate(table.words["measure"]):
        # What this version does not compute is kept out for its version.
        bounds = bounds_of(measure, card.measures.get(measure, ""))
        rows = np.flatnonzero(table.codes["measure"] == m)
        if bounds is None:
            continue
        wrong = rows[~bounds.possible(table.numbers["value"][rows], code_of[table.codes["status"][rows]])]
        if len(wrong):
            row = int(wrong[0])
            return [
                f"{table.text(row, 'mixture_id')} {measure} {table.text(row, 'parameter')}: "
                f"{table.numbers['value'][row]:g} cannot be the value of a score that is "
                f"'{table.text(row, 'status')}'"
            ]
    return []


def _misdescribed(card: Card, table: CodedTable, manifest: Committed | None) -> list[str]:
    """The first mixture described differently in different rows, or not as in the manifest."""
    rows, mixture = first_rows(table), table.codes["mixture_id"]
    for name in DESCRIBING[:-1]:
        differing = np.flatnonzero(table.codes[name] != table.codes[name][rows][mixture])
        if len(differing):
            return [f"{table.text(int(differing[0]), 'mixture_id')} is described in two ways"]
    for name, values in table.numbers.items():
        if name == "value":
            continue
        differing = np.flatnonzero(~_alike(values, values[rows][mixture]))
        if len(differing):
            return [f"{table.text(int(differing[0]), 'mixture_id')} is described in two ways"]
    # A result of another corpus is named as such later.
    if manifest is None or manifest.split_hash(card.split) != card.corpus_sha256:
        return []
    planned = manifest.described(card.split)
    columns = [
        np.array(table.words[name], object)[table.codes[name][rows]].tolist() for name in DESCRIBING[:-1]
    ]
    snr_db = [None if math.isnan(x) else x for x in table.numbers["snr_db"][rows].tolist()]
    for mixture_id, *stated in zip(table.words["mixture_id"], *columns, snr_db, strict=True):
        if stated[0] != "*" and planned.get(mixture_id) != tuple(stated):
            return [f"{mixture_id} is not described as the committed manifest does"]
    return []


def _alike(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.asarray((one == other) | (np.isnan(one) & np.isnan(other)))
