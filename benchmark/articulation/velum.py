"""How far the velopharyngeal port is open, where a corpus measured it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmark.articulation.tract_variables import Value, track
from benchmark.types import Trajectories

#: The raised velum: this quantile of its height, so that a few strayed frames do not set the zero.
_RAISED = 0.98


def raised_height(pellets: Sequence[Trajectories], sensors: Mapping[str, str]) -> float | None:
    """Height of a speaker's raised velum in mm, or None without a coil on the velum.

    Args:
        pellets: Smooth pellets of all that the speaker said.
        sensors: Role to channel prefix.
    """
    tracks = (track(utterance, sensors, "velum") for utterance in pellets)
    heights = [found.xy[found.valid, 1] for found in tracks if found is not None]
    together = np.concatenate(heights) if heights else np.zeros(0)
    return float(np.quantile(together, _RAISED)) if together.size else None


def opening(pellets: Trajectories, sensors: Mapping[str, str], raised_mm: float | None) -> Value | None:
    """Velar opening over time: the corpus' own measure, else the velum's drop in mm.

    The drop is measured from the height of the raised velum.

    Args:
        pellets: Smooth channels of one utterance.
        sensors: Role to channel; "velum_opening" names a channel, "velum" the prefix of a coil.
        raised_mm: From `raised_height`.

    Returns:
        None where the corpus has neither.
    """
    own = sensors.get("velum_opening")
    if own is not None and own in pellets.names:
        column = pellets.names.index(own)
        return Value(pellets.values[:, column].astype(np.float64), pellets.valid[:, column])
    coil = track(pellets, sensors, "velum")
    if coil is None or raised_mm is None:
        return None
    return Value(raised_mm - coil.xy[:, 1], coil.valid)
