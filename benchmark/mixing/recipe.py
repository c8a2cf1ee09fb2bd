"""Recipes: TOML files that say everything about one prepared corpus."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from benchmark.articulation.parameters import target_names
from benchmark.errors import CorpusError

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


def recipe_hash(recipe: Recipe) -> str:
    """SHA-256 over what the recipe says (comments and layout do not count)."""
    return hashlib.sha256(recipe.model_dump_json().encode()).hexdigest()
