"""Fixtures that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).resolve().parent.parent


def _real_samples() -> Path:
    given = os.environ.get("SINBAD_REAL_SAMPLES")
    return Path(given) if given else _REPOSITORY.parent / "shared" / "real_samples"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves out tests on real recordings where there are none, unless they are required."""
    folder = _real_samples()
    if folder.is_dir() or os.environ.get("SINBAD_REQUIRE_REAL"):
        return
    reason = (
        f"needs real recordings, and there are none in {folder}; name their folder in SINBAD_REAL_SAMPLES"
    )
    for item in items:
        if item.get_closest_marker("real"):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def real_samples() -> Path:
    """The folder of real recordings; a failure, not a skip, where they are required and missing."""
    folder = _real_samples()
    if not folder.is_dir():
        pytest.fail(f"{folder}: the real recordings are required here (SINBAD_REQUIRE_REAL) and missing")
    return folder
