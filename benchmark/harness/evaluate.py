"""Scores one model on one split of a prepared corpus."""

from __future__ import annotations

import platform
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import joblib

from benchmark import __version__
from benchmark.errors import StandingsError
from benchmark.harness.results import Card, Result, count_status, read_result
from benchmark.harness.runner import Outcome, run_in_process
from benchmark.harness.scoring import Plan, plan_scores, score_pools, score_utterance
from benchmark.metrics import Measure
from benchmark.models import Enhancer, Entry, Inverter, Model
from benchmark.prepared import PreparedCorpus
from benchmark.progress import Progress, silent
from benchmark.speech import Clip, Trajectories

Row = dict[str, Any]
_Heard = tuple[list[Row], Clip, Trajectories, list[Outcome]]

#: Measures that are computed unless others are asked for.
DEFAULT_MEASURES = ("PPMC", "RMSE", "STOI", "ESTOI", "SISDR", "PESQLike")


def evaluate(
    corpus: PreparedCorpus,
    entry: Entry,
    measures: Sequence[Measure],
    *,
    split: str = "test",
    limit: int | None = None,
    jobs: int = 1,
    progress: Progress = silent,
) -> Result:
    """Runs a model on every mixture of a split and scores what it gives.

    The model runs here, one recording after the other, so that its speed is measured alone; scores are computed by workers.

    Args:
        corpus: A prepared corpus with audio.
        entry: The model.
        measures: What to compute; those of a task that the model does not do are left out.
        split: Which split.
        limit: At most so many utterances, in the order of their ids.
        jobs: Worker processes for the measures.
        progress: Told of every finished utterance.
    """
    groups = _grouped(corpus, split, limit)
    model = entry.build(corpus)
    plan = plan_scores(measures, enhances=isinstance(model, Enhancer), inverts=isinstance(model, Inverter))
    expected = _expected(corpus, plan, groups)
    scores: list[Row] = []
    seconds, heard_seconds = 0.0, 0.0
    pools: dict[tuple[str, str], list[tuple[Row, Trajectories, Outcome]]] = defaultdict(list)

    def tasks() -> Iterator[Any]:
        nonlocal seconds, heard_seconds
        for rows, clean, targets, outcomes in _run(corpus, entry, model, groups):
            seconds += sum(outcome.seconds for outcome in outcomes)
            heard_seconds += sum(row["samples"] / 16000 for row in rows)
            if plan.pooled:
                for row, outcome in zip(rows, outcomes, strict=True):
                    condition = row["mixture_id"].removesuffix(f"/{row['utterance_id']}")
                    slim = replace(outcome, enhanced=None)
                    pools[condition, row["speaker"]].append((row, targets, slim))
            yield joblib.delayed(score_utterance)(plan, rows, clean, targets, outcomes)

    finished = joblib.Parallel(n_jobs=jobs, return_as="generator", pre_dispatch="2*n_jobs")(tasks())
    for found in progress(finished, len(groups), f"scoring {entry.name}"):
        scores += found
    scores += score_pools(plan, pools)
    if len(scores) != expected:
        raise StandingsError(
            f"{entry.name}: {len(scores)} scores where {expected} were expected; nothing is stored"
        )
    return Result(_card(corpus, entry, plan, split, scores, seconds, heard_seconds), scores)


def _expected(corpus: PreparedCorpus, plan: Plan, groups: Sequence[list[Row]]) -> int:
    """How many scores there have to be, whatever the model does."""
    mixtures = sum(len(rows) for rows in groups)
    parameters = len(corpus.targets(groups[0][0]["utterance_id"]).names)
    conditions = {(row["speaker"], row["noise_kind"], row["snr_db"]) for rows in groups for row in rows}
    return (
        mixtures * len(plan.audio)
        + mixtures * len(plan.trajectories) * parameters
        + len(conditions) * len(plan.pooled) * parameters
    )


def stored_result(
    root: Path, corpus: PreparedCorpus, entry: Entry, measures: Sequence[Measure], split: str
) -> Result | None:
    """A stored result of this very model code and arguments, corpus and versions of the measures, or None."""
    folder = root / corpus.recipe.name / entry.name
    if not (folder / "card.json").is_file():
        return None
    try:
        result = read_result(folder)
    except StandingsError:
        return None
    card = result.card
    versions = {measure.name: measure.version for measure in measures}
    same = (
        card.source_sha256 == entry.source_sha256
        and card.version == entry.version
        and card.arguments == dict(entry.arguments)
        and card.split == split
        and card.corpus_sha256 == corpus.split_hash(split)
        and all(versions.get(name) == version for name, version in card.measures.items())
        and {measure.kind for measure in measures if measure.name not in card.measures}.isdisjoint(
            {measure.kind for measure in measures if measure.name in card.measures}
        )
    )
    return result if same else None


def _grouped(corpus: PreparedCorpus, split: str, limit: int | None) -> list[list[Row]]:
    """The mixtures of each utterance."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in corpus.of_split(split):
        groups[row["utterance_id"]].append(row)
    return [groups[key] for key in sorted(groups)[:limit]]


def _run(corpus: PreparedCorpus, entry: Entry, model: Model, groups: Sequence[list[Row]]) -> Iterator[_Heard]:
    for rows in groups:
        key = rows[0]["utterance_id"]
        clean = corpus.clean(key)
        outcomes = []
        for row in rows:
            heard = clean if entry.hears == "clean" else corpus.noisy(row["mixture_id"])
            outcomes.append(run_in_process(model, heard))
        yield rows, clean, corpus.targets(key), outcomes


def _card(
    corpus: PreparedCorpus,
    entry: Entry,
    plan: Plan,
    split: str,
    scores: Sequence[Row],
    seconds: float,
    heard_seconds: float,
) -> Card:
    recipe = corpus.recipe
    failures = Counter(row["reason"] for row in scores if row["status"] == "failed")
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
        expected=len(scores),
        ok=count_status(scores, "ok"),
        failed=count_status(scores, "failed"),
        left_out=count_status(scores, "left_out"),
        reasons=dict(failures.most_common(10)),
        audio_seconds=round(heard_seconds, 3),
        seconds=round(seconds, 3),
        real_time_factor=round(seconds / heard_seconds, 6) if heard_seconds else 0.0,
        when=datetime.now(UTC).date().isoformat(),
        environment=_environment(),
    )


def _environment() -> dict[str, str]:
    packages = {name: metadata.version(name) for name in ("numpy", "scipy", "soundfile", "librosa")}
    return {
        "sinbad-bench": __version__,
        "python": platform.python_version(),
        **packages,
        "machine": platform.machine(),
    }
