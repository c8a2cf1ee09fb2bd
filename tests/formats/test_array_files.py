"""Text tables as programs write them: what is read, what stands beside the numbers, and what is said of the rest."""

from __future__ import annotations

import codecs
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmark.errors import CorpusError
from benchmark.formats import array_files, parquet_pages

TABLE = [[1.5, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    ("suffix", "text", "names"),
    [
        (".csv", '"ul_x","ul_y"\n"1.5","2"\n"3","4"\n', ("ul_x", "ul_y")),
        (".csv", "\ufefful_x,ul_y\n1.5,2\n3,4\n", ("ul_x", "ul_y")),
        (".csv", "\ufeff1.5,2\n3,4\n", ()),
        (".csv", "ul_x;ul_y\n1.5;2\n3;4\n", ("ul_x", "ul_y")),
        (".csv", "ul_x\tul_y\n1.5\t2\n3\t4\n", ("ul_x", "ul_y")),
        (".tsv", "ul_x,ul_y\n1.5,2\n3,4\n", ("ul_x", "ul_y")),
        (".txt", "ul_x, ul_y\n1.5, 2\n3, 4\n", ("ul_x", "ul_y")),
        (".txt", '"ul_x" "ul_y"\n"1.5" 2\n3 4\n', ("ul_x", "ul_y")),
        (".csv", "# made by hand\n# ul_x,ul_y\n1.5,2\n3,4\n", ("ul_x", "ul_y")),
        (".csv", "# made by hand\n1.5,2\n3,4\n", ()),
        (".csv", "# one, two\nul_x,ul_y\n1.5,2\n3,4\n", ("ul_x", "ul_y")),
        (".csv", "ul_x,ul_y\r1.5,2\r3,4\r", ("ul_x", "ul_y")),
        (".csv", "ul_x,ul_y\r\n1.5,2\r\n3,4\r\n\x1a", ("ul_x", "ul_y")),
        (".csv", '"upper lip; x",Öl_y\n1.5,2\n3,4\n', ("upper lip; x", "Öl_y")),
    ],
)
def test_tables_as_programs_write_them(
    tmp_path: Path, suffix: str, text: str, names: tuple[str, ...]
) -> None:
    path = tmp_path / f"r1{suffix}"
    path.write_text(text, encoding="utf-8", newline="")
    found = array_files.read_columns(path)
    assert found.names == names
    assert not found.text
    np.testing.assert_array_equal(found.values, TABLE)


@pytest.mark.parametrize(
    ("text", "names", "values", "words"),
    [
        ("file,a_x,ok\nr_1,1,True\nr_2,2,False\n", ("file", "a_x", "ok"), [1, 2], {0: "2: 'r_1'", 2: "2: 'True'"}),
        ('"","a_x","phone"\n"1",1,"a, b"\n"2",2,"c"\n', ("", "a_x", "phone"), [1, 2], {2: "2: 'a, b'"}),
        ("a_y,a_x\n7,1\n\n?,NA\n8,3\n", ("a_y", "a_x"), [1, np.nan, 3], {0: "4: '?'"}),
        ("a_y,a_x\n7,1\ninf,2\n", ("a_y", "a_x"), [1, 2], {0: "3: 'inf'"}),
        ('# file,a_x\n"r ""1""",1\nr2,2\n', ("file", "a_x"), [1, 2], {0: "2: 'r \"1\"'"}),
    ],
)  # fmt: skip
def test_text_stands_beside_numbers(
    tmp_path: Path, text: str, names: tuple[str, ...], values: list[float], words: dict[int, str]
) -> None:
    path = tmp_path / "r1.csv"
    path.write_text(text)
    found = array_files.read_columns(path)
    assert found.names == names
    np.testing.assert_array_equal(found.values[:, 1], values)
    assert found.text == {column: f"line {where} is not a finite number" for column, where in words.items()}
    assert np.isnan(found.values[:, list(words)]).all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"ul_x;ul_y\n1,5;2,5\n",
            r"line 2: '1,5' is not a finite number; save the table with decimal points",
        ),
        (b"1,5;2,5\n1,5;2,5\n", r"line 2: '1,5' .*decimal points instead of commas"),
        (
            b"ul_x;ul_y\n1;2\n3\n",
            r"line 3: 1 columns where 2 are expected, parted by ';'; the file is damaged",
        ),
        (b'a_x,a_y\n1,"2\n3,4,5\n', r"line 3: 3 columns where 2 are expected, parted by commas"),
        (codecs.BOM_UTF16_LE + "a_x,a_y\n1,2\n".encode("utf-16-le"), "is text in UTF-16; save it as UTF-8"),
        (b"ul_x,ul_y\n", "holds names and no numbers"),
        (b"# nothing\n\n# else\n", "holds no numbers; the file is empty"),
        (b"1," * 1024 + b"1\n", "line 1: has 1025 columns; at most 1024 are read"),
        (b"1,2\n" + b"1" * 40_000, "line 2: is longer than 32768 characters"),
    ],
)
def test_a_table_that_cannot_be_read_says_where_and_why(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "r1.csv"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=rf"r1\.csv: .*{message}"):
        array_files.read_columns(path)


@pytest.mark.parametrize("line", ["1" * 8 + ",x\n", '"1","x"\n', "1,\n", "x,y,1\n"])
def test_a_text_table_does_not_swell(tmp_path: Path, line: str) -> None:
    path = tmp_path / "r1.csv"
    path.write_text("a_x,a_y,a_z\n"[: 4 * line.count(",") + 3] + "\n" + line * 20_000)
    tracemalloc.start()
    assert len(array_files.read_columns(path).values) == 20_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak <= 10 * path.stat().st_size


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "none"},
        {"row_group_size": 7},
        {"data_page_version": "2.0"},
        {"use_dictionary": False},
        {"write_page_index": True},
    ],
)
def test_what_pages_of_parquet_state_is_nearly_what_their_columns_state(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    path = tmp_path / "x.parquet"
    columns = {"x": np.arange(500.0), "n": np.arange(500) % 3, "text": [f"frame {i}" for i in range(500)]}
    pq.write_table(pa.table(columns), path, **options)
    with pq.ParquetFile(path) as source:
        groups = [source.metadata.row_group(i) for i in range(source.metadata.num_row_groups)]
        chunks = [group.column(i) for group in groups for i in range(3)]
        # Theirs include the headers of the pages.
        stated = sum(chunk.total_uncompressed_size for chunk in chunks)
    found = parquet_pages.stated_bytes(path.read_bytes())
    assert stated - 200 * len(chunks) < found < stated


def test_a_page_that_states_a_size_it_cannot_have_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"x": np.zeros(20_000)}), path, use_dictionary=False)
    content = path.read_bytes()
    # A header begins with field 1, kind of page, then field 2, its size unpacked: here 160 kB, a number of three bytes.
    assert content[4:7] == b"\x15\x00\x15"
    assert [byte > 127 for byte in content[7:10]] == [True, True, False]
    path.write_bytes(content[:7] + b"\xfe\xff\x7f" + content[10:])
    with pytest.raises(CorpusError, match=r"x\.parquet: its pages swell to more than 10 times its size"):
        array_files.read_columns(path)
    for keep in (11, 40, len(content) - 3):
        with pytest.raises(ValueError, match=r"it |its |a "):
            parquet_pages.stated_bytes(content[:keep])
