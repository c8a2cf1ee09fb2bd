from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.ndimage import gaussian_filter1d

from benchmark.errors import StandingsError
from benchmark.runners.prediction import Prediction
from benchmark.scoring.followed import FOLLOWED, Following, read_followed, write_followed
from benchmark.types import Trajectories

NAMES = ("LA", "LP", "TTCD")


def moving(seed: int) -> Trajectories:
    steps = np.random.default_rng(seed).standard_normal((500, 3))
    values = gaussian_filter1d(steps, 6.0, axis=0).astype(np.float32)
    return Trajectories(values, 100.0, NAMES, np.ones(values.shape, bool))


class Corpus:
    """As much of a prepared corpus as is asked for: 12 utterances, each in babble of two talkers."""

    def __init__(self) -> None:
        keys = [f"S{i:02d}/U1" for i in range(12)]
        self.utterances = {
            key: {"utterance_id": key, "speaker": key[:3], "split": "test", "prompt": f"sentence {key}"}
            for key in keys
        }
        self.mixtures = {
            f"babble/-5/{key}": {
                "mixture_id": f"babble/-5/{key}",
                "utterance_id": key,
                "speaker": key[:3],
                "noise_kind": "babble",
                "snr_db": -5.0,
                "talkers": 2,
                "pieces": [{"noise_id": f"v:{key}/{i}", "at": 0} for i in range(2)],
            }
            for key in keys
        }

    def targets(self, key: str) -> Trajectories:
        return moving(int(key[1:3]))

    def talkers(self, mixture_id: str) -> list[Trajectories]:
        number = int(mixture_id.split("/")[2][1:3])
        return [moving(100 + number), moving(200 + number)]


def predicted(trajectories: Trajectories | None) -> Prediction:
    return Prediction(None, trajectories, "", "", 1.0)


def test_whom_a_model_followed_is_told_for_each_mixture():
    corpus = Corpus()
    following = Following(corpus)
    rows = list(corpus.mixtures.values())
    given = {}
    for i, row in enumerate(rows):
        target = corpus.targets(row["utterance_id"])
        given[row["mixture_id"]] = predicted(
            target if i < 6 else corpus.talkers(row["mixture_id"])[1] if i < 9 else moving(900 + i)
        )
    following.add(rows, given)
    table = following.table()
    assert table.schema == FOLLOWED
    found = table.to_pandas()
    assert list(found["mixture_id"]) == sorted(corpus.mixtures)
    assert (found["on_target"][:6] == 1).all()
    assert (found["on_another"][6:9] == 1).all()
    assert found["on_none"][9:].mean() > 0.7
    assert found["control_share"].iloc[0] == pytest.approx(0.05, abs=0.02)
    assert np.allclose(found[["on_target", "on_another", "on_none"]].sum(axis=1), 1, atol=1e-5)


def test_nothing_is_told_where_the_talkers_are_not_known_or_nothing_was_predicted():
    corpus = Corpus()
    rows = list(corpus.mixtures.values())
    following = Following(corpus)
    following.add(rows, {row["mixture_id"]: predicted(None) for row in rows})
    assert following.table() is None
    corpus.talkers = lambda mixture_id: []
    following.add(rows, {row["mixture_id"]: predicted(moving(1)) for row in rows})
    assert following.table() is None


def test_a_stored_table_is_read_again_or_refused_by_name(tmp_path):
    assert read_followed(tmp_path) is None
    corpus = Corpus()
    rows = list(corpus.mixtures.values())
    following = Following(corpus)
    following.add(rows, {row["mixture_id"]: predicted(moving(1)) for row in rows})
    write_followed(tmp_path, following.table())
    assert read_followed(tmp_path).equals(following.table())
    path = tmp_path / "followed.parquet"
    path.write_bytes(b"PAR1 not really")
    with pytest.raises(StandingsError, match=r"followed.parquet: cannot be read"):
        read_followed(tmp_path)
    pq.write_table(pa.table({"on_target": [1.0]}), path)
    with pytest.raises(StandingsError, match="has other columns"):
        read_followed(tmp_path)
    write_followed(tmp_path, None)
    assert not path.exists()
