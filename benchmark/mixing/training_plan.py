"""Plans of mixtures for training: one a recording and epoch, none of which is a mixture of the benchmark."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmark.errors import RecipeError
from benchmark.mixing.plan import mixture_id, plan_mixtures
from benchmark.mixing.recipe import Recipe
from benchmark.mixing.rows import Piece, PlanRow
from benchmark.mixing.sources import BANK_FRAMES, BANKED, Sources
from benchmark.randomness import Randomness
from benchmark.types import Utterance

_FINE = 10_000
#: How many stretches of each category of generated noise a run hears.
_STRETCHES = 16


@dataclass(frozen=True, slots=True)
class Conditions:
    """Which conditions are drawn.

    Attributes:
        kinds: Kinds of noise of the recipe, all equally likely; None for all that it has.
        snr_db: Signal-to-noise ratios, all equally likely; None for those of the recipe.
        clean_share: Share of recordings without noise, 0 to 1.
    """

    kinds: Collection[str] | None = None
    snr_db: Sequence[float] | None = None
    clean_share: float = 0.1


def training_plan(
    recipe: Recipe,
    sources: Sources,
    utterances: Sequence[Utterance],
    conditions: Conditions,
    seed: int,
    epoch: int,
) -> list[PlanRow]:
    """One mixture for each utterance, in order, with random condition and noise of its split.

    Name and seed of the plan keep its draws apart from those of the benchmark, and noise of the test split is
    never heard.

    Args:
        recipe: What to mix.
        sources: All noise at hand.
        utterances: Of the train or dev split.
        conditions: What is drawn.
        seed: Of the run.
        epoch: Another epoch has other draws.

    Raises:
        RecipeError: An utterance is of the test split, or the recipe lacks a kind of noise.
        CorpusError: The noise at hand does not suffice.
    """
    if other := next((item.id for item in utterances if item.split not in ("train", "dev")), None):
        raise RecipeError(f"{other}: is not of the train or dev split, and nothing else is trained on")
    there = {kind.name: kind for kind in recipe.noises}
    kinds = sorted(there if conditions.kinds is None else conditions.kinds)
    if missing := [kind for kind in kinds if kind not in there]:
        raise RecipeError(
            f"the recipe '{recipe.name}' has no noise '{missing[0]}'; it has {', '.join(there)}"
        )
    randomness = Randomness((recipe.name, recipe.version, "training", seed, epoch))
    drawn = _of_epoch(recipe, randomness)
    found = {
        (row["utterance_id"], row["noise_kind"]): row for row in plan_mixtures(drawn, utterances, sources)
    }
    rows = []
    for utterance in utterances:
        own = Randomness((*randomness.identity, utterance.id))
        if not kinds or own.integer("clean", 0, _FINE) < conditions.clean_share * _FINE:
            rows.append(found[utterance.id, "clean"])
            continue
        kind = own.choice("kind", kinds)
        snr_db = own.choice("snr", conditions.snr_db or there[kind].snr_db)
        row = found[utterance.id, kind]
        # Noise is drawn for all SNRs of an utterance alike.
        name = mixture_id(utterance.id, kind, snr_db)
        pieces = [_banked(piece, seed, own) for piece in row["pieces"]]
        rows.append(PlanRow(**{**row, "snr_db": float(snr_db), "mixture_id": name, "pieces": pieces}))
    return rows


def _banked(piece: Piece, seed: int, randomness: Randomness) -> Piece:
    """A piece of generated noise cut from the bank of this seed; other pieces as they are."""
    source, _, name = piece["noise_id"].partition(":")
    if source != "synthetic" or piece["frames"] > BANK_FRAMES:
        return piece
    category = name.partition(":")[0]
    token = f"{BANKED}{seed}/{randomness.integer('stretch', 0, _STRETCHES)}"
    offset = randomness.integer("offset", 0, BANK_FRAMES - piece["frames"] + 1)
    return Piece(**{**piece, "noise_id": f"synthetic:{category}:{token}", "offset": offset})


def without_test(sources: Sources) -> Sources:
    """The same sources without speech, voices and noise of the test split."""
    voices = {
        source: {key: item for key, item in found.items() if _split(item) != "test"}
        for source, found in sources.voices.items()
    }
    return replace(
        sources,
        speech={key: item for key, item in sources.speech.items() if item.split != "test"},
        voices=voices,
        talkers={key: found for key, found in sources.talkers.items() if key[1] != "test"},
        stretches={key: found for key, found in sources.stretches.items() if key[1] != "test"},
    )


def _split(voice: Utterance) -> str:
    return str(voice.extra.get("babble_split") or voice.split)


def _of_epoch(recipe: Recipe, randomness: Randomness) -> Recipe:
    """The recipe with clean speech and one SNR for each kind of noise, whose place the drawn one takes."""
    tables: dict[str, Any] = {
        name: table.model_copy(update={"snr_db": None}) if table is not None else None
        for name, table in (("babble", recipe.babble), ("nonbabble", recipe.nonbabble))
    }
    kinds = {name: table.model_copy(update={"snr_db": None}) for name, table in recipe.kinds.items()}
    return recipe.model_copy(
        update={
            "name": f"{recipe.name}_training",
            "seed": randomness.integer("mixtures", 0, 2**62),
            "mixing": recipe.mixing.model_copy(update={"clean": True, "snr_db": [0.0]}),
            "kinds": kinds,
            **tables,
        }
    )
