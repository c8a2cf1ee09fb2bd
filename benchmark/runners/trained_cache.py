"""Keeps what a built-in model learnt, so that the same model in ten pairs is trained once."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from benchmark.files import replacing
from benchmark.models.contract import Model
from benchmark.models.entry import Training
from benchmark.prepared.corpus import PreparedCorpus


def trained(training: Training, corpus: PreparedCorpus, path: Path | None) -> Model:
    """The model as it was kept, or trained now and kept.

    Args:
        training: How it is trained, and taken apart into arrays and put together again.
        corpus: What it learns from.
        path: Where its arrays are kept (.npz); its name has to say what it was trained on. None to keep
            nothing.
    """
    if path is not None:
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return training.restore({name: arrays[name] for name in arrays.files})
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
            path.unlink(missing_ok=True)
    model = training.train(corpus)
    if path is not None:
        with replacing(path) as temporary, temporary.open("wb") as stream:
            np.savez(stream, allow_pickle=False, **training.arrays(model))
    return model
