import doctest

import pytest

import benchmark.metrics
import benchmark.metrics.scorer
import benchmark.metrics.stoi
import benchmark.metrics.verification


@pytest.mark.parametrize(
    "module",
    [benchmark.metrics, benchmark.metrics.scorer, benchmark.metrics.stoi, benchmark.metrics.verification],
    ids=lambda m: m.__name__,
)
def test_examples_in_docstrings_run(module):
    outcome = doctest.testmod(module)
    assert outcome.attempted > 0
    assert outcome.failed == 0
