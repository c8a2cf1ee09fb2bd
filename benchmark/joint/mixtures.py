"""Training mixtures: drawn anew every epoch, rendered by the benchmark's code, kept if wanted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from benchmark import __version__
from benchmark.audio import FULL_SCALE
from benchmark.errors import RecipeError, SilentSpeechError
from benchmark.files import replacing
from benchmark.joint.config import DataConfig
from benchmark.joint.training_corpus import TrainingCorpus
from benchmark.mixing import renderer
from benchmark.mixing.levels import factor
from benchmark.mixing.noise_index import samples_at_16k
from benchmark.mixing.plan import plan_mixtures
from benchmark.mixing.recipe import Babble, KindTable, Recipe, recipe_hash
from benchmark.mixing.render import LevelledSpeech
from benchmark.mixing.rows import PlanRow
from benchmark.randomness import Randomness
from benchmark.types import Utterance

Sound = NDArray[np.float32]
#: Speech and noise that are kept in memory.
_KEPT_S, _KEPT_NOISE_S = 7200.0, 3600.0


def epoch_identity(recipe: Recipe, purpose: str, seed: int, epoch: int) -> Randomness:
    """The draws of one pass over a split; those of the benchmark's own mixtures have another identity."""
    return Randomness((recipe.name, recipe.version, purpose, seed, epoch))


def draw_mixtures(
    training_corpus: TrainingCorpus, data: DataConfig, utterances: Sequence[Utterance], randomness: Randomness
) -> list[PlanRow]:
    """One mixture for each utterance: its condition is drawn, then its noise, from that of its own split.

    Args:
        training_corpus: What there is.
        data: Which conditions, and how often.
        utterances: Of the train or the dev split.
        randomness: Of this pass.

    Raises:
        RecipeError: The recipe lacks a wanted kind of noise.
        CorpusError: The noise at hand does not suffice.
    """
    kinds = _kinds(data, training_corpus.recipe)
    rows: list[PlanRow] = []
    for utterance in utterances:
        drawn = Randomness((*randomness.identity, utterance.id))
        kind, snr_db = _condition(data, kinds, training_corpus.recipe, drawn)
        recipe = _for_one(training_corpus, utterance, kind, snr_db, randomness)
        if utterance.split == "train" and data.more_babble:
            recipe = _by_other_talkers(recipe, data.more_babble, drawn)
        rows += plan_mixtures(recipe, [utterance], training_corpus.sources)
    return rows


def with_more_babble(recipe: Recipe, data: DataConfig) -> Recipe:
    """The recipe with all sources of talkers that training draws on, so that they are looked for on disk."""
    return _talkers_from(recipe, lambda sources: [*sources, *data.more_babble])


def _by_other_talkers(recipe: Recipe, more: Sequence[str], randomness: Randomness) -> Recipe:
    """The recipe with one source of talkers drawn; the others follow, in case it has too few."""

    def one_first(sources: Sequence[str]) -> list[str]:
        found = list(dict.fromkeys([*sources, *more]))
        return [randomness.choice("babble", found), *found]

    return _talkers_from(recipe, one_first)


def _talkers_from(recipe: Recipe, order: Callable[[Sequence[str]], Sequence[str]]) -> Recipe:
    """The recipe with other sources of talkers in each of its kinds of babble."""

    def changed(noise: KindTable | None) -> KindTable | None:
        if not isinstance(noise, Babble):
            return noise
        return noise.model_copy(update={"sources": list(dict.fromkeys(order(noise.sources)))})

    kinds = {name: changed(noise) for name, noise in recipe.kinds.items()}
    return recipe.model_copy(update={"babble": changed(recipe.babble), "kinds": kinds})


def _kinds(data: DataConfig, recipe: Recipe) -> list[str]:
    """The conditions that are drawn, by name."""
    there = ["clean", *recipe.noise_kinds]
    if data.kinds is None:
        return there
    if missing := [kind for kind in data.kinds if kind not in there]:
        raise RecipeError(
            f"data.kinds = {data.kinds}: the recipe '{recipe.name}' has no {', '.join(missing)}; it has "
            f"{', '.join(there)}"
        )
    return data.kinds


def _condition(
    data: DataConfig, kinds: Sequence[str], recipe: Recipe, randomness: Randomness
) -> tuple[str, float | None]:
    fine = 10_000
    noises = [kind for kind in kinds if kind != "clean"]
    share = data.clean_share if noises else 1.0
    if "clean" in kinds and randomness.integer("clean", 0, fine) < share * fine:
        return "clean", None
    kind = randomness.choice("kind", noises)
    snr_db = next(found.snr_db for found in recipe.noises if found.name == kind)
    return kind, randomness.choice("snr", data.snr_db or snr_db)


