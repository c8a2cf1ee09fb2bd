"""The tables of a prepared corpus: their schemas, and opening them.

Their content hash (`benchmark.mixing.table_hash`) is stored in the file's own metadata and checked on
opening.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, cast, overload

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmark.errors import ManifestError
from benchmark.files import fetched, is_remote, place
from benchmark.mixing.layout import refuse_outside
from benchmark.mixing.rows import MixtureRow, UtteranceRow
from benchmark.mixing.table_hash import TableDigest, in_order, table_hashes

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

KEY = {"mixtures": "mixture_id", "utterances": "utterance_id"}
SCHEMA = {"mixtures": MIXTURES, "utterances": UTTERANCES}


def complete_row(found: object) -> MixtureRow | None:
    """`found` if it is a row of a rendered mixture with every column of its type, else None."""
    if not isinstance(found, dict) or found.keys() != set(MIXTURES.names):
        return None
    if not re.fullmatch(r"[0-9a-f]{64}", str(found["pcm_sha256"])):
        return None
    try:
        pa.Table.from_pylist([found], schema=MIXTURES).validate(full=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError, AttributeError):
        return None
    return cast(MixtureRow, found)


def plan_hash(parts: Iterable[pa.Table]) -> str:
    """`content_hash` over the planned columns of mixtures alone: equal before and after rendering.

    Args:
        parts: Rows in the order of their ids.
    """
    digest = TableDigest(PLANNED.names)
    for part in parts:
        digest.add(part)
    return digest.hexdigests()[0]


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
        table = pa.Table.from_pylist(list(rows), schema=SCHEMA[kind])
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
        table = table.cast(SCHEMA[kind])
    except (pa.ArrowException, ValueError) as error:
        raise ManifestError(
            f"{path}: was edited or damaged ({error}); delete it and prepare again"
        ) from error
    digest = table_hashes(table, KEY[kind])[0]
    if digest != facts.get("content_sha256"):
        raise ManifestError(
            f"{path}: its content does not match its stored hash; it was edited or damaged; "
            "delete it and prepare again"
        )
    for column in ("mixture_id", "utterance_id", "speaker", "split"):
        if column in table.column_names:
            for value in table[column].unique().to_pylist():
                refuse_outside(value, f"{path}: {column}")
    return Table(in_order(table, KEY[kind]), digest, facts)


def _require_file(path: Path) -> None:
    if path.is_dir():
        raise ManifestError(f"{path}: is a folder where a file should be; delete it and prepare again")
    if not path.is_file():
        raise ManifestError(f"{path}: not found; a prepared corpus is made by `python -m benchmark.prepare`")


def _facts(path: Path, schema: pa.Schema, kind: str) -> dict[str, str]:
    """The facts stored beside a table, which must be of this version."""
    try:
        facts = {
            name.decode()[len("sinbad.") :]: value.decode()
            for name, value in (schema.metadata or {}).items()
            if name.startswith(b"sinbad.")
        }
    except UnicodeDecodeError as error:
        raise _unreadable(path, error) from error
    if facts.get("kind") != kind or schema.names != SCHEMA[kind].names:
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
