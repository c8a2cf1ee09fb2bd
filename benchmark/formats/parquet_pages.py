"""What the pages of a Parquet file state of their sizes: Arrow sets that much memory aside before it looks whether it can be true.

Only the footer and the headers of pages are walked; nothing is decoded.

Formats: Apache Parquet, "File format" and parquet.thrift; Apache Thrift, "Compact protocol".
"""

from __future__ import annotations

from collections.abc import Iterator

_MAGIC = b"PAR1"
_DEEPEST = 32
# Kinds of values in the compact protocol.
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_WHOLE = (_I16, _I32, _I64)
# Numbers of fields in parquet.thrift.
_ROW_GROUPS, _COLUMNS, _META_DATA = 4, 1, 3
_COMPRESSED_SIZE, _DATA_PAGE, _DICTIONARY_PAGE = 7, 9, 11
_PAGE_UNCOMPRESSED, _PAGE_COMPRESSED = 2, 3


def stated_bytes(content: bytes) -> int:
    """Bytes that all pages of a file state to have once they are unpacked.

    Raises:
        ValueError: Footer or page headers are damaged.
    """
    if len(content) < 12 or content[-4:] != _MAGIC:
        raise ValueError("it has no footer")
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    if start < 0:
        raise ValueError("its footer is longer than the file")
    footer = _Cursor(content, start)
    total = 0
    for _ in footer.structs(_ROW_GROUPS):
        for _ in footer.structs(_COLUMNS):
            for field, kind in footer.fields():
                if field == _META_DATA and kind == _STRUCT:
                    total += _chunk_bytes(content, footer)
    return total


def _chunk_bytes(content: bytes, footer: _Cursor) -> int:
    found = footer.whole_numbers()
    start = found.get(_DATA_PAGE, -1)
    if 0 < found.get(_DICTIONARY_PAGE, 0) < start:
        start = found[_DICTIONARY_PAGE]
    end = start + found.get(_COMPRESSED_SIZE, -1)
    if not 0 < start <= end <= len(content):
        raise ValueError("a column lies outside of it")
    total = 0
    while start < end:
        page = _Cursor(content, start)
        sizes = page.whole_numbers()
        unpacked, packed = sizes.get(_PAGE_UNCOMPRESSED, -1), sizes.get(_PAGE_COMPRESSED, -1)
        if unpacked < 0 or packed < 0 or page.at + packed > end:
            raise ValueError("a page lies outside of its column")
        total, start = total + unpacked, page.at + packed
    return total


class _Cursor:
    """Reads values of the compact protocol one after the other; what is not asked for is skipped."""

    def __init__(self, content: bytes, at: int) -> None:
        self._content = content
        self.at = at

    def fields(self) -> Iterator[tuple[int, int]]:
        """Number and kind of each field of a structure; a value that nobody has read by then is skipped."""
        number = 0
        while head := self._byte():
            step, kind = head >> 4, head & 15
            number = number + step if step else self.whole_number()
            before = self.at
            yield number, kind
            if self.at == before:
                self._skip(kind, 0)

    def whole_numbers(self) -> dict[int, int]:
        """The fields of a structure that are whole numbers."""
        return {number: self.whole_number() for number, kind in self.fields() if kind in _WHOLE}

    def structs(self, wanted: int) -> Iterator[int]:
        """Stops at each structure of the list that is field `wanted` of the structure here; the caller reads it."""
        for number, kind in self.fields():
            if number == wanted and kind == _LIST:
                count, inner = self._list()
                if inner != _STRUCT:
                    raise ValueError("a list holds something else than is expected")
                yield from range(count)

    def whole_number(self) -> int:
        """A signed number in zigzag order."""
        value = self._varint()
        return value >> 1 ^ -(value & 1)

    def _byte(self) -> int:
        if self.at >= len(self._content):
            raise ValueError("it ends too early")
        self.at += 1
        return self._content[self.at - 1]

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise ValueError("a number is too long")

    def _list(self) -> tuple[int, int]:
        head = self._byte()
        count = head >> 4
        return (self._varint() if count == 15 else count), head & 15

    def _skip(self, kind: int, depth: int) -> None:
        if depth > _DEEPEST:
            raise ValueError("it is nested too deep")
        if kind in _WHOLE:
            self._varint()
        elif kind in (_BYTE, _DOUBLE, _BINARY):
            self._pass({_BYTE: 1, _DOUBLE: 8}.get(kind) or self._varint())
        elif kind in (_LIST, _SET):
            count, inner = self._list()
            self._skip_all(count, (inner,), depth)
        elif kind == _MAP:
            count = self._varint()
            kinds = self._byte() if count else 0
            self._skip_all(count, (kinds >> 4, kinds & 15), depth)
        elif kind == _STRUCT:
            while head := self._byte():
                if not head >> 4:
                    self._varint()
                self._skip(head & 15, depth + 1)
        elif kind not in (_TRUE, _FALSE):
            raise ValueError("it holds a kind of value that is not known")

    def _skip_all(self, count: int, kinds: tuple[int, ...], depth: int) -> None:
        for _ in range(count):
            for kind in kinds:
                # In a list truth values take a byte each.
                self._skip(_BYTE if kind in (_TRUE, _FALSE) else kind, depth + 1)

    def _pass(self, size: int) -> None:
        if size > len(self._content) - self.at:
            raise ValueError("it ends too early")
        self.at += size
