"""Fixtures that all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long one example takes says how busy the machine is, not whether the code is right.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

# Tests leave nothing in the cache of whoever runs them; those of what is kept there name another folder.
os.environ["SINBAD_AT_16K_GB"] = "0"

_REPOSITORY = Path(__file__).resolve().parent.parent


def _real_samples() -> Path:
    given = os.environ.get("SINBAD_REAL_SAMPLES")
    return Path(given) if given else _REPOSITORY.parent / "shared" / "real_samples"


def _must_run(item: pytest.Item | pytest.Collector) -> bool:
    """Whether a test has to run: where everything is installed, a skipped test is a fault.

    `SINBAD_REQUIRE_ALL` says that everything is installed.
    """
    return bool(os.environ.get("SINBAD_REQUIRE_ALL")) and item.get_closest_marker("may_be_left_out") is None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Fails what was left out where nothing may be."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and _must_run(item):
        report.outcome, report.longrepr = (
            "failed",
            f"left out where SINBAD_REQUIRE_ALL is set: {report.longrepr}",
        )
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Likewise for whole files."""
    report = yield
    if report.skipped and _must_run(collector):
        report.outcome, report.longrepr = (
            "failed",
            f"left out where SINBAD_REQUIRE_ALL is set: {report.longrepr}",
        )
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves out tests on real recordings where there are none."""
    folder = _real_samples()
    if folder.is_dir():
        return
    reason = (
        f"needs real recordings, and there are none in {folder}; name their folder in SINBAD_REAL_SAMPLES"
    )
    for item in items:
        if item.get_closest_marker("real"):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def real_samples() -> Path:
    """The folder of real recordings."""
    return _real_samples()
