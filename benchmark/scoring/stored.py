"""Whether a stored result is of this very model, corpus and labels, so that it need not be made again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmark.errors import SinbadError, StandingsError
from benchmark.metrics import Measure, TrajectoryMeasure, parse
from benchmark.models.entry import Entry
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.scoring.arguments import DEFAULT_MEASURES, as_measures
from benchmark.scoring.phone_scores import PhoneScores, read_phone_scores
from benchmark.scoring.results import Card, Result, read_result


def stored_result(
    root: Path, corpus: PreparedCorpus, entry: Entry, measures: Sequence[Measure] | None, split: str
) -> Result | None:
    """A stored result of this very model, corpus and phones that holds the measures; or None.

    Args:
        root: Folder of results.
        corpus: The prepared corpus.
        entry: The model.
        measures: What has to be in it; None for the six of the leaderboard, as far as the model can have
            them.
        split: Which split.
    """
    folder = root / corpus.recipe.name / entry.name
    if not (folder / "card.json").is_file():
        return None
    try:
        result = read_result(folder)
        by_phone = read_phone_scores(folder)
    except StandingsError:
        return None
    card = result.card
    wanted = as_measures(DEFAULT_MEASURES) if measures is None else measures
    if measures is None:
        kinds = {parse(name).kind for name in card.measures if name in DEFAULT_MEASURES}
        wanted = [measure for measure in wanted if measure.kind in kinds]
    same = (
        is_of(card, corpus, entry, split)
        and bool(wanted)
        and all(card.measures.get(measure.name) == measure.version for measure in wanted)
        and _same_phones(by_phone, corpus, card)
    )
    return result if same else None


def is_of(card: Card, corpus: PreparedCorpus, entry: Entry, split: str) -> bool:
    """Whether a result is of this very model code and arguments, on this split of this corpus."""
    return not other_than(card, corpus, entry, split)


def other_than(card: Card, corpus: PreparedCorpus, entry: Entry, split: str) -> str:
    """In what a result differs from a run of this model on this split of this corpus; "" if in nothing."""
    pairs = {
        "the code and weights": (card.source_sha256, entry.source_sha256),
        "the version of the model": (card.version, entry.version),
        "the arguments": (card.arguments, dict(entry.arguments)),
        "the split": (card.split, split),
        "the corpus": (card.corpus_sha256, corpus.split_hash(split)),
    }
    return "; ".join(
        f"{what} ({_brief(stored)} in the card, here {_brief(here)})"
        for what, (stored, here) in pairs.items()
        if stored != here
    )


def _brief(fact: object) -> str:
    text = str(fact) or "none"
    return f"{text[:12]}..." if len(text) > 40 else text


def _same_phones(stored: PhoneScores | None, corpus: PreparedCorpus, card: Card) -> bool:
    """Whether scores by phone class belong to this result and these labels, or neither has any."""
    moving = any(_has_phones(name) for name in card.measures)
    wanted = corpus.labels_hash(card.split) if moving else ""
    mine = stored is not None and stored.scores_sha256 == card.scores_sha256
    return wanted == (stored.labels_sha256 if stored and mine else "")


def _has_phones(name: str) -> bool:
    """Whether a measure is one of articulation with one value an utterance."""
    try:
        measure = parse(name)
    except SinbadError:
        return False  # its package is not installed here
    return isinstance(measure, TrajectoryMeasure) and not measure.pooled
