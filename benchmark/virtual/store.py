"""A virtual corpus on disk.

DIR/corpus.json             what it is, whose it is, its content hash
DIR/utterances.parquet      one row an utterance: text, phones in time, hashes
DIR/speakers.parquet        one row a voice: size, pitch, role, palate and pharynx
DIR/audio/VOICE/U001.flac   16 kHz, 16 bit
DIR/trajectories/VOICE.parquet  one row a frame; channels are null where they are undefined

The identity of audio is the hash of its samples, of articulation the hash of its numbers; the bytes of FLAC
and Parquet files may differ between versions of their writers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmark.errors import CorpusError
from benchmark.files import replacing, write_text
from benchmark.virtual.pellets import CHANNELS, RATE_HZ

PHONE = pa.struct(
    [
        pa.field("symbol", pa.string(), nullable=False),  # SAMPA; "" is silence
        pa.field("start_s", pa.float64(), nullable=False),
        pa.field("end_s", pa.float64(), nullable=False),
    ]
)
UTTERANCES = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("speaker", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),  # train, dev, test or babble
        pa.field("text", pa.string(), nullable=False),
        pa.field("phones", pa.list_(PHONE), nullable=False),
        pa.field("duration_s", pa.float64(), nullable=False),
        pa.field("pcm_sha256", pa.string(), nullable=False),
        pa.field("trajectory_sha256", pa.string(), nullable=False),
        pa.field("fingerprint", pa.string(), nullable=False),  # of everything that went into it
    ]
)
_OUTLINE = pa.list_(pa.list_(pa.float64()))  # points, each x and y in millimetres
SPEAKERS = pa.schema(
    [
        pa.field("speaker", pa.string(), nullable=False),
        pa.field("role", pa.string(), nullable=False),  # target or babble
        pa.field("split", pa.string(), nullable=False),  # train, dev, test or babble
        pa.field(
            "babble_split", pa.string(), nullable=False
        ),  # of babble voices: train, dev or test; else ""
        pa.field("sex", pa.string(), nullable=False),
        pa.field("scale", pa.float64(), nullable=False),  # of the vocal tract
        pa.field("f0_hz", pa.float64(), nullable=False),
        pa.field("range_st", pa.float64(), nullable=False),
        pa.field("tempo", pa.float64(), nullable=False),
        pa.field("tau_ms", pa.float64(), nullable=False),
        pa.field("breathiness", pa.float64(), nullable=False),
        pa.field("palate", _OUTLINE, nullable=False),
        pa.field("pharynx", _OUTLINE, nullable=False),
    ]
)
TRAJECTORIES = pa.schema(
    [
        pa.field("utterance_id", pa.string(), nullable=False),
        pa.field("frame", pa.int32(), nullable=False),
        *(pa.field(channel, pa.float32()) for channel in CHANNELS),
    ]
)
# A third smaller than the defaults: neighbouring frames differ in their low bytes only.
_COMPACT: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 9,
    "use_dictionary": ["utterance_id"],
    "write_statistics": ["utterance_id"],
    "column_encoding": {"frame": "DELTA_BINARY_PACKED", **dict.fromkeys(CHANNELS, "BYTE_STREAM_SPLIT")},
}
INFO, UTTERANCE_TABLE, SPEAKER_TABLE = "corpus.json", "utterances.parquet", "speakers.parquet"
_KIND = "sinbad virtual corpus"


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Articulation of one utterance.

    Attributes:
        values: float32, shape (frames, channels), in the units of `pellets.UNITS`.
        valid: bool, same shape.
    """

    values: NDArray[np.float32]
    valid: NDArray[np.bool_]

    @property
    def sha256(self) -> str:
        """Hash of the numbers: little-endian float32, zero where undefined, then the mask."""
        digest = hashlib.sha256(np.where(self.valid, self.values, 0.0).astype("<f4").tobytes())
        digest.update(self.valid.astype(np.uint8).tobytes())
        return digest.hexdigest()


def audio_path(root: Path, utterance_id: str) -> Path:
    """Where the sound of an utterance lies."""
    return root / "audio" / f"{utterance_id}.flac"


def tracks_path(root: Path, speaker: str) -> Path:
    """Where the articulation of a voice lies."""
    return root / "trajectories" / f"{speaker}.parquet"


