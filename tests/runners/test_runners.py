"""Commands, folders of predictions, other Pythons, pairs and the sandbox."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import venv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmark.errors import ModelError
from benchmark.metrics import parse
from benchmark.models import load
from benchmark.models.entry import Submission
from benchmark.runners.child_runner import ChildRunner
from benchmark.runners.limits import Limits
from benchmark.runners.open_runner import RunOptions
from benchmark.runners.prediction import Item
from benchmark.scoring.evaluate import evaluate
from tests.runners.zoo import NAMES
from tests.scoring.conftest import left_processes

ZOO = Path(__file__).with_name("zoo.py")
LIMITS = Limits(item_s=5.0, start_s=20.0, memory_gb=4.0)
MEASURES = [parse(name) for name in ("PPMC", "RMSE", "STOI", "SISDR")]
AUDIO = [parse("STOI"), parse("SISDR")]


def script(folder, text, name="run.sh"):
    path = folder / name
    path.write_text(text)
    return path


COPY = 'for f in "$1"/*.wav; do cp "$f" "$2/"; done\n'


def test_a_shell_script_is_scored_like_the_same_model_in_process(corpus, scratch, tmp_path):
    path = script(tmp_path, "ls $1 > names.txt; pwd >&2\n" + COPY)
    options = RunOptions(limits=LIMITS, batch=4)
    result = evaluate(corpus, load(f"command:sh {path} {{in}} {{out}}"), AUDIO, options=options)
    same = evaluate(corpus, load("noisy"), AUDIO)
    assert (result.card.failed, result.card.runner) == (0, "command")
    assert [row["value"] for row in result.scores] == [row["value"] for row in same.scores]


def test_a_command_sees_numbers_and_nothing_else(corpus, scratch, tmp_path):
    told = tmp_path / "told.txt"
    path = script(tmp_path, f'ls "$1" >> {told}; env >> {told}; pwd >> {told}\n' + COPY)
    evaluate(corpus, load(f"command:sh {path}"), AUDIO, options=RunOptions(limits=LIMITS))
    text = told.read_text()
    assert "000001.wav" in text
    assert all(word not in text for word in ("U001", "babble", "S1"))


def test_a_command_that_writes_tables(corpus, scratch, tmp_path):
    path = script(
        tmp_path,
        "import sys, pathlib, wave\n"
        "for f in sorted(pathlib.Path(sys.argv[1]).glob('*.wav')):\n"
        "    with wave.open(str(f)) as w: n = w.getnframes() // 320\n"
        f"    lines = ['time,{','.join(NAMES)}'] + [','.join([str(i / 50)] + [str(i * k % 7) for k in "
        "range(1, 7)]) for i in range(n)]\n"
        "    (pathlib.Path(sys.argv[2]) / (f.stem + '.csv')).write_text('\\n'.join(lines))\n",
        "tables.py",
    )
    result = evaluate(
        corpus, load(f"command:{sys.executable} {path}"), (), also=MEASURES, options=RunOptions(limits=LIMITS)
    )
    assert (result.card.expected, result.card.failed) == (6 * 12, 0)
    assert set(result.card.measures) == {"PPMC", "RMSE"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (
            'if [ "$(md5sum < "$f")" = "$bad" ]; then echo "no licence" >&2; exit 4; fi',
            "exited with status 4; its last words: no licence",
        ),
        ('if [ "$(md5sum < "$f")" = "$bad" ]; then sleep 600 & sleep 600; fi', "took longer than 1 s"),
        ('if [ "$(md5sum < "$f")" = "$bad" ]; then continue; fi', "no file *.wav or *.flac for it"),
        (
            'if [ "$(md5sum < "$f")" = "$bad" ]; then echo RIFF > "$2/$(basename "$f")"; continue; fi',
            "the file",
        ),
    ],
)
def test_a_command_that_fails_on_one_recording_fails_on_that_one(line, reason, corpus, scratch, tmp_path):
    wav = tmp_path / "bad.wav"
    soundfile.write(wav, corpus.noisy("babble/5/S1/U002").samples, 16000, subtype="PCM_16")
    path = script(
        tmp_path, f'bad="$(md5sum < {wav})"\nfor f in "$1"/*.wav; do\n{line}\ncp "$f" "$2/"\ndone\n'
    )
    options = RunOptions(limits=Limits(item_s=1.0, memory_gb=4.0), does=("enhance",), batch=3)
    result = evaluate(corpus, load(f"command:sh {path}"), AUDIO, options=options)
    failed = {(row["mixture_id"], row["reason"]) for row in result.scores if row["status"] == "failed"}
    assert {mixture for mixture, _ in failed} == {"babble/5/S1/U002"}
    assert all(reason in told for _, told in failed), failed


BAD = 'if [ "$(md5sum < "$f")" = "$bad" ]; then'


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f'{BAD} ln -s "$f" "$2/"; continue; fi', "a link, which is not followed; write the file itself"),
        (f'{BAD} rm -r "$2"; ln -s "$1" "$2"; exit; fi', "put something else in the place of the folder"),
        (f'{BAD} rm -r "$2"; exit; fi', "put something else in the place of the folder"),
        (f'{BAD} echo "[1]" > "$2/trajectories.json"; fi', 'trajectories.json: expected {"names"'),
        (f'{BAD} ln -s /etc/passwd "$2/trajectories.json"; fi', "trajectories.json: expected"),
    ],
)
def test_what_a_command_leaves_behind_is_not_trusted(line, reason, corpus, scratch, tmp_path):
    wav = tmp_path / "bad.wav"
    soundfile.write(wav, corpus.noisy("babble/5/S1/U002").samples, 16000, subtype="PCM_16")
    path = script(
        tmp_path, f'bad="$(md5sum < {wav})"\nfor f in "$1"/*.wav; do\n{line}\ncp "$f" "$2/"\ndone\n'
    )
    options = RunOptions(limits=LIMITS, batch=3)
    result = evaluate(corpus, load(f"command:sh {path}"), AUDIO, options=options)
    failed = {(row["mixture_id"], row["reason"]) for row in result.scores if row["status"] == "failed"}
    assert {mixture for mixture, _ in failed} == {"babble/5/S1/U002"}
    assert all(reason in told and str(scratch) not in told for _, told in failed), failed


def test_a_command_whose_facts_cannot_be_read_is_an_error(corpus, scratch, tmp_path):
    path = script(tmp_path, 'echo "[1]" > "$2/trajectories.json"\n')
    with pytest.raises(ModelError, match=r"trajectories\.json: expected .* in a trial on two seconds"):
        evaluate(corpus, load(f"command:sh {path}"), AUDIO, options=RunOptions(limits=LIMITS))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("exit 0", "wrote neither .wav"),
        ("echo wrong >&2; exit 5", "exited with status 5; its last words: wrong"),
    ],
)
def test_a_command_that_gives_nothing_is_an_error(text, reason, corpus, scratch, tmp_path):
    path = script(tmp_path, text)
    with pytest.raises(ModelError, match=reason):
        evaluate(corpus, load(f"command:sh {path}"), AUDIO, options=RunOptions(limits=LIMITS))


@pytest.fixture
def predictions(corpus, tmp_path):
    folder = tmp_path / "given"
    for row in corpus.of_split("test"):
        clip = corpus.noisy(row["mixture_id"])
        path = folder / row["mixture_id"]
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path.with_name(path.name + ".flac"), clip.samples, 16000)
        np.save(path.with_name(path.name + ".npy"), corpus.targets(row["utterance_id"]).values)
    return folder


def test_predictions_are_scored_and_what_is_missing_fails(corpus, predictions, scratch):
    result = evaluate(corpus, load(f"predictions:{predictions}"), MEASURES)
    assert (result.card.failed, result.card.runner, result.card.real_time_factor) == (0, "predictions", 0.0)
    assert all(row["value"] > 0.999 for row in result.scores if row["measure"] == "PPMC")
    (predictions / "clean/S1/U001.npy").unlink()
    (predictions / "clean/S1/U002.flac").write_bytes(b"fLaC")
    again = evaluate(corpus, load(f"predictions:{predictions}"), MEASURES)
    failed = {(row["mixture_id"], row["measure"]) for row in again.scores if row["status"] == "failed"}
    assert failed == {
        *(("clean/S1/U001", name) for name in ("PPMC", "RMSE")),
        *(("clean/S1/U002", name) for name in ("STOI", "SISDR")),
    }
    assert again.card.expected == result.card.expected


def test_predictions_may_say_their_names_and_rate(corpus, predictions, scratch):
    for path in predictions.rglob("*.npy"):
        np.save(path, np.load(path)[::2, ::-1])
    (predictions / "trajectories.json").write_text(json.dumps({"names": NAMES[::-1], "rate_hz": 50}))
    result = evaluate(corpus, load(f"predictions:{predictions}"), [parse("PPMC")])
    assert result.card.failed == 0
    assert min(row["value"] for row in result.scores) > 0.9
    (predictions / "trajectories.json").write_text("[1]")
    with pytest.raises(ModelError, match=r"trajectories\.json: expected"):
        evaluate(corpus, load(f"predictions:{predictions}"), [parse("PPMC")])


def test_pickles_are_never_loaded(corpus, predictions, scratch):
    for path in predictions.rglob("*.npy"):
        np.save(path, np.array([[print]], object), allow_pickle=True)
    result = evaluate(corpus, load(f"predictions:{predictions}"), [parse("PPMC")])
    assert result.card.failed == result.card.expected
    assert "pickle" in next(iter(result.card.reasons))


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory):
    """Another virtual environment with numpy and nothing else."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, symlinks=True, with_pip=False)
    (site,) = folder.glob("lib/python*/site-packages")
    numpy = Path(np.__file__).parent
    for name in ("numpy", "numpy.libs"):
        if (numpy.parent / name).exists():
            (site / name).symlink_to(numpy.parent / name)
    return str(folder / "bin" / "python")


