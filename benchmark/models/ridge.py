"""Ridge regression from log-mel context to trajectories: trains in seconds, without torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from benchmark.errors import ModelError
from benchmark.models.contract import Audio
from benchmark.models.features import log_mel, stacked
from benchmark.models.speaker_scales import over_speakers, speaker_scales
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.types import RATE_HZ, Trajectories

#: Weight of the penalty, as a share of the mean variance of the (centred) features per frame.
PENALTY = 0.03


class RidgeInverter:
    """A linear map from 200 ms of log-mel spectrum to every target.

    Attributes:
        sample_rate: 16000.
        names: The targets it gives.
    """

    sample_rate = RATE_HZ

    def __init__(self, weights: NDArray[np.float64], names: tuple[str, ...], rate_hz: float) -> None:
        self._weights = weights
        self._rate_hz = rate_hz
        self.names = names

    def invert(self, noisy: Audio) -> Trajectories:
        """Estimates the trajectories behind one recording; see `benchmark.models.contract.Inverter`."""
        values = (stacked(log_mel(noisy)) @ self._weights).astype(np.float32)
        return Trajectories(values, self._rate_hz, self.names, np.ones(values.shape, bool))

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """What it learnt, for `restored`."""
        return {"weights": self._weights, "rate_hz": np.array(self._rate_hz), "names": np.array(self.names)}

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray[np.generic]]) -> RidgeInverter:
        """The inverter that gave these `arrays`."""
        weights = np.asarray(arrays["weights"], np.float64)
        return cls(weights, tuple(map(str, arrays["names"])), float(arrays["rate_hz"].item()))


def train_ridge(corpus: PreparedCorpus, kinds: Iterable[str]) -> RidgeInverter:
    """Fits the inverter on the train split of a prepared corpus.

    Each speaker's targets are brought to mean 0 and variance 1 before the fit, because the absolute place of
    an articulator cannot be heard across speakers; the estimate is given the mean over speakers of both, so
    that it is in millimetres.

    Args:
        corpus: A prepared corpus with a train split.
        kinds: Noise kinds to learn from, of "clean", "babble" and "nonbabble".

    Raises:
        ModelError: The corpus has no such mixtures to train on, or a target is never observed in them.
    """
    wanted = set(kinds)
    rows = [row for row in corpus if row["split"] == "train" and row["noise_kind"] in wanted]
    if not rows:
        raise ModelError(
            f"{corpus.folder}: holds no train mixtures ({', '.join(sorted(wanted))}) for ridge regression; "
            "prepare it without --split, or with --split train"
        )
    scales = speaker_scales(corpus, sorted({row["utterance_id"] for row in rows}))
    first = corpus.targets(rows[0]["utterance_id"])
    mean, deviation = over_speakers(list(scales.values()), first.names)
    size = stacked(np.zeros((1, 40), np.float32)).shape[1]
    # One system of normal equations for each target, because each has its own missing frames.
    gram = np.zeros((len(first.names), size, size))
    moment = np.zeros((size, len(first.names)))
    for row in rows:
        targets = corpus.targets(row["utterance_id"])
        own = scales[row["speaker"]]
        features = stacked(log_mel(corpus.noisy(row["mixture_id"]).samples)).astype(np.float64)
        frames = min(len(features), len(targets.values))
        features = features[:frames]
        wanted_values = (targets.values[:frames] - own.mean) / own.deviation
        valid = targets.valid[:frames]
        if valid.all():
            gram += (features.T @ features)[None]
            moment += features.T @ wanted_values
            continue
        for i in range(len(first.names)):
            seen = features[valid[:, i]]
            gram[i] += seen.T @ seen
            moment[:, i] += seen.T @ wanted_values[valid[:, i], i]
    weights = np.stack([_solve(gram[i], moment[:, i]) for i in range(len(first.names))], axis=1)
    weights *= deviation
    weights[-1] += mean
    return RidgeInverter(weights, first.names, first.rate_hz)


def _solve(gram: NDArray[np.float64], moment: NDArray[np.float64]) -> NDArray[np.float64]:
    penalty = np.full(len(gram), PENALTY * np.trace(gram[:-1, :-1]) / (len(gram) - 1))
    penalty[-1] = 1e-9 * gram[-1, -1]  # the constant is not penalised
    return np.asarray(linalg.solve(gram + np.diag(penalty), moment, assume_a="pos"))
