"""Results on disk, below `RESULTS/RECIPE/MODEL`.

    card.json           who, what, when; it bears the hash of the scores and one of itself
    scores.parquet      one row a mixture, measure and parameter
    phone_scores.parquet  scores by class of phone, where the recordings are labelled (see `phone_scores`)

A run that was killed and goes on later stores the same `scores.parquet` and `phone_scores.parquet`, byte for byte, as one that was never
stopped. `card.json` is the same but for what depends on when and how fast it ran: `when`, `seconds`, `real_time_factor`, and with them its
hash of itself.

The hashes tell accidents and careless edits. They are no signature: whoever edits a file can compute its hash again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmark.errors import StandingsError
from benchmark.files import replacing, write_text
from benchmark.scoring.phone_scores import FILE_NAME as PHONE_SCORES
from benchmark.scoring.phone_scores import PhoneScores, write_phone_scores

SCORES = pa.schema(
    [
        pa.field("mixture_id", pa.string(), nullable=False),
        pa.field("utterance_id", pa.string(), nullable=False),
        pa.field("speaker", pa.string(), nullable=False),
        pa.field("noise_kind", pa.string(), nullable=False),
        pa.field("noise_category", pa.string(), nullable=False),
        pa.field("snr_db", pa.float64()),
        pa.field("measure", pa.string(), nullable=False),
        pa.field("parameter", pa.string(), nullable=False),  # "" for measures of audio
        pa.field("value", pa.float64()),  # null if left out; the measure's worst value if failed
        pa.field("status", pa.string(), nullable=False),  # ok, failed, left_out
        pa.field("reason", pa.string(), nullable=False),
    ]
)
_NUMBERS = ("snr_db", "value")


@dataclass(frozen=True, slots=True)
class Card:
    """What has to be known of a result before it may be compared with another.

    Attributes:
        model: Name in the tables.
        title: One line.
        version: Of the model.
        source: Where it comes from.
        source_sha256: Hash of the code that defines it.
        arguments: What it was made with.
        hears: "noisy", or "clean" for an oracle.
        recipe: Name of the recipe.
        recipe_version: Its version.
        recipe_title: Its title.
        split: The split that was scored.
        corpus_sha256: Content hash of the mixtures and targets of that split.
        measures: Name of each measure to its version.
        expected: How many scores there have to be.
        ok: How many are values.
        failed: How many stand at the measure's worst value because the model failed.
        left_out: How many cannot be had from anyone, because the target is constant, too short or missing.
        reasons: Why items failed, with counts.
        audio_seconds: Length of what the model heard.
        seconds: Time that it took.
        real_time_factor: `seconds / audio_seconds`; smaller is faster.
        when: Day of the run, UTC.
        environment: Versions of Python and the packages that matter, and the machine.
        scores_sha256: Hash of the content of the scores.
        licence: Of the model, where known.
        runner: How it was run: "in process", "child process", "sandbox", "command", "predictions"; of a pair, both.
        threads: Threads that its numerical libraries were told to use; 0 if they were told nothing.
        spec_sha256: Hash of the SPEC that it was asked for by; "" if it was not scored by the command (see `named`).
        card_sha256: Hash of all the rest of the card; "" before it is stored.
    """

    model: str
    title: str
    version: str
    source: str
    source_sha256: str
    arguments: dict[str, str]
    hears: str
    recipe: str
    recipe_version: int
    recipe_title: str
    split: str
    corpus_sha256: str
    measures: dict[str, str]
    expected: int
    ok: int
    failed: int
    left_out: int
    reasons: dict[str, int]
    audio_seconds: float
    seconds: float
    real_time_factor: float
    when: str
    environment: dict[str, str]
    scores_sha256: str = ""
    licence: str = ""
    runner: str = ""
    threads: int = 0
    spec_sha256: str = ""
    card_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A card and its scores.

    Attributes:
        card: The card.
        scores: Rows of `SCORES`.
        phones: Scores by class of phone, of a result that was just computed from labelled recordings. What is stored is read apart,
            by `read_phone_scores`, because a result stands without it.
    """

    card: Card
    scores: list[dict[str, Any]] = field(repr=False)
    phones: PhoneScores | None = field(default=None, repr=False)


