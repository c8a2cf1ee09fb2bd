"""Several audio measures on many estimates of one clean signal, no analysis done twice."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from numpy.typing import ArrayLike

from benchmark.errors import MeasureError
from benchmark.metrics.measure import AudioMeasure


class Scorer:
    """One clean signal, analysed once for all measures.

    A measure that cannot be computed yields its `MeasureError` in place of a number. If that is an
    `UnscorableReference` the clean signal is to blame and the item concerns no model; otherwise the estimate
    is, and the item counts with the measure's worst value.

    Args:
        measures: What to compute.
        clean: One channel, shape (samples,).
        rate_hz: Its sampling rate, and that of all estimates.

    Example:
        >>> import numpy as np
        >>> from benchmark.metrics import SISDR, STOI, Scorer
        >>> clean = np.sin(np.arange(16000) ** 1.5 / 700)
        >>> scorer = Scorer([STOI(), SISDR()], clean, 16000)
        >>> {name: round(value, 3) for name, value in scorer.score(clean / 2).items()}
        {'STOI': 1.0, 'SISDR': 100.0}
    """

    def __init__(self, measures: Sequence[AudioMeasure], clean: ArrayLike, rate_hz: int) -> None:
        self._measures = tuple(measures)
        self._references: dict[Hashable, Any] = {}
        for measure in self._measures:
            if measure.shares not in self._references:
                self._references[measure.shares] = _or_error(measure.reference, clean, rate_hz)

    def score(self, estimate: ArrayLike) -> dict[str, float | MeasureError]:
        """Values of one estimate by name of measure, with the error where there is no value."""
        analysed: dict[Hashable, Any] = {}
        scores: dict[str, float | MeasureError] = {}
        for measure in self._measures:
            reference = self._references[measure.shares]
            if isinstance(reference, MeasureError):
                scores[measure.name] = reference
                continue
            if measure.shares not in analysed:
                analysed[measure.shares] = _or_error(measure.analyse, reference, estimate)
            ready = analysed[measure.shares]
            scores[measure.name] = (
                ready if isinstance(ready, MeasureError) else _or_error(measure.compare, reference, ready)
            )
        return scores


def _or_error(function: Any, *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except MeasureError as error:
        return error
