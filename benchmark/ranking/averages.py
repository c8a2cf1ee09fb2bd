"""Means of scores over utterances, speakers, parameters and conditions, and their intervals."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from benchmark.ranking.bootstrap import Resampling, interval, speaker_means, too_few
from benchmark.ranking.score_array import Array, Condition

#: Columns of standings that are averages over conditions: a kind of noise over its SNRs, all noise (kinds
#: with equal weight), and what is lost from clean to noisy.
NOISY, DROP = "noisy", "drop"
Key = Condition | str


def condition_means(values: Array, sample: Resampling) -> Array:
    """Means over utterances, speakers and parameters.

    From shape (models, parameters, conditions, units) to (replicates, models, conditions).

    A parameter without a value does not count.
    """
    missing = np.isnan(values)
    if (missing == missing[:, :1]).all():
        # Where all parameters miss the same values the order of the means is free, and this one is quicker.
        return speaker_means(values.mean(axis=1), sample)
    by_parameter = speaker_means(values, sample)
    counted = ~np.isnan(by_parameter)
    with np.errstate(invalid="ignore"):
        return np.asarray(
            np.where(counted, by_parameter, 0.0).sum(axis=-2) / counted.sum(axis=-2, dtype=float)
        )


def intervals(
    values: Array, conditions: Sequence[Condition], clusters: Sequence[Hashable], spread: Array
) -> tuple[Array, Array]:
    """95 % intervals of every column; NaN where a value is of fewer than two speakers.

    One speaker says nothing about others.

    Args:
        values: Shape (models, parameters, conditions, units).
        conditions: Names of the third axis.
        clusters: Speaker of each unit; or, for statements about one speaker, the unit itself.
        spread: Bootstrap samples of the columns of `with_averages`, shape (replicates, models, columns).
    """
    low, high = interval(spread)
    few = too_few(values, clusters).all(axis=1)
    _, none = with_averages(np.where(few, np.nan, 0.0), conditions)
    return low + none, high + none


def with_averages(by_condition: Array, conditions: Sequence[Condition]) -> tuple[tuple[Key, ...], Array]:
    """Adds the averages over conditions as columns.

    Args:
        by_condition: Shape (..., conditions).
        conditions: Names of the last axis.

    Returns:
        Names of the columns, and shape (..., columns).
    """
    columns: dict[Key, Array] = {key: by_condition[..., i] for i, key in enumerate(conditions)}
    kinds = list(dict.fromkeys(kind for kind, _ in conditions if kind != "clean"))
    for kind in kinds:
        columns[kind] = np.mean([columns[key] for key in conditions if key[0] == kind], axis=0)
    if kinds:
        columns[NOISY] = np.mean([columns[kind] for kind in kinds], axis=0)
    if kinds and ("clean", None) in columns:
        columns[DROP] = columns[NOISY] - columns["clean", None]
    return tuple(columns), np.stack(list(columns.values()), axis=-1)


def headline(columns: Sequence[Key]) -> Key:
    """The column to rank by."""
    return NOISY if NOISY in columns else columns[0]
