"""Batches: which utterances, in which order, which stretch of each; fixed by seed and epoch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from benchmark.errors import CorpusError, SilentNoiseError
from benchmark.joint.batch import Batch, target_frames
from benchmark.joint.config import DataConfig
from benchmark.joint.encoders.contract import HOP
from benchmark.joint.enrolment import ENROLMENT_S
from benchmark.joint.mixtures import Renderer, Sound, draw_mixtures, epoch_identity
from benchmark.joint.training_corpus import Targets, TrainingCorpus
from benchmark.joint.variation import at_speed, length_at, targets_at_speed, through_another_microphone
from benchmark.mixing.rows import PlanRow
from benchmark.randomness import Randomness
from benchmark.types import RATE_HZ, Utterance

#: Utterances among which those of like length are looked for, so that order stays random and padding short.
_POOL = 64
#: Batches that are rendered while one is trained on.
_AHEAD = 3
_STRIDE = 2  # frames of targets for one hidden state
#: At least so many mixtures of the dev split are scored after each epoch: with a dozen, the epoch that looks
#: best is often one of the worse (see docs/reference.md).
_DEV_MIXTURES = 60
#: How often noise is drawn for an utterance before it is given up: recordings of noise may be silent for a
#: while.
_DRAWN = 20


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one mixture.

    Attributes:
        row: The mixture.
        start: First sample, a multiple of 320, so that frames of targets and hidden states begin with it.
        samples: How many.
        speed: How fast it is played.
        microphone: What its response is drawn from; "" for none.
        enrolment: Another utterance of the same speaker; "" for models that are not told whom to follow.
    """

    row: PlanRow
    start: int
    samples: int
    speed: float = 1.0
    microphone: str = ""
    enrolment: str = ""

    @property
    def heard(self) -> int:
        """Samples that it has at its speed."""
        return length_at(self.samples, self.speed)


