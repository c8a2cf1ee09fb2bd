"""How far a corpus is prepared: what is there and right, what is missing, and what has to be left out."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from benchmark.errors import CorpusError, ManifestError
from benchmark.mixing.audio_store import AudioStore, samples_match
from benchmark.mixing.journal import Journal
from benchmark.mixing.manifest import PLANNED
from benchmark.mixing.measurements import Measurements
from benchmark.mixing.plan import Plan, plan
from benchmark.mixing.recipe import Recipe
from benchmark.mixing.render_missing import render_missing
from benchmark.mixing.rows import MixtureRow, PlanRow
from benchmark.mixing.sources import Sources
from benchmark.types import Progress, Utterance
from benchmark.workers import share_out


@dataclass(slots=True)
class Preparation:
    """What is to be prepared, and how far that is.

    Attributes:
        recipe: What to prepare.
        everything: Speech and noise at hand.
        dealt_over: Utterances over which noise is dealt: those that were listed, so that a recording that
            proves unreadable changes the noise of no other.
        earlier: Rows of a finished run in the same folder.
        spoilt: Noise that cannot be used: it is as if it had never been there.
        chosen: Utterances that take part.
        planned: Their rows.
        measured: What was measured on those that are rendered.
        kept: Which of these were there before.
        left_out: As in `Report`.
        remarks: As in `Report`.
    """

    recipe: Recipe
    everything: Sources
    dealt_over: frozenset[str]
    earlier: Mapping[str, MixtureRow]
    spoilt: frozenset[str]
    chosen: list[Utterance]
    planned: Plan
    measured: Measurements = field(default_factory=Measurements)
    kept: AbstractSet[str] = frozenset()
    left_out: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def plan_again(self, without: Mapping[str, str]) -> None:
        """Plans without noise that proved unusable; what was drawn of it is drawn anew.

        Args:
            without: Noise ids and why.

        Raises:
            CorpusError: The noise that is left does not suffice.
            ManifestError: A finished run has rendered something else.
        """
        self.spoilt |= without.keys()
        before = {row["mixture_id"]: row for row in self.planned}
        try:
            again = plan(self.recipe, self.everything.without(self.spoilt), self.dealt_over)
            self.planned = again.of({utterance.id for utterance in self.chosen})
        except CorpusError as error:
            raise CorpusError(f"{error}; left out before: {next(iter(without.values()))}") from error
        self.refuse_other_plan()
        same = {key for row in self.planned if _same_row(before[key := row["mixture_id"]], row)}
        self.measured, self.kept = self.measured.of(same), same.intersection(self.kept)

    def refuse_other_plan(self) -> None:
        """Rows that a finished run rendered must be in the plan as they are."""
        for row in self.planned if self.earlier else ():
            found = self.earlier.get(row["mixture_id"])
            if found is not None and not _same_row(found, row):
                raise ManifestError(
                    f"{row['mixture_id']}: was planned from other speech or noise than is given now; choose "
                    "another folder with --out"
                )


def complete_audio(
    work: Preparation, sources: Sources, store: AudioStore, journal: Journal, jobs: int, progress: Progress
) -> None:
    """Renders what is not there yet, until nothing is missing but what had to be left out.

    Args:
        work: What is to be done; says afterwards what became of it.
        sources: Speech and noise at hand, without speech of which no targets can be made.
        store: Where the audio lies.
        journal: Told of every finished utterance.
        jobs: Worker processes.
        progress: Told of every finished utterance.

    Raises:
        CorpusError: Nothing is left.
    """
    work.measured = _intact(store, work.planned, work.measured, jobs, progress)
    work.kept = frozenset(work.measured)
    while True:
        there = work.measured
        missing = array("q", (i for i, row in enumerate(work.planned) if row["mixture_id"] not in there))
        done = render_missing(
            work.recipe, work.planned, missing, sources, store, work.measured, journal, jobs, progress
        )
        work.remarks += done.remarks
        work.left_out += [*done.without_speech.values(), *done.without_noise.values()]
        work.chosen = [item for item in work.chosen if item.id not in done.without_speech]
        work.planned = work.planned.of({utterance.id for utterance in work.chosen})
        if not (done.without_noise and work.chosen):
            break
        work.plan_again(done.without_noise)
    if not work.planned:
        journal.discard()
        raise CorpusError(f"{work.left_out[0]} (and no other recording can be used)")


def of_plan(planned: Iterable[PlanRow], rendered: Mapping[str, MixtureRow]) -> Measurements:
    """What was measured on those of `rendered` that were made from the very rows of this plan.

    After an interrupted run the others are rendered anew: a damaged noise file was taken away, say, and no
    table counts on them yet.
    """
    same = Measurements()
    for row in planned if rendered else ():
        found = rendered.get(row["mixture_id"])
        if found is not None and found["pcm_sha256"] is not None and _same_row(found, row):
            same[row["mixture_id"]] = found
    return same


def _same_row(found: Mapping[str, object], row: Mapping[str, object]) -> bool:
    return all(found.get(name) == row.get(name) for name in PLANNED.names)


def _intact(
    store: AudioStore, planned: Plan, known: Measurements, jobs: int, progress: Progress
) -> Measurements:
    """Those of `known` whose audio on disk has the samples that the manifest says."""
    if not known:
        return known
    rows = (MixtureRow(**row, **known[key]) for row in planned if (key := row["mixture_id"]) in known)
    keys = [key for row in planned if (key := row["mixture_id"]) in known]
    checks = share_out(samples_match, ((store, row) for row in rows), jobs, batch_size=32)
    right = progress(checks, len(keys), "checking what is there")
    return known.of({key for key, ok in zip(keys, right, strict=True) if ok})
