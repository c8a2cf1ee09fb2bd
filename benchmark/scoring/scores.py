"""From what a model gave to scores: every expected score is there, whatever went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark.audio import resample
from benchmark.errors import MeasureError
from benchmark.metrics import (
    AudioMeasure,
    Measure,
    ParameterScore,
    Scorer,
    TrajectoryMeasure,
    UnscorableReference,
)
from benchmark.runners.prediction import Prediction
from benchmark.types import Clip, Trajectories

Row = Mapping[str, Any]
ScoreRow = dict[str, Any]
DESCRIBING = ("mixture_id", "utterance_id", "speaker", "noise_kind", "noise_category", "snr_db")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be scored; known before a model runs.

    Attributes:
        audio: Measures of enhanced speech; empty if the model does not enhance.
        trajectories: Measures of articulation, one value an utterance; empty if the model does not invert.
        pooled: Measures of articulation with one value for all utterances of a speaker in one condition.
    """

    audio: tuple[AudioMeasure, ...]
    trajectories: tuple[TrajectoryMeasure, ...]
    pooled: tuple[TrajectoryMeasure, ...]


def plan_scores(measures: Sequence[Measure], *, enhances: bool, inverts: bool) -> Plan:
    """Sorts measures by what they need, leaving out those of a task that the model does not do."""
    audio = tuple(item for item in measures if isinstance(item, AudioMeasure))
    moving = tuple(item for item in measures if isinstance(item, TrajectoryMeasure))
    return Plan(
        audio if enhances else (),
        tuple(item for item in moving if not item.pooled) if inverts else (),
        tuple(item for item in moving if item.pooled) if inverts else (),
    )


def score_utterance(
    plan: Plan, rows: Sequence[Row], clean: Clip, targets: Trajectories, predictions: Sequence[Prediction]
) -> list[ScoreRow]:
    """Scores all conditions of one utterance against one clean signal, which is analysed once."""
    scorer = Scorer(plan.audio, clean.samples, clean.rate_hz) if plan.audio else None
    scores: list[ScoreRow] = []
    for row, prediction in zip(rows, predictions, strict=True):
        if scorer is not None:
            scores += _audio_scores(plan, row, scorer, prediction, clean.rate_hz)
        for measure in plan.trajectories:
            scores += _moving_scores(measure, row, targets, prediction)
    return scores


def score_pools(
    plan: Plan, items: Mapping[tuple[str, str], Sequence[tuple[Row, Trajectories, Prediction]]]
) -> Iterator[ScoreRow]:
    """Scores pooled measures; `items` holds the mixtures of each (condition, speaker)."""
    for measure in plan.pooled:
        for (condition, speaker), members in sorted(items.items()):
            pairs = []
            for _, targets, prediction in members:
                estimate, _ = (
                    aligned(prediction.trajectories, targets) if prediction.trajectories else (None, "")
                )
                pairs.append((targets, estimate))
            first = members[0][0]
            described = {
                **{name: first[name] for name in DESCRIBING},
                "mixture_id": f"{condition}/{speaker}/*",
                "utterance_id": "*",
                "noise_category": "*",
            }
            for parameter, found in measure.aggregate(pairs).items():
                yield _parameter_row(described, measure, parameter, found)


def aligned(estimate: Trajectories, targets: Trajectories) -> tuple[Trajectories | None, str]:
    """An estimate with the names and frame rate of the targets, or None and the reason.

    Values between two frames are interpolated linearly. A parameter that the model does not give becomes NaN, which measures
    count as a failure. The model's own validity mask is not heeded: it could hide the frames that it finds hard.
    """
    if len(estimate.values) == 0:
        return None, "invert gave no frames"
    own_duration = len(estimate.values) / estimate.rate_hz
    duration = len(targets.values) / targets.rate_hz
    if abs(own_duration - duration) > 0.05 + 1 / min(estimate.rate_hz, targets.rate_hz):
        return None, f"invert gave {own_duration:.3f} s of trajectories for {duration:.3f} s of speech"
    own_time = np.arange(len(estimate.values)) / estimate.rate_hz
    time = np.arange(len(targets.values)) / targets.rate_hz
    values = np.full(targets.values.shape, np.nan, np.float32)
    position = {name: i for i, name in enumerate(estimate.names)}
    for i, name in enumerate(targets.names):
        if name in position:
            values[:, i] = np.interp(time, own_time, estimate.values[:, position[name]])
    return Trajectories(values, targets.rate_hz, targets.names, np.ones(values.shape, bool)), ""


def _audio_scores(
    plan: Plan, row: Row, scorer: Scorer, prediction: Prediction, rate_hz: int
) -> Iterator[ScoreRow]:
    if prediction.enhanced is None:
        reason = prediction.enhance_error or "the model gave nothing"
        for measure in plan.audio:
            yield _score_row(row, measure, "", measure.worst, "failed", reason)
        return
    found = scorer.score(resample(prediction.enhanced, rate_hz).samples)
    for measure in plan.audio:
        value = found[measure.name]
        if isinstance(value, UnscorableReference):
            yield _score_row(row, measure, "", None, "left_out", str(value))
        elif isinstance(value, MeasureError):
            yield _score_row(row, measure, "", measure.worst, "failed", str(value))
        else:
            yield _score_row(row, measure, "", float(value), "ok", "")


def _moving_scores(
    measure: TrajectoryMeasure, row: Row, targets: Trajectories, prediction: Prediction
) -> Iterator[ScoreRow]:
    estimate, reason = None, prediction.invert_error
    if prediction.trajectories is not None:
        estimate, reason = aligned(prediction.trajectories, targets)
    for parameter, found in measure(targets, estimate).items():
        if found.status == "failed" and reason:
            found = found._replace(reason=reason)
        yield _parameter_row(row, measure, parameter, found)


def _parameter_row(row: Row, measure: Measure, parameter: str, found: ParameterScore) -> ScoreRow:
    value = None if found.status == "left_out" else float(found.value)
    return _score_row(row, measure, parameter, value, found.status, found.reason)


def _score_row(
    row: Row, measure: Measure, parameter: str, value: float | None, status: str, reason: str
) -> ScoreRow:
    return {
        **{name: row[name] for name in DESCRIBING},
        "measure": measure.name,
        "parameter": parameter,
        "value": value,
        "status": status,
        "reason": reason,
    }