def write_tracks(path: Path, tracks: Mapping[str, Track]) -> None:
    """Writes the articulation of one voice, a row group an utterance.

    Args:
        path: See `tracks_path`.
        tracks: Utterance id to articulation.
    """
    with (
        replacing(path) as temporary,
        pq.ParquetWriter(temporary, TRAJECTORIES, **_COMPACT) as writer,
    ):
        for utterance_id, track in sorted(tracks.items()):
            frames = len(track.values)
            columns = [
                pa.array([utterance_id] * frames),
                pa.array(np.arange(frames, dtype=np.int32)),
                *(pa.array(track.values[:, c], mask=~track.valid[:, c]) for c in range(len(CHANNELS))),
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=TRAJECTORIES))


def read_track(path: Path, utterance_id: str) -> Track:
    """The articulation of one utterance.

    Raises:
        CorpusError: The file is missing or damaged, or does not hold the utterance.
    """
    if not path.is_file():
        raise CorpusError(f"{path}: missing; make the corpus again")
    try:
        group = _groups(path, path.stat().st_mtime_ns).get(utterance_id)
        if group is None:
            raise CorpusError(f"{path}: has no trajectories of {utterance_id}; make the corpus again")
        with pq.ParquetFile(path) as file:
            _check_schema(path, file.schema_arrow, TRAJECTORIES)
            table = file.read_row_group(group)
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(path, error) from error
    columns = [table.column(channel).combine_chunks() for channel in CHANNELS]
    values = [column.fill_null(0.0).to_numpy(zero_copy_only=False) for column in columns]
    valid = [column.is_valid().to_numpy(zero_copy_only=False) for column in columns]
    return Track(np.stack(values, axis=1), np.stack(valid, axis=1))


@lru_cache(maxsize=64)
def _groups(path: Path, _changed_ns: int) -> dict[str, int]:
    with pq.ParquetFile(path) as file:
        found = [
            file.read_row_group(i, columns=["utterance_id"]).column(0) for i in range(file.num_row_groups)
        ]
    return {column[0].as_py(): i for i, column in enumerate(found) if len(column)}


def write_rows(path: Path, schema: pa.Schema, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes a table whole or not at all."""
    table = pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_rows(path: Path, schema: pa.Schema) -> list[dict[str, Any]]:
    """The rows of a table.

    Raises:
        CorpusError: It is missing, damaged or another table.
    """
    if not path.is_file():
        raise CorpusError(f"{path}: missing; make the corpus with `python -m benchmark.synthesise`")
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(path, error) from error
    _check_schema(path, table.schema, schema)
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def content_hash(utterances: Sequence[Mapping[str, Any]], speakers: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 of both tables' content, which holds the hash of every sample and every frame."""
    rows = [
        *sorted(utterances, key=lambda row: str(row["id"])),
        *sorted(speakers, key=lambda row: str(row["speaker"])),
    ]
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def write_info(root: Path, facts: Mapping[str, Any]) -> None:
    """Writes corpus.json."""
    write_text(root / INFO, json.dumps({"kind": _KIND, **facts}, indent=2) + "\n")


def read_info(root: Path) -> dict[str, Any]:
    """Reads corpus.json.

    Raises:
        CorpusError: There is none, or it is something else.
    """
    path = root / INFO
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CorpusError(
            f"{path}: cannot be read ({error.strerror}); this folder holds no virtual corpus, "
            "make one with `python -m benchmark.synthesise`"
        ) from error
    except ValueError as error:
        raise CorpusError(f"{path}: not JSON ({error}); make the corpus again") from error
    if not isinstance(facts, dict) or facts.get("kind") != _KIND:
        raise CorpusError(f"{path}: not the description of a virtual corpus")
    rate = facts.get("trajectory_rate_hz")
    if rate != RATE_HZ:
        raise CorpusError(f"{path}: trajectory_rate_hz is {rate}, expected {RATE_HZ}; make the corpus again")
    return facts


def _check_schema(path: Path, found: pa.Schema, expected: pa.Schema) -> None:
    missing = [name for name in expected.names if name not in found.names]
    if missing:
        raise CorpusError(f"{path}: has no column {', '.join(missing)}; it is a table of another kind")


def _unreadable(path: Path, error: Exception) -> CorpusError:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return CorpusError(f"{path}: cannot be read as Parquet ({reason}); make the corpus again")
