"""What the maker of a model declares, because no benchmark can find it out.

What its weights were trained on, how many there are, who hands it in, and whether it is one seed of several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from benchmark.errors import ModelError, SinbadError
from benchmark.text import name_fault, printable

#: What weights may have been trained on. Nothing declared is shown as "not stated".
VOCABULARY: Mapping[str, str] = MappingProxyType(
    {
        "nothing": "it has no trained weights",
        "train": "the train split of the recipe that it is scored on",
        "xrmb": "the X-ray microbeam database",
        "hprc": "Haskins Production Rate Comparison",
        "mocha": "MOCHA-TIMIT",
        "mngu0": "mngu0",
        "usc_timit": "USC-TIMIT",
        "spire": "SPIRE-EMA",
        "virtual": "speech of VocalTractLab, be it ours or another's",
        "articulation": "other recordings of articulation",
        "speech": "other speech",
        "other": "something else; say what with --training-note",
    }
)
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a maker says of a model.

    Attributes:
        trained_on: Words of `VOCABULARY`; none if nothing was stated.
        note: Free text about the training.
        recipe: The recipe that "train" means, where the model comes with its training; "" for the one that it
            is scored on.
        parameters: How many trained numbers it holds; None if it was not stated.
        submitter: Who hands it in.
        seed_of: The model of which this is one training run among several that differ in their seed.
    """

    trained_on: tuple[str, ...] = ()
    note: str = ""
    recipe: str = ""
    parameters: int | None = None
    submitter: str = ""
    seed_of: str = ""

    def scored_on(self, recipe: str) -> tuple[str, ...]:
        """What it was trained on, as it looks from the recipe that it is scored on."""
        if self.recipe in ("", recipe):
            return self.trained_on
        words = [_corpus_of(self.recipe) if word == "train" else word for word in self.trained_on]
        return tuple(dict.fromkeys(words))


NOT_STATED = Declaration()
UNTRAINED = Declaration(("nothing",), parameters=0)


def declared(
    before: Declaration,
    trained_on: Sequence[str] = (),
    note: str = "",
    parameters: int | None = None,
    submitter: str = "",
    seed_of: str = "",
) -> Declaration:
    """A declaration with what is said in addition; what is empty leaves it as it is.

    Raises:
        ModelError: A word or a name is none, or two contradict each other.
    """
    for word in trained_on:
        if word not in VOCABULARY:
            raise ModelError(f"'{word}' says nothing about training; there are {', '.join(VOCABULARY)}")
    if "nothing" in trained_on and len(set(trained_on)) > 1:
        raise ModelError("a model that was trained on nothing cannot have been trained on something as well")
    if seed_of and (fault := name_fault(seed_of)):
        raise ModelError(f"--seed-of '{seed_of}' {fault}")
    note, submitter = printable(note), printable(submitter).strip()
    for what, text in (("the note about training", note), ("the submitter", submitter)):
        if len(text) > _LONGEST:
            raise ModelError(f"{what} has {len(text)} letters; at most {_LONGEST} are shown")
    if parameters is not None and parameters < 0:
        raise ModelError(f"a model cannot have {parameters} parameters")
    return replace(
        before,
        trained_on=tuple(dict.fromkeys(trained_on)) or before.trained_on,
        recipe="" if trained_on else before.recipe,
        note=note or before.note,
        parameters=before.parameters if parameters is None else parameters,
        submitter=submitter or before.submitter,
        seed_of=seed_of or before.seed_of,
    )


def joined(first: Declaration, second: Declaration) -> Declaration:
    """What is declared of a pair of models: what is not stated of one is not stated of both."""
    both = [first, second]
    stated = all(item.trained_on for item in both)
    words = [word for item in both for word in item.trained_on if word != "nothing"] or ["nothing"]
    counts = [item.parameters for item in both]
    recipes = {item.recipe for item in both if item.recipe}
    return Declaration(
        trained_on=tuple(dict.fromkeys(words)) if stated else (),
        note="; ".join(dict.fromkeys(item.note for item in both if item.note)),
        recipe=recipes.pop() if len(recipes) == 1 else "",
        parameters=None if None in counts else sum(count for count in counts if count is not None),
        submitter=first.submitter or second.submitter,
    )


def _corpus_of(recipe: str) -> str:
    from benchmark.mixing.recipe_files import load_recipe  # late: lists of models need no recipe

    try:
        corpus = load_recipe(recipe).speech.corpus
    except SinbadError:  # a recipe of somebody else
        return "articulation"
    return corpus if corpus in VOCABULARY else "articulation"
