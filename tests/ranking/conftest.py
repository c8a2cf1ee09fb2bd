"""A small prepared corpus, made as people make it."""

from __future__ import annotations

import pytest

from benchmark import prepare
from benchmark.prepared.corpus import PreparedCorpus


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared") / "demo_noisy"
    words = ["--recipe", "demo_noisy", "--split", "test", "--limit", "4", "--out", str(folder)]
    assert prepare.main(words) == 0
    return PreparedCorpus(folder)
