"""The types of rows and the Parquet schemas say the same."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import get_args, get_origin, get_type_hints, is_typeddict

import pyarrow as pa
import pytest

from benchmark.mixing import rows
from benchmark.mixing.manifest import MEASURED, MIXTURES, PIECE, PLANNED, UTTERANCES

ARROW = {
    pa.string(): str,
    pa.int32(): int,
    pa.int64(): int,
    pa.float64(): float,
    pa.bool_(): bool,
    pa.list_(PIECE): list[rows.Piece],
}
PAIRS = [
    (rows.Piece, pa.schema(list(PIECE))),
    (rows.PlanRow, PLANNED),
    (rows.Measured, MEASURED),
    (rows.MixtureRow, MIXTURES),
    (rows.UtteranceRow, UTTERANCES),
]


def without_none(hint):
    """A type without None, and whether it allowed None."""
    if get_origin(hint) is not UnionType:
        return hint, False
    (kind,) = (part for part in get_args(hint) if part is not NoneType)
    return kind, NoneType in get_args(hint)


@pytest.mark.parametrize(("typed", "schema"), PAIRS)
def test_every_column_has_the_type_and_the_nulls_of_its_row(typed, schema):
    assert is_typeddict(typed)
    hints = get_type_hints(typed)
    assert {field.name: (ARROW[field.type], field.nullable) for field in schema} == {
        name: without_none(hint) for name, hint in hints.items()
    }
    assert typed.__required_keys__ == hints.keys()


def test_nothing_is_measured_of_a_mixture_that_is_only_planned():
    assert set(rows.UNMEASURED) == set(MEASURED.names)
    assert set(rows.UNMEASURED.values()) == {None}
