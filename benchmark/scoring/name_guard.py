"""Guards stored results against being replaced by another model's, or by one that holds less."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from benchmark.errors import SinbadError, StandingsError
from benchmark.metrics import parse
from benchmark.models.entry import Entry
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.scoring.results import read_result
from benchmark.scoring.stored import is_of

#: Two classes of one file have the same code.
_IDENTITY = ("source_sha256", "source", "title")


def spec_sha256(spec: str) -> str:
    """Hash of a SPEC with absolute paths, so that `my.py:Model` in two folders are two models.

    Args:
        spec: As it was typed.
    """
    absolute = re.sub(r"[^\s+:]+", lambda found: _absolute(found[0]), spec)
    return hashlib.sha256(absolute.encode()).hexdigest()


def refuse_another(folder: Path, entry: Entry, spec: str) -> None:
    """Refuses to put a model in the place of another one of the same name.

    A model may take its own place: the same code and arguments wherever they lie, and what is asked for by
    the same SPEC, of which it is another version. A card that does not bear a SPEC is taken for one of the
    same model if the source is the same.

    Args:
        folder: RESULTS/RECIPE/NAME.
        entry: The model that would be stored there.
        spec: What it was asked for by.

    Raises:
        StandingsError: There is a result of another model.
    """
    card = _stored(folder)
    if card is None or all(card.get(name) == getattr(entry, name) for name in _IDENTITY):
        return
    same = (
        card["spec_sha256"] == spec_sha256(spec)
        if card.get("spec_sha256")
        else card.get("source") == entry.source
    )
    if not same:
        raise StandingsError(
            f"{folder}: holds the result of another model, '{card.get('title')}' from {card.get('source')}; "
            "give this one another name with --name, or overwrite that result with --replace"
        )


def measures_at_stake(folder: Path, corpus: PreparedCorpus, entry: Entry, split: str) -> list[str]:
    """Measures that have to be computed again lest a stored result be replaced by one that holds fewer.

    A result of this very model and corpus keeps what is not measured again (see `write_result`). One of
    another version of the model or of the corpus cannot be added to: all its measures are computed anew.

    Args:
        folder: RESULTS/RECIPE/NAME.
        corpus: What the model will be scored on.
        entry: The model.
        split: Which split.

    Raises:
        StandingsError: The stored result is of another split, or holds a measure that cannot be computed
            here.
    """
    try:
        card = read_result(folder).card
    except StandingsError:
        return []
    if card.split != split:
        raise StandingsError(
            f"{folder}: holds a result on the split '{card.split}'; store this one elsewhere with --out, "
            "or overwrite that result with --replace"
        )
    if is_of(card, corpus, entry, split):
        return []
    for name in card.measures:
        try:
            parse(name)
        except SinbadError as error:
            raise StandingsError(
                f"{folder}: holds {name}, which is of an older version of this model or corpus "
                f"and cannot be computed here ({error}); make it available, or overwrite the "
                "whole result with --replace"
            ) from error
    return list(card.measures)


def _stored(folder: Path) -> dict[str, Any] | None:
    """The card that lies there; what cannot be read is no result that could be lost."""
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return card if isinstance(card, dict) else None


def _absolute(word: str) -> str:
    path = Path(word).expanduser()
    return str(path.resolve()) if path.exists() else word
