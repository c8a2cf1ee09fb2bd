"""What the package promises as a whole."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import benchmark
from benchmark import __main__ as umbrella
from benchmark.errors import SinbadError

REPOSITORY = Path(__file__).resolve().parent.parent
PUBLIC = [
    *("Anatomy", "Card", "Clip", "Enhancer", "Inverter", "PreparedCorpus", "Recipe", "Result", "SinbadError"),
    *(
        "Trajectories",
        "Utterance",
        "__version__",
        "evaluate",
        "load_model",
        "load_recipe",
        "open",
        "read_result",
    ),
    *("recipe_names", "standings", "write_result"),
]


def run(*arguments):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)


def test_the_public_names_are_these_and_all_exist():
    assert benchmark.__all__ == PUBLIC
    for name in PUBLIC:
        assert getattr(benchmark, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = benchmark.nothing


def test_every_error_of_ours_is_a_sinbad_error():
    errors = import_module("benchmark.errors")
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    assert len(classes) >= 8
    assert all(issubclass(item, SinbadError) for item in classes)


def test_the_version_is_that_of_the_distribution():
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    assert settings["project"]["dynamic"] == ["version"]
    assert settings["tool"]["hatch"]["version"]["path"] == "benchmark/__init__.py"
    assert re.search(
        rf'^__version__ = "{benchmark.__version__}"$', Path(benchmark.__file__).read_text(), re.MULTILINE
    )


def test_the_core_asks_for_no_torch():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert not any(
        re.match(r"torch|transformers|vocaltractlab|pesq", item) for item in project["dependencies"]
    )
    loaded = run("-c", "import benchmark, sys; benchmark.evaluate; print('torch' in sys.modules)")
    assert loaded.stdout.strip() == "False"


def test_the_umbrella_lists_and_hands_over(capsys):
    assert umbrella.main([]) == 0
    assert "prepare" in capsys.readouterr().out
    assert umbrella.main(["nonsense"]) == 2
    with pytest.raises(SystemExit) as stopped:
        umbrella.main(["verify", "--help"])
    assert stopped.value.code == 0


def test_the_guides_name_every_command_and_recipe():
    guides = [*(REPOSITORY / "docs").glob("*.md"), REPOSITORY / "README.md"]
    text = "\n".join(path.read_text() for path in guides)
    assert all(f"sinbad {name}" in text for name in umbrella.COMMANDS)
    readme = (REPOSITORY / "README.md").read_text()
    assert all(f"`{name}`" in readme for name in benchmark.recipe_names())


def test_no_path_of_a_machine_and_no_pickle_is_in_the_tree():
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.split()
    for name in tracked:
        path = REPOSITORY / name
        if (
            path.suffix in {".py", ".toml", ".md", ".json", ".csv", ".yaml"}
            and "test" not in name
            and path.is_file()
        ):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"allow_pickle=True|weights_only=False|/(work|root|home)/\w", text), name
