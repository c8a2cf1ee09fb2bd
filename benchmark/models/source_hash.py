"""The code of a submitted model and its hash: what has changed must not be taken for what was scored.

Code is the file of a class, what it imports or names in a string beside it, and so on from there; or all files of a package. A
sandbox shows the same files and no others, so that a model cannot depend on what is not in its hash.
"""

from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark.errors import ModelError
from benchmark.models.entry import Submission

_FIND = (
    "import importlib.util, sys; found = importlib.util.find_spec(sys.argv[1]); "
    "print(found and (found.origin or next(iter(found.submodule_search_locations or []), '')) or '')"
)
_INSTALLED = {"site-packages", "dist-packages"}
_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class Code:
    """What a submitted model runs on.

    Attributes:
        root: The folder that its imports start from.
        parts: Files and folders below it; of a folder, every file counts.
    """

    root: Path
    parts: tuple[Path, ...]

    def sha256(self) -> str:
        """Hash of names and contents."""
        files = (file for part in self.parts for file in (_files_in(part) if part.is_dir() else [part]))
        return files_sha256(set(files), self.root)


def files_sha256(paths: Iterable[Path], root: Path) -> str:
    """Hash of the names (relative to `root`) and contents of files."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(f"{path.relative_to(root).as_posix()};".encode() + _content(path))
    return digest.hexdigest()


def code_of_file(path: Path) -> Code:
    """A Python file and what beside it it imports or names in a string, directly or through one another.

    Raises:
        ModelError: It is no Python.
    """
    _parsed(path)
    return code_of_named(path)


def code_of_package(module: str, python: str = sys.executable) -> Code:
    """All files of the package that a module belongs to.

    If it is not an installed one, what it imports beside it belongs to it too.

    Args:
        module: Dotted name. The package is found, not imported.
        python: The interpreter it is found by; modules in the current folder are found first.

    Raises:
        ModelError: That interpreter has no such package.
    """
    top = module.partition(".")[0]
    asked = subprocess.run([python, "-c", _FIND, top], capture_output=True, text=True, check=False)
    origin = Path(asked.stdout.strip() or "?")
    if not origin.exists():
        raise ModelError(
            f"{module}: {python} has no module '{top}'; name its Python with --python, or use path/to/file.py:Class"
        )
    whole = (origin.parent if origin.name == "__init__.py" else origin).absolute()
    root = whole.parent
    if _INSTALLED & set(whole.parts):
        return Code(root, (whole,))
    sources = _files_in(whole) if whole.is_dir() else [whole]
    others = _followed([path for path in sources if path.suffix == ".py"], root)
    return Code(root, (whole, *(path for path in others if not path.is_relative_to(whole))))


def code_of(submission: Submission, python: str = sys.executable) -> Code:
    """The code of a submitted class, of whichever form.

    Raises:
        ModelError: As `code_of_file` and `code_of_package`.
    """
    if submission.path is not None:
        return code_of_file(submission.path)
    return code_of_package(submission.module, python)


def code_of_named(path: Path) -> Code:
    """The same of what a word of a command names; of a folder all files, of what is no Python the file alone."""
    if path.is_dir():
        return Code(path, (path,))
    installed = path.parent.name in _INSTALLED  # what lies beside it are other people's packages
    return Code(path.parent, (path,) if installed else _followed([path], path.parent))


def arguments_sha256(arguments: Mapping[str, str]) -> str:
    """Hash of arguments; of those that name a file or folder, the content counts in place of the path."""
    digest = hashlib.sha256()
    for name, value in sorted(arguments.items()):
        path = Path(value)
        if path.is_file():
            digest.update(f"{name};file;".encode() + _content(path))
        elif path.is_dir():
            digest.update(f"{name};folder;{files_sha256(_files_in(path), path)}".encode())
        else:
            digest.update(f"{name};{value};".encode())
    return digest.hexdigest()


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").digest()
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read ({error.strerror}); it belongs to the model and has to be readable"
        ) from error


def _files_in(folder: Path) -> Iterator[Path]:
    """Its files, but for what Python itself puts beside its sources."""
    return (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _followed(paths: Iterable[Path], root: Path) -> tuple[Path, ...]:
    """Python files and what they lead to."""
    found: set[Path] = set()
    asked: set[Path] = set()
    waiting = list(paths)
    while waiting:
        current = waiting.pop()
        if current in found:
            continue
        found.add(current)
        if current.suffix != ".py":
            continue
        try:
            imports, strings = _imports_and_strings(_parsed(current))
        except ModelError:
            continue  # it counts as it is; whoever imports it will tell
        stems = _stems({current.parent, root}, imports) - asked
        asked |= stems
        waiting += [path for stem in stems for path in _sources(stem)]
        waiting += [path for text in strings if (path := _named_beside(current.parent, text)) is not None]
    return tuple(sorted(found))


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes(), str(path))
    except (SyntaxError, ValueError) as error:
        raise ModelError(f"{path}: is not Python ({error})") from error
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error


def _imports_and_strings(tree: ast.Module) -> tuple[set[str], set[str]]:
    imports: set[str] = set()
    strings: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            imports |= {base, *(f"{base}.{alias.name}".lstrip(".") for alias in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            strings.add(node.value)
    return imports, strings


def _stems(folders: set[Path], names: set[str]) -> set[Path]:
    """What imports of these names look for, without endings; of a dotted name also the packages above it."""
    found = set()
    for name in names:
        parts = [part for part in name.split(".") if part]
        found |= {folder.joinpath(*parts[:depth]) for folder in folders for depth in range(1, len(parts) + 1)}
    return found


def _sources(stem: Path) -> list[Path]:
    """The files that an import would run: a module, a package, or a compiled module."""
    usual = (stem.with_suffix(".py"), stem / "__init__.py", *stem.parent.glob(f"{stem.name}.*so"))
    return [path for path in usual if path.is_file()]


def _named_beside(folder: Path, text: str) -> Path | None:
    """The file or folder below `folder` that a string names; never what lies outside."""
    name = Path(text)
    if not name.parts or name.is_absolute() or ".." in name.parts or len(text) > _LONGEST_NAME:
        return None
    try:
        return folder / name if (folder / name).exists() else None
    except (OSError, ValueError):
        return None  # no name of a file at all