def test_a_model_under_another_python_without_our_package(bare_python, corpus, scratch, tmp_path):
    path = tmp_path / "stranger.py"
    path.write_text(
        "import importlib.util, sys\n"
        "for name in ('benchmark', 'scipy', 'pytest'):\n"
        "    if importlib.util.find_spec(name): raise ImportError(name + ' is here')\n"
        f"if sys.prefix != {str(Path(bare_python).parent.parent)!r}: raise ImportError(sys.prefix)\n"
        "from zoo import Good, Inverts\n"
        "class Model(Good):\n    frames, invert = Inverts.frames, Inverts.proper\n"
    )
    shutil.copy(ZOO, tmp_path / "zoo.py")
    options = RunOptions(python=bare_python, limits=LIMITS)
    result = evaluate(corpus, load(f"{path}:Model", python=bare_python), MEASURES, options=options)
    assert (result.card.expected, result.card.failed) == (6 * 14, 0)
    assert result.card.environment["model python"] == ".".join(map(str, sys.version_info[:3]))


def test_a_class_of_an_installed_package(bare_python, corpus, scratch):
    (site,) = Path(bare_python).parent.parent.glob("lib/python*/site-packages")
    package = site / "somebodys_package"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").write_text("")
    shutil.copy(ZOO, package / "models.py")
    entry = load("somebodys_package.models:Good", python=bare_python)
    result = evaluate(corpus, entry, AUDIO, options=RunOptions(python=bare_python, limits=LIMITS))
    assert result.card.failed == 0
    with pytest.raises(ModelError, match="has no module 'somebodys_package'"):
        load("somebodys_package.models:Good")


