"""The ablation beside the joint model: which result plays which part, over all seeds that were trained."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from benchmark.ranking.averages import Key
from benchmark.ranking.bootstrap import interval
from benchmark.ranking.compare import difference
from benchmark.ranking.score_array import Array
from benchmark.ranking.standings import Estimate, Standing
from benchmark.scoring.results import Card

#: The recipe that the ablation of this project is made on; others have their own (see `has_ablation`).
RECIPE = "virtual_noisy"
#: The conditions that the ablation is about.
CLEAN_SPEECH: Key = ("clean", None)
BABBLE: Key = ("babble", -5.0)
NONBABBLE: Key = ("nonbabble", -5.0)
HARDEST = (BABBLE, NONBABBLE)
#: Parts of a pair that learn nothing and so have no seed.
_UNTRAINED = frozenset({"clean"})
_SEED = re.compile(r"(.+)_seed(\d+)")
_USUAL_SEED = 1
#: How the card of a model tells what it learnt from, and of one that learns nothing.
_TRAINED_ON, _UNTAUGHT = "benchmark.joint, trained on ", "does nothing"
#: Where a recipe has no such condition.
_NO_SCORE = Estimate(math.nan, math.nan, math.nan)


class Variant(NamedTuple):
    """A model of the ablation.

    Attributes:
        model: Name of its results; other seeds are called NAME_seed2, NAME_seed3, in every trained part of a
            pair.
        title: What it is.
    """

    model: str
    title: str


JOINT = Variant("joint", "joint: enhancement and inversion on one encoder")
STAGED = Variant("joint_staged", "joint, begun with an enhancer trained alone; listens twice")
CLEAN = Variant("si_clean", "inversion trained on clean speech")
NOISY = Variant("si_noisy", "inversion trained on noisy speech")
NOISY_LONG = Variant("si_noisy_long", "inversion trained on noisy speech, for as long as two stages")
CASCADE = Variant("se_alone+si_clean", "enhancement, then inversion trained on clean speech")
CASCADE_NOISY = Variant("se_alone+si_noisy", "enhancement, then inversion trained on noisy speech")
RETRAINED = Variant("se_alone+si_enhanced", "enhancement, then inversion retrained on enhanced speech")
ORACLE = Variant("clean+si_clean", "oracle: inversion of the clean signal")
ENHANCER = Variant("se_alone", "enhancement alone")
#: From the bottom to the top, then what the joint model is without one of its parts, and what could be
#: reached.
VARIANTS = (
    CLEAN,
    NOISY,
    NOISY_LONG,
    CASCADE,
    CASCADE_NOISY,
    RETRAINED,
    JOINT,
    STAGED,
    Variant("joint_no_se", "joint, without the loss of enhancement"),
    ORACLE,
)
STRONG_JOINT = Variant("joint_whisper", JOINT.title)
#: The same on an encoder that has heard real speech, which is a ladder of its own.
STRONG = (Variant("si_clean_whisper", CLEAN.title), Variant("si_noisy_whisper", NOISY.title), STRONG_JOINT)


@dataclass(frozen=True, slots=True)
class Runs:
    """The complete results of one variant on one measure.

    Attributes:
        standing: Of that measure.
        places: Seed to row of the standing.
    """

    standing: Standing
    places: Mapping[int, int]

    @property
    def seeds(self) -> tuple[int, ...]:
        """Those that were run."""
        return tuple(self.places)

    def card(self) -> Card:
        """The card of the first seed."""
        return self.standing.lines[self.places[self.seeds[0]]].card

    def mean(self, seeds: Sequence[int] | None = None) -> tuple[Array, Array]:
        """Means over seeds: scores, shape (columns,), and bootstrap samples, (replicates, columns)."""
        rows = [self.places[seed] for seed in seeds or self.seeds]
        return self.standing.point[rows].mean(axis=0), self.standing.replicates[:, rows].mean(axis=1)

    def has(self, column: Key) -> bool:
        """Whether the recipe has such a condition or average; a user's recipe may lack it."""
        return column in self.standing.columns

    def estimate(self, column: Key) -> Estimate:
        """Mean over seeds, with the interval over speakers and utterances.

        There is no interval where there is only one speaker.
        """
        if not self.has(column):
            return _NO_SCORE
        place = self.standing.column(column)
        point, replicates = self.mean()
        # The utterances of one speaker tell nothing about others, and this interval is read as one over
        # speakers.
        low, high = interval(replicates[:, place]) if self.standing.speakers > 1 else (math.nan, math.nan)
        return Estimate(float(point[place]), float(low), float(high))

    def by_seed(self, column: Key) -> list[float]:
        """The value of each seed, in a column that there is."""
        place = self.standing.column(column)
        return [float(self.standing.point[row, place]) for row in self.places.values()]


Found = Mapping[Variant, Runs | None]


