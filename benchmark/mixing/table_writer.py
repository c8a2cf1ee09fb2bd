"""Writing the tables of a prepared corpus, part by part, so that a large one needs little memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmark.errors import ManifestError
from benchmark.files import replacing
from benchmark.mixing.manifest import KEY, PLANNED, SCHEMA, table_of
from benchmark.mixing.rows import MixtureRow, UtteranceRow
from benchmark.mixing.table_hash import TableDigest, in_order

Kind = Literal["mixtures", "utterances"]

#: So many rows lie together in a file, and in memory while it is written.
_ROW_GROUP = 2_500


@dataclass(frozen=True, slots=True)
class Written:
    """A table whose rows are written; it takes its name once the block that writes it has ended.

    Attributes:
        kind: What its rows are.
        content_sha256: See `benchmark.mixing.table_hash.content_hash`.
        plan_sha256: See `benchmark.mixing.manifest.plan_hash`; "" of utterances.
        writer: What is writing it.
    """

    kind: Kind
    content_sha256: str
    plan_sha256: str
    writer: pq.ParquetWriter

    def say(self, facts: Mapping[str, str]) -> None:
        """Stores facts beside the rows, and what the table is."""
        metadata = {**facts, "content_sha256": self.content_sha256, "kind": self.kind}
        self.writer.add_key_value_metadata({f"sinbad.{name}": value for name, value in metadata.items()})


@contextmanager
def writing(path: Path, kind: Kind, parts: Iterable[pa.Table]) -> Iterator[Written]:
    """Writes a table; its facts are to be said in the block (`Written.say`).

    Mixtures of one condition lie together, so that `Manifest.select` reads no others.

    Args:
        path: File to write.
        kind: What its rows are.
        parts: Its rows, in the order of their key.

    Raises:
        ManifestError: Two rows share a key.
        ValueError: The parts are in another order.
    """
    key, schema = KEY[kind], SCHEMA[kind]
    digest = TableDigest(schema.names, *([PLANNED.names] if kind == "mixtures" else []))
    with (
        replacing(path) as temporary,
        # Without a schema of Arrow's own, which would hide facts that are said at the end.
        pq.ParquetWriter(
            temporary, schema, compression="zstd", write_page_checksum=True, store_schema=False
        ) as writer,
    ):
        for part in _distinct(path, key, _of_size(parts, _ROW_GROUP)):
            digest.add(part)
            writer.write_table(part)
            # What writing needed is given back, or the allocator keeps it beside what the next part needs.
            pa.default_memory_pool().release_unused()
        content, *planned = digest.hexdigests()
        yield Written(kind, content, "".join(planned), writer)


def write_table(
    path: Path,
    kind: Kind,
    rows: Sequence[MixtureRow] | Sequence[UtteranceRow],
    facts: Mapping[str, str],
) -> str:
    """Writes rows of kind "mixtures" or "utterances", in the order of their key; returns their content hash.

    Raises:
        ManifestError: A row does not fit the schema, or two rows share a key.
    """
    with writing(path, kind, [in_order(table_of(kind, map(dict, rows)), KEY[kind])]) as written:
        written.say(facts)
    return written.content_sha256


def merged(parts: Iterable[pa.Table], others: pa.Table, key: str) -> Iterator[pa.Table]:
    """Parts of a table with the rows of another one between them.

    Args:
        parts: In the order of `key`, none of them empty.
        others: In the order of `key`.
        key: A column of strings.
    """
    start = 0
    for part in parts:
        count = pc.sum(pc.less_equal(others[key].slice(start), part[key][-1])).as_py() or 0
        yield in_order(pa.concat_tables([part, others.slice(start, count)]), key) if count else part
        start += count
    if start < len(others):
        yield others.slice(start)


def _of_size(parts: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """The same rows, so many at a time."""
    waiting: list[pa.Table] = []
    for part in parts:
        waiting.append(part)
        while (there := sum(map(len, waiting))) >= rows:
            table = pa.concat_tables(waiting)
            yield table.slice(0, rows).combine_chunks()
            waiting = [table.slice(rows)] if there > rows else []
    if any(map(len, waiting)):
        yield pa.concat_tables(waiting).combine_chunks()


def _distinct(path: Path, key: str, parts: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same parts, once it is known that every key is greater than the one before."""
    last = None
    for part in parts:
        keys = part[key].combine_chunks()
        if last is not None:
            keys = pa.concat_arrays([pa.array([last], keys.type), keys])
        if (twice := pc.index(pc.equal(keys[1:], keys[:-1]), True).as_py()) >= 0:
            raise ManifestError(f"{path}: {key} '{keys[twice]}' would be written twice")
        if not (pc.all(pc.less(keys[:-1], keys[1:])).as_py() or len(keys) < 2):
            raise ValueError(f"{path}: parts come in the order of {key}")
        last = keys[-1].as_py()
        yield part
