import json

import pytest

from benchmark.metrics import available
from tests.metrics.golden import PATH, tolerance, values

GOLDEN = json.loads(PATH.read_text())


PROVIDED = ("PESQ", "DNSMOS", "ViSQOL")


def check(now, key):
    assert now[key].keys() == GOLDEN[key].keys()
    for case, value in GOLDEN[key].items():
        assert now[key][case] == pytest.approx(value, abs=tolerance(key)), case


@pytest.fixture(scope="module")
def now():
    return values([name for name in available() if name not in PROVIDED])


@pytest.mark.parametrize(
    "key", sorted(key for key in GOLDEN if not key.startswith(PROVIDED) or key.startswith("PESQLike"))
)
def test_values_are_those_of_this_version(now, key):
    check(now, key)


@pytest.mark.slow
@pytest.mark.parametrize("name", PROVIDED)
def test_values_of_packages_are_those_of_their_versions(name):
    now = values([name])
    found = [key for key in now if key.startswith(f"{name}(")]
    if not found:
        pytest.skip("the optional package is not installed")
    if found[0] not in GOLDEN:
        pytest.skip(f"golden values are of another version than {found[0]}")
    check(now, found[0])


def test_every_measure_has_golden_values():
    covered = {key.rpartition(" v")[0] for key in GOLDEN}
    assert {name for name in available() if name not in PROVIDED} <= covered
    assert set(PROVIDED) <= {key.partition("(")[0] for key in covered}


def test_conventions_of_ppmc_are_told_apart():
    conventions = [values["LA"] for key, values in GOLDEN.items() if key.startswith("PPMC")]
    assert len(conventions) == len({round(v, 3) for v in conventions}) == 4
