import json

import pytest

from benchmark.metrics import available
from tests.metrics.golden import PATH, tolerance, values

GOLDEN = json.loads(PATH.read_text())


@pytest.fixture(scope="module")
def now():
    return values()


@pytest.mark.parametrize("key", sorted(GOLDEN))
def test_values_are_those_of_this_version(now, key):
    if key not in now and key.partition("(")[0].partition(" ")[0] in ("PESQ", "DNSMOS", "ViSQOL"):
        pytest.skip("the optional package is not installed")
    assert now[key].keys() == GOLDEN[key].keys()
    for case, value in GOLDEN[key].items():
        assert now[key][case] == pytest.approx(value, abs=tolerance(key)), case


def test_every_measure_has_golden_values():
    covered = {key.rpartition(" v")[0] for key in GOLDEN}
    assert set(available()) <= covered


def test_conventions_of_ppmc_are_told_apart():
    conventions = [values["LA"] for key, values in GOLDEN.items() if key.startswith("PPMC")]
    assert len(conventions) == len({round(v, 3) for v in conventions}) == 4
