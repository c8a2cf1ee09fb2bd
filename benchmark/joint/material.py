"""What training draws on: the train and dev utterances of a prepared corpus, their targets, the noise of their splits, and extra speech."""

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
from benchmark.mixing.gather import Gathered
from benchmark.mixing.sources import Sources
from benchmark.mixing.supply import RATE_HZ, Supply
from benchmark.noises.listing import audio_below
from benchmark.noises.reading import read_stretch
from benchmark.prepared import PreparedCorpus
from benchmark.recipe import Recipe
from benchmark.speech import Clip, Trajectories, Utterance

#: Long recordings of extra speech are taken in pieces of this many seconds, and shorter rests are left out.
_PIECE_S, _LEAST_S = 8.0, 0.5
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
    """

    names: tuple[str, ...]
    mean: Mapping[str, NDArray[np.float64]]
    deviation: Mapping[str, NDArray[np.float64]]

    def average(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean over the speakers of both: what is given to an estimate for somebody unknown."""
        return np.mean(list(self.mean.values()), axis=0), np.mean(list(self.deviation.values()), axis=0)


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """All that training may hear. Nothing of the test split is in it.

    Attributes:
        recipe: Of the prepared corpus.
        train: Utterances that are learnt from, sorted by id.
        dev: Utterances that decide which epoch is best, sorted by id.
        extra: Speech without articulation, of speakers outside dev and test, sorted by id.
        targets: Of train and dev, by utterance id.
        scales: Of the train split.
        supply: Noise of the train and dev splits.
        sources: Readers of all of it.
    """

    recipe: Recipe
    train: list[Utterance]
    dev: list[Utterance]
    extra: list[Utterance]
    targets: Mapping[str, Targets]
    scales: Scales
    supply: Supply
    sources: Sources


def collect(
    corpus: PreparedCorpus, gathered: Gathered, *, own_extra: bool = False, extra_folders: Sequence[Path] = ()
) -> Material:
    """Puts together what training draws on.

    Args:
        corpus: Prepared, or planned only; its train and dev utterances are used.
        gathered: Speech and noise on disk, found for the recipe of `corpus`.
        own_extra: Whether the voices of the corpus that only babble are extra speech.
        extra_folders: Folders of clean speech, searched for audio at any depth.

    Raises:
        ManifestError: The corpus lacks a split or trajectories.
        CorpusError: An utterance of the corpus is not on disk, or a folder holds no speech.
    """
    chosen = {split: _of_split(corpus, gathered, split) for split in ("train", "dev")}
    train_targets, scales = _normalised(corpus, chosen["train"])
    dev_targets, _ = _normalised(corpus, chosen["dev"])
    extra = _own_voices(gathered.sources) if own_extra else []
    for number, folder in enumerate(extra_folders):
        extra += _speech_below(folder, f"extra{number}")
    if own_extra and not extra:
        raise CorpusError(
            f"{corpus.folder}: its corpus has no voices that only babble; give a folder with --extra-speech DIR, "
            "or set data.extra_speech = false"
        )
    speech = {utterance.id: utterance for split in chosen.values() for utterance in split}
    speech.update({utterance.id: utterance for utterance in extra})
    return Material(
        corpus.recipe,
        chosen["train"],
        chosen["dev"],
        sorted(extra, key=lambda utterance: utterance.id),
        {**train_targets, **dev_targets},
        scales,
        _without_test(gathered.supply),
        _sources(gathered.sources, speech),
    )


def _of_split(corpus: PreparedCorpus, gathered: Gathered, split: str) -> list[Utterance]:
    there = {utterance.id: utterance for utterance in gathered.targets if utterance.split == split}
    wanted = sorted(key for key, row in corpus.utterances.items() if row["split"] == split)
    if not wanted:
        raise ManifestError(
            f"{corpus.folder}: holds no utterance of the split '{split}', only {', '.join(corpus.splits)}; training needs train and "
            "dev: prepare it without --split (--plan-only is enough)"
        )
    for key in wanted:
        if key not in there:
            raise CorpusError(
                f"{key}: is in {corpus.folder} but not among the {split} utterances on disk; give the speech that it was "
                "prepared from with --speech-root"
            )
    return [there[key] for key in wanted]


