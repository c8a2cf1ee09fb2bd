"""Results on disk, below `RESULTS/RECIPE/MODEL`.

    card.json           who, what, when; it bears the hash of the scores and one of itself
    scores.parquet      one row a mixture, measure and parameter
    phone_scores.parquet  scores by class of phone, where the recordings are labelled (see `phone_scores`)

A run that was killed and goes on later stores the same `scores.parquet` and `phone_scores.parquet`, byte for
byte, as one that was never stopped. `card.json` is the same but for what depends on when and how fast it ran:
`when`, `seconds`, `real_time_factor`, and with them its hash of itself.

The hashes reveal accidents and careless edits. They are no signature: a person who edits a file can compute
its hash again.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pydantic import TypeAdapter

from benchmark.errors import StandingsError
from benchmark.files import write_text
from benchmark.scoring.followed import read_followed, write_followed
from benchmark.scoring.phone_scores import FILE_NAME as PHONE_SCORES
from benchmark.scoring.phone_scores import PhoneScores, read_phone_scores, write_phone_scores
from benchmark.scoring.score_rows import (
    SCORES,
    SCORES_OF_VERSION_1,
    ScoreRow,
    as_rows,
    as_table,
    count_status,
    scores_hash,
    write_scores,
)
from benchmark.scoring.summary import summary
from benchmark.scoring.untrusted import MOST_ROWS, parse_json, parse_typed, read_bytes, read_table

if TYPE_CHECKING:
    import pandas as pd

#: What two results have in common if one may add to the other.
_IDENTITY = ("source_sha256", "version", "arguments", "hears", "recipe_version", "split", "corpus_sha256")
#: How many reasons of failures a card names.
_REASONS = 10


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
        runner: How it was run: "in process", "child process", "sandbox", "command", "predictions"; of a pair,
            both.
        threads: Threads that its numerical libraries were told to use; 0 if they were told nothing.
        spec_sha256: Hash of the SPEC that it was asked for by; "" if it was not scored by the command (see
            `named`).
        trained_on: What its weights were trained on, by its maker: words of
            `benchmark.models.declaration.VOCABULARY`; empty if nothing was stated.
        training_note: Free text about that.
        parameters: How many trained numbers it holds, by its maker; None if it was not stated.
        submitter: Who handed it in; "" if nobody was named.
        seed_of: The model of which this is one training run of several; "" if it is none.
        lacks: Targets of the corpus that the model does not give. A result that lacks any is partial: it is
            shown and has no rank.
        track: Results of one track are ranked together; see `Entry.track`.
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
    trained_on: list[str] = field(default_factory=list)
    training_note: str = ""
    parameters: int | None = None
    submitter: str = ""
    seed_of: str = ""
    lacks: list[str] = field(default_factory=list)
    track: str = ""
    card_sha256: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    """A card and its scores.

    Attributes:
        card: The card.
        scores: One row a mixture, measure and parameter.
        phones: Scores by class of phone, of a result that was just computed from labelled recordings. What is
            stored is read apart, by `read_phone_scores`, because a result stands without it.
        followed: Whom the model followed in babble, of a result that was just computed; see `followed`. What
            is stored is read apart, by `read_followed`.
    """

    card: Card
    scores: list[ScoreRow]
    phones: PhoneScores | None = None
    followed: pa.Table | None = None

    def frame(self) -> pd.DataFrame:
        """The scores as a table of pandas, one row a score, with the columns of `ScoreRow`."""
        table: pd.DataFrame = as_table(self.scores).to_pandas()
        return table

    def summary(self) -> pd.DataFrame:
        """Means by measure and condition; see `benchmark.scoring.summary`."""
        return summary(self.frame())

    def __repr__(self) -> str:
        card = self.card
        return (
            f"<Result of {card.model} on {card.recipe} ({card.split}): {card.expected} scores of "
            f"{', '.join(card.measures)}; {card.failed} failed, {card.left_out} left out>"
        )

    def _repr_html_(self) -> str:
        """What a notebook shows: the means."""
        from html import escape

        table: str = self.summary().to_html(float_format="{:.3f}".format, na_rep="")
        return f"<p>{escape(repr(self)[1:-1])}</p>{table}"


_CARD = TypeAdapter(Card)
#: No count, duration or speed of a run is larger.
_MOST = 1e12


def card_hash(card: Mapping[str, Any]) -> str:
    """SHA-256 over the content of a card but this hash: compact JSON, sorted by name."""
    content = {name: value for name, value in card.items() if name != "card_sha256"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def write_result(root: Path | str, result: Result) -> Path:
    """Writes a result below `root` and returns its folder; the card, which makes it valid, comes last.

    A result only grows: measures that are stored there, of the same model on the same corpus, and are not
    among the new ones stay.

    Raises:
        StandingsError: There is nothing to store.
    """
    folder = Path(root) / result.card.recipe / result.card.model
    if not result.scores:
        raise StandingsError(f"{folder}: a result without a score is not stored")
    _remove_rests(folder)
    result = _grown(folder, result)
    table = as_table(result.scores)
    digest = scores_hash(table)
    write_scores(folder / "scores.parquet", table)
    if result.phones is not None:
        write_phone_scores(folder, replace(result.phones, scores_sha256=digest))
    else:
        (folder / PHONE_SCORES).unlink(missing_ok=True)
    write_followed(folder, result.followed)
    card = {**asdict(result.card), "scores_sha256": digest}
    card["card_sha256"] = card_hash(card)
    write_text(folder / "card.json", json.dumps(card, indent=2, ensure_ascii=False) + "\n")
    return folder


def same_run(stored: Card, other: Card) -> bool:
    """Whether two results are of the same model with the same arguments on the same split."""
    return all(getattr(stored, name) == getattr(other, name) for name in _IDENTITY)


def _grown(folder: Path, result: Result) -> Result:
    """The result with what is stored of the same run and was not measured again."""
    try:
        stored = read_result(folder)
        phones = read_phone_scores(folder)
    except StandingsError:
        return result  # nothing that could be lost
    card = result.card
    left = {name: version for name, version in stored.card.measures.items() if name not in card.measures}
    if not left or not same_run(stored.card, card):
        return result
    scores = [*result.scores, *(row for row in stored.scores if row["measure"] in left)]
    mine = phones if phones is not None and phones.scores_sha256 == stored.card.scores_sha256 else None
    grown = replace(card, measures=card.measures | left, **counts(scores))
    followed = result.followed if result.followed is not None else read_followed(folder)
    return Result(grown, scores, _grown_phones(mine, result.phones, left), followed)


def _grown_phones(
    stored: PhoneScores | None, new: PhoneScores | None, left: Mapping[str, str]
) -> PhoneScores | None:
    if stored is None or new is None:
        return new or stored
    kept = {name: version for name, version in stored.measures.items() if name in left}
    # Scores of one measure on other labels than those of the next cannot stand in one table.
    if stored.labels_sha256 != new.labels_sha256 or not kept:
        return new
    rows = [row for row in stored.table.to_pylist() if row["measure"] in kept]
    return PhoneScores.of([*new.table.to_pylist(), *rows], {**new.measures, **kept}, new.labels_sha256)


def counts(scores: Sequence[ScoreRow]) -> dict[str, Any]:
    """What a card says of how many scores there are and how they went."""
    failures = Counter(row["reason"] for row in scores if row["status"] == "failed")
    commonest = sorted(failures.items(), key=lambda item: (-item[1], item[0]))[:_REASONS]
    return {
        "expected": len(scores),
        "ok": count_status(scores, "ok"),
        "failed": count_status(scores, "failed"),
        "left_out": count_status(scores, "left_out"),
        "reasons": dict(commonest),
    }


def _remove_rests(folder: Path) -> None:
    """Removes what a killed run left half written; a result has one writer at a time."""
    for path in folder.glob(".*.part"):
        path.unlink(missing_ok=True)


def read_result(folder: Path | str) -> Result:
    """Opens one result and checks that its card is as it was written and its scores are those of the card.

    Args:
        folder: RESULTS/RECIPE/MODEL.

    Raises:
        StandingsError: A file is missing, damaged or was edited.
    """
    folder = Path(folder)
    card = read_card(folder)
    return Result(card, as_rows(read_scores(folder, card)))


def read_card(folder: Path) -> Card:
    """The card of a result, which may come from a stranger.

    Raises:
        StandingsError: It is missing, was edited, or holds something else than a card does; the message names
            the field.
    """
    path = folder / "card.json"
    content = read_bytes(path)
    written = parse_json(content, str(path))
    if not isinstance(written, dict):
        raise StandingsError(f"{path}: is not the card of a result")
    if unknown := sorted(set(written) - {field.name for field in fields(Card)}):
        raise StandingsError(
            f"{path}: '{unknown[0]}' is not known on a card; it was edited, or is of another version"
        )
    card = parse_typed(content, _CARD, str(path))
    for name, value in _numbers(asdict(card)):
        if not 0 <= value <= _MOST:
            raise StandingsError(f"{path}: {name} of the card cannot be {value:g}")
    if card.card_sha256 != card_hash(written):
        what = "was edited or damaged" if card.card_sha256 else "bears no hash of itself"
        raise StandingsError(f"{folder}: the card {what}; score the model again")
    return card


def read_scores(folder: Path, card: Card) -> pa.Table:
    """The scores of a result in the columns of the version that wrote them, text as dictionaries.

    Raises:
        StandingsError: The file is missing, damaged, edited, or of another size than the card says.
    """
    path = folder / "scores.parquet"
    if card.expected > MOST_ROWS:
        raise StandingsError(f"{folder}: {card.expected} scores are more than can be right ({MOST_ROWS})")
    table = read_table(path, SCORES, SCORES_OF_VERSION_1, most_rows=MOST_ROWS)
    if len(table) != card.expected:
        raise StandingsError(
            f"{path}: the card counts {card.expected} expected scores, there are {len(table)}"
        )
    if scores_hash(table) != card.scores_sha256:
        raise StandingsError(
            f"{folder}: the scores are not those of the card; they were edited or "
            "damaged. Score the model again"
        )
    return table


def _numbers(written: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    for name, value in written.items():
        if isinstance(value, dict):
            yield from _numbers(value, f"{prefix}{name}.")
        elif isinstance(value, int | float):
            yield f"{prefix}{name}", value


def read_results(root: Path | str) -> dict[str, list[Result]]:
    """All results below `root` by recipe, each list sorted by model.

    Raises:
        StandingsError: A result is damaged, or there is none.
    """
    folders = sorted(path.parent for path in Path(root).glob("*/*/card.json"))
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
