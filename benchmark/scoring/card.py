"""The card of a run: who, what, when, and how it went."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata

from benchmark import __version__
from benchmark.metrics import Measure
from benchmark.models.entry import Command, Entry, InProcess, Pair, Predictions, ThroughReadout
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.runners.open_runner import RunOptions
from benchmark.scoring.results import Card, counts
from benchmark.scoring.score_rows import ScoreRow
from benchmark.scoring.scores import Plan


def make_card(
    corpus: PreparedCorpus,
    entry: Entry,
    plan: Plan,
    split: str,
    scores: Sequence[ScoreRow],
    times: tuple[float, float],
    options: RunOptions,
    facts: dict[str, str],
) -> Card:
    """The card of a run.

    Args:
        corpus: What it ran on.
        entry: The model.
        plan: What was scored.
        split: Of the corpus.
        scores: All of them.
        times: Seconds that the model took, and seconds that it heard.
        options: How it was run.
        facts: What it said of its environment.
    """
    seconds, heard_seconds = times
    recipe = corpus.recipe
    measures: list[Measure] = [*plan.audio, *plan.trajectories, *plan.pooled]
    return Card(
        model=entry.name,
        title=entry.title,
        version=entry.version,
        source=entry.source,
        source_sha256=entry.source_sha256,
        arguments=dict(entry.arguments),
        hears=entry.hears,
        recipe=recipe.name,
        recipe_version=recipe.version,
        recipe_title=recipe.title,
        split=split,
        corpus_sha256=corpus.split_hash(split),
        measures={measure.name: measure.version for measure in measures},
        **counts(scores),
        audio_seconds=round(heard_seconds, 3),
        seconds=round(seconds, 3),
        real_time_factor=round(seconds / heard_seconds, 6) if heard_seconds else 0.0,
        when=datetime.now(UTC).date().isoformat(),
        environment=_environment() | facts,
        licence=entry.licence,
        runner=_runner_name(entry, options),
        threads=options.limits.threads if _is_limited(entry, options) else 0,
        trained_on=list(entry.declared.scored_on(recipe.name)),
        training_note=entry.declared.note,
        parameters=entry.declared.parameters,
        submitter=entry.declared.submitter,
        seed_of=entry.declared.seed_of,
        track=entry.track,
    )


def _runner_name(entry: Entry, options: RunOptions) -> str:
    how = entry.how
    if isinstance(how, ThroughReadout):
        return _runner_name(how.model, options)
    if isinstance(how, Pair):
        return " + ".join(_runner_name(part, options) for part in (how.enhancer, how.inverter))
    if isinstance(how, Predictions):
        return "predictions"
    if isinstance(how, InProcess) or (options.runner == "in-process" and not isinstance(how, Command)):
        return "in process"
    kind = "command" if isinstance(how, Command) else "child process"
    return f"{kind} in a sandbox" if options.sandbox else kind


def _is_limited(entry: Entry, options: RunOptions) -> bool:
    name = _runner_name(entry, options)
    return "child" in name or "command" in name


def _environment() -> dict[str, str]:
    packages = {name: metadata.version(name) for name in ("numpy", "scipy", "soundfile", "librosa")}
    return {
        "sinbad-bench": __version__,
        "python": platform.python_version(),
        **packages,
        "machine": platform.machine(),
    }
