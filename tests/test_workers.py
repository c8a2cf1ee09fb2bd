from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
import threadpoolctl

from benchmark.workers import engine, share_out

_SLOW = """
import os, sys, time
from pathlib import Path
from benchmark import cli
from benchmark.workers import share_out

def work(folder, seconds):
    Path(folder, str(os.getpid())).touch()
    time.sleep(seconds)

def main(arguments):
    list(share_out(work, ((sys.argv[1], 60.0) for _ in range(2)), 2))
    return 0

if __name__ == "__main__":
    sys.exit(cli.guarded(main, None))
"""


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def _family(pid: int) -> list[int]:
    """The processes of the session that `pid` leads, without itself."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == pid:
            continue
        try:
            session = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[3])
        except (OSError, ValueError):
            continue
        if session == pid and _alive(int(entry.name)):
            found.append(int(entry.name))
    return found


def _wait_until(true, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return bool(true())


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_workers_and_their_trackers_are_gone_within_seconds_of_their_command(tmp_path, number, status):
    script, told = tmp_path / "slow.py", tmp_path / "told"
    script.write_text(_SLOW)
    told.mkdir()
    command = subprocess.Popen(
        [sys.executable, str(script), str(told)], stderr=subprocess.PIPE, start_new_session=True
    )
    assert _wait_until(lambda: len(list(told.iterdir())) == 2, 60)
    assert len(_family(command.pid)) >= 2
    os.kill(command.pid, number)
    assert command.wait(20) == status
    assert _wait_until(lambda: not _family(command.pid), 10)
    if number == signal.SIGTERM:
        assert command.stderr.read().decode() == "stopped; run the same command again to go on\n"
    command.stderr.close()


def test_results_come_in_order_or_as_they_are_ready():
    given = [(number,) for number in range(40)]
    for jobs in (1, 2):
        assert list(share_out(abs, given, jobs)) == list(range(40))
        assert sorted(share_out(abs, given, jobs, in_order=False)) == list(range(40))


def test_results_that_nobody_takes_bring_no_warning():
    given = [(number,) for number in range(40)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        never_asked = share_out(abs, given, 2)
        del never_asked
        begun = share_out(abs, given, 2)
        assert next(begun) == 0
        begun.close()


def threads_of_linear_algebra(_) -> set[int]:
    import scipy.linalg  # noqa: F401  the libraries have to be there

    return {one["num_threads"] for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas"}


@pytest.mark.skipif(os.cpu_count() == 1, reason="one processor: linear algebra has one thread anyway")
def test_a_task_has_one_thread_whether_in_this_process_or_another():
    before = threads_of_linear_algebra(0)
    for jobs in (1, 2):
        assert list(share_out(threads_of_linear_algebra, [(0,)], jobs)) == [{1}]
    with engine("serial", 2):
        assert list(share_out(threads_of_linear_algebra, [(0,)], 2)) == [{1}]
    assert threads_of_linear_algebra(0) == before
