"""Renders the mixtures of a plan that are not there yet, and writes them down as they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmark import audio
from benchmark.errors import CorpusError, NoiseError
from benchmark.mixing.at_16k import brought_to_16k
from benchmark.mixing.audio_store import AudioStore
from benchmark.mixing.journal import Journal
from benchmark.mixing.measurements import Measurements
from benchmark.mixing.plan import Plan
from benchmark.mixing.recipe import Recipe
from benchmark.mixing.render import assemble_noise, levelled_speech, render_mixture
from benchmark.mixing.rows import Measured, MixtureRow, Piece, PlanRow
from benchmark.mixing.sources import SourceReader, Sources
from benchmark.types import RATE_HZ, Progress
from benchmark.workers import share_out


@dataclass(frozen=True, slots=True)
class Rendering:
    """What came of rendering rows.

    Attributes:
        utterance_id: Whose they are; "" for several.
        made: What was measured, by mixture id.
        without_speech: Utterances that the recipe allows to leave out, and why.
        without_noise: Noise ids that it allows to leave out, and why.
        remarks: A line for each thing that the user should know.
    """

    utterance_id: str = ""
    made: dict[str, Measured] = field(default_factory=dict)
    without_speech: dict[str, str] = field(default_factory=dict)
    without_noise: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def render_missing(
    recipe: Recipe,
    planned: Plan,
    missing: Sequence[int],
    sources: Sources,
    store: AudioStore,
    measured: Measurements,
    journal: Journal,
    jobs: int,
    progress: Progress,
) -> Rendering:
    """Renders rows of a plan, one utterance a task, the longest first: none is left alone at the end.

    A row is made when its task is drawn, so that a large plan does not lie in memory as dictionaries.

    Args:
        recipe: Levels and limits.
        planned: The plan.
        missing: Which of its rows, in their order.
        sources: Speech and noise at hand.
        store: Where the audio goes.
        measured: Takes what is measured.
        journal: Told of every finished utterance, so that an interrupted run can go on.
        jobs: Worker processes.
        progress: Told of every finished utterance.

    Returns:
        What had to be left out, and remarks.

    Raises:
        CorpusError: A recording cannot be used and the recipe does not allow leaving it out.
    """
    sources, problem = brought_to_16k((planned[i] for i in missing), sources, jobs, progress)
    # Rows of one utterance follow one another, in the plan and so among the missing ones.
    lies: dict[str, range] = {}
    lengths: dict[str, int] = {}
    for at, i in enumerate(missing):
        row = planned[i]
        name = row["utterance_id"]
        lies[name] = range(lies[name].start if name in lies else at, at + 1)
        lengths[name] = row["samples"]

    def rows_of(utterance_id: str) -> list[PlanRow]:
        return [planned[missing[at]] for at in lies[utterance_id]]

    done = Rendering(remarks=[problem] if problem else [])
    groups = (rows_of(key) for key in sorted(lies, key=lambda key: -lengths[key]))
    tasks = ((recipe, rows, sources.needed_by(rows), store) for rows in groups)
    results = share_out(_render_utterance, tasks, jobs, in_order=False)
    for finished in progress(results, len(lies), "rendering"):
        journal.add(
            [
                MixtureRow(**row, **finished.made[key])
                for row in rows_of(finished.utterance_id)
                if (key := row["mixture_id"]) in finished.made
            ]
        )
        measured.update(finished.made)
        done.without_speech.update(finished.without_speech)
        done.without_noise.update(finished.without_noise)
    return done


def _render_utterance(
    recipe: Recipe, rows: Sequence[PlanRow], sources: Sources, store: AudioStore
) -> Rendering:
    """Renders the mixtures of one utterance; noise shared by successive rows is assembled once."""
    reader = SourceReader(sources)
    name = rows[0]["utterance_id"]
    try:
        speech = levelled_speech(name, rows[0]["samples"], reader)
    except CorpusError as error:
        if recipe.speech.on_damage == "skip":
            return Rendering(name, without_speech={name: str(error)})
        raise
    made: dict[str, Measured] = {}
    encoded: list[tuple[PlanRow, bytes]] = []
    pieces: list[Piece] = []
    noise = None
    for row in rows:
        if row["pieces"] != pieces:
            pieces = row["pieces"]
            try:
                noise = assemble_noise(row, reader) if pieces else None
            except NoiseError as error:
                if recipe.speech.on_damage == "skip":
                    store.write(encoded)
                    return Rendering(name, made, without_noise=dict.fromkeys(error.noise_ids, str(error)))
                raise CorpusError(
                    f"{error}; mend it, or take it away and run the same command again, or let the recipe "
                    "leave out what is damaged "
                    '(speech.on_damage = "skip")'
                ) from error
        rendered = render_mixture(row, recipe, speech, noise)
        encoded.append((row, audio.flac_bytes(rendered.pcm, RATE_HZ)))
        made[row["mixture_id"]] = rendered.measured
    store.write(encoded)
    return Rendering(name, made)
