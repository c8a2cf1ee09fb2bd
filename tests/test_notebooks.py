"""The notebooks in examples/ run from top to bottom, in an empty folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(name: str, folder: Path) -> str:
    """Executes a notebook, and returns all text that it shows."""
    notebook = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    shown: list[dict[str, Any]] = [
        output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs
    ]
    return "\n".join(
        str(output.get("text", "")) + "".join(map(str, output.get("data", {}).values())) for output in shown
    )


def test_a_model_is_scored(tmp_path: Path) -> None:
    shown = run("score_your_model", tmp_path)
    assert "0 failed" in shown
    assert "PPMC" in shown
    assert "STOI" in shown


def test_a_corpus_is_looked_at(tmp_path: Path) -> None:
    shown = run("look_at_a_corpus", tmp_path)
    assert "<audio" in shown
    assert "'TBCD'" in shown


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_are_committed_without_output(path: Path) -> None:
    assert all(not cell.get("outputs") for cell in nbformat.read(path, as_version=4).cells)
