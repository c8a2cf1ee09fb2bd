"""From the raw numbers of a file to trajectories in which every value is either finite or marked as lost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import CorpusError
from benchmark.types import Trajectories

#: Units in which files hold lengths, to millimetres.
UNITS_MM: Mapping[str, float] = MappingProxyType(
    {"um": 0.001, "mm": 1.0, "cm": 10.0, "inch": 25.4, "dm": 100.0, "m": 1000.0}
)


def refuse_blank(path: Path, values: NDArray[np.floating]) -> None:
    """Refuse a file in which no number is finite: nothing was recorded, or it was damaged.

    Raises:
        CorpusError: So it is.
    """
    if not np.isfinite(values).any():
        raise CorpusError(f"{path}: holds no finite position; the file is damaged or nothing was recorded")


def millimetres(
    values: NDArray[np.floating], valid: NDArray[np.bool_], rate_hz: float, names: tuple[str, ...]
) -> Trajectories:
    """Trajectories from raw values in float32; what is not finite in it becomes invalid.

    Invalid values are set to 0.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        single = np.asarray(values, np.float32)
    usable = valid & np.isfinite(single)
    return Trajectories(np.where(usable, single, np.float32(0)), rate_hz, names, usable)


def overlap(trajectories: Trajectories, audio_s: float) -> Trajectories:
    """Leave out what lies more than one frame past the end of the audio."""
    frames = max(1, int(np.ceil(audio_s * trajectories.rate_hz - 1e-6)) + 1)
    return Trajectories(
        trajectories.values[:frames],
        trajectories.rate_hz,
        trajectories.names,
        trajectories.valid[:frames],
        recorded_s=trajectories.duration_s,
    )
