"""What supports a line of the leaderboard: training data, re-runs, number of submissions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmark.errors import SinbadError
from benchmark.mixing.recipe_files import load_recipe
from benchmark.models.declaration import VOCABULARY
from benchmark.ranking.markdown import printable
from benchmark.ranking.seeds import Seeds
from benchmark.ranking.standings import Standing
from benchmark.scoring.rerun import Rerun
from benchmark.scoring.results import Card


@dataclass(frozen=True, slots=True)
class Trust:
    """What is known of one line.

    Attributes:
        training: What it was trained on, for people; "not stated" if its maker said nothing.
        stated: Whether they said something.
        flag: Why its scores may flatter it, "" if nothing is known against it.
        parameters: How many trained numbers it holds, None if that was not stated.
        submitter: Who handed it in, "" if nobody is named.
        entries: How many results of that submitter stand beside it, this one and every seed included.
        rerun: Who made it again, None if nobody did.
        seeds: The training runs that it is the mean of, None if it is a single one.
    """

    training: str
    stated: bool
    flag: str
    parameters: int | None
    submitter: str
    entries: int
    rerun: Rerun | None = None
    seeds: Seeds | None = None


def trust(
    recipe: str,
    shown: Sequence[Standing],
    all_cards: Sequence[Card],
    reruns: Mapping[str, Rerun],
    seeds: Mapping[str, Seeds],
) -> dict[str, Trust]:
    """What is known of every line of a recipe, by model.

    Args:
        recipe: Its name.
        shown: Its standings.
        all_cards: Of every result that was admitted, seeds each for itself.
        reruns: Who made results again, by model.
        seeds: The runs behind lines that stand for several.
    """
    corpus = speech_corpus(recipe)
    entries = Counter(card.submitter for card in all_cards)
    cards = {line.card.model: line.card for standing in shown for line in standing.lines}
    return {
        model: Trust(
            training=training(card),
            stated=bool(card.trained_on),
            flag=flag(card, corpus),
            parameters=parameters(card),
            submitter=printable(card.submitter),
            entries=entries[card.submitter] if card.submitter else 0,
            rerun=_of_all(model, reruns, seeds),
            seeds=seeds.get(model),
        )
        for model, card in cards.items()
    }


def training(card: Card) -> str:
    """What a model was trained on, in words."""
    if not card.trained_on and not card.training_note:
        return "not stated"
    words = ", ".join("train split" if word == "train" else printable(word) for word in card.trained_on)
    return "; ".join(filter(None, (words, printable(card.training_note))))


def flag(card: Card, corpus: str) -> str:
    """Why the scores of a model may flatter it: it was trained on the corpus that the test speakers are from.

    Args:
        card: Its card.
        corpus: Name of that corpus; "" where it is not known.
    """
    if corpus and corpus in card.trained_on:
        what = VOCABULARY.get(corpus, corpus)
        return f"trained on the corpus of the test speakers ({what})"
    return ""


def parameters(card: Card) -> int | None:
    """How many trained numbers a model holds.

    Older cards of this package's models state it among their arguments.
    """
    said = card.arguments.get("parameters", "")
    ours = card.source.startswith("benchmark.joint") and said.isdecimal()
    return card.parameters if card.parameters is not None else int(said) if ours else None


def speech_corpus(recipe: str) -> str:
    """The corpus of the speakers of a shipped recipe, "" for another one."""
    try:
        return load_recipe(recipe).speech.corpus
    except SinbadError:
        return ""


def _of_all(model: str, reruns: Mapping[str, Rerun], seeds: Mapping[str, Seeds]) -> Rerun | None:
    """The record of a line of several runs: the least strict one, if all of them were made again."""
    found = [reruns.get(run) for run in (seeds[model].runs if model in seeds else (model,))]
    there = [record for record in found if record is not None]
    return max(there, key=lambda record: record.tolerance) if len(there) == len(found) else None


def pareto(points: Mapping[str, tuple[float, float]]) -> frozenset[str]:
    """The models that no other one beats: none is at least as good in both respects and better in one.

    Args:
        points: Model to how good it is in two respects, the higher the better.
    """
    return frozenset(
        model
        for model, (one, two) in points.items()
        if not any(
            other[0] >= one and other[1] >= two and other != (one, two)
            for name, other in points.items()
            if name != model
        )
    )
