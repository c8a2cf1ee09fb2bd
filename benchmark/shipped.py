"""Where the files lie that come with the package: recipes, manifests, the embedded demo corpus, trained models."""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).parent
_REPOSITORY = _PACKAGE.parent


def _folder(name: str) -> Path:
    # A wheel carries the two folders inside the package; a clone has them beside it, where people edit them.
    beside = _REPOSITORY / name
    return beside if (_REPOSITORY / "pyproject.toml").is_file() else _PACKAGE / "_shipped" / name


def recipes_folder() -> Path:
    """The folder of the shipped recipes (`*.toml`)."""
    return _folder("recipes")


def manifests_folder() -> Path:
    """The folder of the committed manifests and speaker splits."""
    return _folder("manifests")


def demo_corpus() -> Path:
    """The embedded corpus of virtual speakers."""
    return _PACKAGE / "data" / "demo"


def trained_models() -> Path:
    """The folder of the trained models that come with the package, one folder each."""
    return _PACKAGE / "data" / "joint"


def cache_folder() -> Path:
    """Where generated corpora are kept: `$SINBAD_CACHE`, else `~/.cache/sinbad`."""
    given = os.environ.get("SINBAD_CACHE")
    return Path(given).expanduser() if given else Path.home() / ".cache" / "sinbad"
