"""Reads configurations by name or path, each perhaps built on another, with changes from the command line."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import UnionType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from benchmark.errors import RecipeError
from benchmark.formats.config_errors import problem
from benchmark.joint.config import JointConfig

_FOLDER = Path(__file__).parent / "configs"
#: Keys of a file that are no part of the configuration: the file it builds on, and the tables of that file
#: that it goes without.
_BASE, _WITHOUT = "base", "without"
_DEEPEST = 8


def config_names() -> list[str]:
    """Names of the shipped configurations, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def load_config(name_or_path: str, changes: Sequence[str] = ()) -> JointConfig:
    """Reads a shipped configuration by name, or any by path.

    A file may begin with `base = "joint"` (a name, or a path beside itself), say what it goes without
    (`without = ["enhancer"]`) and then give only what differs.

    Args:
        name_or_path: A name, or a path ending in .toml.
        changes: What is to differ, e.g. "training.epochs=3".

    Raises:
        RecipeError: It does not exist or is not valid; the message names file, key and what is allowed.
    """
    path = _path_of(name_or_path, None)
    values, origins = _merged(path, 0)
    for change in changes:
        key, value = _parsed(change)
        _put(values, key.split("."), value, change)
        origins[key] = f"--set {change}"
    values.setdefault("name", path.stem)
    try:
        return JointConfig.model_validate(values)
    except ValidationError as error:
        raise RecipeError(_explained(error, origins, str(path))) from error


def _path_of(name_or_path: str, beside: Path | None) -> Path:
    path = Path(name_or_path)
    if path.suffix == ".toml":
        return path if beside is None else beside / path
    path = _FOLDER / f"{name_or_path}.toml"
    if not path.is_file():
        names = config_names()
        near = difflib.get_close_matches(name_or_path, names, n=1)
        guess = f"; did you mean '{near[0]}'?" if near else "."
        raise RecipeError(
            f"no configuration '{name_or_path}'{guess} There are: {', '.join(names)}. A path ending in .toml "
            "is read as a file."
        )
    return path


def _merged(path: Path, depth: int) -> tuple[dict[str, Any], dict[str, str]]:
    """What a file and those that it builds on say, and in which file each key stands."""
    if depth > _DEEPEST:
        raise RecipeError(f"{path}: builds on itself; look at the keys '{_BASE}'")
    own = _read(path)
    base, without = own.pop(_BASE, None), own.pop(_WITHOUT, [])
    if not isinstance(base, str | None) or not (
        isinstance(without, list) and all(isinstance(name, str) for name in without)
    ):
        raise RecipeError(f"{path}: '{_BASE}' must be a name or a path, '{_WITHOUT}' a list of tables")
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    if base is not None:
        values, origins = _merged(_path_of(base, path.parent), depth + 1)
        # A configuration is called by its own file, not by what it builds on.
        values.pop("name", None)
    for name in without:
        if name not in values:
            raise RecipeError(f"{path}: goes without '{name}', which what it builds on does not have")
        del values[name]
    for key, value in own.items():
        if isinstance(value, dict):
            section = values.setdefault(key, {})
            section.update(value)
            origins.update({f"{key}.{inner}": str(path) for inner in value})
        else:
            values[key] = value
        origins[key] = str(path)
    return values, origins


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read as UTF-8 text ({error})") from error
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{path}: is not valid TOML: {error}") from error


def _parsed(change: str) -> tuple[str, Any]:
    key, equals, text = change.partition("=")
    if not (key.strip() and equals and text.strip()):
        raise RecipeError(f"--set {change}: is not of the form KEY=VALUE, e.g. training.epochs=3")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()  # a bare word is text
    return key.strip(), value


def _put(values: dict[str, Any], key: Sequence[str], value: Any, change: str) -> None:
    for part in key[:-1]:
        section = values.setdefault(part, {})
        if not isinstance(section, dict):
            raise RecipeError(f"--set {change}: '{part}' is no table")
        values = section
    values[key[-1]] = value


def _explained(error: ValidationError, origins: Mapping[str, str], origin: str) -> str:
    problems: dict[str, str] = {}
    for item in error.errors():
        location = [str(part) for part in item["loc"]]
        # What pydantic adds below a key (branches of a union, places in a list) stands in no file.
        key = next(
            (".".join(location[:end]) for end in (2, 1) if ".".join(location[:end]) in origins),
            ".".join(location[:2]),
        )
        where = origins.get(key, origins.get(location[0], origin) if location else origin)
        problems.setdefault(f"{where}: {key}", f"{where}: {problem(item, key, partial(_allowed, key))}")
    return "; ".join(problems.values())


def _allowed(key: str) -> list[str]:
    table = key.rpartition(".")[0]
    if not table:
        return list(JointConfig.model_fields)
    kind: Any = JointConfig.model_fields[table].annotation
    choices = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    section: type[BaseModel] = next(choice for choice in choices if issubclass(choice, BaseModel))
    return list(section.model_fields)
