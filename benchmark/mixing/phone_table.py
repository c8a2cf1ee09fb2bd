"""The table of phones in a prepared corpus, beside its manifest.

    DIR/phones.parquet      one row a segment: utterance, phone, class, start and end in seconds

The table is optional: a corpus is the same corpus with and without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmark.errors import ManifestError
from benchmark.files import replacing
from benchmark.formats.phones import checked
from benchmark.mixing.manifest import open_parquet
from benchmark.mixing.table_hash import content_hash
from benchmark.types import Segment

FILE_NAME = "phones.parquet"
TABLE = pa.schema(
    [
        pa.field("utterance_id", pa.string(), nullable=False),
        pa.field("phone", pa.string(), nullable=False),  # in the symbols of the corpus; "" for silence
        pa.field("phone_class", pa.string(), nullable=False),  # of CLASSES; "" for none
        pa.field("start_s", pa.float64(), nullable=False),
        pa.field("end_s", pa.float64(), nullable=False),
    ]
)
Labels = Mapping[str, Sequence[Segment]]


def labels_hash(labels: Labels) -> str:
    """SHA-256 of the content; it does not depend on order or on what wrote the file."""
    return content_hash([{"key": key, "segments": labels[key]} for key in sorted(labels)], "key")


def write_labels(path: Path, labels: Labels) -> None:
    """Writes the phones of utterances, whole or not at all.

    Args:
        path: Usually FILE_NAME in a prepared corpus.
        labels: Utterance id to segments.

    Raises:
        ManifestError: Segments cannot be right.
    """
    whole = {key: checked(labels[key], f"{path}: {key}") for key in sorted(labels) if labels[key]}
    table = pa.Table.from_pylist(list(_rows(whole)), schema=TABLE)
    facts = {"sinbad.kind": "phones", "sinbad.content_sha256": labels_hash(whole)}
    with replacing(path) as temporary:
        pq.write_table(table.replace_schema_metadata(facts), temporary, compression="zstd")


def read_labels(path: Path) -> dict[str, tuple[Segment, ...]]:
    """Utterance id to segments, in the order in which they were written.

    Raises:
        ManifestError: The table is missing, damaged, edited or of another kind.
    """
    table = open_parquet(path)
    facts = table.schema.metadata or {}
    if facts.get(b"sinbad.kind") != b"phones" or not table.schema.equals(TABLE):
        raise ManifestError(f"{path}: is not a table of phones of this version; delete it and prepare again")
    found: dict[str, list[Segment]] = {}
    for row in table.to_pylist():
        found.setdefault(row.pop("utterance_id"), []).append(Segment(**row))
    labels = {key: tuple(segments) for key, segments in found.items()}
    if labels_hash(labels) != facts.get(b"sinbad.content_sha256", b"").decode():
        raise ManifestError(
            f"{path}: its content does not match its stored hash; it was edited or damaged; "
            "delete it and prepare again"
        )
    return {key: checked(segments, f"{path}: {key}") for key, segments in labels.items()}


def _rows(labels: Labels) -> Iterator[dict[str, Any]]:
    for key, segments in labels.items():
        for item in segments:
            yield {"utterance_id": key, **item._asdict()}
