"""Renders single rows of a plan in any order, and keeps in memory what several rows share."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from benchmark.audio import FULL_SCALE
from benchmark.metrics import ActiveLevel
from benchmark.mixing.recent import Recent
from benchmark.mixing.recipe import Recipe
from benchmark.mixing.render import (
    AssembledNoise,
    LevelledSpeech,
    Mixed,
    Rendered,
    assemble_noise,
    levelled_speech,
    mix,
    noise_tracks,
    render_mixture,
    summed_noise,
)
from benchmark.mixing.rows import Piece, PlanRow
from benchmark.mixing.sources import SourceReader, Sources

Sound = NDArray[np.float32]


class Renderer:
    """Renders rows of a plan; the samples are those that `benchmark.mixing.build` writes.

    Args:
        recipe: Levels and limits.
        sources: Speech and noise at hand.
        kept_s: How many seconds of speech stay in memory, 128 kB each.
        noise_s: How many seconds of short recordings of noise do; see `SourceReader`.
    """

    def __init__(
        self, recipe: Recipe, sources: Sources, kept_s: float = 1800.0, noise_s: float = 0.0
    ) -> None:
        self.recipe, self.sources = recipe, sources
        self._reader = SourceReader(sources, noise_s)
        self._speech: Recent[LevelledSpeech] = Recent(kept_s, lambda speech: len(speech.samples))
        self._latest: LevelledSpeech | None = None
        self._levels: dict[str, dict[float, ActiveLevel]] = defaultdict(dict)
        self._noise: tuple[list[Piece], AssembledNoise] | None = None

    def rendered(self, row: PlanRow) -> Rendered:
        """A mixture with all that is measured on it.

        Raises:
            CorpusError: A source cannot be read.
        """
        noise = None
        if row["pieces"]:
            # The rows of an utterance follow each other and have the same noise at every SNR.
            if self._noise is None or self._noise[0] != row["pieces"]:
                self._noise = row["pieces"], assemble_noise(row, self._reader)
            noise = self._noise[1]
        return render_mixture(row, self.recipe, self.speech(row["utterance_id"], row["samples"]), noise)

    def mixed(self, row: PlanRow) -> Mixed:
        """A mixture of which nothing is measured; the samples are those of `rendered`.

        Raises:
            CorpusError: A source cannot be read.
        """
        noise = summed_noise(row, noise_tracks(row, self._reader)) if row["pieces"] else None
        return mix(row, self.recipe, self.speech(row["utterance_id"], row["samples"]), noise)

    def pair(self, row: PlanRow) -> tuple[Sound, Sound]:
        """A mixture and the speech in it at the same gain, float32, shape (samples,), full scale 1.0.

        Raises:
            CorpusError: A source cannot be read.
        """
        mixed = self.mixed(row)
        noisy = mixed.pcm.astype(np.float32) / np.float32(FULL_SCALE)
        return noisy, mixed.speech.astype(np.float32)

    def speech(self, utterance_id: str, samples: int) -> LevelledSpeech:
        """An utterance of so many samples at 16 kHz with its level.

        Raises:
            CorpusError: It cannot be read.
        """
        speech = self._speech.get(utterance_id)
        if speech is None:
            levels = self._levels[utterance_id]
            speech = self._speech.keep(
                utterance_id, levelled_speech(utterance_id, samples, self._reader, levels)
            )
        if self._latest is not speech:
            if self._latest is not None:
                self._latest.let_go()
            self._latest = speech
        return speech
