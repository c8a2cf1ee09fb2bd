"""Target trajectories on disk, one file a speaker."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmark.errors import ManifestError
from benchmark.files import fetched, replacing
from benchmark.types import Trajectories


def targets_sha256(targets: Trajectories) -> str:
    """Identity of trajectories: names, rate, and the values that are valid."""
    digest = hashlib.sha256(f"{','.join(targets.names)};{targets.rate_hz:g};{len(targets.values)};".encode())
    digest.update(np.ascontiguousarray(np.where(targets.valid, targets.values, 0), dtype="<f4").tobytes())
    digest.update(np.packbits(targets.valid).tobytes())
    return digest.hexdigest()


def write_trajectories(
    path: Path, targets: Mapping[str, Trajectories], facts: Mapping[str, str] | None = None
) -> None:
    """Writes the targets of one speaker: a row for each frame, a column for each parameter.

    Values that were not observed are null.

    Args:
        path: File to write.
        targets: Utterance id to trajectories of one rate and the same parameters.
        facts: How they were made, for the file's metadata; no part of their identity.
    """
    names = next(iter(targets.values())).names
    rates = {item.rate_hz for item in targets.values()}
    if len(rates) != 1:
        raise ManifestError(f"{path}: the utterances have different frame rates {sorted(rates)}")
    order = sorted(targets)
    lengths = [len(targets[key].values) for key in order]
    values = np.concatenate([targets[key].values for key in order])
    valid = np.concatenate([targets[key].valid for key in order])
    columns: dict[str, pa.Array] = {
        "utterance_id": pa.array(np.repeat(order, lengths)).dictionary_encode(),
        "frame": pa.array(np.concatenate([np.arange(length) for length in lengths]), pa.int32()),
    }
    for i, name in enumerate(names):
        columns[name] = pa.array(values[:, i], pa.float32(), mask=~valid[:, i])
    metadata = {**(facts or {}), "rate_hz": repr(rates.pop())}
    table = pa.table(columns).replace_schema_metadata(
        {f"sinbad.{name}": text for name, text in metadata.items()}
    )
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_trajectories(path: Path) -> dict[str, Trajectories]:
    """Reads a file of `write_trajectories`: utterance id to trajectories.

    Raises:
        ManifestError: It is missing or damaged.
    """
    if not path.is_file():
        raise ManifestError(f"{path}: missing; prepare the corpus again")
    try:
        with fetched(path) as here:
            table = pq.read_table(here)
        rate_hz = float(table.schema.metadata[b"sinbad.rate_hz"])
        names = tuple(name for name in table.schema.names if name not in {"utterance_id", "frame"})
        valid = np.column_stack([table[name].is_valid().to_numpy() for name in names])
        values = np.column_stack([table[name].fill_null(0.0).to_numpy() for name in names]).astype(np.float32)
        ids = np.asarray(table["utterance_id"].to_pylist(), dtype=object)
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise ManifestError(
            f"{path}: is not a readable table of trajectories ({error}); prepare the corpus again"
        ) from error
    starts = np.flatnonzero(np.concatenate([[True], ids[1:] != ids[:-1]])) if len(ids) else np.zeros(0, int)
    ends = np.append(starts[1:], len(ids))
    return {
        str(ids[start]): Trajectories(values[start:end], rate_hz, names, valid[start:end])
        for start, end in zip(starts, ends, strict=True)
    }
