"""Kaldi: one data directory a split.

    OUT/SPLIT/wav.scp clean.scp text utt2spk spk2utt utt2dur utt2cond targets.scp targets.ark

Ids are "SPEAKER-RECORDING--CONDITION", so that they sort by speaker as Kaldi wants it. `wav.scp` and
`clean.scp` pipe each FLAC file through `flac`; `targets.ark` holds float matrices of 100 frames a second, NaN
where a target was not observed.
"""

from __future__ import annotations

import shlex
import struct
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.files import replacing, write_text
from benchmark.mixing.rows import MixtureRow
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.prepared.exports.rendered import audio_file, plain_targets, rendered
from benchmark.types import RATE_HZ


def write(corpus: PreparedCorpus, out: Path, splits: list[str]) -> list[Path]:
    """Writes a data directory for each split."""
    for split in splits:
        # Kaldi sorts by bytes, as with LC_ALL=C.
        rows = sorted(rendered(corpus, split), key=lambda row: _id(row).encode())
        folder = out / split
        _list(folder / "wav.scp", {_id(row): _piped(corpus, row["mixture_id"]) for row in rows})
        _list(
            folder / "clean.scp", {_id(row): _piped(corpus, f"clean/{row['utterance_id']}") for row in rows}
        )
        _list(folder / "text", {_id(row): corpus.utterances[row["utterance_id"]]["prompt"] for row in rows})
        _list(folder / "utt2spk", {_id(row): row["speaker"] for row in rows})
        _list(folder / "utt2dur", {_id(row): f"{row['samples'] / RATE_HZ:.6f}" for row in rows})
        _list(folder / "utt2cond", {_id(row): _condition(row) for row in rows})
        speakers = defaultdict(list)
        for row in rows:
            speakers[row["speaker"]].append(_id(row))
        _list(folder / "spk2utt", {key: " ".join(speakers[key]) for key in sorted(speakers, key=str.encode)})
        _write_targets(corpus, folder, rows)
    return [out / split for split in splits]


def _id(row: MixtureRow) -> str:
    recording = row["utterance_id"].removeprefix(f"{row['speaker']}/")
    return f"{row['speaker']}-{recording}--{_condition(row)}".replace("/", "-")


def _condition(row: MixtureRow) -> str:
    return row["mixture_id"].removesuffix(f"/{row['utterance_id']}").replace("/", "_")


def _piped(corpus: PreparedCorpus, mixture_id: str) -> str:
    return f"flac -c -d -s {shlex.quote(str(audio_file(corpus, mixture_id)))} |"


def _list(path: Path, lines: dict[str, str]) -> None:
    write_text(path, "".join(f"{key} {text}".rstrip() + "\n" for key, text in lines.items()))


def _write_targets(corpus: PreparedCorpus, folder: Path, rows: list[MixtureRow]) -> None:
    places = {}
    ark = folder / "targets.ark"
    with replacing(ark) as temporary, temporary.open("wb") as stream:
        for key in sorted({row["utterance_id"] for row in rows}):
            stream.write(f"{key.replace('/', '-')} ".encode())
            places[key] = stream.tell()
            stream.write(_matrix(plain_targets(corpus, key)))
    _list(
        folder / "targets.scp", {_id(row): f"{ark.absolute()}:{places[row['utterance_id']]}" for row in rows}
    )


def _matrix(values: NDArray[np.float32]) -> bytes:
    """A matrix in Kaldi's binary format: its mark, rows, columns (each after the byte 4), then the values."""
    head = b"\0BFM \4" + struct.pack("<i", len(values)) + b"\4" + struct.pack("<i", values.shape[1])
    return head + np.ascontiguousarray(values, "<f4").tobytes()
