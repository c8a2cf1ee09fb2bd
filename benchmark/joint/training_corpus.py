"""The data of training: train and dev utterances, targets, noise of their splits, extra speech."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.audio import read_header
from benchmark.errors import CorpusError, ManifestError
from benchmark.joint.batch import FRAME_RATE_HZ
from benchmark.mixing.recipe import Recipe
from benchmark.mixing.sources import Sources
from benchmark.noises.listing import audio_below
from benchmark.noises.reading import read_stretch
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.randomness import Randomness
from benchmark.types import RATE_HZ, Clip, Trajectories, Utterance

#: Long recordings of extra speech are taken in pieces of at most this many seconds, and shorter rests are
#: left out.
_PIECE_S, _LEAST_S = 8.0, 0.5
#: Where a corpus has no dev split, every so many prompts one is held out of the train split.
_HELD_OUT = 10
_FLAT = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """Trajectories of an utterance in units of its speaker's standard deviation.

    Attributes:
        values: float32, shape (frames, channels), 100 Hz; 0 where not valid.
        valid: bool, the same shape.
    """

    values: NDArray[np.float32]
    valid: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Scales:
    """Mean and standard deviation of every target, in the units of the corpus.

    Attributes:
        names: The targets.
        mean: Speaker to float64, shape (targets,).
        deviation: Speaker to float64, shape (targets,).
        moves: Speaker to bool, shape (targets,): what was recorded of the speaker and moves.
    """

    names: tuple[str, ...]
    mean: Mapping[str, NDArray[np.float64]]
    deviation: Mapping[str, NDArray[np.float64]]
    moves: Mapping[str, NDArray[np.bool_]]

    def average(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Means and deviations averaged over known speakers, for an unknown one; else 0 and 1.

        Where nobody's is known, it is 0 and 1.
        """
        known = np.stack(list(self.moves.values()))
        count = known.sum(axis=0)

        def over_speakers(values: Iterable[NDArray[np.float64]], otherwise: float) -> NDArray[np.float64]:
            total = np.where(known, np.stack(list(values)), 0.0).sum(axis=0)
            return np.where(count > 0, total / np.maximum(count, 1), otherwise)

        return over_speakers(self.mean.values(), 0.0), over_speakers(self.deviation.values(), 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class TrainingCorpus:
    """All that training may hear. Nothing of the test split is in it.

    Attributes:
        recipe: Of the prepared corpus.
        train: Utterances that are learnt from, sorted by id.
        dev: Utterances that decide which epoch is best, sorted by id; held out of the train split where the
            corpus has no dev split.
        extra: Speech without articulation, of speakers outside dev and test, sorted by id.
        targets: Of train and dev, by utterance id.
        scales: Of the train split.
        sources: Speech and noise of the train and dev splits.
    """

    recipe: Recipe
    train: list[Utterance]
    dev: list[Utterance]
    extra: list[Utterance]
    targets: Mapping[str, Targets]
    scales: Scales
    sources: Sources


def collect(
    corpus: PreparedCorpus, sources: Sources, *, own_extra: bool = False, extra_folders: Sequence[Path] = ()
) -> TrainingCorpus:
    """Puts together what training draws on.

    Args:
        corpus: Prepared, or planned only; its train and dev utterances are used.
        sources: Speech and noise on disk, found for the recipe of `corpus`.
        own_extra: Whether the voices of the corpus that only babble are extra speech, where it has such.
        extra_folders: Folders of clean speech, searched for audio at any depth.

    Raises:
        ManifestError: The corpus lacks a split or trajectories.
        CorpusError: An utterance of the corpus is not on disk, or a folder holds no speech.
    """
    train = _of_split(corpus, sources, "train")
    if "dev" in corpus.splits or any(utterance.split == "dev" for utterance in sources.targets):
        dev = _of_split(corpus, sources, "dev")
    else:
        train, dev = _held_out(train)
    train_targets, scales = _normalised(corpus, train)
    dev_targets, _ = _normalised(corpus, dev)
    extra = _own_voices(sources) if own_extra else []
    # Noise suffices for the longest utterance, but perhaps for nothing longer.
    longest_s = min(_PIECE_S, max(utterance.duration_s for utterance in train))
    for number, folder in enumerate(extra_folders):
        extra += _speech_below(folder, f"extra{number}", longest_s)
    speech = {utterance.id: utterance for utterance in (*train, *dev, *extra)}
    return TrainingCorpus(
        corpus.recipe,
        train,
        dev,
        sorted(extra, key=lambda utterance: utterance.id),
        {**train_targets, **dev_targets},
        scales,
        _without_test(sources, speech),
    )


def _of_split(corpus: PreparedCorpus, sources: Sources, split: str) -> list[Utterance]:
    there = {utterance.id: utterance for utterance in sources.targets if utterance.split == split}
    wanted = sorted(key for key, row in corpus.utterances.items() if row["split"] == split)
    if not wanted:
        raise ManifestError(
            f"{corpus.folder}: holds no utterance of the split '{split}', only {', '.join(corpus.splits)}; "
            "prepare it without --split (--plan-only is enough)"
        )
    for key in wanted:
        if key not in there:
            raise CorpusError(
                f"{key}: is in {corpus.folder} but not among the {split} utterances on disk; give the "
                "speech that it was prepared from with --speech-root"
            )
    return [there[key] for key in wanted]


def _held_out(train: Sequence[Utterance]) -> tuple[list[Utterance], list[Utterance]]:
    """The train split without some of its prompts, and these, chosen by a hash."""
    randomness = Randomness(("held out of the train split",))
    prompts = sorted({utterance.prompt or utterance.id for utterance in train}, key=randomness.token)
    chosen = set(prompts[: max(1, len(prompts) // _HELD_OUT)])
    rest = [utterance for utterance in train if (utterance.prompt or utterance.id) not in chosen]
    if not rest:
        raise CorpusError(
            f"there is no dev split, and all train utterances have the prompt '{prompts[0]}'; name "
            "utterances for a dev split"
        )
    return rest, [utterance for utterance in train if (utterance.prompt or utterance.id) in chosen]


def _normalised(corpus: PreparedCorpus, utterances: Sequence[Utterance]) -> tuple[dict[str, Targets], Scales]:
    by_speaker: dict[str, dict[str, Trajectories]] = defaultdict(dict)
    for utterance in utterances:
        found = corpus.targets(utterance.id)
        if found.rate_hz != FRAME_RATE_HZ:
            raise ManifestError(
                f"{corpus.folder}: its targets have {found.rate_hz:g} frames a second where "
                f"{FRAME_RATE_HZ} are expected; prepare it again"
            )
        by_speaker[utterance.speaker][utterance.id] = found
    names = next(iter(next(iter(by_speaker.values())).values())).names
    targets: dict[str, Targets] = {}
    mean, deviation, moves = {}, {}, {}
    for speaker, items in by_speaker.items():
        mean[speaker], deviation[speaker], moves[speaker] = _scale(list(items.values()))
        for key, item in items.items():
            # What is not valid may be NaN, and is replaced before anything is computed from it.
            values = np.where(item.valid, item.values, 0.0)
            scaled = (values - mean[speaker]) / deviation[speaker]
            targets[key] = Targets(np.where(item.valid, scaled, 0.0).astype(np.float32), item.valid)
    return targets, Scales(names, mean, deviation, moves)


def _scale(
    items: Sequence[Trajectories],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Mean, standard deviation, and whether there is one."""
    valid = np.concatenate([item.valid for item in items])
    values = np.where(valid, np.concatenate([item.values for item in items]), 0.0).astype(np.float64)
    count = np.maximum(valid.sum(axis=0), 1)
    mean = values.sum(axis=0) / count
    variance = np.where(valid, (values - mean) ** 2, 0.0).sum(axis=0) / count
    deviation = np.sqrt(variance)
    moves = deviation > _FLAT
    # A target that never moves cannot be scaled; left as it is, it teaches nothing.
    return mean, np.where(moves, deviation, 1.0), moves


def _without_test(sources: Sources, speech: Mapping[str, Utterance]) -> Sources:
    """The sources with this speech, and without what belongs to the test split."""
    voices = {
        source: {
            key: utterance
            for key, utterance in found.items()
            if {utterance.split, utterance.extra.get("babble_split")} & {"train", "dev"}
        }
        for source, found in sources.voices.items()
    }
    talkers = {key: found for key, found in sources.talkers.items() if key[1] != "test"}
    stretches = {key: found for key, found in sources.stretches.items() if key[1] != "test"}
    return replace(sources, speech=speech, voices=voices, talkers=talkers, stretches=stretches)


def _own_voices(sources: Sources) -> list[Utterance]:
    """Voices that only babble, those of the train split, as speech to be enhanced."""
    found = {}
    for voices in sources.voices.values():
        for utterance in voices.values():
            if utterance.extra.get("babble_split") == "train":
                found[utterance.id] = replace(utterance, split="train")
    return list(found.values())


def _speech_below(folder: Path, label: str, longest_s: float) -> list[Utterance]:
    if not folder.is_dir():
        raise CorpusError(f"{folder}: is no folder; give a folder of clean speech with --extra-speech")
    found = [piece for path in audio_below(folder) for piece in _pieces(path, folder, label, longest_s)]
    if not found:
        raise CorpusError(
            f"{folder}: holds no recording of at least {_LEAST_S:g} s (wav, flac, aiff, ogg or sph)"
        )
    return found


def _pieces(path: Path, folder: Path, label: str, longest_s: float) -> Iterable[Utterance]:
    header = read_header(path)
    total = -(-header.frames * RATE_HZ // header.rate_hz)
    # With its suffix: a.wav may stand beside a.flac.
    name = path.relative_to(folder).as_posix()
    step = math.floor(longest_s * RATE_HZ)
    for number in range(math.ceil(total / step)):
        start = number * step
        samples = min(step, total - start)
        if samples >= _LEAST_S * RATE_HZ:
            yield Utterance(
                id=f"{label}/{name}.{number}",
                speaker=f"{label}/{name}",
                prompt="",
                duration_s=samples / RATE_HZ,
                audio=partial(_stretch, path, start, samples),
                split="train",
            )


def _stretch(path: Path, start: int, samples: int) -> Clip:
    return Clip(read_stretch(path, start, samples).astype(np.float32), RATE_HZ)
