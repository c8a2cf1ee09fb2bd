"""Makes a stored result again and compares every score with what was stored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from benchmark.errors import StandingsError
from benchmark.models.entry import Entry
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.runners.open_runner import RunOptions
from benchmark.scoring.evaluate import evaluate
from benchmark.scoring.phone_scores import PhoneScores, read_phone_scores
from benchmark.scoring.rerun import TOLERANCE, Difference, Rerun, compare, compare_phones, record
from benchmark.scoring.results import Card, read_result
from benchmark.scoring.stored import other_than
from benchmark.types import Progress, silent


@dataclass(frozen=True, slots=True)
class RunAgain:
    """What came of it.

    Attributes:
        card: As stored.
        phones: Stored scores by class of phone, if there are any.
        again: Card of the second run.
        compared: How many scores were compared.
        tolerance: How far each may be apart.
        largest: How far the worst is apart, by the rule of the tolerance.
        differences: The scores that do not agree, the worst first, those by class of phone behind the others.
    """

    card: Card
    phones: PhoneScores | None
    again: Card
    compared: int
    tolerance: float
    largest: float
    differences: tuple[Difference, ...]

    def record(self, by: str) -> Rerun:
        """What is to be signed.

        Args:
            by: Who ran the model again.

        Raises:
            StandingsError: The result does not hold.
        """
        if self.differences:
            raise StandingsError(
                f"{self.card.model}: {len(self.differences)} scores do not come out as stored; nothing is "
                "signed"
            )
        return record(self.card, self.phones, self.again, self.tolerance, self.largest, by)


def run_again(
    folder: Path | str,
    corpus: PreparedCorpus,
    entry: Entry,
    *,
    tolerance: float = TOLERANCE,
    jobs: int = 1,
    progress: Progress = silent,
    options: RunOptions | None = None,
) -> RunAgain:
    """Runs the model of a stored result, all predictions made anew, and compares.

    Args:
        folder: Of the result, RESULTS/RECIPE/MODEL.
        corpus: That it was scored on.
        entry: The model; it takes the name that the result has.
        tolerance: See `benchmark.scoring.rerun.compare`.
        jobs: Worker processes for the measures.
        progress: Told of every finished recording and utterance.
        options: How submitted code is run.

    Raises:
        StandingsError: The result is damaged, of another model or corpus, or by measures of another version.
        ModelError: The model cannot be run.
    """
    stored, phones = read_result(folder), read_phone_scores(Path(folder))
    card = stored.card
    entry = replace(entry, name=card.model)
    if other := other_than(card, corpus, entry, card.split):
        raise StandingsError(f"{folder}: was not made with this model on this corpus: {other}")
    fresh = replace(options or RunOptions(), fresh=True)
    again = evaluate(
        entry, corpus, list(card.measures), split=card.split, jobs=jobs, progress=progress, options=fresh
    )
    for name, version in card.measures.items():
        if again.card.measures[name] != version:
            raise StandingsError(
                f"{folder}: {name} was computed in version {version}, this package has version "
                f"{again.card.measures[name]}; score the model again"
            )
    differences, largest = compare(stored, again, tolerance)
    by_phone, largest_by_phone = compare_phones(phones, again.phones, tolerance)
    return RunAgain(
        card=card,
        phones=phones,
        again=again.card,
        compared=card.expected + (len(phones.table) if phones else 0),
        tolerance=tolerance,
        largest=max(largest, largest_by_phone),
        differences=(*differences, *by_phone),
    )
