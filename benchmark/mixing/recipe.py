"""Recipes: TOML files that say everything about one prepared corpus."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from benchmark.errors import RecipeError
from benchmark.files import recipes_folder
from benchmark.formats.config_errors import problem

Snr = Annotated[float, Field(ge=-40.0, le=60.0)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Speech(_Section):
    """Whose speech, and what is to be recovered from it.

    Attributes:
        corpus: Name of a corpus reader (`python -m benchmark.list`).
        root: Where the corpus lies if the user does not say: "shipped:demo" or "cache:virtual"; None for licensed corpora.
        splits: "corpus" takes the splits that the corpus itself states; another name is a committed table or rule.
        targets: Name of a target set.
        level_dbfs: P.56 active level to which every utterance is brought, dB re full scale; None keeps the recorded level.
        on_damage: Whether an unreadable or silent recording stops preparing or is left out and reported.
    """

    corpus: str
    root: str | None = None
    splits: str = "corpus"
    targets: Literal["tv6", "tv9", "tv10", "pellets"] = "tv6"
    level_dbfs: Annotated[float, Field(ge=-60.0, le=-10.0)] | None = -26.0
    on_damage: Literal["stop", "skip"] = "stop"


class Mixing(_Section):
    """Levels of the mixtures.

    Attributes:
        snr_db: Nominal signal-to-noise ratios.
        snr_reference: "p56": P.56 active level of the speech minus RMS of the noise (NOIZEUS); "rms": RMS minus RMS.
        peak_limit_dbfs: A sum that would pass it is brought down, speech and noise by one common gain.
        clean: Whether the clean condition is part of the corpus.
    """

    snr_db: Annotated[list[Snr], Field(min_length=1)]
    snr_reference: Literal["p56", "rms"] = "p56"
    peak_limit_dbfs: Annotated[float, Field(ge=-20.0, le=-0.01)] = -0.5
    clean: bool = True

    @field_validator("snr_db")
    @classmethod
    def _different(cls, values: list[float]) -> list[float]:
        # By the name of the condition's folder: 5 and 5.0000001 would share one.
        if len({f"{value:g}" for value in values}) != len(values):
            raise ValueError("lists one SNR twice")
        return values


class Babble(_Section):
    """Other people talking.

    Attributes:
        talkers: How many talk at once.
        sources: Where talkers come from, in order of preference; the first with enough talkers is taken. "corpus": the other
            speakers of the same split; "corpus_voices": voices of the corpus that only babble; "shipped_voices": those of the
            embedded corpus; else the name of a noise corpus with talkers.
        spread_db: Each talker is louder or softer than the mean by up to this much.
    """

    talkers: Annotated[int, Field(ge=1, le=32)] = 6
    sources: Annotated[list[str], Field(min_length=1)]
    spread_db: Annotated[float, Field(ge=0.0, le=20.0)] = 3.0


class NonBabble(_Section):
    """Everything else that drowns speech.

    Attributes:
        sources: "synthetic" (generated noise), else names of noise corpora. One is drawn for each mixture.
        categories: Which categories are used; each mixture draws one. None takes all that the sources have.
        loop: Whether a recording that is too short may start again. If not, it is an error.
    """

    sources: Annotated[list[str], Field(min_length=1)]
    categories: Annotated[list[str], Field(min_length=1)] | None = None
    loop: bool = False

    @field_validator("sources", "categories")
    @classmethod
    def _once(cls, values: list[str] | None) -> list[str] | None:
        # One is drawn, all alike: a name given twice would be drawn twice as often.
        if values is not None and len(set(values)) != len(values):
            raise ValueError("lists one name twice")
        return values


class Recipe(_Section):
    """One prepared corpus, complete.

    Attributes:
        name: Also the name of the file and of the leaderboard.
        version: Raised whenever a change alters what is prepared.
        seed: Enters every draw.
        title: One line for tables.
        about: What it is for.
        speech: Whose speech, and what is to be recovered from it.
        mixing: Levels of the mixtures.
        babble: Other people talking.
        nonbabble: Everything else that drowns speech.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$")]
    version: Annotated[int, Field(ge=1)]
    seed: Annotated[int, Field(ge=0)]
    title: str
    about: str = ""
    speech: Speech
    mixing: Mixing
    babble: Babble | None = None
    nonbabble: NonBabble | None = None

    @model_validator(mode="after")
    def _some_noise(self) -> Recipe:
        if self.babble is None and self.nonbabble is None:
            raise ValueError("needs a table [babble], [nonbabble] or both")
        return self

    @property
    def noise_kinds(self) -> list[str]:
        """The kinds of noise of this recipe, of "babble" and "nonbabble"."""
        return [kind for kind in ("babble", "nonbabble") if getattr(self, kind) is not None]


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
            near = difflib.get_close_matches(name_or_path, names, n=1)
            guess = f"; did you mean '{near[0]}'?" if near else "."
            raise RecipeError(
                f"no recipe '{name_or_path}'{guess} There are: {', '.join(names)}. A path ending in .toml is read as a file."
            )
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: cannot be read as UTF-8 text ({error})") from error


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


def recipe_hash(recipe: Recipe) -> str:
    """SHA-256 over what the recipe says (comments and layout do not count)."""
    return hashlib.sha256(recipe.model_dump_json().encode()).hexdigest()


def _explain(error: ValidationError, text: str, origin: str) -> str:
    problems = []
    for item in error.errors():
        location = [part for part in item["loc"] if not (isinstance(part, str) and part in {"float", "int"})]
        key = ".".join(str(part) for part in location)
        line = _line_of(text, [str(part) for part in location if isinstance(part, str)])
        where = f"{origin}, line {line}" if line else origin
        problems.append(f"{where}: {problem(item, key, partial(_section_fields, location[:-1]))}")
    return "; ".join(problems)


def _section_fields(location: Sequence[int | str]) -> list[str]:
    model: type[BaseModel] = Recipe
    sections: dict[str, type[BaseModel]] = {
        "speech": Speech,
        "mixing": Mixing,
        "babble": Babble,
        "nonbabble": NonBabble,
    }
    for part in location:
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
