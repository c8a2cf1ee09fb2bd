from __future__ import annotations

import pytest

from benchmark.errors import ModelError
from benchmark.models import REGISTERED, Enhancer, load
from benchmark.models.entry import Command, Pair, Predictions, Submission
from benchmark.models.identity import Identity

WRAPPER = """
class Half:
    sample_rate = 16000
    def enhance(self, noisy):
        return noisy / 2
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
    assert isinstance(Identity(), Enhancer)


def test_nothing_of_a_submission_is_run_to_load_it(tmp_path):
    path = tmp_path / "explosive.py"
    path.write_text("raise SystemExit('never')\n")
    assert load(f"{path}:Model").how == Submission(path, "", "Model", {})


def test_the_hash_follows_code_neighbours_and_weights(tmp_path, wrapper):
    def hashed(arguments=None):
        return load(f"{wrapper}:Half", arguments).source_sha256

    before = hashed()
    assert hashed() == before
    (tmp_path / "unrelated.py").write_text("x = 1\n")
    assert hashed() == before
    wrapper.write_text("from helper import deeper\n" + WRAPPER)
    (tmp_path / "helper").mkdir()
    (tmp_path / "helper" / "__init__.py").write_text("from . import deeper\n")
    (tmp_path / "helper" / "deeper.py").write_text("y = 1\n")
    with_helper = hashed()
    (tmp_path / "helper" / "deeper.py").write_text("y = 2\n")
    assert len({before, with_helper, hashed()}) == 3
    weights = tmp_path / "weights.bin"
    weights.write_bytes(b"1")
    first = hashed({"weights": str(weights)})
    weights.write_bytes(b"2")
    assert first != hashed({"weights": str(weights)})
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    (folder / "a.bin").write_bytes(b"1")
    third = hashed({"weights": str(folder)})
    (folder / "a.bin").write_bytes(b"2")
    assert third != hashed({"weights": str(folder)})


def test_arguments_are_in_the_name_and_no_path_is_in_the_card(tmp_path, wrapper):
    weights = tmp_path / "best one.pt"
    weights.write_bytes(b"1")
    entry = load(f"{wrapper}:Half", {"weights": str(weights), "factor": "0.5"})
    assert entry.name == "my_wrapper.Half,factor=0.5,weights=best_one.pt"
    assert entry.arguments == {"weights": "best one.pt", "factor": "0.5"}
    assert entry.how.arguments["weights"] == str(weights)
    assert load(f"{wrapper}:Half", name="mine").name == "mine"
    for bad in ("a/b", ".hidden", "x" * 81, "a b"):
        with pytest.raises(ModelError, match="will be a folder"):
            load(f"{wrapper}:Half", name=bad)


def test_what_cannot_be_found_is_named(tmp_path):
    with pytest.raises(ModelError, match="no such file"):
        load(f"{tmp_path}/none.py:Model")
    with pytest.raises(ModelError, match="has no module 'nothing_of_this_name'"):
        load("nothing_of_this_name.sub:Model")
    with pytest.raises(ModelError, match="no program 'no-such-program'"):
        load("command:no-such-program {in} {out}")
    with pytest.raises(ModelError, match="quote it as for a shell"):
        load("command:sh -c 'x")
    with pytest.raises(ModelError, match="no such folder"):
        load(f"predictions:{tmp_path}/none")
    bad = tmp_path / "bad.py"
    bad.write_text("def (:\n")
    with pytest.raises(ModelError, match="is not Python"):
        load(f"{bad}:Model")


def test_a_class_of_a_package_is_hashed_but_not_imported():
    entry = load("tests.models.no_such_submodule:Model")
    assert entry.how == Submission(None, "tests.models.no_such_submodule", "Model", {})
    assert entry.name == "tests.models.no_such_submodule.Model"


def test_commands_and_predictions(tmp_path):
    script = tmp_path / "run it.sh"
    script.write_text("exit 0\n")
    entry = load(f"command:sh '{script}' --fast")
    assert isinstance(entry.how, Command)
    assert entry.how.words[1:] == (str(script), "--fast", "{in}", "{out}")
    assert entry.name == "run_it"
    assert str(tmp_path) not in entry.source + entry.title
    before = entry.source_sha256
    script.write_text("exit 1\n")
    assert load(f"command:sh '{script}' --fast").source_sha256 != before
    folder = tmp_path / "a+b"
    folder.mkdir()
    assert load(f"predictions:{folder}").how == Predictions(folder)
    assert load(f"predictions:{folder}").name == "a+b"


def test_pairs_are_named_and_keep_oracles_first(tmp_path, wrapper):
    entry = load("clean+ridge_clean")
    assert entry.hears == "clean"
    assert entry.name == "clean+ridge_clean"
    assert load("logmmse+ridge_clean").hears == "noisy"
    assert entry.source_sha256 not in {
        REGISTERED["clean"].source_sha256,
        REGISTERED["ridge_clean"].source_sha256,
    }
    for first in (f"{wrapper}:Half", f"predictions:{tmp_path}", "command:sh -c 'echo a+b'"):
        pair = load(f"{first}+ridge_clean").how
        assert isinstance(pair, Pair)
        assert pair.inverter is REGISTERED["ridge_clean"]
    with pytest.raises(ModelError, match="'clean' is an oracle and can only come first"):
        load("noisy+clean")
    with pytest.raises(ModelError, match="can only come first"):
        load(f"{wrapper}:Half+{wrapper}:Half+predictions:{tmp_path}")


def test_arguments_of_a_pair_say_whose_they_are(wrapper):
    spec = f"{wrapper}:Half+{wrapper}:Half"
    with pytest.raises(ModelError, match="say whose argument 'factor' is"):
        load(spec, {"factor": "1"})
    pair = load(spec, {"1.factor": "1", "2.factor": "2"}).how
    assert (pair.enhancer.arguments, pair.inverter.arguments) == ({"factor": "1"}, {"factor": "2"})
    assert load(f"{wrapper}:Half+ridge_clean", {"factor": "3"}).how.enhancer.arguments == {"factor": "3"}
    with pytest.raises(ModelError, match="takes no arguments"):
        load("noisy+ridge_clean", {"factor": "3"})
