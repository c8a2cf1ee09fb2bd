"""Divisions that follow from an utterance's id alone, for corpora whose ids are regular."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from benchmark.randomness import Draws

SEED = 2601
_FOLD = re.compile(r"leave_(?P<speaker>[A-Za-z0-9]+)_out(?P<strict>_strict)?")

#: Speakers of the corpora that are divided by speaker; where one is left out, the next in order is the dev speaker.
SPEAKERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "hprc": ("F01", "M01", "F02", "M02", "F03", "M03", "F04", "M04"),
        "mocha": ("fsew0", "msak0", "faet0", "maps0", "ffes0", "mjjn0", "falh0"),
        "usc_timit": ("F1", "M1", "F5", "M3"),
        "spire": tuple(f"spk{number}" for number in range(1, 39)),
    }
)
_BY_FOLD = ("hprc", "mocha", "usc_timit")


@dataclass(frozen=True)
class ByRule:
    """A division computed from the id; has the two look-ups of a dict."""

    rule: Callable[[str], str | None]

    def __getitem__(self, utterance_id: str, /) -> str:
        """The split of an utterance.

        Raises:
            KeyError: It takes no part.
        """
        split = self.rule(utterance_id)
        if split is None:
            raise KeyError(utterance_id)
        return split

    def get(self, utterance_id: str, /) -> str | None:
        """The split of an utterance, or None if it takes no part."""
        return self.rule(utterance_id)


def names(corpus: str) -> tuple[str, ...]:
    """Divisions of a corpus that are made by rule."""
    folds = [f"leave_{speaker}_out" for speaker in SPEAKERS.get(corpus, ()) if corpus in _BY_FOLD]
    by_number = {"mngu0": ["standard"], "mocha": ["standard"], "spire": ["standard", "strict"]}
    return (*by_number.get(corpus, ()), *folds, *(f"{fold}_strict" for fold in folds))


def split_of(corpus: str, name: str, utterance_id: str) -> str | None:
    """The split of one utterance.

    Args:
        corpus: A corpus that `names` knows.
        name: One of `names(corpus)`.
        utterance_id: "SPEAKER/RECORDING" as the reader of the corpus makes it.
    """
    speaker, _, recording = utterance_id.rpartition("/")
    if corpus == "mngu0":
        return _mngu0(recording)
    if corpus == "spire":
        return _meet(
            _spire_speaker(speaker), prompt_split("spire", prompt_of(corpus, recording)), name == "strict"
        )
    if name == "standard":
        return _by_last_digit(recording)
    fold = _FOLD.fullmatch(name)
    if fold is None:
        return None
    by_speaker = _fold(SPEAKERS[corpus], fold["speaker"], speaker)
    return _meet(by_speaker, prompt_split(corpus, prompt_of(corpus, recording)), bool(fold["strict"]))


def prompt_of(corpus: str, recording: str) -> str:
    """What was read, as far as the name of a recording tells; equal for all who read the same sentence."""
    if corpus == "hprc":
        found = re.search(r"B\d+_S\d+", recording, re.IGNORECASE)
        return found[0].upper() if found else recording
    digits = re.search(r"(\d+)(?:_\d+)?$" if corpus == "usc_timit" else r"(\d+)$", recording)
    if digits is None:
        return recording
    return str(int(digits[1][-4:]) if corpus == "spire" else int(digits[1]))


def prompt_split(corpus: str, prompt: str) -> str:
    """Prompts by hash: of ten, seven train, one dev, two test."""
    lot = Draws((corpus, "prompts", SEED, prompt)).integer("split", 0, 10)
    return "train" if lot < 7 else "dev" if lot == 7 else "test"


def _meet(by_speaker: str | None, by_prompt: str, strict: bool) -> str | None:
    return by_speaker if not strict or by_speaker == by_prompt else None


def _fold(speakers: tuple[str, ...], test: str, speaker: str) -> str | None:
    if speaker not in speakers:
        return None
    place = (speakers.index(speaker) - speakers.index(test)) % len(speakers)
    return ("test", "dev")[place] if place < 2 else "train"


@cache
def _spire_order() -> tuple[str, ...]:
    return tuple(
        sorted(SPEAKERS["spire"], key=lambda name: Draws(("spire", "speakers", SEED, name)).token("order"))
    )


def _spire_speaker(speaker: str) -> str | None:
    if speaker not in SPEAKERS["spire"]:
        return None
    place = _spire_order().index(speaker)
    return "test" if place < 4 else "dev" if place < 8 else "train"


def _mngu0(recording: str) -> str | None:
    """The rule of the released file sets; how many it makes of each depends on which recordings a release keeps."""
    number = re.search(r"(\d)(\d)$", recording)
    if number is None:
        return None
    if number[2] != "0":
        return "train"
    return "dev" if int(number[1]) % 2 else "test"


def _by_last_digit(recording: str) -> str | None:
    number = re.search(r"(\d)$", recording)
    return {"2": "dev", "6": "test"}.get(number[1], "train") if number else None
