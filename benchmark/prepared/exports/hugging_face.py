"""Exports for Hugging Face `datasets`: Parquet files with the audio inside, and a card.

OUT/README.md OUT/data/SPLIT-00000-of-00002.parquet    datasets.load_dataset("OUT")
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmark import corpora
from benchmark.files import replacing, write_text
from benchmark.mixing.audio_store import AUDIO, schema_for_datasets
from benchmark.mixing.rows import MixtureRow
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.prepared.exports.rendered import CONDITION, plain_targets, rendered

#: Bytes of audio in a file, and rows that are read at once.
_FILE_BYTES = 400_000_000
_ROWS = 64
_TEXT = ("mixture_id", "utterance_id", "speaker", "split")
_KINDS = {
    "noise_seen": pa.bool_(),
    "talkers": pa.int32(),
    "voices": pa.int32(),
    "snr_db": pa.float64(),
    "common_gain_db": pa.float64(),
}
_FIELDS: dict[str, pa.DataType] = {
    "audio": AUDIO,
    **dict.fromkeys(_TEXT, pa.string()),
    "prompt": pa.string(),
    **{name: _KINDS.get(name, pa.string()) for name in CONDITION},
    "targets": pa.list_(pa.list_(pa.float32())),
}


def write(corpus: PreparedCorpus, out: Path, splits: list[str]) -> list[Path]:
    """Writes the card, and the files of each split."""
    names = corpus.facts["targets"].split(",")
    written = []
    for split in splits:
        files = list(_files(corpus, rendered(corpus, split)))
        for number, rows in enumerate(files):
            path = out / "data" / f"{split}-{number:05d}-of-{len(files):05d}.parquet"
            with (
                replacing(path) as temporary,
                pq.ParquetWriter(temporary, _schema(names), compression="none") as writer,
            ):
                for start in range(0, len(rows), _ROWS):
                    some = [_row(corpus, row) for row in rows[start : start + _ROWS]]
                    writer.write_table(pa.Table.from_pylist(some, schema=_schema(names)))
            written.append(path)
    write_text(out / "README.md", _card(corpus, splits, names))
    return written


def _files(corpus: PreparedCorpus, rows: Sequence[MixtureRow]) -> Iterator[list[MixtureRow]]:
    """Rows that go into one file each."""
    file: list[MixtureRow] = []
    size = 0
    for row in rows:
        file.append(row)
        size += len(corpus.encoded(row["mixture_id"]))
        if size > _FILE_BYTES:
            yield file
            file, size = [], 0
    if file:
        yield file


def _row(corpus: PreparedCorpus, row: MixtureRow) -> dict[str, Any]:
    key = row["utterance_id"]
    return {
        "audio": {
            "bytes": corpus.encoded(row["mixture_id"]),
            "path": f"{row['mixture_id']}.flac",
        },
        **{name: row[name] for name in (*_TEXT, *CONDITION)},  # type: ignore[literal-required]
        "prompt": corpus.utterances[key]["prompt"],
        "targets": list(plain_targets(corpus, key)),
    }


def _schema(names: Sequence[str]) -> pa.Schema:
    """The columns, with what `datasets` has to know, and which targets there are."""
    values = {"feature": {"dtype": "float32", "_type": "Value"}, "_type": "List"}
    targets = {"targets": {"feature": values, "_type": "List"}}
    return schema_for_datasets(_FIELDS, targets, {"targets": ",".join(names)})


def _card(corpus: PreparedCorpus, splits: Sequence[str], names: Sequence[str]) -> str:
    speech = corpora.get(corpus.recipe.speech.corpus)
    files = "".join(f"  - split: {split}\n    path: data/{split}-*.parquet\n" for split in splits)
    return (
        "---\n"
        f"pretty_name: {corpus.recipe.name}\n"
        "configs:\n- config_name: default\n  data_files:\n"
        f"{files}"
        "---\n\n"
        f"# {corpus.recipe.name}, version {corpus.recipe.version}\n\n"
        f"Made from {speech.title} by SINBAD; content {corpus.facts['content_sha256']}.\n\n"
        f"- Licence of the speech: {speech.licence}\n"
        f"- Cite: {speech.citation}\n"
        f"- `targets`: 100 frames a second of {', '.join(names)}; NaN where one was not observed.\n"
        "- The clean speech of a mixture is the row of the same `utterance_id` whose `noise_kind` is "
        "`clean`, at the level before `common_gain_db`.\n"
    )
