"""Speaker verification as tables show it: error rates by condition, with intervals over speakers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark.metrics.verification import TRIAL_MEASURES, TrialMeasure, error_curve
from benchmark.randomness import Randomness
from benchmark.ranking.averages import DROP, Key, headline, with_averages
from benchmark.ranking.bootstrap import REPLICATES, interval, uniform_integers
from benchmark.ranking.markdown import code, table
from benchmark.ranking.rounding import as_text
from benchmark.ranking.score_array import Array, Condition, column_order
from benchmark.ranking.standings import Estimate
from benchmark.ranking.tables import title
from benchmark.scoring.speaker_verification import SpeakerTrials

#: The two kinds of impostors, whose trials are never pooled.
IMPOSTORS = ("matched", "crossed")
#: Bootstrap samples are weighed so many at a time.
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Verified:
    """How well speakers were verified in one model's recordings by one embedder.

    Attributes:
        model: Whose recordings were tested; the embedder itself where it is judged alone.
        embedder: Who judged.
        impostors: "matched" or "crossed".
        measure: Its name.
        estimates: By column: conditions, then averages as in standings.
        speakers: How many.
        trials: Target and impostor trials in each condition.
        failed: Trials that were charged, in all conditions.
    """

    model: str
    embedder: str
    impostors: str
    measure: str
    estimates: Mapping[Key, Estimate]
    speakers: int
    trials: tuple[int, int]
    failed: int


def verified(trials: SpeakerTrials, replicates: int = REPLICATES) -> list[Verified]:
    """Every measure, with each kind of impostors for itself, of the trials of one model.

    Intervals are 95 % intervals over speakers: a bootstrap sample draws speakers with replacement, and a
    trial weighs as often as both of its speakers were drawn (the pigeonhole bootstrap of Owen, Annals of
    Applied Statistics 1:386, 2007), because every speaker is in many trials.
    """
    rows: list[dict[str, Any]] = trials.table.to_pylist()
    speakers = sorted({row["speaker"] for row in rows})
    draws = _drawn(trials, len(speakers), replicates)
    found: list[Verified] = []
    for embedder in sorted(trials.facts.embedders):
        own = [row for row in rows if row["embedder"] == embedder]
        for impostors in IMPOSTORS:
            chosen = [row for row in own if row["kind"] in ("target", impostors)]
            if any(row["kind"] == impostors for row in chosen):
                found += _of_kind(trials, embedder, impostors, chosen, speakers, draws)
    return found


def _drawn(trials: SpeakerTrials, count: int, replicates: int) -> Array:
    """How often each speaker is in each sample, shape (1 + replicates, speakers); first the sample itself."""
    seed = Randomness(("speaker verification", trials.facts.recipe, trials.facts.recipe_version))
    places = uniform_integers(seed.token("speakers"), replicates * count, count).reshape(replicates, count)
    counts = np.array([np.bincount(row, minlength=count) for row in places], float).reshape(replicates, count)
    return np.concatenate([np.ones((1, count)), counts])


def _of_kind(
    trials: SpeakerTrials,
    embedder: str,
    impostors: str,
    rows: Sequence[dict[str, Any]],
    speakers: Sequence[str],
    draws: Array,
) -> Iterator[Verified]:
    conditions = sorted({(row["noise_kind"], row["snr_db"]) for row in rows}, key=column_order)
    values = {measure: np.empty((len(draws), len(conditions))) for measure in TRIAL_MEASURES}
    counts = (0, 0)
    for c, condition in enumerate(conditions):
        here = [row for row in rows if (row["noise_kind"], row["snr_db"]) == condition]
        counts = _condition(here, speakers, draws, values, c)
    for measure, by_condition in values.items():
        yield Verified(
            trials.facts.model,
            embedder,
            impostors,
            measure.name,
            _estimates(by_condition, conditions),
            len(speakers),
            counts,
            sum(row["failed"] for row in rows),
        )


def _condition(
    rows: Sequence[dict[str, Any]],
    speakers: Sequence[str],
    draws: Array,
    values: Mapping[TrialMeasure, Array],
    c: int,
) -> tuple[int, int]:
    """Fills one column of the values, and counts the trials."""
    place = {speaker: i for i, speaker in enumerate(speakers)}
    target = np.array([row["kind"] == "target" for row in rows])
    scores = np.array([row["score"] for row in rows])
    own = np.array([place[row["speaker"]] for row in rows])
    other = np.array([place.get(row["tested"], place[row["speaker"]]) for row in rows])
    for start in range(0, len(draws), _AT_ONCE):
        part = draws[start : start + _AT_ONCE]
        weights = np.where(target, part[:, own], part[:, own] * part[:, other])
        curve = error_curve(scores[target], scores[~target], weights[:, target], weights[:, ~target])
        for measure, columns in values.items():
            columns[start : start + len(part), c] = measure.weighted(curve)
    return int(target.sum()), int((~target).sum())


def _estimates(by_condition: Array, conditions: Sequence[Condition]) -> dict[Key, Estimate]:
    columns, values = with_averages(by_condition, conditions)
    low, high = interval(values[1:])
    return {
        key: Estimate(float(values[0, i]), float(low[i]), float(high[i])) for i, key in enumerate(columns)
    }


def verification_head(found: Sequence[Verified]) -> list[str]:
    """Headings of the table."""
    return ["model", "embedder", "impostors", "measure", *map(title, _columns(found))]


def verification_rows(found: Sequence[Verified]) -> list[list[str]]:
    """One row a model, embedder, kind of impostors and measure: text, with intervals; EER in per cent."""
    columns = _columns(found)
    return [
        [item.model, item.embedder, item.impostors, _measure(item), *(_cell(item, key) for key in columns)]
        for item in sorted(found, key=_order)
    ]


def verification_table(found: Sequence[Verified]) -> str:
    """The same as Markdown."""
    rows = [[code(model), code(embedder), *rest] for model, embedder, *rest in verification_rows(found)]
    return table(verification_head(found), rows, words=4)


def rests_on(found: Sequence[Verified]) -> str:
    """One sentence on how many speakers and trials stand behind the table."""
    first = found[0]
    kinds = {item.impostors: item.trials for item in found if item.model == first.model}
    trials = " and ".join(f"{impostors} {kind}" for kind, (_, impostors) in sorted(kinds.items()))
    return f"{first.speakers} speakers; {first.trials[0]} target, {trials} impostor trials a condition."


def _order(item: Verified) -> tuple[str, str, int, float, str]:
    names = [measure.name for measure in TRIAL_MEASURES]
    first = item.estimates[headline(list(item.estimates))].value
    return item.embedder, item.impostors, names.index(item.measure), first, item.model


def _columns(found: Sequence[Verified]) -> list[Key]:
    """Clean, the lowest SNR of each kind of noise, the mean over each kind, and over all."""
    there = list(dict.fromkeys(key for item in found for key in item.estimates))
    conditions = sorted((key for key in there if isinstance(key, tuple)), key=column_order)
    lowest = dict.fromkeys(kind for kind, _ in conditions)
    shown: list[Key] = [next(key for key in conditions if key[0] == kind) for kind in lowest]
    return shown + [key for key in there if isinstance(key, str) and key != DROP]


def _measure(item: Verified) -> str:
    return "EER (%)" if item.measure == "EER" else item.measure


def _cell(item: Verified, key: Key) -> str:
    estimate = item.estimates.get(key)
    if estimate is None or math.isnan(estimate.value):
        return "–"
    factor, digits = (100, 1) if item.measure == "EER" else (1, 2)
    value, low, high = (
        "–" if math.isnan(number) else as_text(factor * number, digits) for number in estimate
    )
    return f"{value} [{low}, {high}]"
