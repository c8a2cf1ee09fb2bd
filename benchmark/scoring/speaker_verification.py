"""Speaker verification in noise: the score of every trial, and its storage in `speaker_trials.parquet`.

An *enhancer* is judged through a fixed embedder: the embedder hears clean enrolments and enhanced test
recordings. An *embedder* is judged by itself, on noisy ones. A trial scores the cosine of the mean of the
three enrolment vectors, each of length 1, and the test vector. Where the model failed, the trial is charged:
a target scores -1 and an impostor +1. Which trials there are is a rule, see
`benchmark.scoring.speaker_trials`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import TypeAdapter

from benchmark.corpora import CORPORA
from benchmark.errors import ModelError, StandingsError
from benchmark.files import replacing
from benchmark.mixing.rows import MixtureRow
from benchmark.models import load
from benchmark.models.embedders import EMBEDDERS
from benchmark.models.enrolled import TRACK as ENROLMENT
from benchmark.models.entry import Entry
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.prepared.enrolment import enrolment_of
from benchmark.runners.open_runner import RunOptions, open_runner
from benchmark.runners.prediction import Item
from benchmark.scoring.speaker_trials import RULE_VERSION, Trial, make_trials
from benchmark.scoring.untrusted import parse_typed, read_table
from benchmark.types import Clip, Progress, silent

FILE_NAME = "speaker_trials.parquet"
TRIALS = pa.schema(
    [
        pa.field("embedder", pa.string(), nullable=False),
        pa.field("noise_kind", pa.string(), nullable=False),
        pa.field("snr_db", pa.float64()),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("speaker", pa.string(), nullable=False),
        pa.field("tested", pa.string(), nullable=False),
        pa.field("test", pa.string(), nullable=False),
        pa.field("score", pa.float32(), nullable=False),
        pa.field("failed", pa.bool_(), nullable=False),
    ]
)
_FACTS = b"sinbad.speaker_trials"

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TrialFacts:
    """What has to be known of a table of trials.

    Attributes:
        model: Whose recordings were tested: an enhancer, "noisy" for recordings as they are, or the embedder
            itself.
        title: One line.
        source_sha256: Hash of the code that defines it.
        recipe: Name of the recipe.
        recipe_version: Its version.
        splits: Those whose speakers took part.
        corpus_sha256: Content hash of each of these splits, in their order.
        rule_version: Of the rule that makes trials.
        embedders: Name of each embedder to the hash of its code and the version of its package.
        when: Day of the run, UTC.
    """

    model: str
    title: str
    source_sha256: str
    recipe: str
    recipe_version: int
    splits: list[str]
    corpus_sha256: list[str]
    rule_version: int
    embedders: dict[str, str]
    when: str


_FORM = TypeAdapter(TrialFacts)


@dataclass(frozen=True, slots=True, eq=False)
class SpeakerTrials:
    """The score of every trial of one model.

    Attributes:
        facts: What has to be known of it.
        table: One row a trial and condition, columns `TRIALS`.
        reasons: Why models failed to how many recordings, of this run alone.
    """

    facts: TrialFacts
    table: pa.Table
    reasons: Mapping[str, int] = field(default_factory=dict)


def verify_speakers(
    entry: Entry,
    corpus: PreparedCorpus,
    embedders: Sequence[str] = EMBEDDERS,
    *,
    splits: Sequence[str] = (),
    sexes: Mapping[str, str] | None = None,
    options: RunOptions | None = None,
    store: Path | None = None,
    progress: Progress = silent,
) -> SpeakerTrials:
    """Scores all trials of a corpus.

    Args:
        entry: An enhancer or an embedder; `noisy` stands for recordings as they are.
        corpus: A prepared corpus with audio.
        embedders: By which an enhancer is judged: names of registered ones, or SPECs.
        splits: Whose speakers take part; all that are prepared unless named.
        sexes: "F" or "M" by speaker, where the corpus does not say.
        options: How submitted code is run.
        store: Folder where what models gave is kept.
        progress: Told of every finished recording.

    Raises:
        CorpusError: There are too few speakers.
        ModelError: The model neither enhances nor embeds.
    """
    used = options or RunOptions()
    recipe, chosen = corpus.recipe, list(splits or corpus.splits)
    known = sexes or {}
    stated = CORPORA[recipe.speech.corpus].sex
    utterances = [row for row in corpus.utterances.values() if row["split"] in chosen]
    trials = make_trials(recipe.name, recipe.seed, utterances, lambda name: known.get(name) or stated(name))
    tested = {trial.test for trial in trials}
    rows = [row for row in corpus if row["utterance_id"] in tested]
    clean = {name: corpus.clean(name) for trial in trials for name in trial.enrolled}

    reasons: Counter[str] = Counter()
    heard: dict[str, Clip | None] = {}
    by_itself = "embed" in _tasks(entry, corpus, used)
    if by_itself:
        heard = {row["mixture_id"]: corpus.noisy(row["mixture_id"]) for row in rows}
    else:
        heard = dict(_enhanced(entry, corpus, rows, used, store, progress, reasons))
    judges = [entry] if by_itself else [load(name) for name in embedders]
    tables = []
    for judge in judges:
        # Clean enrolments and tests in one run, so that a submitted embedder is started once.
        items = [Item(f"enrolment/{name}", clip) for name, clip in sorted(clean.items())]
        items += [Item(name, clip) for name, clip in heard.items() if clip is not None]
        vectors = dict(_vectors(judge, corpus, items, used, store, progress, reasons))
        tables += list(_scored(judge.name, trials, rows, vectors))
    facts = TrialFacts(
        model=entry.name,
        title=entry.title,
        source_sha256=entry.source_sha256,
        recipe=recipe.name,
        recipe_version=recipe.version,
        splits=chosen,
        corpus_sha256=[corpus.split_hash(split) for split in chosen],
        rule_version=RULE_VERSION,
        embedders={judge.name: f"{judge.source_sha256[:24]} {judge.version}" for judge in judges},
        when=datetime.now(UTC).date().isoformat(),
    )
    return SpeakerTrials(facts, pa.Table.from_pylist(tables, schema=TRIALS), reasons)


def _tasks(entry: Entry, corpus: PreparedCorpus, options: RunOptions) -> frozenset[str]:
    runner = open_runner(entry, replace(options, tasks=("enhance", "embed")), None, corpus=corpus)
    try:
        tasks = runner.tasks()
    finally:
        runner.close()
    if not tasks:
        raise ModelError(f"{entry.name}: neither enhances nor embeds, so no speaker can be verified by it")
    return tasks


def _enhanced(
    entry: Entry,
    corpus: PreparedCorpus,
    rows: Sequence[MixtureRow],
    options: RunOptions,
    store: Path | None,
    progress: Progress,
    reasons: Counter[str],
) -> Iterator[tuple[str, Clip | None]]:
    runner = open_runner(entry, options, store, corpus=corpus)
    items = (
        Item(
            row["mixture_id"],
            corpus.clean(row["utterance_id"]) if entry.hears == "clean" else corpus.noisy(row["mixture_id"]),
            corpus.clean(enrolment_of(corpus, row["utterance_id"])) if entry.track == ENROLMENT else None,
        )
        for row in rows
    )
    try:
        made = progress(runner.run(items), len(rows), f"running {entry.name}")
        for row, prediction in zip(rows, made, strict=True):
            if prediction.enhanced is None:
                reasons[prediction.enhance_error] += 1
            yield row["mixture_id"], prediction.enhanced
    finally:
        runner.close()


def _vectors(
    entry: Entry,
    corpus: PreparedCorpus,
    items: Sequence[Item],
    options: RunOptions,
    store: Path | None,
    progress: Progress,
    reasons: Counter[str],
) -> Iterator[tuple[str, Vector | None]]:
    """What an embedder makes of recordings: vectors of length 1; None where it failed."""
    runner = open_runner(entry, replace(options, tasks=("embed",)), store, corpus=corpus)
    try:
        if not runner.tasks():
            raise ModelError(f"{entry.name}: has no method embed and cannot judge who speaks")
        made = progress(runner.run(items), len(items), f"running {entry.name}")
        for item, prediction in zip(items, made, strict=True):
            vector = prediction.embedding
            if vector is None:
                reasons[f"{entry.name}: {prediction.embed_error}"] += 1
            yield item.id, None if vector is None else np.asarray(vector / np.linalg.norm(vector))
    finally:
        runner.close()


def _scored(
    embedder: str, trials: Iterable[Trial], rows: Sequence[MixtureRow], vectors: Mapping[str, Vector | None]
) -> Iterator[dict[str, object]]:
    mixtures: dict[str, list[MixtureRow]] = {}
    for row in rows:
        mixtures.setdefault(row["utterance_id"], []).append(row)
    for trial in trials:
        enrolled = [vectors[f"enrolment/{name}"] for name in trial.enrolled]
        there = [vector for vector in enrolled if vector is not None]
        for row in mixtures[trial.test]:
            vector = vectors.get(row["mixture_id"])
            failed = vector is None or len(there) < len(enrolled)
            score = -1.0 if trial.kind == "target" else 1.0
            if vector is not None and not failed:
                mean = np.mean(there, axis=0, dtype=np.float64)
                score = float(mean @ vector / max(float(np.linalg.norm(mean)), 1e-12))
            yield {
                "embedder": embedder,
                "noise_kind": row["noise_kind"],
                "snr_db": row["snr_db"],
                "kind": trial.kind,
                "speaker": trial.speaker,
                "tested": trial.tested,
                "test": trial.test,
                "score": min(1.0, max(-1.0, score)),
                "failed": failed,
            }


def write_trials(root: Path | str, trials: SpeakerTrials) -> Path:
    """Writes trials below `root`, into the folder of the results of their model, and returns the file.

    What is stored of the same model, corpus and rule by other embedders stays.
    """
    facts, table = trials.facts, trials.table
    path = Path(root) / facts.recipe / facts.model / FILE_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        stored = read_trials(path)
    except StandingsError:
        stored = None
    if stored is not None and _same(stored.facts, facts):
        others = {name: code for name, code in stored.facts.embedders.items() if name not in facts.embedders}
        kept = [row for row in stored.table.to_pylist() if row["embedder"] in others]
        table = pa.concat_tables([table, pa.Table.from_pylist(kept, schema=TRIALS)])
        facts = replace(facts, embedders={**facts.embedders, **others})
    metadata = {_FACTS: json.dumps(asdict(facts), sort_keys=True).encode()}
    with replacing(path) as temporary:
        pq.write_table(table.replace_schema_metadata(metadata), temporary, compression="zstd")
    return path


def read_trials(path: Path) -> SpeakerTrials:
    """Opens trials, which may come from a stranger.

    Raises:
        StandingsError: The file is missing, damaged, or holds what cannot be.
    """
    table = read_table(path, TRIALS)
    facts = parse_typed(
        (table.schema.metadata or {}).get(_FACTS, b""), _FORM, f"{path}: what it says of itself"
    )
    kinds = set(table["kind"].unique().to_pylist())
    scores = table["score"].to_numpy()
    if not kinds <= {"target", "matched", "crossed"} or not (np.abs(scores) <= 1).all():
        raise StandingsError(f"{path}: holds trials or scores that cannot be; verify the speakers again")
    if set(table["embedder"].unique().to_pylist()) != set(facts.embedders):
        raise StandingsError(f"{path}: does not name the embedders of its trials; verify the speakers again")
    plain = pa.Table.from_pylist(table.to_pylist(), schema=TRIALS)
    return SpeakerTrials(facts, plain)


def _same(stored: TrialFacts, other: TrialFacts) -> bool:
    names = ("source_sha256", "recipe_version", "splits", "corpus_sha256", "rule_version")
    return all(getattr(stored, name) == getattr(other, name) for name in names)
