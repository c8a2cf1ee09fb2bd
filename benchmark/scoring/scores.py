"""From what a model gave to scores: every expected score is there, whatever went wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from benchmark.audio import resample
from benchmark.errors import MeasureError
from benchmark.metrics import AudioMeasure, Measure, Scorer, TrajectoryMeasure
from benchmark.runners.prediction import Prediction
from benchmark.scoring.charge import Charged, charged
from benchmark.scoring.score_rows import ScoreRow, described
from benchmark.types import Clip, Trajectories

Row = Mapping[str, Any]
_SCORED = {"enhance": "enhanced speech (STOI, SISDR ...)", "invert": "articulation (PPMC, RMSE ...)"}


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

    @property
    def moving(self) -> tuple[TrajectoryMeasure, ...]:
        """All measures of articulation."""
        return (*self.trajectories, *self.pooled)


def plan_scores(
    model: str, asked: Sequence[Measure], wished: Sequence[Measure], tasks: Collection[str]
) -> Plan:
    """Sorts measures by what they need.

    Args:
        model: Its name, for the message.
        asked: Measures that have to be there.
        wished: Measures that are left out if they are of a task that the model does not do.
        tasks: "enhance", "invert", or both.

    Raises:
        MeasureError: The model cannot have a measure that was asked for, or none is left.
    """
    needed = {"audio": "enhance", "trajectories": "invert"}
    if not set(tasks) & set(_SCORED):
        raise MeasureError(
            f"{model}: neither enhances nor inverts, so there is nothing to measure directly; what it "
            "represents is scored through a readout: add --readout clean"
        )
    impossible = [measure for measure in asked if needed[measure.kind] not in tasks]
    if impossible:
        names = ", ".join(measure.name for measure in impossible)
        raise MeasureError(
            f"{model}: has no {needed[impossible[0].kind]} and so no {names}; ask for measures of "
            f"{' and '.join(_SCORED[task] for task in sorted(tasks))}"
        )
    chosen = dict.fromkeys([*asked, *(measure for measure in wished if needed[measure.kind] in tasks)])
    if not chosen:
        raise MeasureError(f"{model}: there is nothing to measure; name measures")
    moving = [item for item in chosen if isinstance(item, TrajectoryMeasure)]
    return Plan(
        tuple(item for item in chosen if isinstance(item, AudioMeasure)),
        tuple(item for item in moving if not item.pooled),
        tuple(item for item in moving if item.pooled),
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
            several = {
                **described(members[0][0]),
                "mixture_id": f"{condition}/{speaker}/*",
                "utterance_id": "*",
                "noise_category": "*",
                "over_loudest_db": None,
                "noise_seen": None,
            }
            for parameter, found in measure.aggregate(pairs).items():
                yield _score_row(several, measure, parameter, charged(measure, found))


def aligned(estimate: Trajectories, targets: Trajectories) -> tuple[Trajectories | None, str]:
    """An estimate with the names and frame rate of the targets, or None and the reason.

    Values between two frames are interpolated linearly. A parameter that the model does not give becomes NaN,
    which measures count as a failure. The model's own validity mask is not heeded: it could hide the frames
    that it finds hard.
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
        nothing = MeasureError(prediction.enhance_error or "the model gave nothing")
        found: Mapping[str, float | MeasureError] = {measure.name: nothing for measure in plan.audio}
    else:
        found = scorer.score(resample(prediction.enhanced, rate_hz).samples)
    for measure in plan.audio:
        yield _score_row(described(row), measure, "", charged(measure, found[measure.name]))


def _moving_scores(
    measure: TrajectoryMeasure, row: Row, targets: Trajectories, prediction: Prediction
) -> Iterator[ScoreRow]:
    estimate, reason = None, prediction.invert_error
    if prediction.trajectories is not None:
        estimate, reason = aligned(prediction.trajectories, targets)
    for parameter, found in measure(targets, estimate).items():
        yield _score_row(described(row), measure, parameter, charged(measure, found, reason))


def _score_row(described_as: Row, measure: Measure, parameter: str, score: Charged) -> ScoreRow:
    return cast(
        ScoreRow,
        {**described_as, "measure": measure.name, "parameter": parameter, **score._asdict()},
    )
