"""Recipes: TOML files that say everything about one prepared corpus."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)

from benchmark.articulation.parameters import target_names
from benchmark.errors import CorpusError, RecipeError
from benchmark.files import recipes_folder
from benchmark.formats.config_errors import problem

#: More talkers than these sound like one steady noise.
MOST_TALKERS = 32


def _once(values: list[Any]) -> list[Any]:
    # SNRs are compared by the name of the condition's folder: 5 and 5.0000001 would share one.
    names = [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
    if len(set(names)) != len(names):
        raise ValueError(f"lists {next(name for name in names if names.count(name) > 1)} twice")
    return values


SnrList = Annotated[
    list[Annotated[float, Field(ge=-40.0, le=60.0)]], Field(min_length=1), AfterValidator(_once)
]
_Count = Annotated[int, Field(ge=1, le=MOST_TALKERS)]
_Counts = Annotated[list[_Count], Field(min_length=1), AfterValidator(_once)]
Talkers = Annotated[
    Annotated[_Count, Tag("number")] | Annotated[_Counts, Tag("list")],
    Discriminator(lambda value: "list" if isinstance(value, list) else "number"),
]
Names = Annotated[list[str], Field(min_length=1), AfterValidator(_once)]


def _known_targets(targets: str | list[str]) -> str | list[str]:
    try:
        target_names(targets)
    except CorpusError as error:
        raise ValueError(str(error)) from error
    return targets


Targets = Annotated[
    str | list[str],
    AfterValidator(_known_targets),
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Speech(_Section):
    """Whose speech, and what is to be recovered from it.

    Attributes:
        corpus: Name of a corpus reader (`python -m benchmark.list`).
        root: Where the corpus lies if the user does not say: "shipped:demo" or "cache:virtual"; None for
            licensed corpora.
        splits: "corpus" takes the splits that the corpus itself states; another name is a committed table or
            rule.
        targets: Name of a target set, or a list of parameters (`docs/targets.md`), which the corpus must all
            have.
        level_dbfs: P.56 active level to which every utterance is brought, dB re full scale; None keeps the
            recorded level.
        on_damage: Whether an unreadable or silent recording stops preparing or is left out and reported.
    """

    corpus: str
    root: str | None = None
    splits: str = "corpus"
    targets: Targets = "tv6"
    level_dbfs: Annotated[float, Field(ge=-60.0, le=-10.0)] | None = -26.0
    on_damage: Literal["stop", "skip"] = "stop"


class Mixing(_Section):
    """Levels of the mixtures.

    Attributes:
        snr_db: Nominal signal-to-noise ratios of all kinds of noise that name none of their own.
        snr_reference: "p56": P.56 active level of the speech minus RMS of the noise (NOIZEUS); "rms": RMS
            minus RMS.
        peak_limit_dbfs: A sum that would pass it is brought down, speech and noise by one common gain.
        clean: Whether the clean condition is part of the corpus.
    """

    snr_db: SnrList | None = None
    snr_reference: Literal["p56", "rms"] = "p56"
    peak_limit_dbfs: Annotated[float, Field(ge=-20.0, le=-0.01)] = -0.5
    clean: bool = True


class Babble(_Section):
    """Other people talking.

    Attributes:
        talkers: How many talk at once. A list makes one kind of noise for each number, called NAME_1, NAME_2
            and so on. Where there are fewer voices than talkers, voices are used again, with other sentences
            at the same time.
        sources: Where talkers come from, in order of preference; the first is taken of whose voices none is
            used more than three times at once, or else the one with the most. "corpus": the other speakers of
            the same split; "corpus_voices": voices of the corpus that only babble; "shipped_voices": those of
            the embedded corpus; else the name of a noise corpus with talkers or recorded crowds.
        spread_db: Each talker is louder or softer than the mean by up to this much.
        snr_db: Signal-to-noise ratios, if others than those of [mixing].
    """

    talkers: Talkers = 8
    sources: Names
    spread_db: Annotated[float, Field(ge=0.0, le=20.0)] = 3.0
    snr_db: SnrList | None = None


class OtherNoise(_Section):
    """Noise that is not made of talkers.

    Attributes:
        sources: "synthetic" (generated noise) and names of noise corpora; their recordings are taken
            together.
        categories: Which categories are used, dealt evenly over the utterances. None takes all that are not
            babble; a recorded crowd (a cafe) is used where its category is named.
        test_only: Categories that are kept for the test split, so that no model has heard them in training.
        loop: Whether a recording that is too short may start again. If not, it is an error.
        snr_db: Signal-to-noise ratios, if others than those of [mixing].
    """

    sources: Names
    categories: Names | None = None
    test_only: Names | None = None
    loop: bool = False
    snr_db: SnrList | None = None

    @model_validator(mode="after")
    def _categories_named(self) -> OtherNoise:
        if self.categories is not None and (
            strange := sorted({*(self.test_only or ())} - {*self.categories})
        ):
            raise ValueError(
                f"keeps {', '.join(strange)} for the test split (test_only), which categories does not name"
            )
        if self.categories is not None and not {*self.categories} - {*(self.test_only or ())}:
            raise ValueError("keeps all categories for the test split (test_only): none is left for training")
        return self


class NoiseKind(NamedTuple):
    """One kind of noise of a recipe: what the column `noise_kind` calls it, and where it is described.

    Attributes:
        name: "babble", "nonbabble", the NAME of a table [kinds.NAME], or these with a number of talkers, as
            "babble_4".
        table: The table that describes it, which several kinds share where it lists numbers of talkers.
        noise: The table's content.
        talkers: How many talk at once; 0 if it is not made of talkers.
        snr_db: Its signal-to-noise ratios.
    """

    name: str
    table: str
    noise: Babble | OtherNoise
    talkers: int
    snr_db: tuple[float, ...]


def _tag(table: object) -> str:
    described = table if isinstance(table, Mapping) else vars(table)
    return "babble" if "talkers" in described else "other"


#: What the leaderboard calls its averages over conditions; no kind of noise can be called so.
RESERVED_NAMES = frozenset({"noisy", "drop"})

KindName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
KindTable = Annotated[
    Annotated[Babble, Tag("babble")] | Annotated[OtherNoise, Tag("other")], Discriminator(_tag)
]


class Recipe(_Section):
    """One prepared corpus, complete.

    Attributes:
        name: Also the name of the file and of the leaderboard.
        version: Raised whenever a change alters what is prepared.
        seed: Enters every random number.
        title: One line for tables.
        about: What it is for.
        speech: Whose speech, and what is to be recovered from it.
        mixing: Levels of the mixtures.
        babble: Other people talking.
        nonbabble: Everything else that drowns speech.
        kinds: Further kinds of noise by name: babble where the table has the key `talkers`, else other noise.
            Without any noise the corpus is clean speech.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$")]
    version: Annotated[int, Field(ge=1)]
    seed: Annotated[int, Field(ge=0)]
    title: str
    about: str = ""
    speech: Speech
    mixing: Mixing = Mixing()
    babble: Babble | None = None
    nonbabble: OtherNoise | None = None
    kinds: dict[KindName, KindTable] = {}

    @model_validator(mode="after")
    def _complete(self) -> Recipe:
        tables = self._tables()
        if not tables and not self.mixing.clean:
            raise ValueError("has neither noise nor the clean condition: nothing would be prepared")
        silent = [table for table, noise in tables.items() if not (noise.snr_db or self.mixing.snr_db)]
        if silent:
            raise ValueError(f"names no snr_db for {', '.join(silent)}: give it there or in [mixing]")
        names = ["clean", *self.noise_kinds]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"has two conditions called {', '.join(twice)}")
        if taken := sorted({*names} & RESERVED_NAMES):
            raise ValueError(
                f"calls a kind of noise {', '.join(taken)}, as an average over conditions is "
                "called: choose another name"
            )
        return self

    @property
    def noises(self) -> list[NoiseKind]:
        """The kinds of noise: babble and non-babble first, then the others as the recipe lists them."""
        kinds = []
        for table, noise in self._tables().items():
            name, snr_db = table.rpartition(".")[2], tuple(noise.snr_db or self.mixing.snr_db or ())
            if isinstance(noise, OtherNoise):
                kinds.append(NoiseKind(name, table, noise, 0, snr_db))
            elif isinstance(noise.talkers, int):
                kinds.append(NoiseKind(name, table, noise, noise.talkers, snr_db))
            else:
                kinds += [NoiseKind(f"{name}_{n}", table, noise, n, snr_db) for n in noise.talkers]
        return kinds

    @property
    def noise_kinds(self) -> list[str]:
        """The names of the kinds of noise, as in the column `noise_kind`."""
        return [kind.name for kind in self.noises]

    def _tables(self) -> dict[str, Babble | OtherNoise]:
        standard = {"babble": self.babble, "nonbabble": self.nonbabble}
        further = {f"kinds.{name}": noise for name, noise in self.kinds.items()}
        return {table: noise for table, noise in (standard | further).items() if noise is not None}


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


def recipe_hash(recipe: Recipe) -> str:
    """SHA-256 over what the recipe says (comments and layout do not count)."""
    return hashlib.sha256(recipe.model_dump_json().encode()).hexdigest()


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