def scores_hash(scores: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 over the scores in the order of mixture, measure and parameter: a line of compact JSON for each."""
    ordered = _in_order(scores)
    columns = []
    for name in SCORES.names:
        cells = [row[name] for row in ordered]
        if name in _NUMBERS:
            columns.append(json.dumps(cells)[1:-1].split(", ") if cells else [])
        else:
            # The same few words stand in all rows, so each is encoded once.
            encoded = {word: json.dumps(word) for word in set(cells)}
            columns.append([encoded[word] for word in cells])
    text = "".join([f"[{','.join(line)}]\n" for line in zip(*columns, strict=True)])
    return hashlib.sha256(text.encode()).hexdigest()


def card_hash(card: Mapping[str, Any]) -> str:
    """SHA-256 over the content of a card but this hash: compact JSON, sorted by name."""
    content = {name: value for name, value in card.items() if name != "card_sha256"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def write_result(root: Path, result: Result) -> Path:
    """Writes a result below `root` and returns its folder; the card comes last, and only with it a result counts."""
    folder = root / result.card.recipe / result.card.model
    _remove_rests(folder)
    scores = _in_order(result.scores)
    digest = scores_hash(scores)
    with replacing(folder / "scores.parquet") as temporary:
        pq.write_table(pa.Table.from_pylist(scores, schema=SCORES), temporary, compression="zstd")
    if result.phones is not None:
        write_phone_scores(folder, replace(result.phones, scores_sha256=digest))
    else:
        (folder / PHONE_SCORES).unlink(missing_ok=True)
    card = {**asdict(result.card), "scores_sha256": digest}
    card["card_sha256"] = card_hash(card)
    write_text(folder / "card.json", json.dumps(card, indent=2, ensure_ascii=False) + "\n")
    return folder


def _in_order(scores: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(scores, key=itemgetter("mixture_id", "measure", "parameter"))


def _remove_rests(folder: Path) -> None:
    """Removes what a killed run left half written; a result has one writer at a time."""
    for path in folder.glob(".*.part"):
        path.unlink(missing_ok=True)


def read_result(folder: Path) -> Result:
    """Opens one result and checks that its card is as it was written and its scores are those of the card.

    Raises:
        StandingsError: A file is missing, damaged or was edited.
    """
    try:
        written = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        card = Card(**written)
        table = pq.read_table(folder / "scores.parquet")
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, TypeError, pa.ArrowException) as error:
        raise StandingsError(
            f"{folder}: is not a complete result ({error}); score the model again"
        ) from error
    if card.card_sha256 != card_hash(written):
        what = "was edited or damaged" if card.card_sha256 else "bears no hash of itself"
        raise StandingsError(f"{folder}: the card {what}; score the model again")
    if table.schema.names != SCORES.names:
        raise StandingsError(
            f"{folder}/scores.parquet: has other columns than this version writes; score the model again"
        )
    scores = table.to_pylist()
    if scores_hash(scores) != card.scores_sha256:
        raise StandingsError(
            f"{folder}: the scores are not those of the card; they were edited or damaged. Score the model again"
        )
    return Result(card, scores)


def read_results(root: Path) -> dict[str, list[Result]]:
    """All results below `root` by recipe, each list sorted by model.

    Raises:
        StandingsError: A result is damaged, or there is none.
    """
    folders = sorted(path.parent for path in root.glob("*/*/card.json"))
    if not folders:
        raise StandingsError(
            f"{root}: holds no results; score a model with `python -m benchmark.score` first"
        )
    results: dict[str, list[Result]] = {}
    for folder in folders:
        result = read_result(folder)
        if (result.card.recipe, result.card.model) != (folder.parent.name, folder.name):
            raise StandingsError(
                f"{folder}: its card says {result.card.recipe}/{result.card.model}; it was moved or edited"
            )
        results.setdefault(result.card.recipe, []).append(result)
    return results


def count_status(scores: Sequence[dict[str, Any]], status: str) -> int:
    """How many scores have a status."""
    return sum(1 for row in scores if row["status"] == status)
