"""Phones in time as CSV: times that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.errors import CorpusError
from benchmark.formats.phone_files import read_phones


@pytest.mark.parametrize(
    ("times", "line"),
    [("nan,1", 2), ("0,nan", 2), ("-0.1,1", 2), ("2,1", 2), ("0,inf", 2), ("\n0,1,a\n\n2,1", 5)],
)
def test_times_of_phones_that_cannot_be_are_refused(tmp_path: Path, times: str, line: int) -> None:
    path = tmp_path / "r1.csv"
    path.write_text(f"start_s,end_s,phone\n{times},p\n")
    with pytest.raises(
        CorpusError, match=rf"r1\.csv: line {line}: a phone lasts from .* to .* s; its end should follow"
    ):
        read_phones(path)
