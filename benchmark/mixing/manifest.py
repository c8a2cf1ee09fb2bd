"""The tables of a prepared corpus: their schemas, their content hash, writing and opening them.

The hash is taken over the content, row by row in the order of the key column, because the bytes of a Parquet
file change with its codec and row groups. It is stored in the file's own metadata and checked on opening.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, cast, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmark.errors import ManifestError
from benchmark.files import fetched, is_remote, place, replacing
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
        # How many talk at once: 0 where the noise is no babble; null for clean, and for a recorded crowd of
        # unknown size.
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

#: So many rows are hashed together, and lie together in a file.
_AT_ONCE, _ROW_GROUP = 5_000, 20_000
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


def table_hashes(table: pa.Table, key: str, *names: Sequence[str]) -> list[str]:
    """`content_hash` of a table, by columns: much quicker and smaller than by dictionaries of rows.

    Args:
        table: Columns of strings, numbers and truth values, and lists of such structures; rows in any
            order.
        key: A column of strings that tells rows apart.
        names: Sets of columns of which the hash is wanted, one hash each; without any, that of all columns.
    """
    sets = [sorted(chosen) for chosen in names] or [sorted(table.column_names)]
    digests = [hashlib.sha256() for _ in sets]
    table = in_order(table, key)
    for start in range(0, len(table), _AT_ONCE):
        part = table.slice(start, _AT_ONCE)
        said = {
            name: _said(part[name].combine_chunks(), f"{encode_basestring(name)}:")
            for name in set().union(*sets)
        }
        for digest, chosen in zip(digests, sets, strict=True):
            lines = zip(*(said[name] for name in chosen), strict=True)
            digest.update("".join([f"{{{','.join(line)}}}\n" for line in lines]).encode())
    return [digest.hexdigest() for digest in digests]


def in_order(table: pa.Table, key: str) -> pa.Table:
    """The table in the order of a column of strings; the same one where it already is."""
    if len(table) < 2 or pc.all(pc.less_equal(table[key][:-1], table[key][1:])).as_py():
        return table
    return table.take(pc.sort_indices(table[key]))


def _said(values: pa.Array, before: str) -> NDArray[np.object_]:
    """Each value as JSON, with its name before it; every different value is spelt once."""
    if pa.types.is_list(values.type):
        flat = values.flatten()
        parts = [
            _said(flat.field(name), f"{encode_basestring(name)}:")
            for name in sorted(one.name for one in flat.type)
        ]
        items = [f"{{{','.join(part)}}}" for part in zip(*parts, strict=True)]
        ends = values.offsets.to_numpy()
        ends = ends - ends[0]
        lists = (items[start:end] for start, end in pairwise(ends.tolist()))
        return np.array([f"{before}[{','.join(one)}]" for one in lists], object)
    if values.type == pa.float64():  # by their bits, because 0.0 and -0.0 are equal and spelt differently
        coded = values.view(pa.int64()).dictionary_encode(null_encoding="encode")
        different = coded.dictionary.view(pa.float64()).to_pylist()
    else:
        coded = values.dictionary_encode(null_encoding="encode")
        different = coded.dictionary.to_pylist()
    spell = encode_basestring if pa.types.is_string(values.type) else _number
    spelt = [before + ("null" if one is None else spell(one)) for one in different]
    return np.asarray(np.array(spelt, object)[coded.indices.to_numpy()])


def _number(value: float) -> str:
    """A number or truth value as `json` spells it."""
    return repr(value) if type(value) in (int, float) and math.isfinite(value) else json.dumps(value)


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


def plan_hash(rows: Iterable[PlanRow] | pa.Table) -> str:
    """`content_hash` over the planned columns of mixtures alone: equal before and after rendering."""
    table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(list(rows), PLANNED)
    return table_hashes(table, "mixture_id", PLANNED.names)[0]


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
        columns: Its columns, in the order of the key.
        content_sha256: See `content_hash`.
        facts: Further strings of the metadata (recipe name, version ...).
    """

    columns: pa.Table
    content_sha256: str
    facts: dict[str, str]

    @property
    def rows(self) -> list[Row]:
        """Typed rows, made anew at each call."""
        rows: list[Row] = self.columns.to_pylist()
        return rows