def _normalised(corpus: PreparedCorpus, utterances: Sequence[Utterance]) -> tuple[dict[str, Targets], Scales]:
    by_speaker: dict[str, dict[str, Trajectories]] = defaultdict(dict)
    for utterance in utterances:
        found = corpus.targets(utterance.id)
        if found.rate_hz != FRAME_RATE_HZ:
            raise ManifestError(
                f"{corpus.folder}: its targets have {found.rate_hz:g} frames a second where {FRAME_RATE_HZ} are expected; "
                "prepare it again"
            )
        by_speaker[utterance.speaker][utterance.id] = found
    names = next(iter(next(iter(by_speaker.values())).values())).names
    targets: dict[str, Targets] = {}
    mean, deviation = {}, {}
    for speaker, items in by_speaker.items():
        mean[speaker], deviation[speaker] = _scale(list(items.values()))
        for key, item in items.items():
            # What is not valid may be NaN, and is replaced before anything is computed from it.
            values = np.where(item.valid, item.values, 0.0)
            scaled = (values - mean[speaker]) / deviation[speaker]
            targets[key] = Targets(np.where(item.valid, scaled, 0.0).astype(np.float32), item.valid)
    return targets, Scales(names, mean, deviation)


def _scale(items: Sequence[Trajectories]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    valid = np.concatenate([item.valid for item in items])
    values = np.where(valid, np.concatenate([item.values for item in items]), 0.0).astype(np.float64)
    count = np.maximum(valid.sum(axis=0), 1)
    mean = values.sum(axis=0) / count
    variance = np.where(valid, (values - mean) ** 2, 0.0).sum(axis=0) / count
    deviation = np.sqrt(variance)
    # A target that never moves cannot be scaled; left as it is, it teaches nothing.
    return mean, np.where(deviation > _FLAT, deviation, 1.0)


def _without_test(supply: Supply) -> Supply:
    def kept(of: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, object]]:
        return {
            source: {split: found for split, found in by_split.items() if split in {"train", "dev"}}
            for source, by_split in of.items()
        }

    return Supply(kept(supply.talkers), kept(supply.recordings))  # type: ignore[arg-type]


def _sources(sources: Sources, speech: Mapping[str, Utterance]) -> Sources:
    voices = {
        source: {
            key: utterance
            for key, utterance in found.items()
            if {utterance.split, utterance.extra.get("babble_split")} & {"train", "dev"}
        }
        for source, found in sources.voices.items()
    }
    return replace(sources, speech=speech, voices=voices)


def _own_voices(sources: Sources) -> list[Utterance]:
    """Voices that only babble, those of the train split, as speech to be enhanced."""
    found = {}
    for voices in sources.voices.values():
        for utterance in voices.values():
            if utterance.extra.get("babble_split") == "train":
                found[utterance.id] = replace(utterance, split="train")
    return list(found.values())


def _speech_below(folder: Path, label: str) -> list[Utterance]:
    if not folder.is_dir():
        raise CorpusError(f"{folder}: is no folder; give a folder of clean speech with --extra-speech")
    found = [piece for path in audio_below(folder) for piece in _pieces(path, folder, label)]
    if not found:
        raise CorpusError(
            f"{folder}: holds no recording of at least {_LEAST_S:g} s (wav, flac, aiff, ogg or sph)"
        )
    return found


def _pieces(path: Path, folder: Path, label: str) -> Iterable[Utterance]:
    header = read_header(path)
    total = -(-header.frames * RATE_HZ // header.rate_hz)
    # With its suffix: a.wav may stand beside a.flac.
    name = path.relative_to(folder).as_posix()
    step = round(_PIECE_S * RATE_HZ)
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
