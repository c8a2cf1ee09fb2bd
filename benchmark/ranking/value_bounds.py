"""Which values a measure can give."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import MeasureError
from benchmark.metrics import Measure, parse
from benchmark.ranking.score_array import Array


class ValueBounds(NamedTuple):
    """Bounds of a measure; `failed` are those of a score that stands at the worst value."""

    low: float
    high: float
    failed_low: float
    failed_high: float

    @classmethod
    def of(cls, measure: Measure) -> ValueBounds:
        """The bounds of a measure, with room for rounding."""
        slack = 1e-6 * max(1.0, abs(measure.worst))
        low, high = measure.range[0] - slack, measure.range[1] + slack
        if measure.unit == "own":
            # In units of its own a parameter's worst value depends on the utterance.
            return cls(low, high, low, high)
        return cls(low, high, measure.worst - slack, measure.worst + slack)

    def possible(self, value: float | None, status: str) -> bool:
        """Whether a score can have this value."""
        if value is None or status == "left_out":
            return value is None and status == "left_out"
        if status == "failed":
            return self.failed_low <= value <= self.failed_high
        return status == "ok" and self.low <= value <= self.high

    def all_possible(self, values: Array, status: NDArray[np.object_]) -> bool:
        """`possible` of many scores; NaN stands for no value."""
        left_out = (status == "left_out") & np.isnan(values)
        failed = (status == "failed") & (values >= self.failed_low) & (values <= self.failed_high)
        scored = (status == "ok") & (values >= self.low) & (values <= self.high)
        return bool((left_out | failed | scored).all())


def bounds_of(name: str, version: str) -> ValueBounds | None:
    """The bounds of a measure; None if this package computes no such measure, or another version of it."""
    try:
        measure = parse(name)
    except MeasureError:
        return None
    return ValueBounds.of(measure) if measure.version == version else None
