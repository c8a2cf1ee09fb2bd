"""A corpus as large as XRMB is planned within a minute and a gigabyte."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmark.shipped import manifests_folder
from tests.corpora import writers

UTTERANCES = 5000
MEAN_S = 10.1

#: Run in a process of its own, so that the peak of memory is that of planning.
PLAN = """
import json, resource, sys, time
from pathlib import Path
started = time.monotonic()
from benchmark.mixing.gather import Roots, gather
from benchmark.mixing.plan import plan_mixtures
from benchmark.recipe import load_recipe
recipe = load_recipe("xrmb_noisy")
gathered = gather(recipe, Roots(Path(sys.argv[1])))
rows = plan_mixtures(recipe, gathered.targets, gathered.supply)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps({"utterances": len(gathered.targets) + gathered.unassigned, "rows": len(rows), "planned": len(gathered.targets),
                  "seconds": time.monotonic() - started, "bytes": peak}))
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Path:
    """The ids of the committed table; each recording is a link to one of a few, of the mean length of the real ones."""
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
    done = subprocess.run(
        [sys.executable, "-c", PLAN, str(large)], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    print(found)
    assert found["utterances"] == UTTERANCES
    assert found["rows"] == 13 * found["planned"] > 13 * 4500
    assert found["seconds"] < 60
    assert found["bytes"] < 1e9
