"""The content hash of tables.

It is taken over the content, row by row in the order of the key column, because the bytes of a Parquet file
change with its codec and row groups.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from json.encoder import encode_basestring
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

#: So many rows are spelt together.
_AT_ONCE = 1_000


def content_hash(rows: Iterable[Mapping[str, Any]], key: str) -> str:
    """SHA-256 over the rows in the order of `key`; numbers in their shortest exact decimal form.

    Columns are taken by name.
    """
    digest = hashlib.sha256()
    for row in sorted(rows, key=lambda row: str(row[key])):
        digest.update(json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
        digest.update(b"\n")
    return digest.hexdigest()


class TableDigest:
    """`content_hash` of a table that comes in parts: much quicker and smaller than by dictionaries of rows.

    Args:
        names: Sets of columns of which the hash is wanted, one hash each: strings, numbers and truth values,
            and lists of such structures.
    """

    def __init__(self, *names: Sequence[str]) -> None:
        self._sets = [sorted(chosen) for chosen in names]
        self._digests = [hashlib.sha256() for _ in names]

    def add(self, part: pa.Table) -> None:
        """Adds the rows that come next in the order of the key."""
        for start in range(0, len(part), _AT_ONCE):
            some = part.slice(start, _AT_ONCE)
            said = {
                name: _said(some[name].combine_chunks(), f"{encode_basestring(name)}:")
                for name in set().union(*self._sets)
            }
            for digest, chosen in zip(self._digests, self._sets, strict=True):
                lines = zip(*(said[name] for name in chosen), strict=True)
                digest.update("".join([f"{{{','.join(line)}}}\n" for line in lines]).encode())

    def hexdigests(self) -> list[str]:
        """One hash for each set of columns."""
        return [digest.hexdigest() for digest in self._digests]


def table_hashes(table: pa.Table, key: str, *names: Sequence[str]) -> list[str]:
    """`content_hash` of a table, by columns.

    Args:
        table: See `TableDigest`; rows in any order.
        key: A column of strings that tells rows apart.
        names: As in `TableDigest`; without any, the hash of all columns is wanted.
    """
    digest = TableDigest(*(names or [table.column_names]))
    digest.add(in_order(table, key))
    return digest.hexdigests()


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


def split_hash(rows: Iterable[Mapping[str, Any]], targets: Mapping[str, str | None]) -> str:
    """Content hash of what a model is scored on: mixtures, and the targets of their utterances.

    Args:
        rows: The mixtures of a split.
        targets: Utterance id to the hash of its targets.
    """
    return content_hash(
        ({**row, "targets_sha256": targets[row["utterance_id"]]} for row in rows), "mixture_id"
    )
