"""Which values a measure can give."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import MeasureError
from benchmark.metrics import Measure, parse
from benchmark.ranking.score_array import FAILED, LEFT_OUT, SCORED, Array


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

    def possible(self, values: Array, status: NDArray[np.int8]) -> NDArray[np.bool_]:
        """Which scores can have the value that they have.

        Args:
            values: Shape (scores,); NaN stands for no value.
            status: Codes as in `benchmark.ranking.score_array.STATUS`.
        """
        left_out = (status == LEFT_OUT) & np.isnan(values)
        failed = (status == FAILED) & (values >= self.failed_low) & (values <= self.failed_high)
        scored = (status == SCORED) & (values >= self.low) & (values <= self.high)
        return np.asarray(left_out | failed | scored)


def bounds_of(name: str, version: str) -> ValueBounds | None:
    """The bounds of a measure; None if this package computes no such measure, or another version of it."""
    try:
        measure = parse(name)
    except MeasureError:
        return None
    return ValueBounds.of(measure) if measure.version == version else None