@pytest.fixture
def own_package(tmp_path, monkeypatch):
    """A package in the current folder, which is not installed and has weights and a neighbour."""
    folder = tmp_path / "here"
    (folder / "own_models").mkdir(parents=True)
    (folder / "own_models" / "w.txt").write_text("w")
    (folder / "neighbour.py").write_text("x = 1\n")
    (folder / "own_models" / "good.py").write_text(
        "import neighbour, pathlib\npathlib.Path(__file__).with_name('w.txt').read_text()\n"
        "class Good:\n    sample_rate = 16000\n    def enhance(self, noisy): return noisy\n"
    )
    monkeypatch.chdir(folder)


def test_a_class_of_a_package_in_the_current_folder(own_package, corpus, scratch):
    result = evaluate(corpus, load("own_models.good:Good"), AUDIO, options=RunOptions(limits=LIMITS))
    assert result.card.failed == 0


def test_a_command_in_a_virtual_environment(bare_python, corpus, scratch, tmp_path):
    result = evaluate(
        corpus, load(_in_environment(bare_python, tmp_path)), AUDIO, options=RunOptions(limits=LIMITS)
    )
    assert result.card.failed == 0


def _in_environment(python, folder):
    """A script that works in that environment only, and imports its neighbour."""
    (folder / "neighbour.py").write_text("import shutil, pathlib\n")
    path = script(
        folder,
        "import sys\n"
        "from neighbour import *\n"
        "import numpy\n"
        f"assert sys.prefix == {str(Path(python).parent.parent)!r}, sys.prefix\n"
        "for f in pathlib.Path(sys.argv[1]).glob('*.wav'): shutil.copy(f, sys.argv[2])\n",
        "run.py",
    )
    return f"command:'{python}' {path}"


