from __future__ import annotations

import sys

import pytest

from benchmark.errors import ModelError
from benchmark.files import OWN_LEADERBOARD
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
    with pytest.raises(ModelError, match="did you mean 'nmf,enrolment'"):
        load("nmf")
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


def test_the_hash_follows_what_strings_name(tmp_path, wrapper):
    """Weights that a wrapper loads from beside itself are in its identity as much as its code."""

    def hashed():
        return load(f"{wrapper}:Half").source_sha256

    def changes(path, text="2"):
        before = hashed()
        path.write_text(text)
        return hashed() != before

    wrapper.write_text(
        "from pathlib import Path\nfrom helper.deeper import there\nHERE = Path(__file__)\n"
        "TEXT = HERE.with_name('w.txt').read_text()\n"
        "PARTS = [HERE.parent / 'checkpoint' / f'{i}.bin' for i in '12']\n" + WRAPPER
    )
    for name in (
        "w.txt",
        "checkpoint/1.bin",
        "helper/deeper.py",
        "helper/sizes.json",
        "other.txt",
        "fast.cpython-312-linux.so",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(
            "there = open(__file__ + '/../sizes.json')" if name.endswith(".py") else "1"
        )
    assert changes(tmp_path / "w.txt")
    assert changes(tmp_path / "checkpoint" / "1.bin")
    assert not changes(tmp_path / "helper" / "sizes.json")
    assert changes(
        tmp_path / "helper" / "deeper.py",
        "import fast\nthere = __path__ + ['sizes.json', '', '.', '..', '/', '\\0', 'x' * 999]",
    )
    assert changes(tmp_path / "helper" / "sizes.json", "3")
    assert changes(tmp_path / "fast.cpython-312-linux.so")
    assert not changes(tmp_path / "other.txt")
    (tmp_path / "checkpoint" / "__pycache__").mkdir()
    assert not changes(tmp_path / "checkpoint" / "__pycache__" / "x.pyc")


def test_all_files_of_a_package_count(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("__init__.py", "model.py", "weights.bin", "sub/more.bin"):
        path = tmp_path / "own_package" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    seen = [load("own_package.model:Model").source_sha256]
    (tmp_path / "own_package" / "sub" / "more.bin").write_text("2")
    seen.append(load("own_package.model:Model").source_sha256)
    (tmp_path / "beside.py").write_text("x = 1\n")
    assert load("own_package.model:Model").source_sha256 == seen[-1]
    (tmp_path / "own_package" / "model.py").write_text("import beside\n")
    seen.append(load("own_package.model:Model").source_sha256)
    (tmp_path / "beside.py").write_text("x = 2\n")
    seen.append(load("own_package.model:Model").source_sha256)
    assert len(set(seen)) == 4


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


@pytest.mark.parametrize("name", ["=1+1", "+1", "-cmd", "@SUM(1)"])
def test_no_name_of_a_model_is_a_formula(name, tmp_path, wrapper):
    with pytest.raises(ModelError, match=r"takes for a formula|will be a folder"):
        load(f"{wrapper}:Half", name=name)
    folder = tmp_path / name
    folder.mkdir()
    (tmp_path / f"{name}.py").write_text(wrapper.read_text())
    for spec in (f"predictions:{folder}", f"{tmp_path / name}.py:Half"):
        assert load(spec).name[0] not in "=+-@", spec


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


def test_words_of_a_command_that_name_something(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ckpt").mkdir()
    weights = tmp_path / "ckpt" / "w.bin"
    for path in (weights, tmp_path / "run.py", tmp_path / "helper.py", tmp_path / "m.m"):
        path.write_text("")
    (tmp_path / "run.py").write_text("import helper\n")
    for words, expected in (
        ("./ckpt", str(tmp_path / "ckpt")),
        ("--weights=ckpt/w.bin", f"--weights={weights}"),
        (f"'run(\"{tmp_path}/ckpt/w.bin\")'", f'run("{weights}")'),
    ):
        entry = load(f"command:sh {words} -x {{in}} {{out}}")
        assert entry.how.words[1:] == (expected, "-x", "{in}", "{out}")
        assert str(tmp_path) not in entry.source + entry.title
        weights.write_text(weights.read_text() + "1")
        assert load(f"command:sh {words} -x {{in}} {{out}}").source_sha256 != entry.source_sha256
    assert load(f"command:sh ckpt /usr {'x' * 999}").how.words[1:4] == ("ckpt", "/usr", "x" * 999)
    before = load("command:python3 run.py")
    (tmp_path / "helper.py").write_text("x = 1\n")
    assert load("command:python3 run.py").source_sha256 != before.source_sha256


def test_the_program_of_a_command_keeps_its_name(tmp_path):
    """Python finds its virtual environment by the link that it is called by."""
    link = tmp_path / "bin" / "python"
    link.parent.mkdir()
    link.symlink_to(sys.executable)
    assert load(f"command:{link} -V").how.words[0] == str(link)


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


def identity(path, arguments=None):
    entry = load(f"{path}:Half", arguments)
    return entry.source_sha256


def changes(file, path, arguments=None):
    """Whether another content of a file makes another model."""
    before = identity(path, arguments)
    file.write_bytes(file.read_bytes() + b"2")
    return identity(path, arguments) != before


@pytest.mark.parametrize(
    ("named", "content", "other"),
    [
        ("graph.onnx", b"\x08\x07 location\x12\x0eweights_of.bin offset", "weights_of.bin"),
        ("graph.onnx", b"\x08\x07 no name", "graph.onnx.data"),
        ("graph.onnx", b"\x08\x07 no name", "graph.onnx_data"),
        (
            "model.safetensors.index.json",
            b'{"weight_map": {"a": "model-00001-of-00002.safetensors"}}',
            "model-00001-of-00002.safetensors",
        ),
        ("pytorch_model.bin.index.json", b'{"weight_map": {"a": "shards/b.bin"}}', "shards/b.bin"),
        ("net.xml", b"<net/>", "net.bin"),
        ("ckpt.index", b"", "ckpt.data-00000-of-00001"),
    ],
)
def test_the_hash_follows_what_files_name(tmp_path, wrapper, named, content, other):
    (tmp_path / named).write_bytes(content)
    (tmp_path / other).parent.mkdir(exist_ok=True)
    (tmp_path / other).write_bytes(b"1")
    wrapper.write_text(f"FILE = {named!r}\n" + WRAPPER)
    assert changes(tmp_path / other, wrapper)
    assert load(f"{wrapper}:Half").uncounted == ()
    wrapper.write_text(WRAPPER)
    given = {"factor": str(tmp_path / named)}
    assert changes(tmp_path / other, wrapper, given)
    assert load(f"{wrapper}:Half", given).uncounted == ()


@pytest.mark.parametrize(
    "line",
    [
        'HERE + "/gain.npy"',
        'f"{HERE}/gain.npy"',
        'os.path.join(HERE, "gain.npy")',
        'np.load(Path(__file__).parent / "gain.npy")',
        'sorted(Path(HERE).glob("*.npy"))',
    ],
)
def test_a_joined_path_counts(tmp_path, wrapper, line):
    (tmp_path / "gain.npy").write_bytes(b"1")
    wrapper.write_text(f"import os\ndef read(): return {line}\n" + WRAPPER)
    assert changes(tmp_path / "gain.npy", wrapper)
    assert load(f"{wrapper}:Half").uncounted == ()


@pytest.mark.parametrize(
    "line", ['"weights/%d.npy" % 1', '"weights/{}.npy".format(1)', 'f"{HERE}/weights/{1}.npy"']
)
def test_a_name_that_is_completed_later_counts_with_its_folder(tmp_path, wrapper, line):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "1.npy").write_bytes(b"1")
    wrapper.write_text(f"def read(): return {line}\n" + WRAPPER)
    assert changes(tmp_path / "weights" / "1.npy", wrapper)


def test_what_a_model_may_read_and_does_not_count_is_named(tmp_path, wrapper):
    folder = tmp_path / "model"
    folder.mkdir()
    path = folder / "m.py"
    (folder / "gain.npy").write_bytes(b"1")
    (tmp_path / "far.pt").write_bytes(b"1")
    (folder / "notes.md").write_text("no weights")
    kept = folder / OWN_LEADERBOARD / "store" / "0.npz"  # of a run in this folder
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"1")
    path.write_text(
        f'def read(): return HERE + "/ga" + "in.npy", {str(tmp_path / "far.pt")!r}, "../far.pt"\n' + WRAPPER
    )
    assert load(f"{path}:Half").uncounted == ("../far.pt", str(tmp_path / "far.pt"), "gain.npy")
