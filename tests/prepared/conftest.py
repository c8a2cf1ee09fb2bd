"""A small prepared corpus: one utterance in every condition. Nobody writes into it."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark import prepare


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared") / "small"
    command = ["--recipe", "demo_noisy", "--out", str(folder), "--limit", "1", "--split", "test"]
    assert prepare.main(command) == 0
    return folder
