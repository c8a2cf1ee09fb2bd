"""All commands under one name, and what they have in common."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import warnings
from argparse import Namespace

import pytest

import benchmark
from benchmark import __main__ as sinbad
from benchmark import cli
from benchmark.errors import CorpusError

HEAVY = (
    "numpy",
    "scipy",
    "scipy.signal",
    "scipy.optimize",
    "pandas",
    "pyarrow",
    "pydantic",
    "matplotlib",
    "joblib",
    "torch",
)


def in_a_new_process(*words: str) -> subprocess.CompletedProcess[str]:
    """Runs the main entry and prints, last of all on standard error, which packages it has loaded."""
    program = (
        "import sys, atexit\n"
        f"atexit.register(lambda: print('loaded', *[n for n in {HEAVY} if n in sys.modules], "
        "file=sys.stderr))\n"
        "from benchmark.__main__ import main\n"
        f"sys.exit(main({list(words)}))"
    )
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", sinbad.COMMANDS)
def test_help_loads_nothing_and_ends_with_an_example(name: str) -> None:
    done = in_a_new_process(name, "--help")
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == "loaded"
    usage, _, example = done.stdout.partition("example:\n")
    assert usage.startswith(f"usage: python -m benchmark.{name} ")
    assert f"  python -m benchmark.{name}" in example


@pytest.mark.parametrize(
    "words",
    [
        ["prepare", "--recipe", "demo_nosy"],
        ["inspect", "--recipe", "demo_nosy"],
        ["plot_utterance", "--recipe", "demo_nosy", "--out", "x.png"],
        ["verify", "--corpus", "nowhere"],
        ["score", "--corpus", "nowhere", "--model", "noisy"],
        ["train", "--config", "joint_tinny", "--corpus", "nowhere", "--out", "x"],
        ["train", "--config", "joint", "--corpus", "nowhere", "--out", "x"],
        ["leaderboard", "--out", "nowhere"],
        ["leaderboard", "--items", "nowhere"],
        ["leaderboard", "--measures", "PPPMC"],
        ["check_model", "nosy"],
        ["check_model", "noisy", "--corpus", "nowhere"],
        ["check_model", "predictions:nowhere"],
        ["prepare", "--recipe", "xrmb_noisy", "--speech-root", "nowhere"],
        ["prepare", "--recipe", "demo_noisy", "--noise-root", "denmand=nowhere"],
        ["inspect", "--recipe", "xrmb_noisy", "--speech-root", "nowhere"],
        ["plot_utterance", "--recipe", "xrmb_noisy", "--speech-root", "nowhere", "--out", "x.png"],
        ["score", "--corpus", "recipes", "--model", "noisy"],
    ],
)
def test_a_misspelt_name_is_told_in_a_line_before_anything_slow_is_loaded(words: list[str]) -> None:
    done = in_a_new_process(*words)
    assert done.returncode == 2
    error, loaded = done.stderr.splitlines()
    assert error.startswith("error: ")
    assert not {"scipy.signal", "scipy.optimize", "pandas", "matplotlib", "torch"} & set(loaded.split())


@pytest.mark.parametrize(
    ("argv0", "called"),
    [
        ("/usr/bin/sinbad", "sinbad prepare"),
        ("C:\\sinbad-script.py", "python -m benchmark.prepare"),
        ("/site-packages/benchmark/__main__.py", "python -m benchmark prepare"),
        ("/site-packages/benchmark/prepare.py", "python -m benchmark.prepare"),
    ],
)
def test_commands_name_themselves_as_they_were_called(
    argv0: str, called: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [argv0])
    shown = cli.parser("prepare", "Prepares.", "  python -m benchmark.prepare --recipe x").format_help()
    assert shown.startswith(f"usage: {called} ")
    assert shown.rstrip().endswith(f"  {called} --recipe x")


def test_errors_name_commands_as_they_were_called(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(arguments: Namespace) -> int:
        raise CorpusError("not there; run python -m benchmark.list")

    monkeypatch.setattr(sys, "argv", ["/usr/bin/sinbad"])
    assert cli.guarded(work, Namespace()) == 2
    assert capsys.readouterr().err == "error: not there; run sinbad list\n"


def test_warnings_of_libraries_do_not_reach_the_user(capsys: pytest.CaptureFixture[str]) -> None:
    def work(arguments: Namespace) -> int:
        warnings.warn("0 tasks were cancelled", UserWarning, stacklevel=1)
        return 0

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert cli.guarded(work, Namespace()) == 0
    assert seen == []
    assert capsys.readouterr().err == ""


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert sinbad.main(["--version"]) == 0
    assert capsys.readouterr().out == f"sinbad {benchmark.__version__}\n"


def test_an_unknown_command_names_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert sinbad.main(["prepaer"]) == 2
    shown = capsys.readouterr().err
    assert "there is no command 'prepaer'" in shown
    assert all(re.search(rf"^  {name} ", shown, re.MULTILINE) for name in sinbad.COMMANDS)


@pytest.mark.parametrize("name", list(sinbad.COMMANDS))
def test_every_command_answers_machines(name: str) -> None:
    done = in_a_new_process(name, "--help")
    assert "--json" in done.stdout


def test_measures_are_listed_with_their_conventions(capsys: pytest.CaptureFixture[str]) -> None:
    assert sinbad.main(["list", "measures", "--json"]) == 0
    measures = {row["name"]: row for row in json.loads(capsys.readouterr().out)["measures"]}
    assert (measures["PPMC"]["of"], measures["PPMC"]["worst"], measures["PPMC"]["better"]) == (
        "trajectories",
        0.0,
        "higher",
    )
    assert measures["RMSE"]["better"] == "lower"
    assert (measures["RMSE"]["worst"], measures["RMSE"]["worst_unit"]) == (10.0, "SD")
    assert sinbad.main(["list", "measures"]) == 0
    shown = capsys.readouterr().out
    assert "a failure counts as 0" in shown
    assert (
        "in the unit of the parameter, lower is better, a failure counts as 10 standard deviations" in shown
    )