def test_a_pair_is_what_its_parts_do(corpus, scratch):
    options = RunOptions(limits=LIMITS)
    result = evaluate(corpus, load(f"{ZOO}:WorksInPlace+{ZOO}:Inverts"), MEASURES, options=options)
    assert (result.card.expected, result.card.failed) == (6 * 14, 0)
    assert result.card.runner == "child process + child process"
    broken = evaluate(corpus, load(f"{ZOO}:GivesNone+{ZOO}:Inverts"), MEASURES, options=options)
    assert broken.card.expected == result.card.expected
    assert broken.card.failed == 2 * 14
    assert any(
        reason.startswith("nothing to invert: ValueError: enhance gave NoneType")
        for reason in broken.card.reasons
    )
    for spec, reason in (
        (f"{ZOO}:Inverts+{ZOO}:Inverts", "no method enhance"),
        (f"{ZOO}:Good+{ZOO}:Good", "no method invert"),
    ):
        with pytest.raises(ModelError, match=reason):
            evaluate(corpus, load(spec), MEASURES, options=options)


def test_in_process_gives_the_same_scores(corpus, scratch):
    entry = load(f"{ZOO}:GivesHalf+{ZOO}:Inverts")
    here = evaluate(corpus, entry, MEASURES, options=RunOptions(runner="in-process"))
    there = evaluate(corpus, entry, MEASURES, options=RunOptions(limits=LIMITS))
    assert here.scores == there.scores
    assert (here.card.runner, there.card.runner) == (
        "in process + in process",
        "child process + child process",
    )


def test_the_clean_recording_is_heard_last(corpus, scratch, tmp_path):
    path = tmp_path / "order.py"
    path.write_text(
        "import numpy as np\nclass Model:\n    sample_rate = 16000\n    clean = 0\n"
        "    def enhance(self, noisy):\n"
        "        quiet = abs(np.abs(noisy).max() - 0.2) < 0.01\n"
        "        if self.clean and not quiet: raise RuntimeError('heard clean speech first')\n"
        "        self.clean += quiet\n        return noisy\n"
    )
    assert evaluate(corpus, load(f"{path}:Model"), AUDIO, options=RunOptions(limits=LIMITS)).card.failed == 0


def until(condition, seconds=20.0):
    for _ in range(round(seconds / 0.05)):
        if condition():
            return True
        threading.Event().wait(0.05)
    return condition()


def test_nothing_outlives_the_benchmark_itself(scratch):
    """SIGKILL leaves no time to clean up; the supervisor sees it and does."""
    code = (
        "import sys, time, numpy as np\nfrom pathlib import Path\n"
        "from benchmark.runners.child_runner import ChildRunner\n"
        "from benchmark.runners.limits import Limits\n"
        "from benchmark.runners.prediction import Item\n"
        "from benchmark.models.entry import Submission\n"
        "from benchmark.types import Clip\n"
        "runner = ChildRunner(Submission(Path(sys.argv[1]), '', 'StartsADaemon', {}), '', Limits())\n"
        "list(runner.run([Item('', Clip(np.ones(1600, np.float32), 16000))]))\n"
        "time.sleep(600)\n"
    )
    environment = {**os.environ, "TMPDIR": str(scratch)}
    started = subprocess.Popen([sys.executable, "-c", code, str(ZOO)], env=environment)
    try:
        # The benchmark, the supervisor, the model, and the daemon that it started.
        assert until(lambda: len(left_processes(scratch)) == 4)
    finally:
        started.kill()
        started.wait()
    assert until(lambda: left_processes(scratch) == [] == list(scratch.iterdir()))


