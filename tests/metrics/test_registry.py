import subprocess
import sys

import numpy as np
import pytest

import benchmark.metrics as metrics
from benchmark.errors import MeasureError, MissingExtraError
from benchmark.metrics import ESTOI, PPMC, SISDR, STOI, available, parse
from benchmark.metrics.providers import provided

CORE = [name for name in available() if name not in ("PESQ", "DNSMOS", "ViSQOL")]


@pytest.mark.parametrize("name", CORE)
def test_name_repr_and_parse_agree(name):
    measure = parse(name)
    assert repr(measure) == measure.name == name
    assert parse(repr(measure)) == measure
    low, high = measure.range
    assert low < high
    assert np.isfinite(measure.worst)
    assert measure.unit
    assert measure.source
    assert measure.version
    assert measure.kind in ("audio", "trajectories")


def test_default_parameters_stay_out_of_the_name():
    assert parse("PPMC(pool='utterance')").name == "PPMC"
    assert parse(" SISDR( zero_mean = True ) ") == SISDR(zero_mean=True)


@pytest.mark.parametrize(
    "wrong",
    ["", "stoi", "PPMC(", "PPMC('corpus')", "PPMC(pool=corpus)", "os.system('x')", "1 + 1", "STOI()()"],
)
def test_unknown_names_are_errors_that_list_what_there_is(wrong):
    with pytest.raises(MeasureError, match="ESTOI"):
        parse(wrong)


def test_unknown_parameters_are_errors():
    with pytest.raises(MeasureError, match="it has pool"):
        parse("PPMC(pools='corpus')")
    with pytest.raises(MeasureError, match="padded2s"):
        parse("PPMC(pool='x')")


def test_measures_are_values():
    assert STOI() == STOI()
    assert STOI() != ESTOI()
    assert len({PPMC(), PPMC(), PPMC(pool="corpus")}) == 2


def test_exports_exist_and_are_sorted_out():
    assert all(hasattr(metrics, name) for name in metrics.__all__)
    assert len(set(metrics.__all__)) == len(metrics.__all__)


def test_an_absent_provider_says_how_to_install_it(monkeypatch):
    def absent(name):
        raise provided.PackageNotFoundError(name)

    monkeypatch.setattr(provided, "version", absent)
    for name, package in (("PESQ", "pesq"), ("DNSMOS", "speechmos"), ("ViSQOL", "visqol-python")):
        with pytest.raises(MissingExtraError, match=f"{package}.*pip install"):
            parse(name)


def test_importing_the_measures_is_cheap():
    code = (
        "import sys, benchmark.metrics; print(*(m for m in ('scipy', 'librosa', 'pandas', 'torch', "
        "'soundfile') if m in sys.modules))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert loaded == []


WITHOUT_EXTRAS = """
import importlib.metadata as metadata
installed = metadata.version

def version(name):
    if name in {"pesq", "speechmos", "visqol-python"}:
        raise metadata.PackageNotFoundError(name)
    return installed(name)

metadata.version = version
from benchmark.metrics import DNSMOS, STOI, available, parse
from benchmark.errors import MissingExtraError
assert "STOI" in available()
try:
    parse("DNSMOS")
except MissingExtraError as error:
    print(error)
"""


def test_the_core_works_without_the_optional_packages():
    done = subprocess.run([sys.executable, "-c", WITHOUT_EXTRAS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "pip install 'sinbad-bench[measures]'" in done.stdout
