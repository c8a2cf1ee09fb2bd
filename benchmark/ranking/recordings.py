"""Recordings to listen to, as they lie below `items/RECIPE`: opened and checked, for the page."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, with_config
from typing_extensions import TypedDict

from benchmark.errors import StandingsError
from benchmark.ranking.audit import KeptOut
from benchmark.scoring.untrusted import parse_typed, read_bytes

FILE_NAME = "items.json"
MIME, SUFFIX = "audio/mpeg", "mp3"
_SOUND = re.compile(rf"\d\d/[^/\\]+\.{SUFFIX}")
_FORBID = ConfigDict(extra="forbid", allow_inf_nan=False)
Curves = list[list[float | None]]


@with_config(_FORBID)
class ModelHeard(TypedDict):
    """What a model gave for one mixture; `sound` is None where it changed nothing."""

    model: str
    sound: str | None
    trajectories: Curves | None


@with_config(_FORBID)
class MixtureHeard(TypedDict):
    """One mixture, and what models gave for it."""

    mixture_id: str
    noise_kind: str
    noise_category: str
    snr_db: float
    sound: str
    models: list[ModelHeard]


@with_config(_FORBID)
class UtteranceHeard(TypedDict):
    """One utterance: its clean speech, its true trajectories and its mixtures."""

    utterance_id: str
    prompt: str
    sound: str
    parameters: list[str]
    trajectories: Curves
    mixtures: list[MixtureHeard]


@with_config(_FORBID)
class Description(TypedDict):
    """What `items.json` says; `sounds` holds the hash of every recording by its name."""

    recipe: str
    corpus_sha256: str
    rate_hz: int
    sounds: dict[str, str]
    items: list[UtteranceHeard]


_FORM: TypeAdapter[Description] = TypeAdapter(Description)


@dataclass(frozen=True, slots=True)
class Recordings:
    """The recordings of one recipe.

    Attributes:
        description: What `items.json` says.
        sounds: File name below the folder to its bytes.
    """

    description: Description
    sounds: Mapping[str, bytes]

    @property
    def models(self) -> set[str]:
        """The models that are heard."""
        return {
            made["model"]
            for item in self.description["items"]
            for mixture in item["mixtures"]
            for made in mixture["models"]
        }


def read_recordings(folder: Path, corpus_sha256: str | None = None) -> Recordings | KeptOut | None:
    """Opens the recordings of a recipe; None if there are none.

    `KeptOut` if they are damaged or of another corpus.

    Args:
        folder: ITEMS/RECIPE.
        corpus_sha256: Hash of the corpus that they have to be made from; None takes any.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return None
    name = f"items/{folder.name}"
    try:
        description = parse_typed(read_bytes(path), _FORM, FILE_NAME)
        if strange := [sound for sound in _named(description) if not _SOUND.fullmatch(sound)]:
            return KeptOut(name, f"'{strange[0]}' is no name of a recording; make the recordings again")
        if unknown := _named(description) - set(description["sounds"]):
            return KeptOut(name, f"{min(unknown)} bears no hash; make the recordings again")
        sounds = {sound: read_bytes(folder / sound) for sound in description["sounds"]}
    except StandingsError as error:
        why = str(error).replace(str(folder), folder.name)
        return KeptOut(name, f"cannot be read ({why}); make the recordings again")
    hashes = {sound: hashlib.sha256(content).hexdigest() for sound, content in sounds.items()}
    if hashes != description["sounds"]:
        return KeptOut(name, "a recording does not match its hash; make the recordings again")
    if corpus_sha256 not in (None, description["corpus_sha256"]):
        return KeptOut(name, "made from another corpus than the results; make the recordings again")
    return Recordings(description, sounds)


def _named(description: Description) -> set[str]:
    """All recordings that a description names."""
    named = set(description["sounds"])
    for item in description["items"]:
        named.add(item["sound"])
        for mixture in item["mixtures"]:
            named.add(mixture["sound"])
            named |= {made["sound"] for made in mixture["models"] if made["sound"] is not None}
    return named
