"""The core carries no torch: what everyone does must neither miss it nor wait for it to load."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmark.scoring.results import write_result
from tests.joint.finished_runs import config, finished_run
from tests.ranking.results import result

HEAVY = ("torch", "torchaudio", "safetensors", "transformers")
#: Runs commands one after the other where some packages cannot be had.
WALK = """
import contextlib, io, json, sys
lines, blocked = json.loads(sys.argv[1])
class Without:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, *rest):
        return None if name.partition(".")[0] in blocked else self.finder.find_spec(name, *rest)
    def find_distributions(self, context):
        found = getattr(self.finder, "find_distributions", lambda context: ())
        return () if context.name in blocked else found(context)
sys.meta_path = [Without(finder) for finder in sys.meta_path]
from benchmark.__main__ import main
outcomes = []
for words in lines:
    printed, complained = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(complained):
        outcomes.append([main(words), printed.getvalue(), complained.getvalue()])
print(json.dumps([outcomes, list(sys.modules)]))
"""


def walked(lines, blocked=()):
    words = json.dumps([[[str(word) for word in line] for line in lines], blocked])
    done = subprocess.run([sys.executable, "-c", WALK, words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    outcomes, loaded = json.loads(done.stdout.splitlines()[-1])
    return outcomes, set(loaded)


@pytest.fixture
def everyday(small, tmp_path):
    """What everyone does, on a part of the demo corpus."""
    write_result(tmp_path / "board" / "results", result("a", 0.5))
    score = ["score", "--corpus", small, "--limit", "1", "--json", "--out", tmp_path / "results"]
    return [
        ["list", "--json"],
        [
            "prepare",
            "--recipe",
            "demo_noisy",
            "--split",
            "dev",
            "--limit",
            "1",
            "--out",
            tmp_path / "dev",
            "--json",
        ],
        [*score, "--model", "ridge_clean", "--measures", "PPMC"],
        [*score, "--model", "logmmse", "--measures", "STOI"],
        ["leaderboard", "--out", tmp_path / "board"],
    ]


def test_everyday_work_does_not_load_torch(everyday):
    outcomes, loaded = walked(everyday)
    assert [code for code, _, _ in outcomes] == [0] * len(everyday), outcomes
    assert not loaded & set(HEAVY)


def test_everyday_work_does_not_miss_torch(everyday):
    outcomes, _ = walked(everyday, HEAVY)
    assert [code for code, _, _ in outcomes] == [0] * len(everyday), outcomes
    listed = json.loads(outcomes[0][1])
    for section in ("encoders", "configs"):
        assert all("sinbad-bench[joint]" in item["needs"][0] for item in listed[section])
    ready = {item["name"]: item["ready"] for item in listed["models"]}
    assert ready["ridge_clean"]
    assert not any(ready[name] for name in ("joint", "si_clean", "si_noisy"))


def test_what_needs_torch_says_so_in_a_line(small, tmp_path):
    run = finished_run(tmp_path / "run", config())
    score = ["score", "--corpus", small, "--limit", "1", "--out", tmp_path / "results"]
    lines = [
        ["train", "--config", "joint", "--corpus", small, "--out", tmp_path / "new"],
        [*score, "--model", f"trained:{run}"],
        [*score, "--model", f"logmmse+trained:{run}"],
        ["check_model", f"trained:{run}"],
    ]
    for line, (code, printed, complained) in zip(lines, walked(lines, HEAVY)[0], strict=True):
        assert (code, complained.count("\n")) == (2, 1), (line, printed, complained)
        assert "'torch', which is not installed: pip install 'sinbad-bench[joint]'" in complained, line
