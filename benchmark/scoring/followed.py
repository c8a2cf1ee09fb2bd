"""Whom a model followed in babble: `followed.parquet` beside the scores; not ranked.

It exists for models that invert, on corpora that know the articulation of their talkers
(`PreparedCorpus.talkers`). How it is computed stands in `benchmark.metrics.followed`. The mismatched control
of a mixture are up to four targets of other utterances of its split, of other speakers and other sentences,
and up to four talkers from the babble of those; the threshold is taken over all mixtures of a condition, so
that it fits how smooth the model is there. Columns:

    mixture_id, utterance_id, speaker, noise_kind, snr_db, talkers    as in the manifest
    on_target, on_another, on_none    shares of the time, 0..1, which add up to 1
    switches_per_s                    from one source to another
    windows                           how many windows could be told
    threshold                         the least correlation that counts as following, by the control
    control_share                     share of the windows in which as many unrelated voices would have been
                                      followed: `on_target + on_another` by chance
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmark.errors import StandingsError
from benchmark.files import replacing
from benchmark.metrics.followed import CHANCE, followed, threshold, window_correlations
from benchmark.mixing.rows import MixtureRow
from benchmark.prepared.corpus import PreparedCorpus
from benchmark.runners.prediction import Prediction
from benchmark.types import Trajectories

FILE_NAME = "followed.parquet"
FOLLOWED = pa.schema(
    [
        pa.field("mixture_id", pa.string(), nullable=False),
        pa.field("utterance_id", pa.string(), nullable=False),
        pa.field("speaker", pa.string(), nullable=False),
        pa.field("noise_kind", pa.string(), nullable=False),
        pa.field("snr_db", pa.float64(), nullable=False),
        pa.field("talkers", pa.int32(), nullable=False),
        pa.field("on_target", pa.float64(), nullable=False),
        pa.field("on_another", pa.float64(), nullable=False),
        pa.field("on_none", pa.float64(), nullable=False),
        pa.field("switches_per_s", pa.float64(), nullable=False),
        pa.field("windows", pa.int32(), nullable=False),
        pa.field("threshold", pa.float64(), nullable=False),
        pa.field("control_share", pa.float64(), nullable=False),
    ]
)
_CONTROLS = 4
_DIGITS = 6
_Condition = tuple[str, float, int]


class _Windows(NamedTuple):
    """Correlations of one prediction with target and talkers, and with voices outside the mixture."""

    row: MixtureRow
    own: NDArray[np.float64]
    control: NDArray[np.float64]


class Following:
    """Gathers the windows of a model's predictions, and sums them up once all are there."""

    def __init__(self, corpus: PreparedCorpus) -> None:
        self._corpus = corpus
        self._windows: dict[_Condition, list[_Windows]] = defaultdict(list)

    def add(self, rows: Iterable[MixtureRow], given: Mapping[str, Prediction]) -> None:
        """Takes in the predictions of some mixtures; those without known talkers are passed by.

        Args:
            rows: Mixtures.
            given: Mixture id to what the model gave.
        """
        for row in rows:
            prediction = given[row["mixture_id"]].trajectories
            if prediction is None or not row["talkers"] or row["snr_db"] is None:
                continue
            talkers = self._corpus.talkers(row["mixture_id"])
            target = self._corpus.targets(row["utterance_id"])
            if not any(talker.valid.any() for talker in talkers) or prediction.rate_hz != target.rate_hz:
                continue
            if not set(target.names) <= set(prediction.names):
                continue  # whom a part of the targets follows cannot be compared with whom all of them follow
            prediction = prediction.select(target.names)
            own = window_correlations(prediction, [target, *talkers])
            control = window_correlations(prediction, self._controls(row))
            self._windows[row["noise_kind"], row["snr_db"], row["talkers"]].append(
                _Windows(row, own, control)
            )

    def table(self) -> pa.Table | None:
        """One row a mixture, columns `FOLLOWED`, sorted by mixture id; None if nobody's talkers are known."""
        rows = []
        for (_, _, talkers), found in self._windows.items():
            control = np.concatenate([item.control.ravel() for item in found])
            if not np.isfinite(control).any():
                continue
            least = threshold(control, 1 + talkers)
            share = _control_share(control, least, 1 + talkers)
            for item in found:
                result = followed(item.own, least)
                if result is not None:
                    names = ("mixture_id", "utterance_id", "speaker", "noise_kind", "snr_db", "talkers")
                    rows.append(
                        {
                            **{name: value for name, value in item.row.items() if name in names},
                            **{name: round(value, _DIGITS) for name, value in result._asdict().items()},
                            "threshold": round(least, _DIGITS),
                            "control_share": round(share, _DIGITS),
                        }
                    )
        if not rows:
            return None
        return pa.Table.from_pylist(sorted(rows, key=lambda row: str(row["mixture_id"])), schema=FOLLOWED)

    def _controls(self, row: MixtureRow) -> list[Trajectories]:
        """Movements outside the mixture: other targets, and talkers of other mixtures of its condition.

        They are of other speakers where there are any, and never of the same sentence.
        """
        own = self._corpus.utterances[row["utterance_id"]]
        others = [
            item
            for item in self._corpus.utterances.values()
            if item["split"] == own["split"]
            and item["utterance_id"] != own["utterance_id"]
            and (item["prompt"] != own["prompt"] or not own["prompt"])
        ]
        others = [item for item in others if item["speaker"] != own["speaker"]] or others
        start = sum(row["utterance_id"].encode()) % max(1, len(others))
        chosen = [*others[start:], *others[:start]][:_CONTROLS]
        heard = {piece["noise_id"] for piece in row["pieces"]}
        controls = [self._corpus.targets(item["utterance_id"]) for item in chosen]
        for number, item in enumerate(chosen):
            mixture_id = row["mixture_id"].replace(own["utterance_id"], item["utterance_id"])
            other = self._corpus.mixtures.get(mixture_id)
            if other is None or heard & {piece["noise_id"] for piece in other["pieces"]}:
                continue
            talkers = self._corpus.talkers(mixture_id)
            controls.append(talkers[number % len(talkers)])
        return controls


def _control_share(control: NDArray[np.float64], least: float, sources: int) -> float:
    """What share of windows the best of so many sources, drawn from the control, exceeds `least`."""
    known = control[np.isfinite(control)]
    return float(1.0 - np.mean(known <= least) ** sources) if len(known) else CHANCE


def write_followed(folder: Path, table: pa.Table | None) -> None:
    """Writes the table into the folder of a result; None removes what an earlier run left."""
    if table is None:
        (folder / FILE_NAME).unlink(missing_ok=True)
        return
    with replacing(folder / FILE_NAME) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_followed(folder: Path) -> pa.Table | None:
    """The table of a result, columns `FOLLOWED`; None if it has none.

    Raises:
        StandingsError: It is damaged or has other columns.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return None
    try:
        found = pq.read_schema(path)
        table = pq.read_table(path) if found.equals(FOLLOWED) else None
    except (pa.ArrowException, OSError) as error:
        raise StandingsError(f"{path}: cannot be read ({error}); score the model again") from error
    if table is None:
        raise StandingsError(f"{path}: has other columns than this version writes; score the model again")
    return table
