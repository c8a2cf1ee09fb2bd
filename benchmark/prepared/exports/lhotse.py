"""lhotse: one lazily read CutSet a split.

    OUT/cuts_SPLIT.jsonl.gz    CutSet.from_jsonl_lazy(...)
    OUT/targets/UTTERANCE.npy  read by cut.load_targets()

A cut is a mixture. Its supervision names the prompt and the speaker; `cut.clean` is the recording of the
clean speech, at the level before `common_gain_db`; `cut.snr_db`, `cut.noise_kind` ... are the condition.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.files import replacing
from benchmark.mixing.rows import MixtureRow
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.prepared.exports.rendered import CONDITION, audio_file, plain_targets, rendered
from benchmark.types import RATE_HZ


def write(corpus: PreparedCorpus, out: Path, splits: list[str]) -> list[Path]:
    """Writes a CutSet for each split, and the targets beside it."""
    written = []
    for split in splits:
        rows = rendered(corpus, split)
        targets = {key: _targets(corpus, out, key) for key in {row["utterance_id"] for row in rows}}
        path = out / f"cuts_{split}.jsonl.gz"
        with (
            replacing(path) as temporary,
            temporary.open("wb") as raw,
            # Without the time of writing: the same corpus gives the same file.
            gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as stream,
        ):
            for row in rows:
                line = json.dumps(_cut(corpus, row, targets[row["utterance_id"]]), ensure_ascii=False)
                stream.write(line.encode() + b"\n")
        written.append(path)
    return written


def _cut(corpus: PreparedCorpus, row: MixtureRow, targets: dict[str, Any]) -> dict[str, Any]:
    duration = row["samples"] / RATE_HZ
    supervision = {
        "id": row["mixture_id"],
        "recording_id": row["mixture_id"],
        "start": 0.0,
        "duration": duration,
        "channel": 0,
        "text": corpus.utterances[row["utterance_id"]]["prompt"],
        "speaker": row["speaker"],
    }
    custom: dict[str, Any] = {name: row[name] for name in CONDITION}  # type: ignore[literal-required]
    return {
        "id": row["mixture_id"],
        "start": 0.0,
        "duration": duration,
        "channel": 0,
        "supervisions": [supervision],
        "recording": _recording(corpus, row["mixture_id"], row["samples"]),
        "custom": {
            **custom,
            "utterance_id": row["utterance_id"],
            "clean": _recording(corpus, f"clean/{row['utterance_id']}", row["samples"]),
            "targets": targets,
        },
        "type": "MonoCut",
    }


def _recording(corpus: PreparedCorpus, mixture_id: str, samples: int) -> dict[str, Any]:
    source = {"type": "file", "channels": [0], "source": str(audio_file(corpus, mixture_id))}
    return {
        "id": mixture_id,
        "sources": [source],
        "sampling_rate": RATE_HZ,
        "num_samples": samples,
        "duration": samples / RATE_HZ,
        "channel_ids": [0],
    }


def _targets(corpus: PreparedCorpus, out: Path, utterance_id: str) -> dict[str, Any]:
    """Stores the targets of an utterance and describes them as lhotse's TemporalArray."""
    values = plain_targets(corpus, utterance_id)
    with replacing(out / "targets" / f"{utterance_id}.npy") as temporary, temporary.open("wb") as stream:
        np.save(stream, values, allow_pickle=False)
    return {
        "array": {
            "storage_type": "numpy_files",
            "storage_path": str(out.absolute() / "targets"),
            "storage_key": f"{utterance_id}.npy",
            "shape": list(values.shape),
        },
        "temporal_dim": 0,
        "frame_shift": 1.0 / corpus.targets(utterance_id).rate_hz,
        "start": 0.0,
    }
