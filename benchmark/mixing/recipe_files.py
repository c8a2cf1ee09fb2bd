"""Finds, reads and checks recipes; a message names the file, the line, the key and what is allowed there."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pydantic import BaseModel, ValidationError

from benchmark.errors import RecipeError
from benchmark.files import recipes_folder
from benchmark.formats.config_errors import problem
from benchmark.mixing.recipe import Babble, Mixing, OtherNoise, Recipe, Speech


def recipe_names() -> list[str]:
    """Names of the shipped recipes, sorted."""
    return sorted(path.stem for path in recipes_folder().glob("*.toml"))


def load_recipe(name_or_path: str) -> Recipe:
    """Reads a shipped recipe by name, or any recipe by path.

    Raises:
        RecipeError: There is none, or it is not valid; the message names file, line, key and what is allowed.
    """
    return parse_recipe(recipe_text(name_or_path), str(name_or_path))


def recipe_text(name_or_path: str) -> str:
    """The text of a recipe, as it will be stored in the prepared corpus.

    Raises:
        RecipeError: There is none.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = recipes_folder() / f"{name_or_path}.toml"
        if not path.is_file():
            names = recipe_names()
            raise RecipeError(
                f"no recipe '{name_or_path}'{_guess(name_or_path, names)} There are: {', '.join(names)}. "
                "A path ending in .toml is read as a file."
            )
    try:
        # An editor may have put a byte-order mark in front.
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise RecipeError(_not_found(path)) from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}: is not UTF-8 text ({error}); save it as UTF-8") from error
    except OSError as error:
        raise RecipeError(f"{path}: cannot be read ({error.strerror})") from error


def _not_found(path: Path) -> str:
    """Says which recipes lie beside a path that leads nowhere."""
    folder = path.parent
    if not folder.is_dir():
        return f"{path}: not found; there is no folder {folder}"
    beside = sorted(other.name for other in folder.glob("*.toml"))
    there = f"In {folder.resolve()} there are: {', '.join(beside)}" if beside else "No recipe lies there."
    shipped = (
        f" The shipped recipe '{path.stem}' is named without .toml." if path.stem in recipe_names() else ""
    )
    return f"{path}: not found{_guess(path.name, beside)} {there}{shipped}"


def _guess(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean '{near[0]}'?" if near else "."


def parse_recipe(text: str, origin: str) -> Recipe:
    """Validates the text of a recipe; `origin` names it in messages.

    Raises:
        RecipeError: The text is no TOML, or a key is unknown, missing or has a value that is not allowed.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{origin}: is not valid TOML: {error}") from error
    try:
        return Recipe.model_validate(raw)
    except ValidationError as error:
        raise RecipeError(_explain(error, text, origin)) from error


def _explain(error: ValidationError, text: str, origin: str) -> str:
    problems = []
    for item in error.errors():
        location = _without_types(item["loc"])
        key = ".".join(str(part) for part in location)
        line = _line_of(text, [str(part) for part in location if isinstance(part, str)])
        where = f"{origin}, line {line}" if line else origin
        problems.append(f"{where}: {problem(item, key, partial(_section_fields, item['loc']))}")
    return "; ".join(dict.fromkeys(problems))


def _without_types(location: Sequence[int | str]) -> list[int | str]:
    """Where a problem lies, without what pydantic adds to name the alternatives of a type."""
    if location[:1] == ("kinds",):
        location = (*location[:2], *location[3:])
    return [part for part in location if part not in {"number", "list", "[key]", "str", "list[str]"}]


def _section_fields(location: Sequence[int | str]) -> list[str]:
    """The keys that are allowed in the table in which a problem lies."""
    sections: dict[str, type[BaseModel]] = {
        "speech": Speech,
        "mixing": Mixing,
        "babble": Babble,
        "nonbabble": OtherNoise,
        "other": OtherNoise,
    }
    model: type[BaseModel] = Recipe
    for part in location[:-1]:
        model = sections.get(str(part), model)
    return list(model.model_fields)


def _line_of(text: str, location: list[str]) -> int | None:
    """The line on which a key stands, or its table if the key is missing."""
    wanted_table, wanted_key = ".".join(location[:-1]), location[-1] if location else ""
    table, table_line = "", None
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[+\s*([\w.\-]+)\s*\]+", line):
            table = header.group(1)
            if table == wanted_table or table == ".".join(location):
                table_line = number
        elif (assigned := re.match(r"\s*\"?([\w\-]+)\"?\s*=", line)) and (table, assigned.group(1)) == (
            wanted_table,
            wanted_key,
        ):
            return number
    return table_line