def _for_one(
    training_corpus: TrainingCorpus,
    utterance: Utterance,
    kind: str,
    snr_db: float | None,
    randomness: Randomness,
) -> Recipe:
    """The recipe of a single mixture. Its name and seed keep its draws apart from those of the benchmark."""
    recipe = training_corpus.recipe
    tables: dict[str, Any] = {"babble": None, "nonbabble": None, "kinds": {}}
    for found in recipe.noises:
        if found.name == kind:
            # The SNR that was drawn takes the place of those that a kind of noise may name for itself.
            noise = found.noise.model_copy(update={"snr_db": None})
            if isinstance(noise, Babble) and isinstance(noise.talkers, list):
                noise = noise.model_copy(update={"talkers": [found.talkers]})
            table, _, name = found.table.partition(".")
            tables[table] = {name: noise} if name else noise
    mixing = {"clean": kind == "clean", "snr_db": [snr_db] if snr_db is not None else [0.0]}
    return recipe.model_copy(
        update={
            "name": f"{recipe.name}_training",
            "seed": randomness.integer("mixtures", 0, 2**62),
            "mixing": recipe.mixing.model_copy(update=mixing),
            **tables,
        }
    )


class Renderer:
    """Renders plan rows to float32; keeps speech in memory, and mixtures on disk where a folder is given.

    Attributes:
        cache: Folder of rendered mixtures, shared by runs with equal seeds, or None.
    """

    def __init__(self, training_corpus: TrainingCorpus, cache: Path | None = None) -> None:
        self.cache = cache
        self._recipe = training_corpus.recipe
        self._renderer = renderer.Renderer(
            training_corpus.recipe, training_corpus.sources, _KEPT_S, _KEPT_NOISE_S
        )
        self._audible: dict[str, bool] = {}

    def pair(self, row: PlanRow) -> tuple[Sound, Sound]:
        """A mixture and the speech in it at the same gain, float32, shape (samples,), full scale 1.0.

        Raises:
            CorpusError: A source cannot be read.
        """
        if self.cache is None:
            return self._renderer.pair(row)
        speech = self._renderer.speech(row["utterance_id"], row["samples"])
        pcm, gain_db = self._kept(row, speech, self.cache)
        noisy = pcm.astype(np.float32) / np.float32(FULL_SCALE)
        return noisy, (speech.samples * factor(gain_db)).astype(np.float32)

    def clean(self, utterance: Utterance) -> Sound:
        """An utterance as it is recorded, at the level of speech in mixtures.

        Raises:
            CorpusError: It cannot be read.
        """
        found = self._renderer.speech(utterance.id, samples_at_16k(utterance.duration_s))
        return np.asarray(found.samples, np.float32)

    def audible(self, utterance: Utterance) -> bool:
        """Whether there is any speech in an utterance.

        Raises:
            CorpusError: It cannot be read.
        """
        if utterance.id not in self._audible:
            try:
                self._renderer.speech(utterance.id, samples_at_16k(utterance.duration_s))
            except SilentSpeechError:
                self._audible[utterance.id] = False
            else:
                self._audible[utterance.id] = True
        return self._audible[utterance.id]

    def _kept(self, row: PlanRow, speech: LevelledSpeech, cache: Path) -> tuple[NDArray[np.int16], float]:
        key = self._key(row, speech)
        path = cache / key[:2] / f"{key}.npz"
        if (found := _read(path, row["samples"])) is not None:
            return found
        mixed = self._renderer.mixed(row)
        with replacing(path) as temporary, temporary.open("wb") as stream:
            np.savez(stream, pcm=mixed.pcm, speech_gain_db=np.float64(mixed.speech_gain_db))
        return mixed.pcm, mixed.speech_gain_db

    def _key(self, row: PlanRow, speech: LevelledSpeech) -> str:
        digest = hashlib.blake2b(self._rules, digest_size=16)
        digest.update(json.dumps(row, sort_keys=True).encode())
        digest.update(np.ascontiguousarray(speech.samples).tobytes())
        return digest.hexdigest()

    @cached_property
    def _rules(self) -> bytes:
        return f"{__version__};{recipe_hash(self._recipe)}".encode()


def _read(path: Path, samples: int) -> tuple[NDArray[np.int16], float] | None:
    """A kept mixture, or None where there is none or it is damaged: then it is rendered again."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            pcm: NDArray[Any] = arrays["pcm"]
            gain_db = float(arrays["speech_gain_db"])
    except (OSError, ValueError, KeyError, BadZipFile, EOFError):
        return None
    if pcm.dtype != np.int16 or pcm.shape != (samples,) or not np.isfinite(gain_db):
        return None
    return pcm, gain_db
