"""Scores by class of phone, stored in `RESULTS/RECIPE/MODEL/phone_scores.parquet`.

The file names the scores and the labels that it belongs to, so that it cannot stand beside others; nothing in
the card or in `scores.parquet` depends on it. Values are float32: there are many of them, and no one needs
their eighth digit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmark.errors import StandingsError
from benchmark.files import replacing
from benchmark.scoring.score_rows import add_numbers, add_words, write_small
from benchmark.scoring.untrusted import parse_json, read_table

PHONE_SCORES = pa.schema(
    [
        pa.field("mixture_id", pa.string(), nullable=False),
        pa.field("phone_class", pa.string(), nullable=False),
        pa.field("measure", pa.string(), nullable=False),
        pa.field("parameter", pa.string(), nullable=False),
        pa.field("value", pa.float32()),  # null if left out; the measure's worst value if failed
        pa.field("status", pa.string(), nullable=False),  # ok, failed, left_out
        pa.field("reason", pa.string(), nullable=False),
    ]
)
#: In the folder of a result; a prepared corpus keeps its labels in another file.
FILE_NAME = "phone_scores.parquet"
_KEY = [(name, "ascending") for name in ("mixture_id", "phone_class", "measure", "parameter")]
_WORDS = [name for name in PHONE_SCORES.names if name != "value"]


@dataclass(frozen=True, slots=True, eq=False)
class PhoneScores:
    """Scores by class of phone of one result.

    Attributes:
        table: In the schema `PHONE_SCORES`, sorted by mixture, class, measure and parameter.
        measures: Name of each measure to its version.
        labels_sha256: Hash of the phones of the split, see `PreparedCorpus.labels_hash`.
        scores_sha256: Hash of the scores of whole utterances that were made from the same predictions; ""
            before they are stored.
    """

    table: pa.Table = field(repr=False)
    measures: Mapping[str, str]
    labels_sha256: str
    scores_sha256: str = ""

    @classmethod
    def of(
        cls, rows: Sequence[Mapping[str, Any]], measures: Mapping[str, str], labels_sha256: str
    ) -> PhoneScores:
        """Packs rows, in any order."""
        table = pa.Table.from_pylist([dict(row) for row in rows], schema=PHONE_SCORES)
        return cls(table.sort_by(_KEY), measures, labels_sha256)

    @property
    def facts(self) -> dict[str, str]:
        """What is stored beside the table."""
        return {
            "measures": json.dumps(dict(self.measures), sort_keys=True),
            "labels_sha256": self.labels_sha256,
            "scores_sha256": self.scores_sha256,
        }

    @property
    def content_sha256(self) -> str:
        """Hash of table and facts; it does not depend on what wrote the file."""
        digest = hashlib.sha256(json.dumps(self.facts, sort_keys=True).encode())
        add_words(digest, self.table, _WORDS)
        add_numbers(digest, self.table, "value", "<f4")
        return digest.hexdigest()


def write_phone_scores(folder: Path, scores: PhoneScores) -> None:
    """Writes the scores by class of phone of one result into its folder."""
    facts = {f"sinbad.{name}": text for name, text in scores.facts.items()}
    facts["sinbad.content_sha256"] = scores.content_sha256
    with replacing(folder / FILE_NAME) as temporary:
        write_small(scores.table.replace_schema_metadata(facts), temporary)


def read_phone_scores(folder: Path) -> PhoneScores | None:
    """Opens the scores by class of phone of one result; None if there are none.

    Raises:
        StandingsError: The file is damaged, or was edited.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        return None
    try:
        table = read_table(path, PHONE_SCORES)
        facts = {name.decode(): text.decode() for name, text in (table.schema.metadata or {}).items()}
        measures = parse_json(facts["sinbad.measures"].encode(), str(path))
        found = PhoneScores(
            table.replace_schema_metadata(None),
            {str(name): str(version) for name, version in measures.items()},
            facts["sinbad.labels_sha256"],
            facts["sinbad.scores_sha256"],
        )
    except (UnicodeError, KeyError, AttributeError) as error:
        raise StandingsError(
            f"{folder}: its scores by phone class cannot be read ({error}); score the model again"
        ) from error
    if found.content_sha256 != facts.get("sinbad.content_sha256"):
        raise StandingsError(
            f"{folder}: its scores by phone class do not match their hash; they were edited or "
            "damaged. Score the model again"
        )
    return found
