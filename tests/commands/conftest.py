"""A small prepared corpus, made once by the command that people type."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark import prepare


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("prepared") / "small"
    assert prepare.main(["--recipe", "demo_noisy", "--out", str(folder), "--limit", "3", "--json"]) == 0
    return folder
