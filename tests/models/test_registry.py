from __future__ import annotations

import numpy as np
import pytest

from benchmark.errors import ModelError
from benchmark.models import REGISTERED, Enhancer, Inverter, load
from benchmark.models.chain import Chain, Identity
from benchmark.models.registry import checked
from benchmark.speech import Trajectories

WRAPPER = """
import numpy as np

class Half:
    sample_rate = 16000
    def __init__(self, factor="0.5"):
        self.factor = float(factor)
    def enhance(self, noisy):
        return noisy * self.factor

class Broken:
    sample_rate = 16000

class Angry:
    sample_rate = 16000
    def __init__(self):
        raise OSError("no weights")
"""


@pytest.fixture
def wrapper(tmp_path):
    path = tmp_path / "my_wrapper.py"
    path.write_text(WRAPPER)
    return path


def test_names_guess_and_list():
    assert load("noisy") is REGISTERED["noisy"]
    with pytest.raises(
        ModelError, match=r"no model 'ridge_nosy'; did you mean 'ridge_noisy'\? There are: noisy, clean"
    ):
        load("ridge_nosy")
    with pytest.raises(ModelError, match="takes no arguments"):
        load("noisy", {"a": "b"})


def test_a_class_from_a_file(wrapper):
    entry = load(f"{wrapper}:Half", {"factor": "0.25"})
    model = entry.build(None)
    assert isinstance(model, Enhancer)
    assert not isinstance(model, Inverter)
    assert np.allclose(model.enhance(np.ones(4, np.float32)), 0.25)
    assert entry.name == "my_wrapper.Half"
    before = entry.source_sha256
    wrapper.write_text(WRAPPER + "\n# changed\n")
    assert load(f"{wrapper}:Half").source_sha256 != before


@pytest.mark.parametrize(
    ("attribute", "message"),
    [
        ("Nothing", r"defines no 'Nothing'; its classes are: Half, Broken, Angry"),
        ("Broken", r"my_wrapper\.py:Broken: needs a method enhance\(noisy\), invert\(noisy\), or both"),
        ("Angry", r"my_wrapper\.py:Angry could not be made: OSError: no weights"),
    ],
)
def test_what_is_wrong_with_a_wrapper_is_said(wrapper, attribute, message):
    with pytest.raises(ModelError, match=message):
        load(f"{wrapper}:{attribute}").build(None)


def test_a_wrapper_that_cannot_be_imported(tmp_path):
    path = tmp_path / "bad.py"
    path.write_text("import nothing_of_this_name\n")
    with pytest.raises(ModelError, match=r"bad\.py: cannot be imported: ModuleNotFoundError"):
        load(f"{path}:Model").build(None)
    with pytest.raises(ModelError, match="no such file"):
        load(f"{tmp_path}/none.py:Model")


@pytest.mark.parametrize("rate", [None, "16000", 16000.0, True, 100])
def test_a_rate_must_be_whole_hertz(rate):
    class Model:
        sample_rate = rate

        def enhance(self, noisy):
            return noisy

    with pytest.raises(ModelError, match="sample_rate"):
        checked(Model(), "m")


def test_a_chain_inverts_what_the_enhancer_gives():
    class Doubler:
        sample_rate = 8000

        def enhance(self, noisy):
            return 2 * noisy

    class Meter:
        sample_rate = 16000

        def invert(self, noisy):
            values = np.array([[np.abs(noisy).max(), len(noisy)]], np.float32)
            return Trajectories(values, 100.0, ("peak", "length"), np.ones((1, 2), bool))

    time = np.arange(8000) / 8000
    found = Chain(Doubler(), Meter()).invert(0.1 * np.sin(2 * np.pi * 100 * time).astype(np.float32))
    assert found.values[0, 0] == pytest.approx(0.2, abs=0.01)
    assert found.values[0, 1] == 16000


def test_chains_are_named_and_keep_oracles_first():
    entry = load("clean+ridge_clean")
    assert entry.hears == "clean"
    assert load("logmmse+ridge_clean").hears == "noisy"
    assert entry.source_sha256 not in {
        REGISTERED["clean"].source_sha256,
        REGISTERED["ridge_clean"].source_sha256,
    }
    with pytest.raises(ModelError, match="'clean' is an oracle and can only come first"):
        load("noisy+clean")


def test_only_an_inverter_can_follow(monkeypatch):
    with pytest.raises(ModelError, match="'logmmse' has no method invert"):
        load("noisy+logmmse").build(None)
    assert isinstance(Identity(), Enhancer)
