"""What all exports need of a prepared corpus: its rendered mixtures, and their targets as plain arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import ManifestError
from benchmark.mixing.audio_store import AudioFiles
from benchmark.mixing.layout import audio_path
from benchmark.mixing.rows import MixtureRow
from benchmark.prepared.corpus import PreparedCorpus

#: Columns of the manifest that say under which condition a mixture was made.
CONDITION = (
    "noise_kind",
    "noise_category",
    "noise_source",
    "noise_seen",
    "talkers",
    "voices",
    "snr_db",
    "common_gain_db",
)


def rendered(corpus: PreparedCorpus, split: str) -> list[MixtureRow]:
    """The mixtures of a split, by id.

    Raises:
        ManifestError: There are none, or no audio was made of them.
    """
    rows = corpus.of_split(split)
    if rows[0]["pcm_sha256"] is None:
        raise ManifestError(f"{corpus.folder}: is only planned; prepare it without --plan-only")
    return rows


def audio_file(corpus: PreparedCorpus, mixture_id: str) -> Path:
    """The absolute path of the audio of a mixture.

    Raises:
        ManifestError: It has no file of its own.
    """
    if not isinstance(corpus.audio, AudioFiles):
        raise ManifestError(
            f"{corpus.folder}: its audio lies in shards, and this export refers to files; export it --to "
            "huggingface, or prepare it with --layout files into another folder"
        )
    return audio_path(corpus.folder.absolute(), mixture_id)


def plain_targets(corpus: PreparedCorpus, utterance_id: str) -> NDArray[np.float32]:
    """Targets, float32, shape (frames, channels), 100 Hz; NaN where one was not observed."""
    targets = corpus.targets(utterance_id)
    return np.where(targets.valid, targets.values, np.float32(np.nan)).astype(np.float32)
