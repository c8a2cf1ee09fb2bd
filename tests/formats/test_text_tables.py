from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import CorpusError
from benchmark.formats import text_tables
from benchmark.formats.text_tables import parse_table

HERE = Path("table.txt")
NUMBERS = st.lists(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3), min_size=1, max_size=6
)


@given(rows=NUMBERS, style=st.sampled_from(["%r", "%.20e", "%.3f", "%g"]), mark=st.sampled_from("\t,;"))
def test_numbers_are_read_to_the_bit_as_numpy_reads_them(rows, style, mark):
    text = "\n".join(mark.join(style % number for number in row) for row in rows)
    delimiter = None if mark == "\t" else mark
    found = parse_table(HERE, text.encode(), delimiter=delimiter)
    wanted = np.loadtxt(io.StringIO(text), delimiter=delimiter, ndmin=2)
    assert found.tobytes() == wanted.tobytes()
    assert found.flags.c_contiguous


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (b"1\t2\r\n\r\n3\t4\r\n", 2),
        (b"1\t2\r3\t4", 2),
        (b"1\t2\t\n3\t4\t", 2),
        (b"1  2\n3\t4", 2),
        (b"+5 1\n2 3", 2),
        (b"7", 1),
    ],
)
def test_what_the_fast_parser_does_not_know_is_read_as_before(text, rows):
    assert len(parse_table(HERE, text)) == rows


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"1\t2\n3\t1e\n", "line 2"),
        (b"1\t2\n3\n", "line 2: 1 columns where 2 are expected"),
        (b"1\t2\n3\t\n", "line 2"),
        (b"1\t2\n3\t1e999\n", "line 2"),
        (b"1\t2\n3\t4-5\n", "line 2"),
    ],
)
def test_damage_is_told_with_its_line(text, told):
    with pytest.raises(CorpusError, match=rf"table\.txt: {told}"):
        parse_table(HERE, text)


def test_a_table_that_has_lost_its_line_ends_is_not_given_to_the_fast_parser(monkeypatch):
    def never(*_: object) -> None:
        raise AssertionError("a column each would take gigabytes")

    monkeypatch.setattr(text_tables.pyarrow.csv, "read_csv", never)
    with pytest.raises(CorpusError, match="line 1: 400000 columns where 12 are expected"):
        parse_table(HERE, b"0," * 399_999 + b"0", 12, ",")
