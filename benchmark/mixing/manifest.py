"""The tables of a prepared corpus: their schemas, their content hash, writing and opening them.

The hash is taken over the content, row by row in the order of the key column, because the bytes of a Parquet
file change with its codec and row groups. It is stored in the file's own metadata and checked on opening.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, cast, overload

import pyarrow as pa
import pyarrow.parquet as pq

from benchmark.errors import ManifestError
from benchmark.files import replacing
from benchmark.mixing.layout import refuse_outside
from benchmark.mixing.rows import MixtureRow, PlanRow, UtteranceRow

Row = TypeVar("Row", MixtureRow, UtteranceRow)

PIECE = pa.struct(
    [
        pa.field("noise_id", pa.string(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),  # first sample read from the noise, at 16 kHz
        pa.field("at", pa.int64(), nullable=False),  # where it starts in the mixture
        pa.field("frames", pa.int64(), nullable=False),
        pa.field("gain_db", pa.float64(), nullable=False),  # relative to the other pieces
    ]
)

#: Columns that the plan draws; together they decide every sample of a mixture.
PLANNED = pa.schema(
    [
        pa.field("mixture_id", pa.string(), nullable=False),
        pa.field("utterance_id", pa.string(), nullable=False),
        pa.field("speaker", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("noise_kind", pa.string(), nullable=False),  # "clean", or a kind that the recipe names
        pa.field("noise_category", pa.string(), nullable=False),  # "" for clean
        pa.field("noise_source", pa.string(), nullable=False),  # which corpus or generator; "" for clean
        pa.field("noise_seen", pa.bool_()),  # whether the category occurs in training; null for clean
        # How many talk at once: 0 where the noise is no babble; null for clean, and for a recorded crowd that
        # nobody counted.
        pa.field("talkers", pa.int32()),
        pa.field("voices", pa.int32()),  # how many different voices these talkers have; null as above
        pa.field("snr_db", pa.float64()),  # null for clean
        pa.field("samples", pa.int64(), nullable=False),  # length at 16 kHz
        pa.field("looped", pa.bool_(), nullable=False),  # a noise was too short and starts again
        pa.field("pieces", pa.list_(PIECE), nullable=False),
    ]
)

#: Columns that rendering measures; null in a corpus that is only planned.
MEASURED = pa.schema(
    [
        pa.field("speech_level_dbfs", pa.float64()),  # P.56 active level of the recording, before any gain
        pa.field("speech_activity", pa.float64()),  # P.56 activity factor, 0..1
        pa.field("speech_gain_db", pa.float64()),  # applied to the recording
        pa.field("noise_gain_db", pa.float64()),  # applied to the assembled noise; null for clean
        pa.field(
            "common_gain_db", pa.float64()
        ),  # part of both, <= 0: what kept the sum below the peak limit
        pa.field("peak", pa.float64()),  # of the rendered samples, full scale = 1
        pa.field("snr_p56_db", pa.float64()),  # realised: active speech level minus RMS of the noise
        pa.field("snr_rms_db", pa.float64()),  # realised: RMS of the speech minus RMS of the noise
        # P.56 active level of the speech over the mean and over the loudest of the talkers; null where there
        # are none.
        pa.field("over_mean_db", pa.float64()),
        pa.field("over_loudest_db", pa.float64()),
        pa.field("pcm_sha256", pa.string()),  # of the decoded 16-bit samples, not of the file
    ]
)

MIXTURES = pa.schema([*PLANNED, *MEASURED])

UTTERANCES = pa.schema(
    [
        pa.field("utterance_id", pa.string(), nullable=False),
        pa.field("speaker", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("prompt", pa.string(), nullable=False),
        pa.field("samples", pa.int64(), nullable=False),
        pa.field("frames", pa.int64(), nullable=False),  # of the target trajectories, 100 a second
        pa.field("valid_share", pa.float64(), nullable=False),  # part of the target values that were observed
        pa.field("targets_sha256", pa.string(), nullable=False),
        pa.field("notes", pa.string(), nullable=False),  # what the reader had to repair, "" if nothing
    ]
)

_KEY = {"mixtures": "mixture_id", "utterances": "utterance_id"}
_SCHEMA = {"mixtures": MIXTURES, "utterances": UTTERANCES}


def content_hash(rows: Iterable[Mapping[str, Any]], key: str) -> str:
    """SHA-256 over the rows in the order of `key`; numbers in their shortest exact decimal form.

    Columns are taken by name.
    """
    digest = hashlib.sha256()
    for row in sorted(rows, key=lambda row: str(row[key])):
        digest.update(json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
        digest.update(b"\n")
    return digest.hexdigest()


def corpus_hash(mixtures: str, utterances: str) -> str:
    """One hash for a corpus: its mixtures, its utterances, and the hashes of their targets.

    Args:
        mixtures: `content_hash` of the table of mixtures.
        utterances: `content_hash` of the table of utterances.
    """
    return hashlib.sha256(f"mixtures {mixtures}\nutterances {utterances}\n".encode()).hexdigest()


def complete_row(found: object) -> MixtureRow | None:
    """`found` if it is a row of a rendered mixture with every column of its type, else None."""
    if not isinstance(found, dict) or found.keys() != set(MIXTURES.names) or found["pcm_sha256"] is None:
        return None
    try:
        pa.Table.from_pylist([found], schema=MIXTURES).validate(full=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError, AttributeError):
        return None
    return cast(MixtureRow, found)


def plan_hash(rows: Iterable[PlanRow]) -> str:
    """`content_hash` over the planned columns of mixtures alone: equal before and after rendering."""
    names = set(PLANNED.names)
    return content_hash(
        ({name: value for name, value in row.items() if name in names} for row in rows), "mixture_id"
    )


def split_hash(rows: Iterable[Mapping[str, Any]], targets: Mapping[str, str | None]) -> str:
    """Content hash of what a model is scored on: mixtures, and the targets of their utterances.

    Args:
        rows: The mixtures of a split.
        targets: Utterance id to the hash of its targets.
    """
    return content_hash(
        ({**row, "targets_sha256": targets[row["utterance_id"]]} for row in rows), "mixture_id"
    )


@dataclass(frozen=True, slots=True)
class Table(Generic[Row]):
    """A table with the facts stored beside it.

    Attributes:
        rows: Typed rows, in the order of the key column.
        content_sha256: See `content_hash`.
        facts: Further strings of the metadata (recipe name, version ...).
    """

    rows: list[Row]
    content_sha256: str
    facts: dict[str, str]


def write_table(
    path: Path,
    kind: Literal["mixtures", "utterances"],
    rows: Sequence[MixtureRow] | Sequence[UtteranceRow],
    facts: Mapping[str, str],
) -> str:
    """Writes rows of kind "mixtures" or "utterances" and returns their content hash.

    Raises:
        ManifestError: A row does not fit the schema, or two rows share a key.
    """
    key, schema = _KEY[kind], _SCHEMA[kind]
    ordered: list[dict[str, Any]] = sorted(map(dict, rows), key=lambda row: str(row[key]))
    keys = [row[key] for row in ordered]
    if len(set(keys)) != len(keys):
        twice = next(k for k, following in pairwise(keys) if k == following)
        raise ManifestError(f"{path}: {key} '{twice}' would be written twice")
    try:
        table = pa.Table.from_pylist(ordered, schema=schema)
        table.validate(full=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise ManifestError(f"{path}: a row does not fit the schema: {error}") from error
    digest = content_hash(table.to_pylist(), key)
    metadata = {**facts, "content_sha256": digest, "kind": kind}
    table = table.replace_schema_metadata({f"sinbad.{name}": value for name, value in metadata.items()})
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
    return digest


def open_parquet(path: Path) -> pa.Table:
    """The table in a file that preparing has written, not checked yet.

    Raises:
        ManifestError: It is missing or damaged.
    """
    try:
        return pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise ManifestError(
            f"{path}: is not a readable Parquet file ({error}); delete it and prepare again"
        ) from error


@overload
def read_table(path: Path, kind: Literal["mixtures"]) -> Table[MixtureRow]: ...
@overload
def read_table(path: Path, kind: Literal["utterances"]) -> Table[UtteranceRow]: ...
def read_table(path: Path, kind: str) -> Table[Any]:
    """Opens a table written by `write_table` and checks its schema and content hash.

    Raises:
        ManifestError: It is missing, damaged, of another kind, was edited, or names files outside of its
            corpus.
    """
    if path.is_dir():
        raise ManifestError(f"{path}: is a folder where a file should be; delete it and prepare again")
    if not path.is_file():
        raise ManifestError(f"{path}: not found; a prepared corpus is made by `python -m benchmark.prepare`")
    table = open_parquet(path)
    facts = {
        name.decode()[len("sinbad.") :]: value.decode()
        for name, value in (table.schema.metadata or {}).items()
        if name.startswith(b"sinbad.")
    }
    if facts.get("kind") != kind or table.schema.names != _SCHEMA[kind].names:
        raise ManifestError(f"{path}: is not a table of {kind} of this version; delete it and prepare again")
    rows = table.to_pylist()
    digest = content_hash(rows, _KEY[kind])
    if digest != facts.get("content_sha256"):
        raise ManifestError(
            f"{path}: its content does not match its stored hash; it was edited or damaged; "
            "delete it and prepare again"
        )
    for row in rows:
        for column in ("mixture_id", "utterance_id", "speaker"):
            if column in row:
                refuse_outside(row[column], f"{path}: {column}")
    return Table(rows, digest, facts)
