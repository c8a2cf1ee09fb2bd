"""Imports torchaudio even where its compiled extension does not fit the installed torch.

torchaudio is built for one version of torch. With any other, importing it fails while the extension is
loaded; and because transformers imports torchaudio as soon as it is installed, its speech models fail as
well. The encoders need only the parts that are written in Python, and these work with an extension that says
it is absent.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module, metadata
from importlib.util import find_spec
from types import ModuleType
from typing import Any, NoReturn

from benchmark.errors import MissingExtraError, ModelError

_EXTENSION = "torchaudio._extension"
#: What failing to load a compiled extension can raise, and what follows from one half loaded.
_FAILURES = (ImportError, OSError, RuntimeError, AttributeError)
_WORKING_PAIR = "torch==2.11.0 with torchaudio==2.11.0"


class _AbsentExtension(ModuleType):
    """Answers torchaudio's questions after its extension as a build without one does."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_IS_"):
            return False
        if name.startswith("fail_if_no_"):
            return _unavailable
        if name == "_load_lib":
            return lambda library: False
        raise AttributeError(name)


def _unavailable(function: Callable[..., Any]) -> Callable[..., NoReturn]:
    def refuse(*args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(f"{function.__name__} needs torchaudio's compiled extension")

    return refuse


def torchaudio() -> ModuleType:
    """The package torchaudio, with or without its compiled extension.

    Raises:
        MissingExtraError: It is not installed.
        ModelError: Not even its Python parts can be imported; the message names a pair of versions that work.
    """
    if "torchaudio" in sys.modules:
        return sys.modules["torchaudio"]
    if find_spec("torchaudio") is None:
        raise MissingExtraError("torchaudio", "encoders", "an encoder 'torchaudio:...'")
    try:
        return import_module("torchaudio")
    except _FAILURES:
        _forget()
    sys.modules[_EXTENSION] = _AbsentExtension(_EXTENSION)
    try:
        return import_module("torchaudio")
    except _FAILURES as error:
        _forget()
        raise ModelError(
            f"torchaudio {_version('torchaudio')} does not work with torch {_version('torch')} ({error}); "
            f"install a pair that belongs together, e.g. {_WORKING_PAIR}, or remove torchaudio: only "
            "encoders 'torchaudio:...' need it"
        ) from error


def settle() -> None:
    """Makes `import transformers` safe beside a torchaudio that does not fit torch.

    Raises:
        ModelError: As `torchaudio`.
    """
    if find_spec("torchaudio") is not None:
        torchaudio()


def _forget() -> None:
    """Takes back what a failed import left behind, so that the next one starts afresh."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchaudio"]:
        del sys.modules[name]


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(version unknown)"
