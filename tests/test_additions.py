"""Adding a measure or an enhancer takes one module, and one line of packaging for an enhancer.

The tests add a toy of each by doing just that.
"""

from __future__ import annotations

import sys

import numpy as np
import pytest

import benchmark.metrics
import benchmark.models.enhancers
from benchmark import list as list_command
from benchmark.metrics.registry import classes
from benchmark.models.registry import wrapped
from benchmark.scoring.evaluate import evaluate
from tests.scoring.conftest import SmallCorpus

MEASURE = '''
"""Peak error."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from benchmark.metrics.measure import WaveformMeasure


@dataclass(frozen=True, repr=False)
class PeakError(WaveformMeasure):
    """Largest difference between two waveforms."""

    unit: ClassVar[str] = "1"
    range: ClassVar[tuple[float, float]] = (0.0, 2.0)
    higher_is_better: ClassVar[bool] = False
    source: ClassVar[str] = "a test"

    def compare(self, reference, analysed):
        return float(np.abs(reference.samples - analysed).max())
'''

ENHANCER = '''
"""A gate."""

import numpy as np

from benchmark.models.enhancers.wrapped import Wrapped


class Gate:
    sample_rate = 16000

    def enhance(self, noisy):
        return np.where(np.abs(noisy) > 0.01, noisy, 0)


ENHANCER = Wrapped(
    name="gate", title="a gate", source="a test", licence="MIT", package="numpy", factory=Gate
)
'''


@pytest.fixture
def added(tmp_path, monkeypatch):
    """Lets a folder hold further modules of a package."""

    def add(package, name, text):
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
        classes.cache_clear()
        return f"{package.__name__}.{name}"

    modules = []
    yield lambda *words: modules.append(add(*words))
    for module in modules:
        sys.modules.pop(module, None)
    monkeypatch.undo()
    classes.cache_clear()


def test_a_measure_is_one_module(added, capsys):
    added(benchmark.metrics, "peak_error", MEASURE)
    assert benchmark.metrics.parse("PeakError") == benchmark.metrics.PeakError
    assert list_command.main(["measures"]) == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "PeakError" in line)
    assert "Largest difference between two waveforms" in line
    assert "[ready]" in line
    result = evaluate("noisy", SmallCorpus(), ["PeakError"])
    assert (result.card.measures, result.card.failed) == ({"PeakError": "1"}, 0)

    class Fails:
        sample_rate = 16000

        def enhance(self, noisy):
            raise ValueError("no")

    # What a failure is charged need not be said: it is the bad end of the range.
    assert {row["value"] for row in evaluate(Fails(), SmallCorpus(), ["PeakError"]).scores} == {2.0}


def test_an_enhancer_is_one_module(added):
    added(benchmark.models.enhancers, "gate", ENHANCER)
    names = [item.name for item in benchmark.models.enhancers.enhancers()]
    assert names[-1] == "gate"
    assert len(names) == len(set(names)) == 10
    (gate,) = (item for item in benchmark.models.enhancers.enhancers() if item.name == "gate")
    entry = wrapped(gate)
    assert (entry.name, entry.version, entry.licence) == ("gate", np.__version__, "MIT")
    assert evaluate(entry, SmallCorpus(), ["SISDR"]).card.failed == 0
