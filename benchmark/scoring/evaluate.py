"""Scores one model on one split of a prepared corpus."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmark.errors import StandingsError
from benchmark.metrics import Measure, parse
from benchmark.mixing.rows import MixtureRow
from benchmark.models.entry import Entry
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.runners.estimate_files import Channels
from benchmark.runners.open_runner import RunOptions, open_runner
from benchmark.runners.prediction import Item, Prediction, Runner
from benchmark.scoring.card import make_card
from benchmark.scoring.phone_scores import PhoneScores, read_phone_scores
from benchmark.scoring.phone_scoring import expected_classes, score_phones
from benchmark.scoring.results import Card, Result, read_result
from benchmark.scoring.score_store import score_or_recall
from benchmark.scoring.scores import Plan, plan_scores, score_pools
from benchmark.types import RATE_HZ, Clip, Progress, Segment, Trajectories, silent
from benchmark.workers import share_out

Row = dict[str, Any]
_Given = tuple[list[MixtureRow], Clip, Trajectories, list[Prediction]]

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
    options: RunOptions | None = None,
    store: Path | None = None,
) -> Result:
    """Runs a model on every mixture of a split and scores what it gives.

    Where the recordings are labelled, articulation is scored by class of phone too (see `phone_scoring`).

    First the model runs alone, one recording after the other, so that its speed is measured; then workers compute the scores. What
    the store holds of earlier runs is not done again.

    Args:
        corpus: A prepared corpus with audio.
        entry: The model.
        measures: What to compute; those of a task that the model does not do are left out.
        split: Which split.
        limit: At most so many utterances, in the order of their ids.
        jobs: Worker processes for the measures.
        progress: Told of every finished utterance.
        options: How submitted code is run.
        store: Folder of predictions and scores; None for one that is removed at the end.
    """
    if store is None:
        with tempfile.TemporaryDirectory(prefix="sinbad-store-") as folder:
            return evaluate(
                corpus,
                entry,
                measures,
                split=split,
                limit=limit,
                jobs=jobs,
                progress=progress,
                options=options,
                store=Path(folder),
            )
    groups = _grouped(corpus, split, limit)
    targets = corpus.targets(groups[0][0]["utterance_id"])
    used = options or RunOptions()
    runner = open_runner(
        entry, used, store / "predictions", corpus=corpus, channels=Channels(targets.names, targets.rate_hz)
    )
    try:
        tasks = runner.tasks()
        plan = plan_scores(measures, enhances="enhance" in tasks, inverts="invert" in tasks)
        _predict(corpus, entry, runner, groups, progress)
        scores, by_phone, seconds = _score(
            corpus, entry, runner, groups, plan, store / "scores", jobs, progress
        )
        facts = runner.facts()
    finally:
        runner.close()
    for found, expected in (
        (scores, _expected(corpus, plan, groups)),
        (by_phone, _expected_by_phone(corpus, plan, groups)),
    ):
        if len(found) != expected:
            raise StandingsError(
                f"{entry.name}: {len(found)} scores where {expected} were expected; nothing is stored"
            )
    heard_seconds = sum(row["samples"] / RATE_HZ for rows in groups for row in rows)
    card = make_card(corpus, entry, plan, split, scores, (seconds, heard_seconds), used, facts)
    return Result(card, scores, _phone_scores(corpus, plan, split, by_phone))


def _predict(
    corpus: PreparedCorpus,
    entry: Entry,
    runner: Runner,
    groups: Sequence[list[MixtureRow]],
    progress: Progress,
) -> None:
    """Lets the model hear everything once.

    The noisiest condition comes first and the clean one last, so that a model that remembers what it heard gains little.
    """
    rows = [row for group in groups for row in group]
    rows.sort(key=lambda row: (row["snr_db"] is None, row["snr_db"] or 0.0, row["mixture_id"]))
    for _ in progress(runner.run(_items(corpus, entry, rows)), len(rows), f"running {entry.name}"):
        pass


def _score(
    corpus: PreparedCorpus,
    entry: Entry,
    runner: Runner,
    groups: Sequence[list[MixtureRow]],
    plan: Plan,
    folder: Path,
    jobs: int,
    progress: Progress,
) -> tuple[list[Row], list[Row], float]:
    """Scores of what the model gave, the same by class of phone, and the seconds that it took."""
    seconds = 0.0
    pools: dict[tuple[str, str], list[tuple[MixtureRow, Trajectories, Prediction]]] = defaultdict(list)

    def tasks() -> Iterator[tuple[Any, ...]]:
        nonlocal seconds
        for rows, clean, targets, predictions in _given(corpus, entry, runner, groups):
            seconds += sum(prediction.seconds for prediction in predictions)
            if plan.pooled:
                for row, prediction in zip(rows, predictions, strict=True):
                    condition = row["mixture_id"].removesuffix(f"/{row['utterance_id']}")
                    pools[condition, row["speaker"]].append((row, targets, prediction.without_audio()))
            segments = corpus.phones.get(rows[0]["utterance_id"], ())
            yield folder, plan, rows, segments, clean, targets, predictions

    finished = share_out(_score_utterance, tasks(), jobs)
    scores: list[Row] = []
    by_phone: list[Row] = []
    for whole, parts in progress(finished, len(groups), f"scoring {entry.name}"):
        scores += whole
        by_phone += parts
    return [*scores, *score_pools(plan, pools)], by_phone, seconds


def _score_utterance(
    folder: Path,
    plan: Plan,
    rows: Sequence[MixtureRow],
    segments: Sequence[Segment],
    clean: Clip,
    targets: Trajectories,
    predictions: Sequence[Prediction],
) -> tuple[list[Row], list[Row]]:
    """Scores of one utterance, and those by class of phone, which take less time than to recall them from disk."""
    whole = score_or_recall(folder, plan, rows, clean, targets, predictions)
    return whole, score_phones(plan.trajectories, rows, segments, targets, predictions)


def _items(corpus: PreparedCorpus, entry: Entry, rows: Sequence[MixtureRow]) -> Iterator[Item]:
    for row in rows:
        heard = (
            corpus.clean(row["utterance_id"]) if entry.hears == "clean" else corpus.noisy(row["mixture_id"])
        )
        yield Item(row["mixture_id"], heard)


def _given(
    corpus: PreparedCorpus, entry: Entry, runner: Runner, groups: Sequence[list[MixtureRow]]
) -> Iterator[_Given]:
    for rows in groups:
        key = rows[0]["utterance_id"]
        predictions = list(runner.run(_items(corpus, entry, rows)))
        yield rows, corpus.clean(key), corpus.targets(key), predictions


def _expected(corpus: PreparedCorpus, plan: Plan, groups: Sequence[list[MixtureRow]]) -> int:
    """How many scores there have to be, whatever the model does."""
    mixtures = sum(len(rows) for rows in groups)
    parameters = len(corpus.targets(groups[0][0]["utterance_id"]).names)
    conditions = {(row["speaker"], row["noise_kind"], row["snr_db"]) for rows in groups for row in rows}
    return (
        mixtures * len(plan.audio)
        + mixtures * len(plan.trajectories) * parameters
        + len(conditions) * len(plan.pooled) * parameters
    )


def _expected_by_phone(corpus: PreparedCorpus, plan: Plan, groups: Sequence[list[MixtureRow]]) -> int:
    """How many scores by class of phone there have to be."""
    keys = (row["utterance_id"] for rows in groups for row in rows)
    parameters = len(corpus.targets(groups[0][0]["utterance_id"]).names)
    return expected_classes(corpus.phones, keys) * len(plan.trajectories) * parameters


def _phone_scores(corpus: PreparedCorpus, plan: Plan, split: str, rows: Sequence[Row]) -> PhoneScores | None:
    if not rows:
        return None
    versions = {measure.name: measure.version for measure in plan.trajectories}
    return PhoneScores.of(rows, versions, corpus.labels_hash(split))


def stored_result(
    root: Path, corpus: PreparedCorpus, entry: Entry, measures: Sequence[Measure], split: str
) -> Result | None:
    """A stored result of this very model code and arguments, corpus, phones and versions of the measures, or None."""
    folder = root / corpus.recipe.name / entry.name
    if not (folder / "card.json").is_file():
        return None
    try:
        result = read_result(folder)
        by_phone = read_phone_scores(folder)
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
        and _same_phones(by_phone, corpus, card)
        and {measure.kind for measure in measures if measure.name not in card.measures}.isdisjoint(
            {measure.kind for measure in measures if measure.name in card.measures}
        )
    )
    return result if same else None


def _same_phones(stored: PhoneScores | None, corpus: PreparedCorpus, card: Card) -> bool:
    """Whether scores by phone class are those of this result and of the labels at hand; or there are none on either side."""
    moving = plan_scores([parse(name) for name in card.measures], enhances=False, inverts=True).trajectories
    wanted = corpus.labels_hash(card.split) if moving else ""
    mine = stored is not None and stored.scores_sha256 == card.scores_sha256
    return wanted == (stored.labels_sha256 if stored and mine else "")


def _grouped(corpus: PreparedCorpus, split: str, limit: int | None) -> list[list[MixtureRow]]:
    """The mixtures of each utterance."""
    groups: dict[str, list[MixtureRow]] = defaultdict(list)
    for row in corpus.of_split(split):
        groups[row["utterance_id"]].append(row)
    return [groups[key] for key in sorted(groups)[:limit]]
