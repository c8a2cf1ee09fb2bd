"""What a file of trajectories holds before anybody says which column is which."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Columns(NamedTuple):
    """What a file holds.

    Attributes:
        values: float64, shape (frames, columns), NaN where lost.
        names: One a column; empty if the file names none.
        rate_hz: Frames per second if the file says so.
        start_s: Time of the first frame.
        text: Number of a column that holds something else than numbers, to the first place where it does. Its
            values are NaN.
        note: What had to be mended, "" if nothing.
    """

    values: NDArray[np.float64]
    names: tuple[str, ...] = ()
    rate_hz: float | None = None
    start_s: float = 0.0
    text: Mapping[int, str] = MappingProxyType({})
    note: str = ""