def table_of(kind: Literal["mixtures", "utterances"], rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows as columns of the schema of their kind.

    Raises:
        ManifestError: A row does not fit the schema.
    """
    try:
        table = pa.Table.from_pylist(list(rows), schema=_SCHEMA[kind])
        table.validate(full=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise ManifestError(f"a row of {kind} does not fit the schema: {error}") from error
    return table


def mixtures_table(plan: pa.Table, measured: Mapping[str, Mapping[str, Any]]) -> pa.Table:
    """A plan with what was measured on its mixtures, null where nothing was.

    Args:
        plan: The columns `PLANNED`.
        measured: Mixture id to at least the columns `MEASURED`.
    """
    found = [measured.get(key) for key in plan["mixture_id"].to_pylist()]
    columns = [
        pa.array([None if one is None else one[field.name] for one in found], field.type)
        for field in MEASURED
    ]
    return pa.table([*plan.columns, *columns], schema=MIXTURES)


def write_table(
    path: Path,
    kind: Literal["mixtures", "utterances"],
    rows: Sequence[MixtureRow] | Sequence[UtteranceRow] | pa.Table,
    facts: Mapping[str, str],
) -> str:
    """Writes rows of kind "mixtures" or "utterances" and returns their content hash.

    They are written in the order of their key: mixtures of one condition lie together, so that
    `Manifest.select` reads no others.

    Raises:
        ManifestError: A row does not fit the schema, or two rows share a key.
    """
    key = _KEY[kind]
    table = rows if isinstance(rows, pa.Table) else table_of(kind, map(dict, rows))
    table = in_order(table, key)
    if len(table) > 1:
        twice = pc.index(pc.equal(table[key][1:], table[key][:-1]), True).as_py()
        if twice >= 0:
            raise ManifestError(f"{path}: {key} '{table[key][twice]}' would be written twice")
    digest = table_hashes(table, key)[0]
    metadata = {**facts, "content_sha256": digest, "kind": kind}
    table = table.replace_schema_metadata({f"sinbad.{name}": value for name, value in metadata.items()})
    with replacing(path) as temporary:
        pq.write_table(
            table, temporary, compression="zstd", row_group_size=_ROW_GROUP, write_page_checksum=True
        )
    return digest


def open_parquet(path: Path) -> pa.Table:
    """The table in a file that preparing has written, not checked yet.

    Raises:
        ManifestError: It is missing or damaged.
    """
    try:
        with fetched(path) as here:
            return pq.read_table(here)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> ManifestError:
    return ManifestError(f"{path}: is not a readable Parquet file ({error}); delete it and prepare again")


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
    _require_file(path)
    table = open_parquet(path)
    facts = _facts(path, table.schema, kind)
    try:
        table = table.cast(_SCHEMA[kind])
    except (pa.ArrowException, ValueError) as error:
        raise ManifestError(
            f"{path}: was edited or damaged ({error}); delete it and prepare again"
        ) from error
    digest = table_hashes(table, _KEY[kind])[0]
    if digest != facts.get("content_sha256"):
        raise ManifestError(
            f"{path}: its content does not match its stored hash; it was edited or damaged; "
            "delete it and prepare again"
        )
    for column in ("mixture_id", "utterance_id", "speaker", "split"):
        if column in table.column_names:
            for value in table[column].unique().to_pylist():
                refuse_outside(value, f"{path}: {column}")
    return Table(in_order(table, _KEY[kind]), digest, facts)


def _require_file(path: Path) -> None:
    if path.is_dir():
        raise ManifestError(f"{path}: is a folder where a file should be; delete it and prepare again")
    if not path.is_file():
        raise ManifestError(f"{path}: not found; a prepared corpus is made by `python -m benchmark.prepare`")


def _facts(path: Path, schema: pa.Schema, kind: str) -> dict[str, str]:
    """The facts stored beside a table, which must be of this version."""
    facts = {
        name.decode()[len("sinbad.") :]: value.decode()
        for name, value in (schema.metadata or {}).items()
        if name.startswith(b"sinbad.")
    }
    if facts.get("kind") != kind or schema.names != _SCHEMA[kind].names:
        raise ManifestError(f"{path}: is not a table of {kind} of this version; delete it and prepare again")
    return facts


class Manifest:
    """The mixtures of a prepared corpus, opened without reading them: for corpora of which a part is wanted.

    Pages that are damaged are told by their checksums. That the table as a whole is the one that was written,
    only `read_table` makes sure, which reads all of it.

    Attributes:
        facts: What the table says of itself: recipe, version, hashes.

    Example:
        >>> manifest = Manifest("prepared/xrmb_noisy/manifest.parquet")  # doctest: +SKIP
        >>> manifest.select(noise_kind="babble", snr_db=-5.0, columns=["mixture_id"])  # doctest: +SKIP
    """

    def __init__(self, path: Path | str) -> None:
        """Reads the end of the file.

        Raises:
            ManifestError: It is missing, damaged or no table of mixtures of this version.
        """
        self._path = place(path)
        _require_file(self._path)
        try:
            self._schema, self._rows = (
                pq.read_schema(self._source()),
                pq.read_metadata(self._source()).num_rows,
            )
        except (pa.ArrowException, OSError, ValueError) as error:
            raise _unreadable(self._path, error) from error
        self.facts = _facts(self._path, self._schema, "mixtures")

    def __len__(self) -> int:
        return int(self._rows)

    def _source(self) -> Any:
        """What Parquet reads from: of an address only the parts that are wanted are fetched."""
        return self._path.open("rb") if is_remote(self._path) else self._path

    def select(self, columns: Sequence[str] | None = None, **wanted: object) -> pa.Table:
        """The mixtures whose columns have the values wanted, in the order of their ids.

        Args:
            columns: Which columns to read; None reads all.
            wanted: Column to value, e.g. `split="test", snr_db=-5.0`; None asks for null. Only those parts of
                the file are read in which such values occur.

        Raises:
            ManifestError: There is no such column, or the file is damaged.
        """
        if strange := sorted({*wanted, *(columns or ())} - {*MIXTURES.names}):
            raise ManifestError(f"{self._path}: has no column {', '.join(strange)}")
        chosen = None
        for name, value in wanted.items():
            one = pc.field(name).is_null() if value is None else pc.field(name) == value
            chosen = one if chosen is None else chosen & one
        try:
            return pq.read_table(
                self._source(), columns=columns, filters=chosen, page_checksum_verification=True
            ).replace_schema_metadata()
        except (pa.ArrowException, OSError, ValueError) as error:
            raise _unreadable(self._path, error) from error
