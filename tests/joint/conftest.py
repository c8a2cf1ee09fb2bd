"""A small planned corpus, and what training draws on of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmark.joint.training_corpus import TrainingCorpus, collect
from benchmark.mixing.gather import Roots, gather
from benchmark.prepared.corpus import PreparedCorpus
from tests.joint.runs import planned_corpus


@pytest.fixture(scope="session")
def planned(tmp_path_factory) -> Path:
    return planned_corpus(tmp_path_factory.mktemp("planned") / "small", limit=3)


@pytest.fixture(scope="session")
def training_corpus(planned) -> TrainingCorpus:
    corpus = PreparedCorpus(planned)
    return collect(corpus, gather(corpus.recipe, Roots()))


@pytest.fixture
def one_thread():
    """Bit-equal sums need the same division of work; one thread divides nothing."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
