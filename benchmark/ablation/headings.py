"""How the page names a condition: with the number of talkers, without which babble says little."""

from __future__ import annotations

import numpy as np

from benchmark.ablation.variants import Found
from benchmark.ranking.averages import Key
from benchmark.ranking.standings import Standing
from benchmark.ranking.tables import title


def heading(standing: Standing | None, key: Key) -> str:
    """The title of a condition or an average, and how many talkers babble in it, where the scores say so.

    Args:
        standing: Whose scores tell; None: nothing was run.
        key: The condition or average.
    """
    plain = title(key)
    if standing is None or isinstance(key, str) or key not in standing.scores.conditions:
        return plain
    talkers = standing.scores.facts["talkers"][standing.scores.conditions.index(key)]
    told = np.unique(talkers[talkers > 0])
    if not len(told):
        return plain
    several = f"{told[0]:g}" if len(told) == 1 else f"{told[0]:g} to {told[-1]:g}"
    return f"{plain}, {several} talker{'s' if told[-1] > 1 else ''}"


def standing_of(found: Found) -> Standing | None:
    """The standing that the results of the variants are of; None where none was run."""
    return next((runs.standing for runs in found.values() if runs is not None), None)
