"""The ridge baseline learns what is observed, and says what is not before it works."""

from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import ModelError
from benchmark.models.ridge import train_ridge
from benchmark.types import Clip, Trajectories


class Prepared:
    """A corpus of utterances of one second each, with the validity of (LA, TB_x) by speaker."""

    folder = Path("prepared")

    def __init__(self, observed: dict[str, tuple[bool, bool]], audible: bool = True) -> None:
        self.observed, self.audible = observed, audible
        self.utterances = {f"{speaker}/1": {"speaker": speaker} for speaker in observed}

    def __iter__(self):
        return iter(
            {"split": "train", "noise_kind": "clean", "utterance_id": key, "mixture_id": key, **row}
            for key, row in self.utterances.items()
        )

    def targets(self, key: str) -> Trajectories:
        place = 100.0 * list(self.utterances).index(key)
        values = place + np.sin(np.arange(100)[:, None] / np.array([5.0, 9.0])).astype(np.float32)
        valid = np.broadcast_to(self.observed[key.split("/")[0]], values.shape)
        return Trajectories(values.astype(np.float32), 100.0, ("LA", "TB_x"), valid)

    def noisy(self, key: str) -> Clip:
        assert self.audible, "audio was read before the targets were looked at"
        return Clip(np.random.default_rng(0).normal(0, 0.1, 16000).astype(np.float32), 16000)


def test_a_target_that_is_never_observed_is_named_before_any_audio_is_read():
    corpus = Prepared({"A": (True, False), "B": (True, False)}, audible=False)
    with pytest.raises(ModelError, match=r"^TB_x: never observed in the train split"):
        train_ridge(corpus, ["clean"])  # type: ignore[arg-type]


def test_a_speaker_who_lacks_a_target_has_no_say_in_its_average():
    corpus = Prepared({"A": (True, True), "B": (True, False)})
    weights = train_ridge(corpus, ["clean"]).arrays()["weights"]  # type: ignore[arg-type]
    constant = dict(zip(("LA", "TB_x"), np.asarray(weights)[-1], strict=True))
    both = [corpus.targets(key).values.mean(axis=0) for key in ("A/1", "B/1")]
    assert constant["LA"] == pytest.approx((both[0][0] + both[1][0]) / 2, abs=1.0)
    assert constant["TB_x"] == pytest.approx(both[0][1], abs=1.0)
