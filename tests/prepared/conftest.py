"""A small prepared corpus: one utterance in every condition. Nobody writes into it."""

from __future__ import annotations

from pathlib import Path

import pytest

import benchmark
from benchmark import prepare
from benchmark.prepared.on_demand import OnDemandCorpus


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared") / "small"
    command = ["--recipe", "demo_noisy", "--out", str(folder), "--limit", "1", "--split", "test"]
    assert prepare.main(command) == 0
    return folder


@pytest.fixture(scope="session")
def on_demand(tmp_path_factory: pytest.TempPathFactory) -> OnDemandCorpus:
    """Two utterances of each split, of which no audio is stored; nobody measures it."""
    return benchmark.open("demo_noisy", limit=2, folder=tmp_path_factory.mktemp("planned") / "few")
