"""pandas, or anything that reads Parquet: one flat table, a row a mixture, with the paths of its files.

OUT/mixtures.parquet       pandas.read_parquet(...)
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchmark.files import replacing
from benchmark.mixing.layout import trajectories_path
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.prepared.exports.rendered import audio_file, rendered


def write(corpus: PreparedCorpus, out: Path, splits: list[str]) -> list[Path]:
    """Writes the table of `frame`."""
    path = out / "mixtures.parquet"
    whole = frame(corpus, splits)
    with replacing(path) as temporary:
        whole.to_parquet(temporary)
    return [path]


def frame(corpus: PreparedCorpus, splits: list[str]) -> pd.DataFrame:
    """A row a mixture: the columns of the manifest without the pieces of noise, prompt, and absolute paths.

    Args:
        corpus: Prepared, with audio.
        splits: Which splits, one below the other.
    """
    rows = [row for split in splits for row in rendered(corpus, split)]
    mixtures = pd.DataFrame.from_records([dict(row) for row in rows], index="mixture_id", exclude=["pieces"])
    # Columns that may be null stay whole numbers and truth values.
    mixtures = mixtures.astype({"noise_seen": "boolean", "talkers": "Int32", "voices": "Int32"})
    folder = corpus.folder.absolute()
    return mixtures.assign(
        prompt=[corpus.utterances[row["utterance_id"]]["prompt"] for row in rows],
        audio_path=[str(audio_file(corpus, row["mixture_id"])) for row in rows],
        clean_path=[str(audio_file(corpus, f"clean/{row['utterance_id']}")) for row in rows],
        trajectories_path=[str(trajectories_path(folder, row["speaker"])) for row in rows],
    )
