from __future__ import annotations

import pytest

from benchmark.text import as_name, name_fault, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 漢", "plain é 漢"),
        ("caf\udce9", "caf\\udce9"),
        ("a\x1b[1m\x00", "a\\x1b[1m\\x00"),
        ("a\nb", "a\\nb"),
    ],
)
def test_what_cannot_be_printed_is_escaped(text, shown):
    assert printable(text) == shown
    shown.encode("utf-8")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-2", "@SUM(A1)", "..", "=", "", "a/b", "ü" * 200, "\t=1"])
def test_whatever_a_name_is_made_of_it_is_fit_for_folders_and_tables(text):
    assert name_fault(as_name(text)) == ""


@pytest.mark.parametrize("name", ["=1+1", "+1", "-2", "@SUM", ".hidden", "a b", "a/b", "x" * 81, ""])
def test_a_name_that_a_spreadsheet_would_compute_or_a_folder_cannot_bear_is_refused(name):
    assert name_fault(name)
