"""A small planned corpus, and what training draws on of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmark import prepare
from benchmark.joint.material import Material, collect
from benchmark.mixing.gather import Roots, gather
from benchmark.prepared import PreparedCorpus


@pytest.fixture(scope="session")
def planned(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("planned") / "small"
    options = ["--plan-only", "--limit", "3", "--json"]
    assert prepare.main(["--recipe", "demo_noisy", "--out", str(folder), *options]) == 0
    return folder


@pytest.fixture(scope="session")
def material(planned) -> Material:
    corpus = PreparedCorpus(planned)
    return collect(corpus, gather(corpus.recipe, Roots()))


@pytest.fixture
def one_thread():
    """Bit-equal sums need the same division of work; one thread divides nothing."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
