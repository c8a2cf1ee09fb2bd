"""Where each speaker's articulation lies and how far it moves, so that models learn movement and not places.

The absolute place of an articulator cannot be heard across speakers. So models of this package learn from
targets that have mean 0 and variance 1 within each speaker, and what they give is scaled by the means over
the speakers of training.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import ModelError
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.types import Trajectories


class Scale(NamedTuple):
    """Frames, mean and standard deviation of each target of one speaker, each of shape (targets,).

    Only frames in which the target is observed count.
    """

    frames: NDArray[np.int64]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]


def speaker_scales(corpus: PreparedCorpus, utterance_ids: Iterable[str]) -> dict[str, Scale]:
    """The scale of every target for each speaker."""
    by_speaker: dict[str, list[Trajectories]] = {}
    for key in utterance_ids:
        by_speaker.setdefault(corpus.utterances[key]["speaker"], []).append(corpus.targets(key))
    scales = {}
    for speaker, items in by_speaker.items():
        values = np.concatenate([item.values for item in items]).astype(np.float64)
        valid = np.concatenate([item.valid for item in items])
        frames = valid.sum(axis=0)
        count = np.maximum(frames, 1)
        mean = np.where(valid, values, 0.0).sum(axis=0) / count
        variance = np.where(valid, (values - mean) ** 2, 0.0).sum(axis=0) / count
        scales[speaker] = Scale(frames, mean, np.sqrt(np.maximum(variance, 1e-12)))
    return scales


def over_speakers(
    scales: Sequence[Scale], names: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean over speakers of mean and standard deviation; those who lack a target have no say in its average.

    Raises:
        ModelError: A target is observed of no speaker; names it.
    """
    seen = np.stack([scale.frames > 0 for scale in scales])
    speakers = seen.sum(axis=0)
    if missing := [name for name, count in zip(names, speakers.tolist(), strict=True) if not count]:
        raise ModelError(
            f"{', '.join(missing)}: never observed in the train split, so that nothing can be learnt of "
            "it; take it out of speech.targets and prepare again, or train on more speakers"
        )
    mean, deviation = (
        np.where(seen, np.stack(part), 0.0).sum(axis=0) / speakers
        for part in ([scale.mean for scale in scales], [scale.deviation for scale in scales])
    )
    return mean, deviation
