from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.mixing import row_table
from benchmark.mixing.row_table import RowTable


def table(keys: list[str]) -> pa.Table:
    return pa.table(
        {"id": pa.array(keys, pa.string()), "snr_db": pa.array([float(len(key)) for key in keys])}
    )


@given(st.sets(st.text(max_size=4), max_size=30), st.sets(st.text(max_size=4), max_size=10))
def test_it_is_a_dictionary_of_the_rows(keys, others):
    ordered = sorted(keys)
    rows = table(ordered).to_pylist()
    found, same = RowTable(table(ordered), "id"), {row["id"]: row for row in rows}
    assert dict(found) == same
    assert list(found) == ordered
    assert list(found.values()) == rows
    assert list(found.items()) == list(same.items())
    assert len(found) == len(same)
    assert {key for key in keys | others if key in found} == keys
    assert [found.get(key) for key in sorted(others)] == [same.get(key) for key in sorted(others)]


def test_rows_come_some_at_a_time(monkeypatch):
    monkeypatch.setattr(row_table, "_AT_ONCE", 3)
    whole = table([f"{i:03d}" for i in range(10)])
    chunked = pa.concat_tables([whole.slice(0, 4), whole.slice(4)])
    assert list(RowTable(chunked, "id").values()) == whole.to_pylist()
    assert list(RowTable(chunked, "id")) == whole["id"].to_pylist()
    assert RowTable(chunked, "id")["007"] == whole.to_pylist()[7]


def test_rows_with_a_value_are_picked():
    found = RowTable(table(["a", "bb", "cc", "d"]), "id")
    assert [row["id"] for row in found.where("snr_db", 2.0)] == ["bb", "cc"]
    with pytest.raises(KeyError):
        found["zz"]
    assert 3 not in found
