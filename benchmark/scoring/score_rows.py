"""What a score is: the columns of `scores.parquet`, as a type that mypy checks and as the schema of the file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict, cast

import pyarrow as pa
import pyarrow.parquet as pq

from benchmark.files import replacing

Status = Literal["ok", "failed", "left_out"]


class ScoreRow(TypedDict):
    """One score: a mixture, a measure, and for measures of articulation a parameter.

    Attributes:
        mixture_id: Which mixture, or CONDITION/SPEAKER/* for a measure with one value for all utterances of a speaker.
        utterance_id: Of which utterance; "*" likewise.
        speaker: Who speaks.
        noise_kind: "clean", "babble", "nonbabble", or what else the recipe names.
        noise_category: Category of the noise; "" for clean, "*" for several utterances.
        snr_db: None for clean.
        talkers: How many talkers babble; None where the noise is none, or the corpus does not say.
        over_loudest_db: Level of the speech above the loudest talker, in dB; None likewise.
        noise_seen: Whether the category of the noise occurs in the train split; None where the corpus does not say.
        measure: Its name.
        parameter: LA, LP ...; "" for measures of audio.
        value: None if left out; what is charged (see `charge`) if failed.
        status: "ok", "failed" (the model's fault) or "left_out" (the reference's fault).
        reason: Why, unless "ok".
    """

    mixture_id: str
    utterance_id: str
    speaker: str
    noise_kind: str
    noise_category: str
    snr_db: float | None
    talkers: int | None
    over_loudest_db: float | None
    noise_seen: bool | None
    measure: str
    parameter: str
    value: float | None
    status: Status
    reason: str


#: Values are float32: nobody needs their eighth digit, and in double precision they fill two thirds of the file.
SCORES = pa.schema(
    [
        pa.field("mixture_id", pa.string(), nullable=False),
        pa.field("utterance_id", pa.string(), nullable=False),
        pa.field("speaker", pa.string(), nullable=False),
        pa.field("noise_kind", pa.string(), nullable=False),
        pa.field("noise_category", pa.string(), nullable=False),
        pa.field("snr_db", pa.float64()),
        pa.field("talkers", pa.int16()),
        pa.field("over_loudest_db", pa.float32()),
        pa.field("noise_seen", pa.bool_()),
        pa.field("measure", pa.string(), nullable=False),
        pa.field("parameter", pa.string(), nullable=False),
        pa.field("value", pa.float32()),
        pa.field("status", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
    ]
)
#: Columns that describe a mixture; those of the second line are null where a corpus does not say.
DESCRIBING = ("mixture_id", "utterance_id", "speaker", "noise_kind", "noise_category", "snr_db")
DESCRIBING_NOISE = ("talkers", "over_loudest_db", "noise_seen")
_ORDER = [(name, "ascending") for name in ("mixture_id", "measure", "parameter")]


def described(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the scores of a mixture repeat of its row in the manifest."""
    return {name: row[name] for name in DESCRIBING} | {name: row.get(name) for name in DESCRIBING_NOISE}


def as_table(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows in the schema of the file, in the order of mixture, measure and parameter."""
    return pa.Table.from_pylist([dict(row) for row in rows], schema=SCORES).sort_by(_ORDER)


def as_rows(table: pa.Table) -> list[ScoreRow]:
    """The rows of a table; columns that an older version did not know are None."""
    unknown = dict.fromkeys(name for name in SCORES.names if name not in table.schema.names)
    return [cast(ScoreRow, {**unknown, **row}) for row in table.to_pylist()]


def write_scores(path: Path, table: pa.Table) -> None:
    """Writes a table of scores, as small as it gets: words once each, the bytes of numbers side by side."""
    with replacing(path) as temporary:
        write_small(table, temporary)


def write_small(table: pa.Table, path: Path) -> None:
    """Writes any table of scores: its text by dictionaries, `value` by the bytes of equal weight."""
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=19,
        use_dictionary=[name for name in table.schema.names if name != "value"],
        column_encoding={"value": "BYTE_STREAM_SPLIT"},
        write_statistics=False,
    )


def scores_hash(table: pa.Table) -> str:
    """SHA-256 over the content of a table of scores, whatever wrote the file."""
    if "talkers" not in table.schema.names:
        return _hash_of_version_1(table.to_pylist())
    digest = hashlib.sha256()
    words = [field.name for field in table.schema if pa.types.is_string(field.type)]
    add_words(digest, table, words)
    for name in table.schema.names:
        if name not in words:
            add_numbers(digest, table, name, "<f4" if name == "value" else "<f8")
    return digest.hexdigest()


def add_words(digest: Any, table: pa.Table, names: Sequence[str]) -> None:
    """Adds columns of text to a hash: words by their first occurrence, then their places, which is quicker than row by row."""
    for name in names:
        words = table[name].combine_chunks().dictionary_encode()
        digest.update(json.dumps([name, words.dictionary.to_pylist()]).encode())
        digest.update(words.indices.to_numpy(zero_copy_only=False).astype("<i4").tobytes())


def add_numbers(digest: Any, table: pa.Table, name: str, kind: str) -> None:
    """Adds a column of numbers to a hash: where there are any, then the numbers."""
    values = table[name].combine_chunks()
    digest.update(values.is_valid().to_numpy(zero_copy_only=False).tobytes())
    zero = False if pa.types.is_boolean(values.type) else 0
    digest.update(values.fill_null(zero).to_numpy(zero_copy_only=False).astype(kind).tobytes())


def _hash_of_version_1(rows: Sequence[Mapping[str, Any]]) -> str:
    """The hash of results from before scores said how many talkers there were: a line of compact JSON for each."""
    names = [name for name in SCORES.names if name not in DESCRIBING_NOISE]
    columns = []
    for name in names:
        cells = [row[name] for row in rows]
        if name in ("snr_db", "value"):
            columns.append(json.dumps(cells)[1:-1].split(", ") if cells else [])
        else:
            # The same few words stand in all rows, so each is encoded once.
            encoded = {word: json.dumps(word) for word in set(cells)}
            columns.append([encoded[word] for word in cells])
    text = "".join([f"[{','.join(line)}]\n" for line in zip(*columns, strict=True)])
    return hashlib.sha256(text.encode()).hexdigest()


def count_status(scores: Iterable[Mapping[str, Any]], status: Status) -> int:
    """How many scores have a status."""
    return sum(row["status"] == status for row in scores)
