"""Hashes of the code of a submitted model: what has changed must not be taken for what was scored."""

from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmark.errors import ModelError

_FIND = "import importlib.util, sys; found = importlib.util.find_spec(sys.argv[1]); print(found.origin if found else '')"


def files_sha256(paths: Iterable[Path], root: Path) -> str:
    """Hash of the names (relative to `root`) and contents of files."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(f"{path.relative_to(root).as_posix()};".encode() + _content(path))
    return digest.hexdigest()


def code_of_file(path: Path) -> list[Path]:
    """A Python file and the files beside it that it imports, directly or through one another.

    Raises:
        ModelError: It is no Python.
    """
    root = path.parent
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        current = waiting.pop()
        if current in found:
            continue
        found.add(current)
        waiting += [beside for name in _imported(current) for beside in _beside(current.parent, root, name)]
    return sorted(found)


def code_of_package(module: str, python: str = sys.executable) -> tuple[list[Path], Path]:
    """The Python files of the package that a module belongs to, and the folder they lie in.

    Args:
        module: Dotted name. The package is found, not imported.
        python: The interpreter it is installed for.

    Raises:
        ModelError: That interpreter has no such package.
    """
    top = module.partition(".")[0]
    asked = subprocess.run([python, "-c", _FIND, top], capture_output=True, text=True, check=False)
    origin = Path(asked.stdout.strip() or "?")
    if not origin.is_file():
        raise ModelError(
            f"{module}: {python} has no module '{top}'; name its Python with --python, or use path/to/file.py:Class"
        )
    if origin.name == "__init__.py":
        return sorted(origin.parent.rglob("*.py")), origin.parent
    return [origin], origin.parent


def arguments_sha256(arguments: Mapping[str, str]) -> str:
    """Hash of arguments; of those that name a file or folder, the content counts in place of the path."""
    digest = hashlib.sha256()
    for name, value in sorted(arguments.items()):
        path = Path(value)
        if path.is_file():
            digest.update(f"{name};file;".encode() + _content(path))
        elif path.is_dir():
            content = files_sha256((item for item in path.rglob("*") if item.is_file()), path)
            digest.update(f"{name};folder;{content}".encode())
        else:
            digest.update(f"{name};{value};".encode())
    return digest.hexdigest()


def _content(path: Path) -> bytes:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _imported(path: Path) -> list[str]:
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except (SyntaxError, ValueError) as error:
        raise ModelError(f"{path}: is not Python ({error})") from error
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            names += [base, *(f"{base}.{alias.name}".lstrip(".") for alias in node.names)]
    return names


def _beside(folder: Path, root: Path, name: str) -> list[Path]:
    """Files below `folder` or `root` that an import of `name` would run."""
    parts = [part for part in name.split(".") if part]
    found = []
    for start in {folder, root}:
        for depth in range(1, len(parts) + 1):
            stem = start.joinpath(*parts[:depth])
            found += [path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file()]
    return found
