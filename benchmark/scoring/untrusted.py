"""Opens files of strangers: kind, size and types are checked before the content is read.

A result folder is handed in by people nobody knows. What is read from it is text without surprises (no NaN,
no number of five thousand digits, no character that cannot be written again) and tables of the columns that
this version writes, of a size that can be held.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter, ValidationError

from benchmark.errors import StandingsError

MOST_JSON_BYTES = 4_000_000
#: Scores of one result: five thousand utterances in thirteen conditions with forty measures and parameters
#: are 2.6 million.
MOST_ROWS = 4_000_000
_MOST_TABLE_BYTES = 500_000_000

Parsed = TypeVar("Parsed")


def read_bytes(path: Path, most: int = MOST_JSON_BYTES) -> bytes:
    """The content of an ordinary file.

    Raises:
        StandingsError: It is missing, no ordinary file (a pipe would be waited for without end, a link lead
            elsewhere), or larger than `most` bytes.
    """
    _check_size(path, most)
    try:
        return path.read_bytes()
    except OSError as error:
        raise StandingsError(f"{path}: cannot be read ({error.strerror})") from error


def parse_json(content: bytes, where: str) -> Any:
    """JSON that can be written again as UTF-8.

    Raises:
        StandingsError: It is no JSON, nested too deeply, or holds a number or a character that is none.
    """
    try:
        found = json.loads(content.decode("utf-8"))
        # Writing it finds NaN, infinity and half a character.
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise StandingsError(f"{where}: is not valid JSON ({_brief(error)})") from error
    return found


def parse_typed(content: bytes, form: TypeAdapter[Parsed], where: str) -> Parsed:
    """JSON in a given form.

    Raises:
        StandingsError: As for `parse_json`; or a field is missing, unknown or of another type. The message
            names the field.
    """
    parse_json(content, where)
    try:
        return form.validate_json(content, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"])) or "it"
        raise StandingsError(f"{where}: {field}: {first['msg']}") from error


def read_table(path: Path, *schemas: pa.Schema, most_rows: int = MOST_ROWS) -> pa.Table:
    """A Parquet table in one of the given schemas, with text as dictionaries and columns in one piece.

    Args:
        path: The file.
        schemas: Names and types of the columns, in order. A column that is not nullable must hold no null.
        most_rows: How many rows it may have.

    Raises:
        StandingsError: It is no such table, or more than can be held.
    """
    _check_size(path, _MOST_TABLE_BYTES)
    try:
        file = pq.ParquetFile(path)
        schema = _fitting(path, file.schema_arrow, schemas)
        rows, groups = file.metadata.num_rows, range(file.metadata.num_row_groups)
        size = sum(file.metadata.row_group(i).total_byte_size for i in groups)
        if rows > most_rows or size > _MOST_TABLE_BYTES:
            raise StandingsError(
                f"{path}: has {rows} rows of {size} bytes unpacked, more than can be right ({most_rows})"
            )
        words = [field.name for field in schema if field.type == pa.string()]
        table = pq.ParquetFile(path, read_dictionary=words).read().combine_chunks()
        for column in table.columns:
            for chunk in column.chunks:
                # Text that is no UTF-8 is found here.
                (chunk.dictionary if isinstance(chunk, pa.DictionaryArray) else chunk).validate(full=True)
        table.validate(full=True)
    except (pa.ArrowException, OSError, UnicodeDecodeError, MemoryError) as error:
        raise StandingsError(f"{path}: is not a readable table ({_brief(error)})") from error
    empty = [field.name for field in schema if not field.nullable and table[field.name].null_count]
    if empty:
        raise StandingsError(f"{path}: the column {empty[0]} has rows without a value")
    return table


def _fitting(path: Path, there: pa.Schema, schemas: Sequence[pa.Schema]) -> pa.Schema:
    """The schema that a file is written in."""
    for schema in schemas:
        if schema.names == there.names and schema.types == there.types:
            return schema
    kinds = {field.name: field.type for schema in schemas for field in schema}
    for field in there:
        if field.name in kinds and field.type != kinds[field.name]:
            raise StandingsError(
                f"{path}: the column {field.name} holds {field.type}, not {kinds[field.name]}"
            )
    raise StandingsError(f"{path}: has other columns than this version writes")


def _check_size(path: Path, most: int) -> None:
    try:
        facts = path.lstat()
    except (OSError, ValueError) as error:
        raise StandingsError(f"{path}: cannot be read ({_brief(error)})") from error
    if not stat.S_ISREG(facts.st_mode):
        raise StandingsError(f"{path}: is not an ordinary file (a link is not followed)")
    if facts.st_size > most:
        raise StandingsError(f"{path}: is {facts.st_size} bytes large; at most {most} can be right")


def _brief(error: BaseException) -> str:
    """The first line of a message, which may quote what a stranger wrote."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
