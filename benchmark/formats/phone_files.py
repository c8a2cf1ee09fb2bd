"""Phones in time as CSV: a line of names, then a line for each phone.

    start_s,end_s,phone,phone_class
    0.00,0.21,,
    0.21,0.29,p,plosive

Without the column `phone_class` the phones are taken for ARPAbet, as forced aligners of American English
write them.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

from benchmark.errors import CorpusError
from benchmark.formats.phones import CLASSES, arpabet_segment
from benchmark.formats.text_tables import number_in
from benchmark.types import Segment

_NEEDED = ("start_s", "end_s", "phone")


def read_phones(path: Path) -> tuple[Segment, ...]:
    """The phones of a recording.

    Raises:
        CorpusError: The file is damaged, lacks a column, or has a class that is not known or times that
            cannot be.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, skipinitialspace=True, restval="")
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CorpusError(f"{path}: cannot be read as CSV ({error})") from error
    missing = [name for name in _NEEDED if rows and name not in rows[0][1]]
    if missing:
        raise CorpusError(f"{path}: has no column {', '.join(missing)}; needed are {', '.join(_NEEDED)}")
    return tuple(_segment(path, line, row) for line, row in rows)


def _segment(path: Path, line: int, row: dict[str, str]) -> Segment:
    try:
        edges = number_in(row["start_s"]), number_in(row["end_s"])
    except ValueError as error:
        raise CorpusError(f"{path}: line {line}: a time is no number ({error})") from error
    if not 0.0 <= edges[0] <= edges[1] < math.inf:
        raise CorpusError(
            f"{path}: line {line}: a phone lasts from {edges[0]:g} s to {edges[1]:g} s; its end "
            "should follow its start"
        )
    if "phone_class" not in row:
        return arpabet_segment(row["phone"], *edges)
    name = row["phone_class"].strip()
    if name not in (*CLASSES, ""):
        raise CorpusError(
            f"{path}: line {line}: '{name}' is no class of phones; there are {', '.join(CLASSES)}"
        )
    return Segment(row["phone"].strip(), name, *edges)
