"""The code of a submitted model and its hash: what has changed must not be taken for what was scored.

Code is the file of a class, what it imports or names in a string beside it, and so on from there; or all
files of a package. Files lead to files too: a graph to the weights beside it, an index to its shards. A
sandbox shows the same files and no others, so that a model cannot depend on what is not in its hash;
elsewhere it can, and `uncounted` names what looks like it.
"""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from benchmark.errors import ModelError
from benchmark.files import OWN_LEADERBOARD
from benchmark.models.entry import Submission

_FIND = (
    "import importlib.util, sys; found = importlib.util.find_spec(sys.argv[1]); "
    "print(found and (found.origin or next(iter(found.submodule_search_locations or []), '')) or '')"
)
_INSTALLED = {"site-packages", "dist-packages"}
_LONGEST_NAME = 255
#: Files that may name others: graphs whose weights lie beside them, indices of shards, configurations.
_NAMING = {".onnx", ".json", ".yaml", ".yml", ".toml", ".xml", ".txt", ".index"}
#: So much of such a file is read for names; a graph with weights of its own can be larger and names none.
_READ_BYTES = 1 << 26
_A_FILE = re.compile(rb"[\w./+-]{1,250}\.\w+")
_WEIGHTS = {
    *(
        ".npy",
        ".npz",
        ".pt",
        ".pth",
        ".ckpt",
        ".bin",
        ".onnx",
        ".data",
        ".safetensors",
        ".h5",
        ".hdf5",
        ".pkl",
        ".pickle",
    ),
    *(".joblib", ".pb", ".tflite", ".msgpack", ".gguf", ".mat", ".json", ".yaml", ".yml", ".toml"),
}
_MOST_FILES = 2000


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
            f"{module}: {python} has no module '{top}'; name its Python with --python, or "
            "use path/to/file.py:Class"
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
    """The code that a word of a command names: a folder with all its files, or a single file."""
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
            others = set(code_of_named(path).parts) - {path}
            if others:
                digest.update(Code(path.parent, tuple(others)).sha256().encode())
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
            waiting += _led_to(current)
            continue
        try:
            imports, strings = _imports_and_strings(_parsed(current))
        except ModelError:
            continue  # it counts as it is; importing it will raise the error
        stems = _stems({current.parent, root}, imports) - asked
        asked |= stems
        waiting += [path for stem in stems for path in _sources(stem)]
        waiting += [path for text in strings for path in _named_beside(current.parent, text)]
    return tuple(sorted(found))


def files_among(arguments: Mapping[str, str]) -> list[Path]:
    """Files and folders among the arguments of a model, with what they lead to."""
    named = [
        Path(value) for value in arguments.values() if Path(value).is_absolute() and Path(value).exists()
    ]
    return [part for path in named for part in code_of_named(path).parts]


def uncounted(code: Code, given: Iterable[Path] = ()) -> tuple[str, ...]:
    """What looks like weights or settings and does not count as part of a model, though it may read it.

    Args:
        code: Of a file, not of an installed package.
        given: Files and folders among its arguments, which count as well.

    Returns:
        Names of files below the folder of the code that nothing in it names, and of those outside that it
        names.
    """
    counted = {*code.parts, *given}
    beside = (
        path
        for path in islice(code.root.rglob("*"), _MOST_FILES)
        if path.suffix.lower() in _WEIGHTS and path.is_file() and counted.isdisjoint((path, *path.parents))
    )
    names = (path.relative_to(code.root) for path in beside)
    # Who scores in the folder of their code has the results there, too.
    found = [name.as_posix() for name in names if OWN_LEADERBOARD not in name.parents]
    for source in (part for part in code.parts if part.suffix == ".py" and part.is_file()):
        try:
            strings = _imports_and_strings(_parsed(source))[1]
        except ModelError:
            continue
        found += [text for text in strings if _is_outside(source.parent, text)]
    return tuple(sorted(set(found)))


def _is_outside(folder: Path, text: str) -> bool:
    """Whether a string names a file of weights that lies outside a folder."""
    name = Path(text)
    if len(text) > _LONGEST_NAME or name.suffix.lower() not in _WEIGHTS:
        return False
    try:
        place = (folder / name.expanduser()).resolve()
        return place.is_file() and not place.is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):
        return False


def _led_to(path: Path) -> list[Path]:
    """Files that one which is no Python leads to: those it names, and those of the same stem."""
    if path.is_dir():
        return []
    found = [
        other
        for other in islice(path.parent.iterdir(), _MOST_FILES)
        if other != path
        and other.name.startswith((f"{path.name}.", f"{path.name}_", f"{path.stem}."))
        and other.suffix not in (".py", ".pyc")
        and other.is_file()
    ]
    if path.suffix.lower() in _NAMING:
        with path.open("rb") as stream:
            words = set(_A_FILE.findall(stream.read(_READ_BYTES)))
        found += [
            near for word in words for near in _named_beside(path.parent, word.decode("utf-8", "ignore"))
        ]
    return found


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


def _named_beside(folder: Path, text: str) -> list[Path]:
    """Files or folders below `folder` that a string names, or could complete to a name.

    "/gain.npy" is what remains of HERE + "/gain.npy", "weights/{}.npy" and "weights/%s.npy" mean whatever
    lies in that folder.
    """
    if len(text) > _LONGEST_NAME or (Path(text).exists() and Path(text).is_absolute()):
        return []
    name = Path(text.lstrip("/"))
    if not name.parts or ".." in name.parts:
        return []
    try:
        if "*" in text:
            if not name.as_posix().strip(
                "*/?"
            ):  # a pattern that says nothing would count whatever lies beside the code
                return []
            return list(islice(folder.glob(name.as_posix()), _MOST_FILES))
        if any(sign in text for sign in "%{") and len(name.parts) > 1 and not (folder / name).exists():
            name = Path(*[part for part in name.parts[:-1] if not any(sign in part for sign in "%{")])
        return [folder / name] if name.parts and (folder / name).exists() else []
    except (OSError, ValueError, NotImplementedError):
        return []  # no name of a file at all
