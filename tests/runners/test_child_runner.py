"""What comes up the pipe is read as if a stranger had written it."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import ModelError
from benchmark.metrics import parse
from benchmark.models import load
from benchmark.models.entry import Submission
from benchmark.runners import child, child_runner
from benchmark.runners.child_runner import ChildRunner
from benchmark.runners.limits import Limits, bare_environment
from benchmark.runners.open_runner import RunOptions
from benchmark.runners.prediction import Item
from benchmark.runners.process import EndedError, Program, describe, scratch_folder
from benchmark.scoring.evaluate import evaluate
from benchmark.scoring.results import read_result, write_result
from benchmark.types import Clip
from tests.scoring.conftest import left_processes

LOUD = Item("x", Clip(np.ones(1600, np.float32), 16000))

STRANGER = """
import json, os, struct, sys
hello = {{"n": 0, "sample_rate": 16000, "tasks": ["enhance", "invert"], "bytes": 0}}
def send(header, body=b""):
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    os.write(1, struct.pack("<I", len(raw)) + raw + body)
def read():
    (size,) = struct.unpack("<I", os.read(0, 4))
    header = json.loads(os.read(0, size))
    left = header["bytes"]
    while left: left -= len(os.read(0, left))
read()
{hello}
read()
{answer}
"""


def answered(monkeypatch, tmp_path, answer, hello="send(hello)"):
    path = tmp_path / "stranger.py"
    path.write_text(STRANGER.format(hello=hello, answer=answer))
    monkeypatch.setattr(child_runner, "_CHILD", path)
    runner = ChildRunner(Submission(Path("x.py"), "", "Model", {}), "", Limits(item_s=2.0))
    try:
        return next(runner.run([LOUD]))
    finally:
        runner.close()


@pytest.mark.parametrize(
    "answer",
    [
        "send({'n': 1, 'bytes': 0})",
        "send({'n': 1, 'enhance': 7, 'invert': None, 'bytes': 0})",
        "send({'n': 1, 'enhance': {'shape': [1600]}, 'invert': {'error': 'x'}, 'bytes': 0})",
        "send({'n': 1, 'enhance': {'shape': [-1]}, 'invert': {'error': 'x'}, 'bytes': 0})",
        "send({'n': 1, 'enhance': {'shape': [1e999]}, 'invert': {'error': 'x'}, 'bytes': 0})",
        (
            "send({'n': 1, 'enhance': {'error': 'x'}, 'invert': {'shape': [1, 1], 'names': 5, "
            "'rate_hz': 1}, 'bytes': 0})"
        ),
        (
            "send({'n': 1, 'enhance': {'error': 'x'}, 'invert': {'shape': [1, 1], 'names': ['a'], "
            "'rate_hz': 'NaN'}, 'bytes': 4}, b'abcd')"
        ),
        (
            "send({'n': 1, 'enhance': {'shape': [1]}, 'invert': {'error': 'x'}, 'bytes': 4}, "
            "struct.pack('<f', float('nan')))"
        ),
        "send({'n': 2, 'enhance': {'error': ''}, 'invert': {'error': ''}, 'bytes': 0})",
        "send({'n': 1, 'bytes': 10**12})",
        "send({'n': 1, 'bytes': -4})",
        "send({'n': 1, 'bytes': 'many'})",
        "send(b'[' * 60000)",
        "send(b'[1]')",
        "send(b'\\xff\\xfe')",
        "os.write(1, struct.pack('<I', 2**31))",
        "os.write(1, struct.pack('<I', 0))",
        "os.write(1, b'ab')",
    ],
)
def test_a_false_answer_is_a_failure(answer, monkeypatch, tmp_path, scratch):
    prediction = answered(monkeypatch, tmp_path, answer)
    assert prediction.enhanced is None
    assert prediction.trajectories is None
    assert prediction.enhance_error != "" != prediction.invert_error


@pytest.mark.parametrize(
    "hello",
    [
        "send({'n': 0, 'bytes': 0})",
        "send({'n': 0, 'sample_rate': 16000, 'tasks': [[]], 'bytes': 0})",
        "send({'n': 0, 'sample_rate': 16000, 'tasks': ['steal'], 'bytes': 0})",
        "send({'n': 0, 'sample_rate': 10**9, 'tasks': ['enhance'], 'bytes': 0})",
        "send({'n': 0, 'sample_rate': 16000, 'tasks': ['enhance'], 'bytes': 64}, b'x' * 64)",
    ],
)
def test_a_false_greeting_is_an_error(hello, monkeypatch, tmp_path, scratch):
    with pytest.raises(ModelError, match="while the model was being made"):
        answered(monkeypatch, tmp_path, "pass", hello)


@pytest.mark.parametrize(
    ("command", "limit_s", "reason"),
    [
        ([sys.executable, "-c", "import time; time.sleep(600)"], 0.5, r"took longer than 0\.5 s"),
        (
            ["/no/such/program"],
            5.0,
            "exited with status 127; its last words: /no/such/program: cannot be started",
        ),
    ],
)
def test_a_program_that_never_reads_or_never_starts_is_no_program(command, limit_s, reason, scratch):
    folder = scratch_folder()
    program = Program(command, bare_environment(folder, 1), folder)
    with program, pytest.raises(EndedError, match=reason):
        program.exchange({"n": 1}, b"x" * 10_000_000, limit_s, 0)
    assert left_processes(scratch) == []


@pytest.mark.parametrize("how", ["wait", "exchange"])
def test_many_files_may_not_fill_the_disk_either(how, scratch):
    code = (
        "import pathlib, sys, time\n"
        "sys.stderr.write('working')\n"
        "sys.stderr.flush()\n"
        "pathlib.Path('deep/er').mkdir(parents=True)\n"
        "for i in range(6): pathlib.Path(f'deep/er/{i}').write_bytes(b'x' * 900_000)\n"
        "time.sleep(600)\n"
    )
    folder = scratch_folder()
    room = {"file_bytes": 1 << 20}
    with Program([sys.executable, "-c", code], bare_environment(folder, 1), folder, **room) as program:
        if how == "wait":
            assert describe(program.wait(20.0)) == "killed by signal 9 (SIGKILL)"
            assert program.last_words().startswith("its folder grew beyond 0.00390625 GiB")
        else:
            with pytest.raises(
                EndedError, match=r"SIGKILL\); its last words: its folder grew beyond"
            ) as caught:
                program.exchange({"n": 1}, b"", 20.0, 0)
            assert caught.value.by_limit


def test_the_environment_is_bare(monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("PYTHONPATH", "/corpus")
    monkeypatch.setenv("WANTED", "y")
    found = bare_environment(tmp_path, 2, ("WANTED", "ABSENT"))
    assert "AWS_SECRET_ACCESS_KEY" not in found
    assert "PYTHONPATH" not in found
    assert "ABSENT" not in found
    assert (found["WANTED"], found["OMP_NUM_THREADS"], found["HOME"]) == ("y", "2", str(tmp_path))


def test_the_script_needs_numpy_and_the_standard_library_only():
    code = (
        "import sys; sys.path[:0] = [sys.argv[1]]; import child, supervisor\n"
        "ours = [n for n in sys.modules if n.split('.')[0] in "
        "('benchmark', 'scipy', 'soundfile', 'pandas', 'pyarrow')]\n"
        "assert not ours, ours"
    )
    folder = Path(child.__file__).parent
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True, cwd="/")


TYPED = """
class Model:
    def __init__(self, size=2, gain=0.5, loud=True, weights="w", other=None, *, more=3, **rest):
        self.given = [size, gain, loud, weights, other, more, rest]
