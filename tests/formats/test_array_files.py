"""Text tables as programs write them, with what stands beside the numbers, and what is reported."""

from __future__ import annotations

import codecs
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import CorpusError
from benchmark.formats import array_files

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
        (
            "file,a_x,ok\nr_1,1,True\nr_2,2,False\n",
            ("file", "a_x", "ok"),
            [1, 2],
            {0: "2: 'r_1'", 2: "2: 'True'"},
        ),
        ('"","a_x","phone"\n"1",1,"a, b"\n"2",2,"c"\n', ("", "a_x", "phone"), [1, 2], {2: "2: 'a, b'"}),
        ("a_y,a_x\n7,1\n\n?,NA\n8,3\n", ("a_y", "a_x"), [1, np.nan, 3], {0: "4: '?'"}),
        ("a_y,a_x\n7,1\ninf,2\n", ("a_y", "a_x"), [1, 2], {0: "3: 'inf'"}),
        ('# file,a_x\n"r ""1""",1\nr2,2\n', ("file", "a_x"), [1, 2], {0: "2: 'r \"1\"'"}),
    ],
)
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
