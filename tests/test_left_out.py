"""Where everything is installed, no test may be left out in silence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

def test_left_out():
    pytest.skip("something is missing")

@pytest.mark.skipif(True, reason="something is missing")
def test_marked():
    pass

@pytest.mark.may_be_left_out
def test_may_be_left_out():
    pytest.skip("something is missing")

@pytest.mark.xfail(reason="known", strict=True)
def test_expected_to_fail():
    assert False

def test_runs():
    pass
"""
WHOLE_FILE = 'import pytest\n\npytest.importorskip("no_such_package")\n'


@pytest.mark.parametrize(
    ("required", "expected"),
    [("", "1 passed, 4 skipped, 1 xfailed"), ("1", "1 failed, 1 passed, 1 skipped, 1 xfailed, 2 errors")],
)
def test_what_is_left_out_fails_where_all_is_required(tmp_path, required, expected) -> None:
    (tmp_path / "conftest.py").write_text(Path(__file__).with_name("conftest.py").read_text())
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = may_be_left_out\n")
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "test_whole_file.py").write_text(WHOLE_FILE)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--continue-on-collection-errors",
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "SINBAD_REQUIRE_ALL": required},
        check=False,
    )
    assert expected in done.stdout
    assert (done.returncode != 0) == bool(required)
