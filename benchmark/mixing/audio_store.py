"""How the audio of a prepared corpus lies on disk: a file a mixture, or a Parquet shard an utterance.

    DIR/audio/babble/-5/UTTERANCE.flac      layout "files"
    DIR/shards/SPLIT/UTTERANCE.parquet      layout "shards": the FLAC bytes of all mixtures of the utterance

Shards are a tenth as many files, which object stores and file systems of clusters thank for, and Hugging Face
`datasets` reads them as they are. The samples, and so all hashes, are the same in both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from benchmark import audio
from benchmark.errors import CorpusError, ManifestError
from benchmark.files import fetched, replacing, write_bytes
from benchmark.mixing.layout import audio_path, shard_path
from benchmark.mixing.rows import MixtureRow, PlanRow
from benchmark.types import RATE_HZ, Clip

Layout = Literal["files", "shards"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)

_TEXT = ("mixture_id", "utterance_id", "speaker", "split", "noise_kind")
#: Audio as `datasets` reads it: the bytes of a file, and its name.
AUDIO = pa.struct([pa.field("bytes", pa.binary()), pa.field("path", pa.string())])
_AGAIN = "run `python -m benchmark.prepare` again on this folder to restore it"


class AudioStore(Protocol):
    """The audio of one prepared corpus. Picklable."""

    def path(self, row: PlanRow) -> Path:
        """The file that holds a mixture."""

    def encoded(self, row: PlanRow) -> bytes:
        """A mixture as the bytes of a FLAC file.

        Raises:
            CorpusError: It is missing, or what holds it is damaged.
        """

    def clip(self, row: PlanRow) -> Clip:
        """A mixture as float32 at 16 kHz.

        Raises:
            CorpusError: It is missing or damaged.
        """

    def holds_only(self, path: Path, mixture_ids: AbstractSet[str]) -> bool:
        """Whether a file that is there holds no other mixtures than these."""

    def write(self, made: Sequence[tuple[PlanRow, bytes]]) -> None:
        """Writes mixtures of one utterance, each with the bytes of its FLAC file.

        Raises:
            SinbadError: They cannot be written.
        """


@dataclass(frozen=True)
class AudioFiles:
    """A FLAC file a mixture."""

    folder: Path

    def path(self, row: PlanRow) -> Path:
        """See `AudioStore`."""
        return audio_path(self.folder, row["mixture_id"])

    def encoded(self, row: PlanRow) -> bytes:
        """See `AudioStore`."""
        try:
            return self.path(row).read_bytes()
        except OSError as error:
            raise CorpusError(f"{self.path(row)}: missing; {_AGAIN}") from error

    def clip(self, row: PlanRow) -> Clip:
        """See `AudioStore`."""
        path = self.path(row)
        if not path.is_file():
            raise CorpusError(f"{path}: missing; {_AGAIN}")
        with fetched(path) as here:
            return audio.read_clip(here)

    def holds_only(self, path: Path, mixture_ids: AbstractSet[str]) -> bool:
        """See `AudioStore`; a file is one mixture."""
        return True

    def write(self, made: Sequence[tuple[PlanRow, bytes]]) -> None:
        """See `AudioStore`."""
        for row, encoded in made:
            write_bytes(self.path(row), encoded)


@dataclass(frozen=True)
class AudioShards:
    """A Parquet file an utterance, a row group a mixture, so that one mixture is read without the others."""

    folder: Path

    def path(self, row: PlanRow) -> Path:
        """See `AudioStore`."""
        return shard_path(self.folder, row["split"], row["utterance_id"])

    def encoded(self, row: PlanRow) -> bytes:
        """See `AudioStore`."""
        path = self.path(row)
        if not path.is_file():
            raise CorpusError(f"{path}: missing; {_AGAIN}")
        try:
            groups = _groups(path, path.stat().st_mtime_ns)
            if row["mixture_id"] not in groups:
                raise CorpusError(f"{path}: lacks {row['mixture_id']}; {_AGAIN}")
            with path.open("rb") as stream, pq.ParquetFile(stream) as shard:
                (found,) = shard.read_row_group(groups[row["mixture_id"]]).to_pylist()
            encoded: bytes = found["audio"]["bytes"]
            if found != _shard_row(row, encoded):
                raise ValueError("its columns are not those of the mixture")
            return encoded
        except (pa.ArrowException, OSError, KeyError, IndexError, TypeError, ValueError) as error:
            raise CorpusError(f"{path}: is damaged ({error}); {_AGAIN}") from error

    def clip(self, row: PlanRow) -> Clip:
        """See `AudioStore`."""
        return audio.decoded(self.encoded(row), f"{self.path(row)}: {row['mixture_id']}")

    def holds_only(self, path: Path, mixture_ids: AbstractSet[str]) -> bool:
        """See `AudioStore`; not of a damaged one."""
        try:
            return _groups(path, path.stat().st_mtime_ns).keys() <= mixture_ids
        except (pa.ArrowException, OSError, KeyError, ValueError):
            return False

    def write(self, made: Sequence[tuple[PlanRow, bytes]]) -> None:
        """See `AudioStore`; other mixtures of the utterance that are there stay."""
        if not made:
            return
        path = self.path(made[0][0])
        there = _rows(path) | {row["mixture_id"]: _shard_row(row, encoded) for row, encoded in made}
        table = pa.Table.from_pylist([there[key] for key in sorted(there)], schema=_SCHEMA)
        with replacing(path) as temporary:
            pq.write_table(table, temporary, compression="none", row_group_size=1)


def audio_store(folder: Path, wanted: Layout | None = None) -> AudioStore:
    """The audio of a prepared corpus, in the layout that it has.

    Args:
        folder: The corpus, or where it is going to be.
        wanted: How it shall lie; None for what is there, files where nothing is.

    Raises:
        ManifestError: It lies otherwise.
    """
    there: Layout | None = None
    if (folder / "shards").is_dir():
        there = "shards"
    elif (folder / "audio").is_dir():
        there = "files"
    if wanted and there and wanted != there:
        raise ManifestError(
            f"{folder}: was prepared with --layout {there}; choose another folder with --out, or delete it"
        )
    return AudioShards(folder) if "shards" in (wanted, there) else AudioFiles(folder)


def samples_match(store: AudioStore, row: MixtureRow) -> bool:
    """Whether the audio of a row is there with the samples that the row says."""
    try:
        clip = store.clip(row)
    except CorpusError:
        return False
    return audio.pcm_sha256(audio.pcm16(clip.samples)) == str(row["pcm_sha256"])


def _rows(path: Path) -> dict[str, dict[str, object]]:
    """The rows of a shard by mixture id; none where it is missing or damaged: they are rendered again."""
    with suppress(pa.ArrowException, OSError):
        with path.open("rb") as stream:
            table = pq.read_table(stream)
        if table.schema.equals(_SCHEMA) and not table["mixture_id"].null_count:
            return {row["mixture_id"]: row for row in table.to_pylist()}
    return {}


@lru_cache(maxsize=256)
def _groups(path: Path, changed_ns: int) -> dict[str, int]:
    """Mixture id to its row group; kept per file and time of change."""
    with path.open("rb") as stream:
        ids = pq.read_table(stream, columns=["mixture_id"])["mixture_id"].to_pylist()
    if None in ids or len(set(ids)) < len(ids):
        raise ValueError("it holds a mixture twice, or one without a name")
    return {str(key): i for i, key in enumerate(ids)}


def _shard_row(row: PlanRow, encoded: bytes) -> dict[str, object]:
    name = row["mixture_id"]
    facts: dict[str, object] = {key: row[key] for key in _TEXT}  # type: ignore[literal-required]
    return {**facts, "snr_db": row["snr_db"], "audio": {"bytes": encoded, "path": f"{name}.flac"}}


def schema_for_datasets(
    fields: Mapping[str, pa.DataType],
    features: Mapping[str, Any] | None = None,
    facts: Mapping[str, str] | None = None,
) -> pa.Schema:
    """A schema with what Hugging Face `datasets` has to know of its columns: which one is audio.

    Args:
        fields: Columns; "audio" is of the type `AUDIO`.
        features: What `datasets` is told of those columns that are neither audio nor plain values.
        facts: Further metadata.
    """
    told: dict[str, Any] = {
        name: {"dtype": str(kind).replace("double", "float64"), "_type": "Value"}
        for name, kind in fields.items()
    }
    told["audio"] = {"sampling_rate": RATE_HZ, "_type": "Audio"}
    info = json.dumps({"info": {"features": {**told, **(features or {})}}})
    return pa.schema(
        [pa.field(name, kind) for name, kind in fields.items()], {"huggingface": info, **(facts or {})}
    )


_SCHEMA = schema_for_datasets({**dict.fromkeys(_TEXT, pa.string()), "snr_db": pa.float64(), "audio": AUDIO})
