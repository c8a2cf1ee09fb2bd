"""The built-in models by name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from benchmark import __version__
from benchmark.models.contract import Model
from benchmark.models.declaration import UNTRAINED, Declaration
from benchmark.models.embedders.resemblyzer import EMBEDDER as RESEMBLYZER
from benchmark.models.enhancers import enhancers, hidden_states
from benchmark.models.enhancers.wrapped import Wrapped
from benchmark.models.enrolled import enrolled
from benchmark.models.entry import Entry, InProcess, Training
from benchmark.models.identity import Identity
from benchmark.models.joint import shipped_entries

if TYPE_CHECKING:
    from benchmark.prepared.corpus import PreparedCorpus


def _voice_statistics() -> Model:
    from benchmark.models.embedders.voice_statistics import VoiceStatistics

    return VoiceStatistics()


def _nmf() -> Model:
    from benchmark.models.enrolled_nmf import EnrolledNmf

    return EnrolledNmf()


def _logmmse() -> Model:
    from benchmark.models.logmmse import LogMmse

    return LogMmse()


def _log_mel_features() -> Model:
    from benchmark.models.representations import LogMelFeatures

    return LogMelFeatures()


def _mfcc_features() -> Model:
    from benchmark.models.representations import MfccFeatures

    return MfccFeatures()


def _ridge(corpus: PreparedCorpus, kinds: tuple[str, ...]) -> Model:
    from benchmark.models.ridge import train_ridge

    return train_ridge(corpus, kinds)


def _ridge_arrays(model: Model) -> dict[str, NDArray[np.generic]]:
    from benchmark.models.ridge import RidgeInverter

    if not isinstance(model, RidgeInverter):
        raise TypeError(f"expected a RidgeInverter, got {type(model).__name__}")
    return model.arrays()


def _ridge_restored(arrays: Mapping[str, NDArray[np.generic]]) -> Model:
    from benchmark.models.ridge import RidgeInverter

    return RidgeInverter.restored(arrays)


def _own_hash(*modules: str) -> str:
    folder = Path(__file__).parent
    return hashlib.sha256(b"".join((folder / f"{name}.py").read_bytes() for name in modules)).hexdigest()


def _copying(name: str, title: str, hears: Literal["noisy", "clean"]) -> Entry:
    how = InProcess(("enhance",), make=Identity, kept=False)
    return Entry(
        name,
        title,
        __version__,
        "does nothing",
        _own_hash("identity"),
        how,
        hears,
        licence="MIT",
        declared=UNTRAINED,
    )


def _ours(name: str, title: str, source: str, how: InProcess, modules: tuple[str, ...]) -> Entry:
    declared = Declaration(("train",)) if how.training else UNTRAINED
    return Entry(name, title, __version__, source, _own_hash(*modules), how, licence="MIT", declared=declared)


def _ridge_entry(name: str, learnt: str, kinds: tuple[str, ...]) -> Entry:
    how = InProcess(
        ("invert",), training=Training(partial(_ridge, kinds=kinds), _ridge_arrays, _ridge_restored)
    )
    title = f"ridge regression on log-mel, trained on {learnt}"
    return _ours(name, title, "benchmark.models.ridge", how, ("ridge", "features", "speaker_scales"))


def _representation(name: str, title: str, make: Callable[[], Model]) -> Entry:
    how = InProcess(("represent",), make=make)
    return _ours(name, title, "benchmark.models.representations", how, ("representations", "features"))


def wrapped(item: Wrapped) -> Entry:
    """A model of other people as a model of the registry."""
    ours = hashlib.sha256(b"".join(path.read_bytes() for path in item.files)).hexdigest()
    code = hashlib.sha256((ours + item.version).encode()).hexdigest()
    how = InProcess(item.does, make=item.make)
    return Entry(
        item.name,
        item.title,
        item.version,
        item.source,
        code,
        how,
        licence=item.licence,
        extra="enhancers",
        declared=item.declared,
    )


def _built_in() -> dict[str, Entry]:
    classical = "Ephraim & Malah 1985; Gerkmann & Hendriks 2012"
    entries = [
        _copying("noisy", "the noisy speech as it is", "noisy"),
        _copying("clean", "oracle: the clean speech", "clean"),
        _ours(
            "logmmse",
            "log-MMSE with tracked noise",
            classical,
            InProcess(("enhance",), make=_logmmse),
            ("logmmse",),
        ),
        _representation("logmel", "log-mel spectrum, 40 bands", _log_mel_features),
        _representation("mfcc", "13 MFCC with first and second slopes", _mfcc_features),
        _ridge_entry("ridge_clean", "clean speech", ("clean",)),
        _ridge_entry("ridge_noisy", "clean and noisy speech", ("clean", "babble", "nonbabble")),
    ]
    told = enrolled(
        _ours(
            "nmf",
            "non-negative matrix factorisation with the speaker's spectra",
            "Smaragdis, Raj & Shashanka, ICA 2007 (semi-supervised separation)",
            InProcess(("enhance",), make=_nmf),
            ("enrolled_nmf",),
        )
    )
    judges = [
        wrapped(RESEMBLYZER),
        _ours(
            "voice_statistics",
            "mean and spread of mel cepstra, to tell speakers",
            "benchmark.models.embedders",
            InProcess(("embed",), make=_voice_statistics),
            ("embedders/voice_statistics", "features"),
        ),
    ]
    own = [
        *entries,
        *shipped_entries(),
        *map(wrapped, enhancers()),
        *map(wrapped, hidden_states()),
        told,
        *judges,
    ]
    return {entry.name: entry for entry in own}


#: The built-in models by name. Trained ones need torch (the extra `joint`) only when they run, and those of
#: other people their packages (the extra `enhancers`).
REGISTERED: Mapping[str, Entry] = MappingProxyType(_built_in())
