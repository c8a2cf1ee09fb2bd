"""Tables of the NDI Wave, with the same headings repeated for each sensor.

A sensor has a name, a frame number, a state, a quaternion and a position.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmark.errors import CorpusError
from benchmark.formats import est_track
from benchmark.formats.columns import Columns

_BLOCK = ("Frame", "State")
_POSITION = ("Tx", "Ty", "Tz")
_GOOD = "ok"
#: What the machine writes for a lost sensor is -3.7e28.
_LARGEST_MM = 1e5


def is_heading(line: str) -> bool:
    """Whether a line is the first one of such a table."""
    cells = line.rstrip("\r\n").split("\t")
    return cells.count("State") > 0 and cells.count("State") == cells.count("Tx")


def read(path: Path, content: bytes) -> Columns:
    """Positions of all sensors as NAME_x, NAME_y, NAME_z; the first column, in seconds, gives the rate.

    A position counts only where the state of its sensor is "OK": of lost sensors the machine writes plausible
    numbers, too.

    Raises:
        CorpusError: A line has other columns than the heading, or a cell that should hold a number does not.
    """
    lines = content.decode("utf-8-sig", "replace").splitlines()
    heading = lines[0].split("\t")
    starts = [at for at in range(1, len(heading)) if tuple(heading[at + 1 : at + 3]) == _BLOCK]
    rows = [line.split("\t") for line in lines[1:] if line.strip()]
    table = np.full((len(rows), 3 * len(starts)), np.nan)
    times = np.zeros(len(rows))
    for number, cells in enumerate(rows):
        where = f"{path}: line {number + 2}"
        if len(cells) != len(heading):
            raise CorpusError(
                f"{where}: {len(cells)} columns where {len(heading)} are expected; the file "
                "is truncated or damaged"
            )
        try:
            times[number] = float(cells[0])
            for sensor, at in enumerate(starts):
                if cells[at + 2].strip().lower() == _GOOD:
                    first = heading.index(_POSITION[0], at)
                    table[number, 3 * sensor : 3 * sensor + 3] = [
                        float(cell) for cell in cells[first : first + 3]
                    ]
        except ValueError as error:
            raise CorpusError(f"{where}: {error}") from None
    table[np.abs(table) >= _LARGEST_MM] = np.nan
    names = tuple(f"{heading[at].strip()}_{axis}" for at in starts for axis in "xyz")
    kept = est_track.even_frames(times)
    return Columns(
        table[:kept],
        names,
        est_track.frame_rate(path, times),
        float(times[0]) if len(times) else 0.0,
        note=est_track.late_frame(times),
    )