needs_bwrap = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed here")


@needs_bwrap
def test_a_sandbox_hides_files_network_and_processes(corpus, scratch, tmp_path, monkeypatch):
    secret = tmp_path / "CORPUS" / "clean.txt"
    secret.parent.mkdir()
    secret.write_text("the clean speech")
    own = tmp_path / "mine"
    own.mkdir()
    path = own / "spy.py"
    path.write_text(
        "import os, pathlib, socket\nclass Model:\n    sample_rate = 16000\n"
        "    def __init__(self, weights): self.weights = pathlib.Path(weights).read_text()\n"
        "    def enhance(self, noisy):\n"
        f"        if pathlib.Path({str(secret)!r}).exists(): raise RuntimeError('read the corpus')\n"
        f"        if pathlib.Path({str(tmp_path)!r}, 'CORPUS').exists(): raise RuntimeError('saw the "
        "corpus')\n"
        "        if len([p for p in os.listdir('/proc') if p.isdigit()]) > 4: raise RuntimeError('saw "
        "processes')\n"
        "        pathlib.Path('note').write_text('x')\n"
        "        try: socket.create_connection(('127.0.0.1', int(os.environ['PORT'])), timeout=2)\n"
        "        except OSError: return noisy\n"
        "        raise RuntimeError('reached the network')\n"
    )
    weights = tmp_path / "weights.txt"
    weights.write_text("w")
    entry = load(f"{path}:Model", {"weights": str(weights)})
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("PORT", str(server.getsockname()[1]))
        shut = evaluate(
            corpus, entry, AUDIO, options=RunOptions(limits=LIMITS, sandbox=True, passed=("PORT",))
        )
        free = evaluate(corpus, entry, AUDIO, options=RunOptions(limits=LIMITS, passed=("PORT",)))
    assert (shut.card.failed, shut.card.runner) == (0, "child process in a sandbox")
    assert free.card.reasons == {"RuntimeError: read the corpus": 12}


@needs_bwrap
@pytest.mark.parametrize("name", ["LeavesAtOnce", "Segfaults", "StartsADaemon", "SleepsTooLong"])
def test_a_sandboxed_model_fails_alike(name, corpus, scratch):
    options = RunOptions(limits=Limits(item_s=1.0, memory_gb=4.0), sandbox=True)
    result = evaluate(corpus, load(f"{ZOO}:{name}"), AUDIO, options=options)
    assert (result.card.expected, result.card.failed) == (12, 0 if name == "StartsADaemon" else 4)


@needs_bwrap
def test_a_sandboxed_command(corpus, scratch, tmp_path):
    path = script(tmp_path, COPY)
    options = RunOptions(limits=LIMITS, sandbox=True)
    result = evaluate(corpus, load(f"command:sh {path}"), AUDIO, options=options)
    assert (result.card.failed, result.card.runner) == (0, "command in a sandbox")


