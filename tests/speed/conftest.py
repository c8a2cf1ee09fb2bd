"""Speed comparisons: ours and a peer in one process on the same clips, and a table of ratios.

    pytest tests/speed --benchmark-only --benchmark-timer=time.process_time [--speed-table
    leaderboard/SPEED.md]

A benchmark joins the table by `extra_info`: `role` ("ours" or "peer"), `what` (the row), and on ours `goal`,
the least acceptable ratio to the peer, or to real time where `audio_s` is given and there is no peer. A peer
that works on a part says by `times` how many of it make the whole; `seconds`, where given, is the time by the
clock that counts. Ordinary test runs collect none.
"""

import os
import platform
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest


def pytest_addoption(parser):
    parser.addoption(
        "--speed-table", type=Path, default=None, help="write the table of ratios to this Markdown file"
    )


def pytest_ignore_collect(collection_path, config):
    return None if config.getoption("benchmark_only", default=False) else True


def pytest_terminal_summary(terminalreporter, config):
    rows = _rows(config)
    if not rows:
        return
    page = _page(rows)
    terminalreporter.write_line("\n" + page)
    path = config.getoption("speed_table")
    if path:
        path.write_text(page + "\n", encoding="utf-8")


def pytest_sessionfinish(session):
    missed = [what for what, *_, ratio, goal in _rows(session.config) if ratio < goal]
    if missed and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _rows(config):
    """One row for each comparison: what, own and peer's seconds, times real time, ratio, goal.

    Seconds of the peer, times real time and ratio may be None.
    """
    found = defaultdict(dict)
    session = getattr(config, "_benchmarksession", None)
    for bench in session.benchmarks if session else []:
        if "what" in bench.extra_info:
            found[bench.extra_info["what"]][bench.extra_info["role"]] = bench
    rows = []
    for what, sides in found.items():
        if "ours" not in sides:
            continue
        info, ours = sides["ours"].extra_info, _seconds(sides["ours"])
        real_time = info["audio_s"] / ours if "audio_s" in info else None
        peer = _seconds(sides["peer"]) if "peer" in sides else None
        rows.append((what, ours, peer, real_time, real_time if peer is None else peer / ours, info["goal"]))
    return rows


def _seconds(bench):
    return bench.extra_info.get("seconds", bench.stats.min) * bench.extra_info.get("times", 1)


def _page(rows):
    lines = [
        "# Speed",
        "",
        "Made by `OMP_NUM_THREADS=1 pytest tests/speed --benchmark-only --benchmark-timer=time.process_time",
        (
            "--speed-table leaderboard/SPEED.md`: ours and the peer in one process on the same "
            "clips, CPU time, best of all"
        ),
        (
            "rounds. A goal without a peer is a multiple of real time. PPMC is held to 30 for batches, "
            "as scoring computes it;"
        ),
        "one utterance at a time costs mostly the call, and 10 is our own floor there, short of 30.",
        "",
        f"Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()},"
        f" {os.environ.get('OMP_NUM_THREADS', 'default')} BLAS thread(s).",
        "",
        "| what | ours, ms | peer, ms | times real time | ratio | goal | met |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    for what, ours, peer, real_time, ratio, goal in rows:
        cells = (
            what,
            f"{ours * 1e3:.3f}",
            "" if peer is None else f"{peer * 1e3:.2f}",
            "" if real_time is None else f"{real_time:.0f}",
            f"{ratio:.1f}",
            f"{goal:g}",
            "yes" if ratio >= goal else "NO",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