def results_by_variant(standing: Standing | None, ladder: Sequence[Variant] = VARIANTS) -> Found:
    """The results of every variant on one measure; None for one that was not run, or not to the end."""
    return {variant: runs_of(standing, variant.model) if standing else None for variant in ladder}


def has_ablation(standings: Sequence[Standing]) -> bool:
    """Whether a joint model and another variant were both trained on a recipe and fully scored."""
    ppmc = next((standing for standing in standings if standing.measure.name == "PPMC"), None)
    found = results_by_variant(ppmc)
    joint = found[JOINT] is not None or found[STAGED] is not None
    return joint and sum(runs is not None for runs in found.values()) > 1


def trained_elsewhere(standings: Sequence[Standing]) -> list[str]:
    """Models named as variants whose cards do not say that they were trained on this recipe."""
    models = [variant.model for variant in (*VARIANTS, *STRONG, ENHANCER)]
    lines = [line for standing in standings for line in standing.lines]
    names = {line.card.model for line in lines if not _trained_here(line.card)}
    return sorted(name for name in names if any(_seed_of(name, model) is not None for model in models))


def best_on_clean(found: Found) -> Runs | None:
    """The variant with the highest mean on clean speech; None where no clean speech was scored."""
    having = [runs for runs in found.values() if runs is not None and runs.has(CLEAN_SPEECH)]
    return max(having, key=lambda runs: runs.estimate(CLEAN_SPEECH).value, default=None)


def runs_of(standing: Standing, model: str) -> Runs | None:
    """The complete results of a model and of its other seeds that were trained on this recipe.

    None if there are none.

    A model that learnt from another corpus differs from its neighbours in more than what the ablation is
    about.
    """
    found: dict[int, int] = {}
    for row, line in enumerate(standing.lines):
        seed = _seed_of(line.card.model, model)
        if seed is not None and not line.lacking and _trained_here(line.card):
            found[seed] = row
    return Runs(standing, dict(sorted(found.items()))) if found else None


def shared_seeds(first: Runs, second: Runs) -> tuple[int, ...]:
    """Seeds that both were trained with; only these are compared."""
    return tuple(seed for seed in first.seeds if seed in second.places)


def gain(first: Runs, second: Runs, column: Key) -> Estimate | None:
    """Improvement of the first over the second, in per cent of the second, paired by speakers.

    See `compare.difference`.

    None where they have no seed in common; NaN where the recipe has no such column.
    """
    return _compared(first, second, column, lambda one, other: 100.0 * (one - other) / np.abs(other))


def difference_of(first: Runs, second: Runs, column: Key) -> Estimate | None:
    """First minus second; paired, by speakers. None where they have no seed in common."""
    return _compared(first, second, column, lambda one, other: one - other)


def retention(runs: Runs, best_clean: Runs, column: Key) -> Estimate:
    """Share of the best clean-speech score that is left: the score in a column over that of `best_clean`."""
    if not runs.has(column):
        return _NO_SCORE
    place = runs.standing.column(column)
    clean = runs.standing.column(CLEAN_SPEECH)
    (point, replicates), (best, best_replicates) = runs.mean(), best_clean.mean()
    judged = difference(
        np.asarray(point[place] / best[clean]),
        replicates[:, place] / best_replicates[:, clean],
        runs.standing.speakers,
    )
    return Estimate(float(judged.value), float(judged.low), float(judged.high))


def _compared(
    first: Runs, second: Runs, column: Key, how: Callable[[Array, Array], Array]
) -> Estimate | None:
    standing = first.standing
    seeds = shared_seeds(first, second)
    if not seeds:
        return None
    if not first.has(column):
        return _NO_SCORE
    place = standing.column(column)
    (one, ones), (other, others) = first.mean(seeds), second.mean(seeds)
    with np.errstate(divide="ignore", invalid="ignore"):
        judged = difference(
            np.asarray(how(one[place], other[place])),
            how(ones[:, place], others[:, place]),
            standing.speakers,
        )
    return Estimate(float(judged.value), float(judged.low), float(judged.high))


def _trained_here(card: Card) -> bool:
    """Whether each part that learns has learnt from the recipe that it was scored on."""
    return all(source in (_TRAINED_ON + card.recipe, _UNTAUGHT) for source in card.source.split(" + "))


def _seed_of(name: str, model: str) -> int | None:
    """The seed with which `name` is a run of `model`; None if it is another model."""
    seeds, parts = set(), []
    for part in name.split("+"):
        match = None if part in _UNTRAINED else _SEED.fullmatch(part)
        parts.append(match[1] if match else part)
        if part not in _UNTRAINED:
            seeds.add(int(match[2]) if match else _USUAL_SEED)
    # A pair of different seeds is a run of neither.
    return seeds.pop() if "+".join(parts) == model and len(seeds) == 1 else None
