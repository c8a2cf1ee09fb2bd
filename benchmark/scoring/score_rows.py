"""The columns of `scores.parquet`, as a type for mypy and as the schema of the file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmark.files import replacing

Status = Literal["ok", "failed", "left_out"]


class ScoreRow(TypedDict):
    """One score: a mixture, a measure, and for measures of articulation a parameter.

    Attributes:
        mixture_id: Which mixture, or CONDITION/SPEAKER/* for a measure with one value for all utterances of a
            speaker.
        utterance_id: Of which utterance; "*" likewise.
        speaker: Who speaks.
        noise_kind: "clean", "babble", "nonbabble", or what else the recipe names.
        noise_category: Category of the noise; "" for clean, "*" for several utterances.
        snr_db: None for clean.
        talkers: How many talkers babble; None where the noise is none, or the corpus does not say.
        over_loudest_db: Level of the speech above the loudest talker, in dB; None likewise.
        noise_seen: Whether the category of the noise occurs in the train split; None where the corpus does
            not say.
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


#: Values are float32: nobody needs their eighth digit, and in double precision they fill two thirds of the
#: file.
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
#: What results held before scores said how many talkers there were.
SCORES_OF_VERSION_1 = pa.schema(
    [
        field.with_type(pa.float64()) if field.name == "value" else field
        for field in SCORES
        if field.name not in DESCRIBING_NOISE
    ]
)
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
        return _hash_of_version_1(table)
    digest = hashlib.sha256()
    numbers = {field.name for field in SCORES if not pa.types.is_string(field.type)}
    words = [name for name in table.schema.names if name not in numbers]
    add_words(digest, table, words)
    for name in table.schema.names:
        if name not in words:
            add_numbers(digest, table, name, "<f4" if name == "value" else "<f8")
    return digest.hexdigest()


def coded_words(column: pa.ChunkedArray) -> tuple[list[str], NDArray[np.int64]]:
    """The words of a column by first occurrence, and the index of each row's word, shape (rows,)."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # of no rows
        array = pa.array([], pa.string())
    coded = array if isinstance(array, pa.DictionaryArray) else array.dictionary_encode()
    words = coded.dictionary.to_pylist()
    codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    # What wrote the file decides how its dictionary is sorted, and whether it holds words that no row has.
    first = np.full(len(words), len(codes), np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    order = np.argsort(first, kind="stable")
    place = np.empty(len(words), np.int64)
    place[order] = np.arange(len(words))
    return [words[i] for i in order.tolist() if first[i] < len(codes)], place[codes]


def add_words(digest: Any, table: pa.Table, names: Sequence[str]) -> None:
    """Adds columns of text to a hash: words by first occurrence, then indices, faster than by row."""
    for name in names:
        words, places = coded_words(table[name])
        digest.update(json.dumps([name, words]).encode())
        digest.update(places.astype("<i4").tobytes())


def add_numbers(digest: Any, table: pa.Table, name: str, kind: str) -> None:
    """Adds a column of numbers to a hash: where there are any, then the numbers."""
    values = table[name].combine_chunks()
    digest.update(values.is_valid().to_numpy(zero_copy_only=False).tobytes())
    zero = False if pa.types.is_boolean(values.type) else 0
    digest.update(values.fill_null(zero).to_numpy(zero_copy_only=False).astype(kind).tobytes())


def _hash_of_version_1(table: pa.Table) -> str:
    """The hash of results before scores had a number of talkers: a line of compact JSON a row."""

    def text(word: str) -> pa.Scalar:
        return pa.scalar(word, pa.large_string())

    first, *middle, last = [_as_json(table[name].combine_chunks()) for name in table.schema.names]
    lines = pc.binary_join_element_wise(
        pc.binary_join_element_wise(text("["), first, text("")),
        *middle,
        pc.binary_join_element_wise(last, text("]\n"), text("")),
        text(","),
    )
    return hashlib.sha256(lines.buffers()[2] or b"").hexdigest()


def _as_json(column: pa.Array) -> pa.Array:
    """Every value as JSON; the same few words stand in all rows, so each is encoded once."""
    if column.type == pa.float64() and column.null_count == 0:
        values = column.to_pylist()
        return pa.array(json.dumps(values)[1:-1].split(", ") if values else [], pa.large_string())
    words = (
        column if isinstance(column, pa.DictionaryArray) else column.dictionary_encode(null_encoding="encode")
    )
    return pa.array(map(json.dumps, words.dictionary.to_pylist()), pa.large_string()).take(words.indices)


def count_status(scores: Iterable[Mapping[str, Any]], status: Status) -> int:
    """How many scores have a status."""
    return sum(row["status"] == status for row in scores)
