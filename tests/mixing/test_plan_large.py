"""A corpus as large as XRMB is planned within a minute and a gigabyte."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmark.files import manifests_folder
from tests.corpora import writers

UTTERANCES = 5000
MEAN_S = 10.1

#: Each is run in a process of its own, so that the peak of memory is its own.
PLAN = """
from benchmark.mixing.gather import Roots, gather
from benchmark.mixing.plan import plan_mixtures
from benchmark.mixing.recipe_files import load_recipe
recipe = load_recipe("xrmb_noisy")
gathered = gather(recipe, Roots(Path(sys.argv[1])))
rows = plan_mixtures(recipe, gathered.targets, gathered)
facts = {"planned": len(gathered.targets), "rows": len(rows)}
facts["utterances"] = len(gathered.targets) + gathered.unassigned
"""
PREPARE = """
from benchmark import prepare
from benchmark.prepared.corpus import PreparedCorpus
where = ["--speech-root", sys.argv[1], "--out", sys.argv[2]]
code = prepare.main(["--recipe", "xrmb_noisy", *where, "--plan-only", "--json"])
facts = {"code": code, "rows": len(PreparedCorpus(Path(sys.argv[2])))}
"""
BEFORE = "import json, resource, sys, time; from pathlib import Path; started = time.monotonic()"
AFTER = """
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
seconds = time.monotonic() - started
print(json.dumps({**facts, "seconds": seconds, "cpu_seconds": time.process_time(), "bytes": peak}))
"""


def measured(work: str, *arguments: Path) -> dict[str, float]:
    command = [sys.executable, "-c", f"{BEFORE}{work}{AFTER}", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    facts: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(facts)
    return facts


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Path:
    """The ids of the committed table, each linked to one of three recordings of the real mean length."""
    root = tmp_path_factory.mktemp("large")
    writers.write_xrmb(root / "few", ("JW11",), ("tp001", "tp002", "tp003"), seconds=MEAN_S)
    ids = pq.read_table(manifests_folder() / "xrmb" / "splits.parquet", columns=["utterance_id"])[
        "utterance_id"
    ]
    for number, identity in enumerate(ids.to_pylist()[:UTTERANCES]):
        path = root / "xrmb" / identity
        path.parent.mkdir(parents=True, exist_ok=True)
        for suffix in (".txy", ".wav"):
            os.link(root / "few" / "JW11" / f"tp00{1 + number % 3}{suffix}", path.with_suffix(suffix))
    return root / "xrmb"


@pytest.mark.slow
def test_five_thousand_utterances_are_planned_within_a_minute_and_a_gigabyte(large):
    found = measured(PLAN, large)
    assert found["utterances"] == UTTERANCES
    assert found["rows"] == 13 * found["planned"] > 13 * 4500
    assert found["seconds"] < 60
    assert found["bytes"] < 1e9


@pytest.mark.slow
def test_their_targets_and_tables_take_a_minute_of_one_processor(large, tmp_path):
    found = measured(PREPARE, large, tmp_path / "out")
    assert found["code"] == 0
    assert found["rows"] > 13 * 4500
    assert found["cpu_seconds"] < 60
    assert found["bytes"] < 1e9
