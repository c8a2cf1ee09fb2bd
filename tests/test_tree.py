"""The shape of the tree: what lies at the top, and where its tests are."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from benchmark.__main__ import COMMANDS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "benchmark"
FOUNDATIONS = {"types", "audio", "randomness", "files", "errors", "text", "workers"}


def modules(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.py")} - {"__init__", "__main__"}


def rooms(folder: Path) -> set[str]:
    return {path.parent.name for path in folder.glob("*/__init__.py")}


def test_the_top_of_the_package_holds_doors_and_foundations_only() -> None:
    assert modules(PACKAGE) == set(COMMANDS) | FOUNDATIONS


def test_the_contract_of_imports_names_every_room_and_module() -> None:
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0][
        "layers"
    ]
    named = set(re.findall(r"benchmark\.(\w+)", " ".join(layers)))
    assert named == modules(PACKAGE) | rooms(PACKAGE) | {"__main__"}


def test_tests_mirror_the_package() -> None:
    assert rooms(ROOT / "tests") - {"commands", "maintenance", "speed"} == rooms(PACKAGE)


@pytest.mark.parametrize(
    "guide", ["README.md", "CONTRIBUTING.md", *(p.name for p in (ROOT / "docs").glob("*.md"))]
)
def test_what_the_guides_name_is_there(guide: str) -> None:
    path = ROOT / guide if (ROOT / guide).is_file() else ROOT / "docs" / guide
    text = path.read_text()
    for module in re.findall(r"python -m benchmark\.(\w+)|`?sinbad ([a-z_]+)", text):
        assert "".join(module) in {*COMMANDS, "NAME"}, module
    for link in re.findall(r"\]\(([\w./-]+)(?:#[\w-]+)?\)", text):
        assert (path.parent / link).exists(), link
    for named in re.findall(
        r"`((?:benchmark|examples|maintenance|manifests|recipes|docs)/[\w./-]+|leaderboard/[A-Z]+\.md)`", text
    ):
        if not re.search(r"NAME|CORPUS|RECIPE", named):  # these stand for a name
            assert (ROOT / named).exists(), named
    for target in re.findall(r"^(?:.*`)?make ([a-z-]+)", text, re.MULTILINE):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), target


def test_find_your_way_names_every_room() -> None:
    text = (ROOT / "docs" / "find_your_way.md").read_text()
    assert all(f"`{room}/`" in text for room in rooms(PACKAGE) - {"data"})


def test_no_line_of_a_guide_asks_for_a_place_that_is_not_there() -> None:
    assert "REPOSITORY" not in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("guide", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", *ROOT.glob("docs/*.md")])
def test_text_keeps_to_the_line_length_of_the_code(guide: str | Path) -> None:
    most = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["line-length"]
    lines = (ROOT / guide).read_text().splitlines()
    # Tables, pictures and links cannot be broken.
    free = [line for line in lines if not line.lstrip().startswith(("|", "![", "["))]
    assert [line for line in free if len(line) > most] == []
