"""The committed manifest of a recipe, which results have to agree with; only what is asked for is read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import pyarrow.compute as pc

from benchmark.errors import ManifestError
from benchmark.mixing.layout import MANIFEST, UTTERANCES
from benchmark.mixing.manifest import open_parquet
from benchmark.mixing.phone_table import FILE_NAME, labels_hash, read_labels
from benchmark.mixing.rows import UtteranceRow
from benchmark.mixing.table_hash import split_hash
from benchmark.types import Segment

Row = Mapping[str, Any]
#: What scores repeat of the mixture that they are of.
DESCRIBING = ("utterance_id", "speaker", "noise_kind", "noise_category", "snr_db")


class Committed:
    """The manifest of one recipe as it comes with the package."""

    def __init__(self, folder: Path) -> None:
        """Opens the tables; rows are read later, a split at a time.

        Raises:
            ManifestError: A table is missing, damaged or of another version.
        """
        self.folder = folder
        self._table = open_parquet(folder / MANIFEST)
        if lacking := {"mixture_id", "split", *DESCRIBING} - set(self._table.schema.names):
            raise ManifestError(
                f"{folder / MANIFEST}: is not a table of mixtures of this version (it lacks "
                f"{min(lacking)}); prepare the corpus again"
            )
        self._utterances = open_parquet(folder / UTTERANCES)
        self._mixtures: dict[str, dict[str, Row]] = {}
        self._hashes: dict[str, str] = {}
        self._described: dict[str, dict[str, tuple[Any, ...]]] = {}

    @property
    def recipe_version(self) -> int | None:
        """The version of the recipe; None where the manifest does not say."""
        text = (self._table.schema.metadata or {}).get(b"sinbad.version", b"").decode()
        return int(text) if text.isdecimal() else None

    @cached_property
    def utterances(self) -> list[UtteranceRow]:
        """One row an utterance."""
        return cast(list[UtteranceRow], self._utterances.to_pylist())

    @property
    def splits(self) -> list[str]:
        """The splits that it holds."""
        return sorted(pc.unique(self._table["split"]).to_pylist())

    def mixtures(self, split: str) -> dict[str, Row]:
        """The mixtures of a split by their id; empty for a split that is not there."""
        if split not in self._mixtures:
            rows = self._table.filter(pc.field("split") == split).to_pylist()
            self._mixtures[split] = {row["mixture_id"]: row for row in rows}
        return self._mixtures[split]

    def described(self, split: str) -> dict[str, tuple[Any, ...]]:
        """What the manifest says of each mixture of a split: the columns `DESCRIBING`."""
        if split not in self._described:
            self._described[split] = {
                key: tuple(row[name] for name in DESCRIBING) for key, row in self.mixtures(split).items()
            }
        return self._described[split]

    def split_hash(self, split: str) -> str:
        """Hash of what a model is scored on, as `PreparedCorpus.split_hash`; "" for an unknown split."""
        if split not in self._hashes:
            names = self._utterances["utterance_id"].to_pylist()
            targets = dict(zip(names, self._utterances["targets_sha256"].to_pylist(), strict=True))
            rows = self.mixtures(split).values()
            self._hashes[split] = split_hash(rows, targets) if rows else ""
        return self._hashes[split]

    @cached_property
    def phones(self) -> Mapping[str, tuple[Segment, ...]]:
        """The phones in time of every utterance that is labelled."""
        path = self.folder / FILE_NAME
        return read_labels(path) if path.is_file() else {}

    def labels_hash(self, split: str) -> str:
        """Content hash of the phones of a split, as `PreparedCorpus.labels_hash` has it."""
        own = {row["utterance_id"] for row in self.mixtures(split).values()}
        labels = {key: segments for key, segments in self.phones.items() if key in own}
        known = any(item.phone_class for segments in labels.values() for item in segments)
        return labels_hash(labels) if known else ""
