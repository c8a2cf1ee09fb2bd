"""Scores of one class of phones: its frames of an utterance are scored as an utterance.

So a correlation is one value for all plosives of an utterance together: it rewards a model that tells their
places of articulation apart, and one that moves rightly within them. Classes span ranges of different width,
which correlations depend on: models can be compared within a class by it, classes with each other rather by
RMSE. A class with fewer than 0.1 s in an utterance is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmark.formats.phones import classes_in, frames_of
from benchmark.metrics import TrajectoryMeasure
from benchmark.runners.prediction import Prediction
from benchmark.scoring.charge import charged
from benchmark.scoring.scores import aligned
from benchmark.types import Segment, Trajectories

Row = Mapping[str, Any]


def score_phones(
    measures: Sequence[TrajectoryMeasure],
    rows: Sequence[Row],
    segments: Sequence[Segment],
    targets: Trajectories,
    predictions: Sequence[Prediction],
) -> list[dict[str, Any]]:
    """Scores all conditions of one utterance by class of phone.

    Args:
        measures: Of one value an utterance.
        rows: The mixtures of the utterance.
        segments: Its phones.
        targets: Its targets.
        predictions: What the model gave, in the order of `rows`.

    Returns:
        Rows of `PHONE_SCORES`: one a mixture, class that occurs in the utterance, measure and parameter.
    """
    classes = classes_in(segments)
    if not classes or not measures:
        return []
    estimates = [
        aligned(item.trajectories, targets) if item.trajectories else (None, item.invert_error)
        for item in predictions
    ]
    scores = []
    for name in classes:
        part = _only(targets, segments, name)
        pairs = [(part, estimate) for estimate, _ in estimates]
        for measure in measures:
            for row, (_, reason), found in zip(rows, estimates, measure.batch(pairs), strict=True):
                scores += [
                    {
                        "mixture_id": row["mixture_id"],
                        "phone_class": name,
                        "measure": measure.name,
                        "parameter": parameter,
                        **charged(measure, score, reason)._asdict(),
                    }
                    for parameter, score in found.items()
                ]
    return scores


def expected_classes(labels: Mapping[str, Sequence[Segment]], utterances: Iterable[str]) -> int:
    """How many pairs of utterance and class there are to be scored, whatever the model does.

    Args:
        labels: Utterance id to phones.
        utterances: Ids; one for each mixture.
    """
    return sum(len(classes_in(labels.get(key, ()))) for key in utterances)


def _only(targets: Trajectories, segments: Sequence[Segment], phone_class: str) -> Trajectories:
    """The targets, valid only in phones of a class."""
    inside = frames_of(segments, phone_class, len(targets.values), targets.rate_hz)
    return Trajectories(targets.values, targets.rate_hz, targets.names, targets.valid & inside[:, None])
