"""The speech and noise of a recipe that are at hand, and what reads them at 16 kHz for the renderer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.audio import resample
from benchmark.corpora.contract import Corpus
from benchmark.errors import CorpusError, MeasureError
from benchmark.metrics import active_speech_level
from benchmark.mixing.levels import SILENT_BELOW_DBFS, factor, rms_db, without_dc
from benchmark.mixing.noise_index import Stretch, Stretches, Talker, Talkers
from benchmark.mixing.recent import Recent
from benchmark.mixing.rows import Piece, PlanRow
from benchmark.noises import converted
from benchmark.noises.reading import NoiseReader
from benchmark.noises.synthetic import SYNTHETIC
from benchmark.types import RATE_HZ, Clip, Utterance

Samples = NDArray[np.float64]
#: Generated noise whose seed begins so is cut from stretches of ten seconds that stay in memory. Training has
#: no time to generate other noise for each mixture; the benchmark does.
BANKED = "bank/"
BANK_FRAMES = 10 * RATE_HZ
#: Seconds of talkers that stay in memory unless more are wanted.
_KEPT_S = 240.0
#: Recordings that are read as a whole where that is wanted are no longer than this: a piece takes seconds,
#: and a recording that does not stay in memory would be decoded for each.
_SHORT = 5 * RATE_HZ
#: A talker of a noise corpus is levelled over the stretch of this length, on a fixed grid, in which the piece
#: starts: a chapter of an audio book need not be decoded for a piece of three seconds.
_LEVELLED_OVER = 15 * RATE_HZ
#: A stretch over which a talker is levelled: noise id and number on that grid, or `WHOLE` for a voice of a
#: corpus of speech, which is levelled over all of its utterance.
Window = tuple[str, int]
WHOLE = -1


@dataclass(frozen=True, slots=True)
class Sources:
    """The speech and noise of a recipe that are at hand: known by their headers, read on demand. Picklable.

    Attributes:
        speech: Target utterances by id, sorted, each with `split` set.
        talkers: By source and split, the talkers who can babble.
        stretches: By source and split, recordings of noise and of crowds, and generated noise.
        voices: Source name ("corpus", "corpus_voices", "shipped_voices") to the utterances that babble is cut
            from, by id.
        readers: Name of a noise corpus to what reads its recordings by id.
        corpus: The reader of the speech; None if only noise is needed.
        damaged: A line for each recording of speech that is left out because it cannot be used.
        unassigned: How many sound utterances belong to no split (voices that only babble, left-out speakers,
            non-speech).
        remarks: A line for each thing about the recordings that the user should know.
        kept: Noise id to where the recording lies at 16 kHz, of those that do (`benchmark.mixing.at_16k`).
        factors: What levels talkers, as far as it was found out before.
    """

    speech: Mapping[str, Utterance] = field(default_factory=dict)
    talkers: Talkers = field(default_factory=dict)
    stretches: Stretches = field(default_factory=dict)
    voices: Mapping[str, Mapping[str, Utterance]] = field(default_factory=dict)
    readers: Mapping[str, NoiseReader] = field(default_factory=dict)
    corpus: Corpus | None = None
    damaged: Sequence[str] = ()
    unassigned: int = 0
    remarks: Sequence[str] = ()
    kept: Mapping[str, Path] = field(default_factory=dict)
    factors: Mapping[Window, float] = field(default_factory=dict)

    @property
    def targets(self) -> list[Utterance]:
        """The target utterances, sorted by id."""
        return list(self.speech.values())

    @property
    def sensors(self) -> Mapping[str, str]:
        """Which channel of the corpus is on which articulator."""
        return self.corpus.sensors if self.corpus is not None else {}

    def without(self, noise_ids: Collection[str]) -> Sources:
        """The same as if some recordings of noise, named by their noise ids, had never been there."""
        if not noise_ids:
            return self

        def left(found: Iterable[Stretch]) -> tuple[Stretch, ...]:
            return tuple(stretch for stretch in found if stretch.noise_id not in noise_ids)

        talkers = {
            key: tuple(Talker(one.name, own) for one in found if (own := left(one.speech)))
            for key, found in self.talkers.items()
        }
        return replace(
            self, talkers=talkers, stretches={key: left(found) for key, found in self.stretches.items()}
        )

    def needed_by(self, rows: Iterable[PlanRow]) -> Sources:
        """What is read for the plan rows, small enough to send to a worker with every task."""
        speech: dict[str, Utterance] = {}
        voices: dict[str, dict[str, Utterance]] = {source: {} for source in self.voices}
        kept: dict[str, Path] = {}
        factors: dict[Window, float] = {}
        for row in rows:
            speech[row["utterance_id"]] = self.speech[row["utterance_id"]]
            for piece in row["pieces"]:
                source, _, name = piece["noise_id"].partition(":")
                if name in self.voices.get(source, {}):
                    voices[source][name] = self.voices[source][name]
                if piece["noise_id"] in self.kept:
                    kept[piece["noise_id"]] = self.kept[piece["noise_id"]]
                window = self.window(piece)
                if window in self.factors:
                    factors[window] = self.factors[window]
        return Sources(speech, voices=voices, readers=self.readers, kept=kept, factors=factors)

    def window(self, piece: Piece) -> Window:
        """Over which stretch the talker of a piece is levelled."""
        noise_id = piece["noise_id"]
        whole = noise_id.partition(":")[0] in self.voices
        return noise_id, WHOLE if whole else piece["offset"] // _LEVELLED_OVER


class SourceReader:
    """Reads from `Sources` and keeps the last recordings in memory. One for each worker task.

    Args:
        sources: What there is.
        noise_s: How many seconds of short recordings of noise are read as a whole and stay in memory, 64 kB
            each. Mixtures of the benchmark itself have none: what a lossy file gives may depend, by a
            rounding, on where reading begins.
    """

    def __init__(self, sources: Sources, noise_s: float = 0.0) -> None:
        self._sources = sources
        self._whole = noise_s > 0.0
        self._torn: set[str] = set()
        self._recent: Recent[NDArray[np.floating]] = Recent(max(noise_s, _KEPT_S), len)
        self._factors: dict[Window, float] = dict(sources.factors)

    def speech(self, utterance_id: str, samples: int) -> Samples:
        """The target utterance at its recorded level, shape (samples,).

        Raises:
            CorpusError: It is unknown, unreadable, or its length is not what the plan says.
        """
        utterance = self._sources.speech.get(utterance_id)
        if utterance is None:
            raise CorpusError(
                f"{utterance_id}: is in the plan but not in the corpus; give the corpus that was planned"
            )
        return _fitted(_at_16k(utterance.audio()), samples, utterance_id)

    def noise(self, piece: Piece) -> Samples:
        """The samples of a piece of noise as they are recorded but without DC, shape (frames,).

        A stretch that is practically silent (`levels.SILENT_BELOW_DBFS`) comes back as zeros.

        Raises:
            CorpusError: The noise is unknown, unreadable or shorter than the plan says.
        """
        source, _, name = piece["noise_id"].partition(":")
        if source == "synthetic":
            category, _, token = name.partition(":")
            if token.startswith(BANKED):
                cut = _bank(category, token)[piece["offset"] : piece["offset"] + piece["frames"]]
                return without_dc(cut.astype(np.float64))
            return without_dc(
                SYNTHETIC[category](token, piece["offset"] + piece["frames"])[piece["offset"] :]
            )
        stretch = self._cut(piece["noise_id"], piece["offset"], piece["frames"])
        stretch = without_dc(_fitted(stretch, piece["frames"], piece["noise_id"]))
        return stretch if rms_db(stretch) > SILENT_BELOW_DBFS else np.zeros(piece["frames"])

    def talker(self, piece: Piece) -> Samples:
        """The samples of a piece of speech, at a P.56 active level of 0 dB around there, shape (frames,).

        Without DC, and zeros where it is practically silent, as `noise`.

        Raises:
            CorpusError: The recording is unknown, unreadable, shorter than the plan says, or holds no speech.
        """
        source = piece["noise_id"].partition(":")[0]
        if source in self._sources.voices:
            # The length planned by the header may differ by one sample from that of the filter.
            cut = self._spoken(piece) * self.factor(piece)
            return without_dc(_fitted(cut, piece["frames"], piece["noise_id"]))
        return self.noise(piece) * self.factor(piece)

    def factor(self, piece: Piece) -> float:
        """What brings the talker of a piece to P.56 active level 0 dB; errors as `talker`."""
        window = self._sources.window(piece)
        if window not in self._factors:
            self._factors[window] = self._factor_around(piece)
        return self._factors[window]

    def _factor_around(self, piece: Piece) -> float:
        """The factor for a talker around a piece; where nothing is said there, for the whole recording."""
        noise_id, (_, number) = piece["noise_id"], self._sources.window(piece)
        source, _, name = noise_id.partition(":")
        if number == WHOLE:
            return _level_factor(self._voice(noise_id).astype(np.float64), noise_id)
        total = self._reader(source, noise_id).samples(name)
        start = max(0, min(number * _LEVELLED_OVER, total - _LEVELLED_OVER))
        try:
            return _level_factor(self._cut(noise_id, start, _LEVELLED_OVER), noise_id)
        except CorpusError:
            return _level_factor(self._cut(noise_id, 0, total), noise_id)

    def _spoken(self, piece: Piece) -> Samples:
        """A stretch of a noise recording; the same samples whether or not it is kept at 16 kHz."""
        noise_id, offset = piece["noise_id"], piece["offset"]
        if noise_id in self._sources.kept:
            with suppress(OSError):  # another run may have made room meanwhile
                return converted.cut(self._sources.kept[noise_id], offset, piece["frames"])
        return self._voice(noise_id)[offset : offset + piece["frames"]].astype(np.float64)

    def _cut(self, noise_id: str, offset: int, frames: int) -> Samples:
        """A stretch of a noise recording; the same samples whether or not it is kept at 16 kHz."""
        source, _, name = noise_id.partition(":")
        if noise_id in self._sources.kept:
            with suppress(OSError):
                return converted.cut(self._sources.kept[noise_id], offset, frames)
        reader = self._reader(source, noise_id)
        if self._whole and (whole := self._short(noise_id, reader, name)) is not None:
            return whole[offset : offset + frames].astype(np.float64)
        return reader.stretch(name, offset, frames)

    def _short(self, noise_id: str, reader: NoiseReader, name: str) -> NDArray[np.floating] | None:
        """All of a short recording of a noise corpus; None for a long one, and where it is damaged."""
        if (found := self._recent.get(noise_id)) is not None:
            return found
        if noise_id in self._torn or (samples := reader.samples(name)) > _SHORT:
            return None
        try:
            return self._recent.keep(noise_id, reader.stretch(name, 0, samples).astype(np.float32))
        except CorpusError:  # told of by whoever needs the damaged stretch
            self._torn.add(noise_id)
            return None

    def _reader(self, source: str, noise_id: str) -> NoiseReader:
        if source not in self._sources.readers:
            raise CorpusError(f"{noise_id}: is in the plan; give its folder with --noise-root {source}=DIR")
        return self._sources.readers[source]

    def _voice(self, noise_id: str) -> NDArray[np.floating]:
        """All that a voice of a corpus of speech says."""
        if (found := self._recent.get(noise_id)) is not None:
            return found
        source, _, name = noise_id.partition(":")
        voice = self._sources.voices[source].get(name)
        if voice is None:
            raise CorpusError(f"{noise_id}: is in the plan but not on disk; give the corpus that was planned")
        return self._recent.keep(noise_id, resample(voice.audio(), RATE_HZ).samples)


@lru_cache(maxsize=256)
def _bank(category: str, token: str) -> NDArray[np.float32]:
    return SYNTHETIC[category](token, BANK_FRAMES).astype(np.float32)


def _at_16k(clip: Clip) -> Samples:
    return resample(clip, RATE_HZ).samples.astype(np.float64)


def _level_factor(samples: Samples, name: str) -> float:
    """What brings speech to P.56 active level 0 dB."""
    try:
        level_db = active_speech_level(samples, RATE_HZ).level_db
    except MeasureError as error:
        raise CorpusError(f"{name}: cannot serve as a talker: {error}") from error
    if level_db <= SILENT_BELOW_DBFS:
        raise CorpusError(f"{name}: cannot serve as a talker: it is practically silent ({level_db:.0f} dBFS)")
    return factor(-round(level_db, 6))


def _fitted(samples: Samples, wanted: int, name: str) -> Samples:
    missing = wanted - len(samples)
    if abs(missing) > 2:
        raise CorpusError(
            f"{name}: has {len(samples)} samples at 16 kHz where the plan counts on {wanted}; it is not "
            "the recording that was planned"
        )
    return np.pad(samples, (0, missing)) if missing > 0 else samples[:wanted]
