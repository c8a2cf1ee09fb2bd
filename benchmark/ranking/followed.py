"""Whom models followed in babble at the lowest SNR: shown beside PPMC, never ranked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmark.errors import StandingsError
from benchmark.scoring.followed import FILE_NAME, FOLLOWED
from benchmark.scoring.untrusted import read_table

_SHARES = ("on_target", "on_another", "on_none", "control_share")
_MEANS = ("on_target", "on_another", "on_none", "switches_per_s", "control_share")


class Followed(NamedTuple):
    """Whom one model followed in one condition: means over the utterances of a speaker, then over speakers.

    Attributes:
        noise_kind: The kind of noise.
        snr_db: The lowest of that kind.
        talkers: How many talkers babble.
        on_target: Share of the time on the target, 0..1.
        on_another: Share of the time on a talker of the noise.
        on_none: Share of the time on nobody.
        switches_per_s: From one of them to another, per second.
        control_share: What `on_target` and `on_another` would be together by chance.
    """

    noise_kind: str
    snr_db: float
    talkers: int
    on_target: float
    on_another: float
    on_none: float
    switches_per_s: float
    control_share: float


def read_followed(folder: Path) -> tuple[Followed, ...]:
    """Whom a model followed at the lowest SNR of each kind of noise; empty if that is unknown.

    Raises:
        StandingsError: The table is damaged, or holds what cannot be.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return ()
    rows: list[dict[str, Any]] = read_table(path, FOLLOWED).to_pylist()
    for row in rows:
        shares = [row[name] for name in _SHARES]
        whole = abs(sum(shares[:3]) - 1.0) < 1e-3 and all(-1e-6 <= share <= 1 + 1e-6 for share in shares)
        if not whole or not 0 <= row["switches_per_s"] < 1e3 or not 0 <= row["talkers"] <= 1000:
            raise StandingsError(
                f"{path}: {row['mixture_id']}: the shares of whom a model followed cannot be right"
            )
    lowest: dict[str, float] = {}
    for row in rows:
        lowest[row["noise_kind"]] = min(row["snr_db"], lowest.get(row["noise_kind"], row["snr_db"]))
    groups: dict[tuple[str, int], dict[str, list[list[float]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row["snr_db"] == lowest[row["noise_kind"]]:
            speakers = groups[row["noise_kind"], row["talkers"]]
            speakers[row["speaker"]].append([row[name] for name in _MEANS])
    return tuple(
        Followed(kind, lowest[kind], talkers, *_mean(speakers))
        for (kind, talkers), speakers in sorted(groups.items(), key=lambda item: (item[0][1], item[0][0]))
    )


def _mean(speakers: Mapping[str, list[list[float]]]) -> list[float]:
    found: list[float] = np.mean([np.mean(rows, axis=0) for rows in speakers.values()], axis=0).tolist()
    return found
