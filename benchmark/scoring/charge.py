"""What a failure costs: where a score gets its value, its status and its reason.

A model that gives nothing, or nothing that can be measured, is charged `Measure.worst`: the bad end of the
range, unless the measure says otherwise (PPMC charges 0, an error in millimetres ten standard deviations of
the target). A poor answer can lie beyond that; the leaderboard ranks it above a failure all the same
(`benchmark.ranking.ranks`).

What cannot be measured through the fault of the recording or of its targets is left out: it has no value and
does not count for any model.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from benchmark.errors import MeasureError
from benchmark.metrics import Measure, ParameterScore, UnscorableReference
from benchmark.scoring.score_rows import Status


class Charged(NamedTuple):
    """The part of a score that tells how it went; see `ScoreRow`."""

    value: float | None
    status: Status
    reason: str


def charged(measure: Measure, found: float | MeasureError | ParameterScore, reason: str = "") -> Charged:
    """Turns what a measure gave into what is stored.

    Args:
        measure: The measure.
        found: Its value, its complaint, or what it says of one parameter.
        reason: Why there was nothing to measure, which goes before what the measure says of that.
    """
    if isinstance(found, UnscorableReference):
        return Charged(None, "left_out", str(found))
    if isinstance(found, MeasureError):
        return Charged(_stored(measure.worst), "failed", reason or str(found))
    if not isinstance(found, ParameterScore):
        return Charged(_stored(found), "ok", "")
    if found.status == "left_out":
        return Charged(None, "left_out", found.reason)
    failed = found.status == "failed"
    return Charged(_stored(found.value), found.status, reason if failed and reason else found.reason)


def _stored(value: float) -> float:
    """Rounds a value as it is stored, so that a result is equal before and after writing."""
    return float(np.float32(value))