@needs_bwrap
def test_a_sandbox_hides_what_lies_beside_a_model(corpus, scratch, tmp_path, monkeypatch):
    """The layout of the guide: wrapper, corpus, results and store in one folder.

    All of these may be named by strings of the wrapper.
    """
    for name in ("corpus/audio/clean.txt", "results/card.json", "data/mine.txt", "data/store/x.txt", "w.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "linked").symlink_to(tmp_path / "corpus")
    monkeypatch.setattr(type(corpus), "folder", tmp_path / "corpus")
    path = tmp_path / "spy.py"
    path.write_text(
        "import pathlib\nHERE = pathlib.Path(__file__).parent\nclass Model:\n    sample_rate = 16000\n"
        "    def __init__(self, folder=''): self.folder = folder\n"
        "    def enhance(self, noisy):\n"
        "        for name in ('w.txt', 'data/mine.txt'): (HERE / name).read_text()\n"
        "        places = (HERE, pathlib.Path(self.folder or HERE))\n"
        "        for name in ('corpus', 'linked', 'corpus/audio/clean.txt', 'data'): (HERE / name).exists()\n"
        "        seen = [str(f) for place in places for f in place.rglob('*') if f.is_file()]\n"
        "        if any('corpus' in f or 'store' in f or 'linked' in f for f in seen): raise "
        "RuntimeError(str(seen))\n"
        "        if not self.folder and any('card' in f for f in seen): raise RuntimeError(str(seen))\n"
        "        return noisy\n"
    )
    options = RunOptions(limits=LIMITS, sandbox=True)
    for given in ({}, {"folder": str(tmp_path)}):
        store = tmp_path / "data" / "store"
        result = evaluate(corpus, load(f"{path}:Model", given), AUDIO, options=options, store=store)
        assert result.card.reasons == {}
    with pytest.raises(ModelError, match="which a sandbox hides from models; move it out of there"):
        evaluate(corpus, load(f"{path}:Model", {"folder": str(tmp_path / "linked")}), AUDIO, options=options)


@needs_bwrap
def test_a_sandboxed_command_sees_no_corpus_beside_it(corpus, scratch, tmp_path, monkeypatch):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "clean.txt").write_text("the clean speech")
    monkeypatch.setattr(type(corpus), "folder", tmp_path / "corpus")
    path = script(tmp_path, f"if [ -e {tmp_path}/corpus/clean.txt ]; then exit 9; fi\n" + COPY)
    options = RunOptions(limits=LIMITS, sandbox=True)
    result = evaluate(corpus, load(f"command:sh {path} {{in}} {{out}} {tmp_path}"), AUDIO, options=options)
    assert result.card.failed == 0


@needs_bwrap
def test_a_sandboxed_package_of_the_current_folder(own_package, corpus, scratch):
    options = RunOptions(limits=LIMITS, sandbox=True)
    assert evaluate(corpus, load("own_models.good:Good"), AUDIO, options=options).card.failed == 0


@needs_bwrap
def test_a_sandboxed_command_in_a_virtual_environment(corpus, scratch, tmp_path):
    venv.create(tmp_path / "own env", symlinks=True, with_pip=False)
    (site,) = tmp_path.glob("own env/lib/python*/site-packages")
    (site / "numpy.py").write_text("")
    python = tmp_path / "own env" / "bin" / "python"
    options = RunOptions(limits=LIMITS, sandbox=True)
    result = evaluate(corpus, load(_in_environment(python, tmp_path)), AUDIO, options=options)
    assert result.card.failed == 0


@needs_bwrap
@pytest.mark.parametrize("first", ["#!/bin/sh", "#!{python}"])
def test_a_sandboxed_program_with_libraries_of_its_own(first, corpus, scratch, tmp_path):
    for name in ("bin/tool", "lib/tool/copy.sh", "lib/tool/copy.py"):
        (tmp_path / "opt" / name).parent.mkdir(parents=True, exist_ok=True)
    library = tmp_path / "opt" / "lib" / "tool"
    script(library, COPY, "copy.sh")
    script(
        library,
        (
            "import pathlib, shutil, sys\n"
            "for f in pathlib.Path(sys.argv[1]).iterdir(): shutil.copy(f, sys.argv[2])\n"
        ),
        "copy.py",
    )
    run = f". {library}/copy.sh\n" if first.endswith("sh") else f"exec(open('{library}/copy.py').read())\n"
    tool = script(tmp_path / "opt" / "bin", f"{first.format(python=sys.executable)}\n{run}", "tool")
    tool.chmod(0o755)
    options = RunOptions(limits=LIMITS, sandbox=True)
    assert evaluate(corpus, load(f"command:{tool}"), AUDIO, options=options).card.failed == 0


def test_without_bubblewrap_a_sandbox_is_refused(corpus, scratch, monkeypatch):
    monkeypatch.setattr("benchmark.runners.sandbox.shutil.which", lambda _: None)
    with pytest.raises(ModelError, match="apt install bubblewrap"):
        evaluate(corpus, load(f"{ZOO}:Good"), AUDIO, options=RunOptions(sandbox=True))