class TrainingData:
    """Batches of every epoch, and those of the dev split.

    Nothing in it has a state that one epoch leaves to the next: any epoch can be had at any time, in any
    process.

    Attributes:
        training_corpus: What it draws on.
    """

    def __init__(
        self,
        training_corpus: TrainingCorpus,
        config: DataConfig,
        batch_s: float,
        seed: int,
        *,
        render_cache: Path | None = None,
        enrolled: bool = False,
    ) -> None:
        self.training_corpus = training_corpus
        self._enrolled = enrolled
        self._config, self._batch_s, self._seed = config, batch_s, seed
        self._renderer = Renderer(training_corpus, render_cache)

    def batches(self, epoch: int, rank: int = 0, count: int = 1) -> Iterator[Batch]:
        """The batches of an epoch, rendered ahead by a thread.

        Args:
            epoch: From 0.
            rank: Which process this is.
            count: How many processes share every batch; each gets every `count`-th recording of it.

        Raises:
            CorpusError: There are fewer utterances than processes, or a recording cannot be read.
        """
        jobs = (
            # All processes pad alike, as one process would that had the whole batch.
            (pieces[rank::count], max(piece.heard for piece in pieces))
            for pieces in self.plan(epoch, count)
        )
        with ThreadPoolExecutor(1) as thread:
            waiting: list[Future[Batch]] = [thread.submit(self.batch, *job) for job in islice(jobs, _AHEAD)]
            while waiting:
                batch = waiting.pop(0).result()
                waiting += [thread.submit(self.batch, *job) for job in islice(jobs, 1)]
                yield batch

    def plan(self, epoch: int, count: int = 1) -> list[list[Piece]]:
        """The pieces of every batch of an epoch, for all `count` processes together."""
        randomness = epoch_identity(self.training_corpus.recipe, "training", self._seed, epoch)
        utterances = [*self.training_corpus.train, *self._extra(randomness)]
        rows = draw_mixtures(self.training_corpus, self._config, utterances, randomness)
        crop = None if self._config.crop_s is None else round(self._config.crop_s * RATE_HZ / HOP) * HOP
        pieces = [self._drawn(row, crop, randomness) for row in rows]
        pieces = self._told(pieces, randomness)
        return _batched(pieces, round(self._batch_s * RATE_HZ), count, randomness)

    def _drawn(self, row: PlanRow, crop: int | None, randomness: Randomness) -> Piece:
        own = Randomness((*randomness.identity, row["utterance_id"]))
        microphone = own.token("microphone") if self._config.microphone_db else ""
        speed = own.choice("speed", self._config.speeds)
        return replace(_cut(row, crop, own), speed=speed, microphone=microphone)

    @cached_property
    def dev_batches(self) -> list[Batch]:
        """The dev split, uncut, under conditions that are the same for every comparable run.

        Runs are comparable on one corpus with the same kinds of noise.

        A few utterances say little of which epoch is best: they are heard in several mixtures each.
        """
        dev = self.training_corpus.dev
        pieces = []
        for round_ in range(-(-_DEV_MIXTURES // len(dev))):
            randomness = epoch_identity(self.training_corpus.recipe, "validation", 0, round_)
            rows = draw_mixtures(self.training_corpus, self._config, dev, randomness)
            pieces += self._told([_cut(row, None, randomness) for row in rows], randomness)
        pieces.sort(key=lambda piece: piece.samples)
        groups = _full(pieces, round(2 * self._batch_s * RATE_HZ))
        return [self.batch(group) for group in groups]

    @property
    def speech_s(self) -> float:
        """Seconds of speech with articulation in the train split."""
        return sum(utterance.duration_s for utterance in self.training_corpus.train)

    @property
    def extra_s(self) -> float:
        """Seconds of extra speech at hand."""
        return sum(utterance.duration_s for utterance in self.training_corpus.extra)

    def _extra(self, randomness: Randomness) -> list[Utterance]:
        """As many recordings of extra speech as the train split has utterances, others in each epoch.

        All are taken if there are fewer.

        Pieces of long recordings may be silent, and are passed over.
        """
        order = sorted(
            self.training_corpus.extra, key=lambda utterance: randomness.token(f"extra/{utterance.id}")
        )
        return list(islice(filter(self._renderer.audible, order), len(self.training_corpus.train)))

    def _told(self, pieces: Sequence[Piece], randomness: Randomness) -> list[Piece]:
        """The pieces, with an enrolment drawn for each where the model is told whom to follow."""
        if not self._enrolled:
            return list(pieces)
        return [
            replace(piece, enrolment=self._other(piece.row["utterance_id"], randomness)) for piece in pieces
        ]

    def _other(self, utterance_id: str, randomness: Randomness) -> str:
        """Another sentence of the speaker, of the same split."""
        own = self.training_corpus.sources.speech[utterance_id]
        others = [
            other.id
            for other in (*self.training_corpus.train, *self.training_corpus.dev)
            if (other.speaker, other.split) == (own.speaker, own.split)
            and other.id != own.id
            and (other.prompt != own.prompt or not own.prompt)
        ]
        if not others:
            raise CorpusError(
                f"{own.speaker} says nothing but {own.id} in the split '{own.split}', so there is no "
                "enrolment; prepare more of the corpus, or train with enrolment = 'none'"
            )
        return Randomness((*randomness.identity, "enrolment", utterance_id)).choice("recording", others)

    def _enrolments(self, pieces: Sequence[Piece]) -> torch.Tensor | None:
        if not self._enrolled:
            return None
        wanted = round(ENROLMENT_S * RATE_HZ)
        speech = self.training_corpus.sources.speech
        return torch.from_numpy(
            np.stack([np.resize(self._renderer.clean(speech[piece.enrolment]), wanted) for piece in pieces])
        )

    def _pair(self, row: PlanRow) -> tuple[Sound, Sound]:
        """A mixture and its clean speech; silent noise is replaced by other noise, always the same."""
        silent: SilentNoiseError | None = None
        utterance = self.training_corpus.sources.speech[row["utterance_id"]]
        for number in range(_DRAWN):
            try:
                return self._renderer.pair(row)
            except SilentNoiseError as error:
                silent = silent or error
            randomness = Randomness(
                (self.training_corpus.recipe.name, row["mixture_id"], str(row["pieces"]), number)
            )
            (row,) = draw_mixtures(self.training_corpus, self._config, [utterance], randomness)
        raise CorpusError(f"{silent} (noise was drawn {_DRAWN} times)") from silent

    def _sound(self, piece: Piece) -> tuple[Sound, Sound]:
        """What is heard of a piece, and the clean speech in it, at its speed."""
        mixture, speech = self._pair(piece.row)
        stretch = slice(piece.start, piece.start + piece.samples)
        heard = speech if self._config.heard == "clean" else mixture
        pair = [at_speed(sound[stretch], piece.speed) for sound in (heard, speech)]
        if piece.microphone:
            draws = Randomness(("microphone", piece.microphone))
            pair = through_another_microphone(pair, self._config.microphone_db, draws)
        return pair[0], pair[1]

    def batch(self, pieces: Sequence[Piece], longest: int | None = None) -> Batch:
        """Renders pieces; each is padded to `longest` samples, by default the longest of them."""
        longest = longest or max(piece.heard for piece in pieces)
        size, frames = len(pieces), target_frames(longest)
        channels = len(self.training_corpus.scales.names)
        noisy = np.zeros((size, longest), np.float32)
        clean = np.zeros((size, longest), np.float32)
        values = np.zeros((size, frames, channels), np.float32)
        valid = np.zeros((size, frames, channels), bool)
        for i, piece in enumerate(pieces):
            heard, speech = self._sound(piece)
            noisy[i, : piece.heard], clean[i, : piece.heard] = heard, speech
            if (targets := self.training_corpus.targets.get(piece.row["utterance_id"])) is not None:
                first = _STRIDE * piece.start // HOP
                found = slice(first, first + target_frames(piece.samples))
                moved = targets_at_speed(Targets(targets.values[found], targets.valid[found]), piece.speed)
                length = min(len(moved.values), target_frames(piece.heard))
                values[i, :length], valid[i, :length] = moved.values[:length], moved.valid[:length]
        ids = [piece.row["mixture_id"] for piece in pieces]
        has_targets = [piece.row["utterance_id"] in self.training_corpus.targets for piece in pieces]
        lengths = [piece.heard for piece in pieces]
        return Batch(
            torch.from_numpy(noisy),
            torch.from_numpy(clean),
            torch.tensor(lengths, dtype=torch.int64),
            torch.from_numpy(values),
            torch.from_numpy(valid),
            torch.tensor(has_targets),
            ids,
            self._enrolments(pieces),
        )


def _cut(row: PlanRow, crop: int | None, randomness: Randomness) -> Piece:
    total = int(row["samples"])
    if crop is None or total <= crop:
        return Piece(row, 0, total)
    return Piece(row, HOP * randomness.integer("crop", 0, (total - crop) // HOP + 1), crop)


def _batched(pieces: Sequence[Piece], limit: int, least: int, randomness: Randomness) -> list[list[Piece]]:
    """Batches of pieces of similar length, in random order.

    Each has at most `limit` samples with padding, but at least `least` pieces.
    """
    if len(pieces) < least:
        raise CorpusError(
            f"{least} processes cannot share {len(pieces)} train utterances; start fewer processes"
        )
    order = sorted(pieces, key=lambda piece: randomness.token(f"order/{piece.row['utterance_id']}"))
    batches: list[list[Piece]] = []
    for start in range(0, len(order), _POOL):
        pool = sorted(order[start : start + _POOL], key=lambda piece: piece.heard)
        batches += _full(pool, limit, least)
    batches = _without_short_rest(batches, least)
    numbered = sorted(range(len(batches)), key=lambda i: randomness.token(f"batch/{i}"))
    return [batches[i] for i in numbered]


def _full(pieces: Iterable[Piece], limit: int, least: int = 1) -> list[list[Piece]]:
    """Groups of pieces sorted by length, of at most `limit` samples with padding, at least `least` pieces."""
    groups: list[list[Piece]] = []
    for piece in pieces:
        if groups and (len(groups[-1]) < least or (len(groups[-1]) + 1) * piece.heard <= limit):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return _without_short_rest(groups, least)


def _without_short_rest(groups: list[list[Piece]], least: int) -> list[list[Piece]]:
    """The groups, but the last joins the one before if it has too few pieces."""
    if len(groups) > 1 and len(groups[-1]) < least:
        return [*groups[:-2], groups[-2] + groups[-1]]
    return groups
