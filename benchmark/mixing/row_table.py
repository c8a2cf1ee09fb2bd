"""Rows of a large table by their key, without a dictionary for each of them in memory."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from typing import Any, Generic, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

Row = TypeVar("Row")
#: So many rows are turned into dictionaries at once.
_AT_ONCE = 1000


class RowTable(Mapping[str, Row], Generic[Row]):
    """The rows of a table, each made into a dictionary when it is asked for.

    Args:
        table: Columns in the order of `key`; the key of each row is another one.
        key: A column of strings.
    """

    def __init__(self, table: pa.Table, key: str) -> None:
        self._table, self._key = table, key
        self._keys: pa.ChunkedArray = table[key]

    def __getitem__(self, key: str) -> Row:
        at = self._place(key)
        if at is None:
            raise KeyError(key)
        row: Row = self._table.slice(at, 1).to_pylist()[0]
        return row

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._place(key) is not None

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _AT_ONCE):
            yield from self._keys.slice(start, _AT_ONCE).to_pylist()

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def values(self) -> ValuesView[Row]:
        """The rows in their order, read some at a time."""
        return _Values(self)

    def items(self) -> ItemsView[str, Row]:
        """Keys and rows in their order, read some at a time."""
        return _Items(self)

    def where(self, column: str, value: Any) -> list[Row]:
        """The rows that hold a value, in their order."""
        rows: list[Row] = self._table.filter(pc.equal(self._table[column], value)).to_pylist()
        return rows

    def streamed(self) -> Iterator[Row]:
        """See `values`."""
        for start in range(0, len(self), _AT_ONCE):
            yield from self._table.slice(start, _AT_ONCE).to_pylist()

    def _place(self, key: str) -> int | None:
        """Where a key stands, by halving."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self._keys[middle].as_py() < key:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self) and self._keys[low].as_py() == key else None


class _Values(ValuesView[Row]):
    _mapping: RowTable[Row]

    def __iter__(self) -> Iterator[Row]:
        return self._mapping.streamed()


class _Items(ItemsView[str, Row]):
    _mapping: RowTable[Row]

    def __iter__(self) -> Iterator[tuple[str, Row]]:
        return zip(self._mapping, self._mapping.streamed(), strict=True)