def test_many_threads_are_not_started(corpus, scratch, tmp_path):
    path = tmp_path / "threads.py"
    path.write_text(
        "import os\nclass Model:\n    sample_rate = 16000\n    def enhance(self, noisy):\n"
        "        if os.environ['OMP_NUM_THREADS'] != '3': raise "
        "RuntimeError(os.environ['OMP_NUM_THREADS'])\n"
        "        return noisy\n"
    )
    result = evaluate(corpus, load(f"{path}:Model"), AUDIO, options=RunOptions(limits=Limits(threads=3)))
    assert (result.card.failed, result.card.threads) == (0, 3)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_model_has_no_more_cores_than_threads(threads, corpus, scratch, tmp_path):
    path = tmp_path / "cores.py"
    path.write_text(
        "import os, threading, time\nclass Model:\n    sample_rate = 16000\n    def enhance(self, noisy):\n"
        "        if 'SINBAD_THREADS' in os.environ: raise RuntimeError('saw it')\n"
        "        if abs(noisy).max() > 0.8: self.greedy()\n"
        "        time.sleep(0.01)\n"
        f"        if len(os.sched_getaffinity(0)) != min({threads}, {len(os.sched_getaffinity(0))}):\n"
        "            raise RuntimeError(str(os.sched_getaffinity(0)))\n"
        "        return noisy\n"
        "    def greedy(self):\n"
        "        os.sched_setaffinity(0, range(os.cpu_count()))\n"
        "        time.sleep(2)\n"
    )
    options = RunOptions(limits=Limits(threads=threads))
    result = evaluate(corpus, load(f"{path}:Model"), AUDIO, options=options)
    assert result.card.reasons == {}


def test_a_runner_can_be_closed_and_used_again(scratch, corpus):
    runner = ChildRunner(Submission(ZOO, "", "Good", {}), "", LIMITS)
    item = Item("x", corpus.noisy("clean/S1/U001"))
    first = list(runner.run([item]))
    runner.close()
    second = list(runner.run([item]))
    runner.close()
    assert first[0].sha256() == second[0].sha256()


FILLS = """
import os
class Model:
    sample_rate = 16000
    def enhance(self, noisy):
        kept = []
        for place in {places}:
            if place == "memfd":
                file = os.fdopen(os.memfd_create("x"), "wb")
            else:
                file = open(place + "/filled", "wb")
            kept.append(file)
            for _ in range(14): file.write(bytes(2**25)); file.flush()
        import time; time.sleep(4)
        return noisy
"""


@needs_bwrap
@pytest.mark.parametrize("places", [("/tmp", "/dev/shm"), ("memfd", "memfd"), ("/tmp", "memfd")])
def test_files_that_a_sandboxed_model_keeps_in_memory_count_as_its_memory(places, corpus, scratch, tmp_path):
    """0.9 GB where 0.7 GB are allowed."""
    path = tmp_path / "fills.py"
    path.write_text(FILLS.format(places=places))
    options = RunOptions(limits=Limits(item_s=20.0, memory_gb=0.7), sandbox=True)
    runner = ChildRunner(load(f"{path}:Model").how, "", options.limits, sandbox=True)
    prediction = next(runner.run([Item("x", corpus.clean("S1/U001"))]))
    runner.close()
    assert "its processes together took more memory than 0.7 GiB" in prediction.enhance_error


@needs_bwrap
@pytest.mark.parametrize("place", ["/", "/dev", "/usr"])
def test_a_sandboxed_model_writes_nowhere_but_where_it_is_counted(place, corpus, scratch, tmp_path):
    path = tmp_path / "writes.py"
    path.write_text(
        "import pathlib\nclass Model:\n    sample_rate = 16000\n    def enhance(self, noisy):\n"
        f"        pathlib.Path({place!r}, 'x').write_text('x')\n        return noisy\n"
    )
    runner = ChildRunner(load(f"{path}:Model").how, "", LIMITS, sandbox=True)
    prediction = next(runner.run([Item("x", corpus.clean("S1/U001"))]))
    runner.close()
    assert "Read-only file system" in prediction.enhance_error
