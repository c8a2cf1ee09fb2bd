"""Pairs of models: the difference, how sure it is, and correction for looking at many of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from benchmark.ranking.bootstrap import COVERAGE
from benchmark.ranking.score_array import Array


class Difference(NamedTuple):
    """A mean difference, its 95 % interval and two-sided p value; arrays of one shape.

    All but `value` are NaN where there are fewer than two speakers: nothing can be said about others from
    one.
    """

    value: Array
    low: Array
    high: Array
    p: Array

    @property
    def sure(self) -> NDArray[np.bool_]:
        """Where the interval leaves zero out."""
        return np.asarray((self.low > 0) | (self.high < 0))


def difference(point: Array, replicates: Array, speakers: int) -> Difference:
    """Tests paired differences: bootstrap standard error, Student's t, speakers - 1 degrees of freedom.

    A percentile interval of a few speakers is too narrow, and its p value is never below 1/replicates, which
    no correction for many comparisons survives. The variance over replicates is multiplied by speakers /
    (speakers - 1), so that for speakers whose utterances agree this is exactly the paired t test on speaker
    means.

    Args:
        point: Observed differences, any shape.
        replicates: The same differences in every bootstrap sample, shape (replicates, ...).
        speakers: How many speakers were resampled.
    """
    if speakers < 2:
        nothing = np.full(point.shape, np.nan)
        return Difference(point, nothing, nothing, nothing)
    error = np.sqrt(replicates.var(axis=0) * speakers / (speakers - 1))
    # Rounding alone must not make two equal models differ.
    error = np.where(error < 1e-12, 0.0, error)
    reach = stdtrit(speakers - 1, (1 + COVERAGE) / 2) * error
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(np.abs(point) < 1e-12, 0.0, np.abs(point) / error)
    p = np.where(np.isnan(point), np.nan, 2 * stdtr(speakers - 1, -t))
    return Difference(point, point - reach, point + reach, p)


def holm(p: Array) -> Array:
    """P values corrected for their number (Holm, Scand. J. Statist. 6:65, 1979); NaN is ignored.

    Example:
        >>> holm(np.array([0.01, 0.04, 0.03]))
        array([0.03, 0.06, 0.06])
    """
    flat = p.ravel()
    order = np.argsort(flat, kind="stable")
    order = order[~np.isnan(flat[order])]
    scaled = flat[order] * np.arange(len(order), 0, -1)
    adjusted = np.full(flat.shape, np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0) if len(order) else scaled
    return adjusted.reshape(p.shape)
