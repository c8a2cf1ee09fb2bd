"""Scores one model on one split of a prepared corpus."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark.errors import ModelError, StandingsError
from benchmark.metrics import Measure
from benchmark.mixing.rows import MixtureRow
from benchmark.models import Model
from benchmark.models.enrolled import TRACK as ENROLMENT
from benchmark.models.enrolled import enrolled
from benchmark.models.entry import Entry, FittedOn
from benchmark.models.read_out import READOUTS, read_out
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.prepared.enrolment import enrolment_of
from benchmark.runners.channels import refuse_other_channels, renamed
from benchmark.runners.estimate_files import Channels
from benchmark.runners.open_runner import RunOptions, open_runner
from benchmark.runners.prediction import Item, Prediction, Runner
from benchmark.scoring.arguments import DEFAULT_MEASURES, as_corpus, as_entry, as_measures
from benchmark.scoring.card import make_card
from benchmark.scoring.followed import Following
from benchmark.scoring.phone_scores import PhoneScores
from benchmark.scoring.phone_scoring import expected_classes, score_phones
from benchmark.scoring.results import Result
from benchmark.scoring.score_rows import ScoreRow
from benchmark.scoring.score_store import score_or_recall
from benchmark.scoring.scores import Plan, plan_scores, score_pools
from benchmark.types import RATE_HZ, Clip, Progress, Segment, Trajectories, silent
from benchmark.workers import share_out

Row = dict[str, Any]

#: So much speech is predicted, then scored, then forgotten: a whole corpus would not fit into memory.
_PORTION_S = 1200.0
#: On so many recordings it is tried which channels a model gives.
_TRIALS = 3


def evaluate(
    model: Entry | Model | str | PreparedCorpus,
    corpus: PreparedCorpus | Path | str | Entry | Model,
    measures: Sequence[Measure | str] | None = None,
    *,
    also: Sequence[Measure | str] = (),
    split: str = "test",
    limit: int | None = None,
    jobs: int = 1,
    progress: Progress = silent,
    options: RunOptions | None = None,
    store: Path | str | None = None,
    readout: FittedOn | None = None,
    enrolment: bool = False,
) -> Result:
    """Runs a model on every mixture of a split and scores what it gives.

    Each recording goes through the model once. The model runs alone, one recording after the other, so that
    its speed is measured; then workers compute the scores. What the store holds of earlier runs is not done
    again. Where the recordings are labelled, articulation is scored by class of phone too (see
    `phone_scoring`).

    Args:
        model: Any object with `sample_rate` and `enhance` or `invert`; or a SPEC ("ridge_noisy",
            "my.py:Model"), see `benchmark.models.spec`. Model and corpus may come in either order.
        corpus: A prepared corpus with audio, or its folder.
        measures: What to compute, by name or as objects (default: the six of the leaderboard that the model
            can have).
        also: What to compute besides, where the model can have it.
        split: Which split.
        limit: At most so many utterances, in the order of their ids.
        jobs: Worker processes for the measures.
        progress: Told of every finished recording and utterance.
        options: How submitted code is run.
        store: Folder of predictions and scores; None for one that is removed at the end.
        readout: Scores what the model represents, or its articulation under other names than the targets',
            through a readout that is fitted on "clean" or on "noisy" speech (see `benchmark.models.readout`).
        enrolment: Gives the model clean speech of the speaker, another sentence, beside each recording (see
            `benchmark.prepared.enrolment`).

    Raises:
        MeasureError: There is no such measure, or the model cannot have it.
        ModelError: The model cannot be run, or gives none of the targets of the corpus.

    Example:
        >>> evaluate("ridge_noisy", "prepared/demo_noisy", ["PPMC"]).summary()  # doctest: +SKIP
    """
    if hasattr(model, "of_split"):
        model, corpus = corpus, model  # type: ignore[assignment]
    entry, opened = as_entry(model), as_corpus(corpus)
    if readout is not None:
        entry = read_out(entry, readout)
    if enrolment:
        entry = enrolled(entry)
    asked = as_measures(measures or ())
    wished = as_measures([*(DEFAULT_MEASURES if measures is None else ()), *also])
    if store is not None:
        return _evaluate(entry, opened, asked, wished, split, limit, jobs, progress, options, Path(store))
    with tempfile.TemporaryDirectory(prefix="sinbad-store-") as folder:
        return _evaluate(entry, opened, asked, wished, split, limit, jobs, progress, options, Path(folder))


def _evaluate(
    entry: Entry,
    corpus: PreparedCorpus,
    asked: Sequence[Measure],
    wished: Sequence[Measure],
    split: str,
    limit: int | None,
    jobs: int,
    progress: Progress,
    options: RunOptions | None,
    store: Path,
) -> Result:
    groups = _grouped(corpus, split, limit)
    targets = corpus.targets(groups[0][0]["utterance_id"])
    used = options or RunOptions()
    channels = Channels(targets.names, targets.rate_hz)
    runner = open_runner(
        entry, used, store / "predictions", corpus=corpus, channels=channels, progress=progress
    )
    try:
        plan = plan_scores(entry.name, asked, wished, runner.tasks())
        _refuse_other_track(entry, runner)
        tried, scored = _tried(corpus, entry, runner, groups, plan, targets.names)
        following = Following(corpus)
        scores, by_phone, seconds = _score(
            corpus, entry, runner, groups, plan, store / "scores", jobs, progress, following, tried, scored
        )
        facts = runner.facts()
    finally:
        runner.close()
    for found, expected in (
        (scores, _expected(plan, groups, len(scored))),
        (by_phone, _expected_by_phone(corpus, plan, groups, len(scored))),
    ):
        if len(found) != expected:
            raise StandingsError(
                f"{entry.name}: {len(found)} scores where {expected} were expected; nothing is stored"
            )
    heard_seconds = sum(row["samples"] / RATE_HZ for rows in groups for row in rows)
    card = make_card(corpus, entry, plan, split, scores, (seconds, heard_seconds), used, facts)
    card = replace(card, lacks=[name for name in targets.names if name not in scored])
    return Result(card, scores, _phone_scores(corpus, plan, split, by_phone), following.table())


def _refuse_other_track(entry: Entry, runner: Runner) -> None:
    takes = runner.enrolment()
    if entry.track == ENROLMENT and takes == "no":
        raise ModelError(
            f"{entry.name}: none of its methods takes an enrolment as a second argument of this name; "
            "score it without --enrolment"
        )
    if takes == "must" and entry.track in READOUTS:
        raise ModelError(
            f"{entry.name}: needs an enrolment, clean speech of the speaker, and there is none before a "
            "readout; give the argument a default"
        )
    if entry.track != ENROLMENT and takes == "must":
        raise ModelError(
            f"{entry.name}: needs an enrolment, clean speech of the speaker; score it with --enrolment, or "
            "give the argument a default"
        )


def _score(
    corpus: PreparedCorpus,
    entry: Entry,
    runner: Runner,
    groups: Sequence[list[MixtureRow]],
    plan: Plan,
    folder: Path,
    jobs: int,
    progress: Progress,
    following: Following,
    tried: Mapping[str, Prediction],
    scored: tuple[str, ...],
) -> tuple[list[ScoreRow], list[Row], float]:
    """Scores of what the model gives, the same by class of phone, and the seconds that it took."""
    seconds = 0.0
    pools: dict[tuple[str, str], list[tuple[MixtureRow, Trajectories, Prediction]]] = defaultdict(list)
    scores: list[ScoreRow] = []
    by_phone: list[Row] = []
    portions = list(_portions(groups))
    for number, portion in enumerate(portions, start=1):
        part = f" ({number} of {len(portions)})" if len(portions) > 1 else ""
        given = _predicted(
            corpus, entry, runner, portion, scored, tried, progress, f"running {entry.name}{part}"
        )
        seconds += sum(prediction.seconds for prediction in given.values())
        _pool(pools, corpus, plan, portion, given, scored)
        following.add((row for rows in portion for row in rows), given)
        work = ((folder, plan, *_to_score(corpus, rows, given, scored)) for rows in portion)
        finished = share_out(_score_utterance, work, jobs)
        for whole, parts in progress(finished, len(portion), f"scoring {entry.name}{part}"):
            scores += whole
            by_phone += parts
    return [*scores, *score_pools(plan, pools)], by_phone, seconds


def _portions(groups: Sequence[list[MixtureRow]]) -> Iterator[list[list[MixtureRow]]]:
    """Utterances, so many at a time as last twenty minutes with all their mixtures."""
    portion: list[list[MixtureRow]] = []
    left = _PORTION_S * RATE_HZ
    for rows in groups:
        samples = sum(row["samples"] for row in rows)
        if portion and samples > left:
            yield portion
            portion, left = [], _PORTION_S * RATE_HZ
        portion.append(rows)
        left -= samples
    yield portion


def _noisiest_first(groups: Sequence[list[MixtureRow]]) -> list[MixtureRow]:
    """Mixtures with the noisiest condition first, clean last, so that memory helps a model little."""
    rows = [row for group in groups for row in group]
    return sorted(rows, key=lambda row: (row["snr_db"] is None, row["snr_db"] or 0.0, row["mixture_id"]))


def _tried(
    corpus: PreparedCorpus,
    entry: Entry,
    runner: Runner,
    groups: Sequence[list[MixtureRow]],
    plan: Plan,
    targets: tuple[str, ...],
) -> tuple[dict[str, Prediction], tuple[str, ...]]:
    """Which targets a model gives, and its predictions, from a trial on the first recordings.

    If it fails on all of them it counts as giving all targets, and its failures are charged.

    Raises:
        ModelError: It gives none of the targets.
    """
    tried: dict[str, Prediction] = {}
    for row in _noisiest_first(groups)[:_TRIALS] if plan.moving else ():
        (prediction,) = runner.run(_items(corpus, entry, [row]))
        tried[row["mixture_id"]] = prediction
        if prediction.trajectories is not None:
            return tried, refuse_other_channels(entry.name, prediction.trajectories.names, targets)
    return tried, targets


def _predicted(
    corpus: PreparedCorpus,
    entry: Entry,
    runner: Runner,
    groups: Sequence[list[MixtureRow]],
    targets: tuple[str, ...],
    tried: Mapping[str, Prediction],
    progress: Progress,
    what: str,
) -> dict[str, Prediction]:
    """What the model makes of some utterances, by mixture; articulation under the names of the targets."""
    rows = _noisiest_first(groups)
    left = [row for row in rows if row["mixture_id"] not in tried]
    given = {row["mixture_id"]: tried[row["mixture_id"]] for row in rows if row["mixture_id"] in tried}
    predictions = progress(runner.run(_items(corpus, entry, left)), len(left), what)
    given |= {row["mixture_id"]: prediction for row, prediction in zip(left, predictions, strict=True)}
    return {key: _under_target_names(prediction, targets) for key, prediction in given.items()}


def _under_target_names(prediction: Prediction, targets: tuple[str, ...]) -> Prediction:
    moved = prediction.trajectories
    return prediction if moved is None else replace(prediction, trajectories=renamed(moved, targets))


def _pool(
    pools: dict[tuple[str, str], list[tuple[MixtureRow, Trajectories, Prediction]]],
    corpus: PreparedCorpus,
    plan: Plan,
    groups: Sequence[list[MixtureRow]],
    given: Mapping[str, Prediction],
    scored: tuple[str, ...],
) -> None:
    """Keeps what measures need that have one value for all utterances of a speaker in a condition."""
    if not plan.pooled:
        return
    for row in (row for rows in groups for row in rows):
        condition = row["mixture_id"].removesuffix(f"/{row['utterance_id']}")
        prediction = given[row["mixture_id"]].without_audio()
        pools[condition, row["speaker"]].append(
            (row, corpus.targets(row["utterance_id"]).select(scored), prediction)
        )


def _to_score(
    corpus: PreparedCorpus,
    rows: Sequence[MixtureRow],
    given: Mapping[str, Prediction],
    scored: tuple[str, ...],
) -> tuple[Sequence[MixtureRow], Sequence[Segment], Clip, Trajectories, list[Prediction]]:
    """What there is to score of one utterance."""
    key = rows[0]["utterance_id"]
    predictions = [given[row["mixture_id"]] for row in rows]
    targets = corpus.targets(key)
    return (
        rows,
        corpus.phones.get(key, ()),
        corpus.clean(key),
        targets if targets.names == scored else targets.select(scored),
        predictions,
    )


def _score_utterance(
    folder: Path,
    plan: Plan,
    rows: Sequence[MixtureRow],
    segments: Sequence[Segment],
    clean: Clip,
    targets: Trajectories,
    predictions: Sequence[Prediction],
) -> tuple[list[ScoreRow], list[Row]]:
    """Scores of one utterance, and those by class of phone, which are quicker to compute than to read."""
    whole = score_or_recall(folder, plan, rows, clean, targets, predictions)
    return whole, score_phones(plan.trajectories, rows, segments, targets, predictions)


def _items(corpus: PreparedCorpus, entry: Entry, rows: Sequence[MixtureRow]) -> Iterator[Item]:
    enrolments: dict[str, Clip] = {}
    for row in rows:
        heard = (
            corpus.clean(row["utterance_id"]) if entry.hears == "clean" else corpus.noisy(row["mixture_id"])
        )
        key = row["utterance_id"]
        if entry.track == ENROLMENT and key not in enrolments:
            enrolments[key] = corpus.clean(enrolment_of(corpus, key))
        yield Item(row["mixture_id"], heard, enrolments.get(key))


def _expected(plan: Plan, groups: Sequence[list[MixtureRow]], parameters: int) -> int:
    """How many scores there have to be, whatever the model does."""
    mixtures = sum(len(rows) for rows in groups)
    conditions = {(row["speaker"], row["noise_kind"], row["snr_db"]) for rows in groups for row in rows}
    return (
        mixtures * len(plan.audio)
        + mixtures * len(plan.trajectories) * parameters
        + len(conditions) * len(plan.pooled) * parameters
    )


def _expected_by_phone(
    corpus: PreparedCorpus, plan: Plan, groups: Sequence[list[MixtureRow]], parameters: int
) -> int:
    """How many scores by class of phone there have to be."""
    keys = (row["utterance_id"] for rows in groups for row in rows)
    return expected_classes(corpus.phones, keys) * len(plan.trajectories) * parameters


def _phone_scores(corpus: PreparedCorpus, plan: Plan, split: str, rows: Sequence[Row]) -> PhoneScores | None:
    if not rows:
        return None
    versions = {measure.name: measure.version for measure in plan.trajectories}
    return PhoneScores.of(rows, versions, corpus.labels_hash(split))


def _grouped(corpus: PreparedCorpus, split: str, limit: int | None) -> list[list[MixtureRow]]:
    """The mixtures of each utterance."""
    groups: dict[str, list[MixtureRow]] = defaultdict(list)
    for row in corpus.of_split(split):
        groups[row["utterance_id"]].append(row)
    return [groups[key] for key in sorted(groups)[:limit]]