"""


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (
            {"size": "7", "gain": "1", "loud": "False", "weights": "3", "other": "4", "more": "-5", "x": "6"},
            [7, 1.0, False, "3", "4", -5, {"x": "6"}],
        ),
        ({"gain": "1e-3", "loud": "yes"}, [2, 0.001, True, "w", None, 3, {}]),
    ],
)
def test_an_argument_is_of_the_type_of_its_default(arguments, given, tmp_path):
    path = tmp_path / "typed.py"
    path.write_text(TYPED)
    made = child.make_model(str(path), "", "Model", arguments).given
    assert made == given
    assert [type(value) for value in made] == [type(value) for value in given]


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        (("size", "0.5"), "size=0.5 is not a whole number, as its default 2 is"),
        (("gain", "much"), "gain=much is not a number, as its default 0.5 is"),
        (("loud", "maybe"), "loud=maybe is not true or false, as its default True is"),
    ],
)
def test_an_argument_that_cannot_be_is_named(argument, reason, tmp_path):
    path = tmp_path / "typed.py"
    path.write_text(TYPED)
    with pytest.raises(ValueError, match=reason):
        child.make_model(str(path), "", "Model", dict([argument]))


def test_messages_travel_whole():
    """The reader of the child, fed byte by byte."""
    import os

    source, sink = os.pipe()
    raw = b'{"n": 1, "bytes": 5}'
    for byte in struct.pack("<I", len(raw)) + raw + b"hello":
        os.write(sink, bytes([byte]))
    os.close(sink)
    pipe = child._Pipe(source, -1)
    assert pipe.read() == ({"n": 1, "bytes": 5}, b"hello")
    assert pipe.read() is None
    os.close(source)


NOT_UTF8 = 'raise ValueError("caf\\udce9.wav \\x1b[31m")'


@pytest.mark.parametrize("runner", ["child", "in-process"])
def test_a_reason_that_cannot_be_printed_is_escaped_and_stored(runner, corpus, scratch, tmp_path):
    path = tmp_path / "raises.py"
    path.write_text(f"class Model:\n    sample_rate = 16000\n    def enhance(self, noisy): {NOT_UTF8}\n")
    options = RunOptions(runner, limits=Limits(item_s=5.0))
    result = evaluate(corpus, load(f"{path}:Model"), [parse("SISDR")], options=options)
    assert result.card.reasons == {"ValueError: caf\\udce9.wav \\x1b[31m": 6}
    assert read_result(write_result(tmp_path, result)).card.failed == 6


FORGES = """
import os, socket, struct
class Model:
    sample_rate = 16000
    def enhance(self, noisy):
        for number in range(3, 256):
            try: leash = socket.socket(fileno=os.dup(number))
            except OSError: continue
            leash.send(struct.pack("<i", 0))
        try: os.listdir(f"/proc/{os.getppid()}/fd"); os.open(f"/proc/{os.getppid()}/mem", os.O_RDWR)
        except OSError: pass
        os._exit(3)
"""


def test_a_model_cannot_forge_its_exit_status(corpus, scratch, tmp_path):
    path = tmp_path / "forges.py"
    path.write_text(FORGES)
    result = evaluate(
        corpus, load(f"{path}:Model"), [parse("SISDR")], options=RunOptions(limits=Limits(item_s=5.0))
    )
    assert result.card.reasons == {"exited with status 3": 6}


def test_a_model_that_opens_a_file_by_a_relative_path_is_told_where_it_runs(scratch, tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "w.bin").write_bytes(b"w")
    path = tmp_path / "relative.py"
    path.write_text(
        "class Model:\n    sample_rate = 16000\n    def __init__(self): open('weights/w.bin', 'rb')\n"
        "    def enhance(self, noisy): return noisy\n"
    )
    runner = ChildRunner(Submission(path, "", "Model", {}), "", Limits(item_s=2.0))
    with pytest.raises(ModelError, match=r"weights/w\.bin.*runs in an empty folder.*__file__.*--model-arg"):
        runner.tasks()
    runner.close()
