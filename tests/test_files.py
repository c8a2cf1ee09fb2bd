from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.errors import SinbadError
from benchmark.files import alone_in, replacing

_HOLD = """
import sys
from pathlib import Path
from benchmark.files import alone_in
with alone_in(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    def torn(path: Path) -> None:
        with replacing(path) as temporary:
            temporary.write_text("ne")
            raise OSError(errno.ENOSPC, "full")

    path = tmp_path / "table"
    path.write_text("old")
    with pytest.raises(OSError, match="full"):
        torn(path)
    assert [item.name for item in tmp_path.iterdir()] == ["table"]
    assert path.read_text() == "old"


def test_a_folder_belongs_to_one_process_until_it_dies(tmp_path):
    folder = tmp_path / "corpus"
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == b"held"
        with pytest.raises(SinbadError, match="another process is writing there"), alone_in(folder):
            pass
        other.kill()
        other.wait()
    with alone_in(folder):
        pass
    with alone_in(folder):
        pass
    assert list(folder.iterdir()) == []
