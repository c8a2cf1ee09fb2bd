"""Means of a result by measure and condition, as the tables take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def summary(scores: pd.DataFrame) -> pd.DataFrame:
    """Means over a speaker's utterances, then over speakers; then over parameters, where they have one unit.

    Args:
        scores: The columns of `benchmark.scoring.score_rows.ScoreRow`.

    Returns:
        One row a measure and parameter ("mean" for the mean over parameters, "" for measures of audio), one
        column a condition, by rising SNR; NaN where there is no score.
    """
    import pandas as pd

    table = scores.assign(condition=_conditions(scores))
    order = (
        table[["condition", "noise_kind", "snr_db"]]
        .drop_duplicates()
        .sort_values(["noise_kind", "snr_db"], key=_clean_first)
    )
    of_speakers = table.groupby(["measure", "parameter", "condition", "speaker"], sort=False)["value"].mean()
    single = of_speakers.groupby(level=["measure", "parameter", "condition"], sort=False).mean()
    several = single[_averaged(single)].groupby(level=["measure", "condition"], sort=False).mean()
    over = pd.concat({"mean": several}, names=["parameter"]).reorder_levels(single.index.names)
    wide: pd.DataFrame = pd.concat([over, single]).unstack("condition")
    return wide.reindex(columns=list(order["condition"]))


def _conditions(scores: pd.DataFrame) -> list[str]:
    return [
        kind if snr != snr else f"{kind} {snr:g} dB"
        for kind, snr in zip(scores["noise_kind"], scores["snr_db"], strict=True)
    ]


def _clean_first(column: pd.Series) -> pd.Series:
    return column.replace("clean", "") if column.name == "noise_kind" else column


def _averaged(single: pd.Series) -> list[bool]:
    """Which means may be averaged over parameters: those of articulation in a common unit."""
    from benchmark.errors import MeasureError
    from benchmark.metrics import parse

    def unit(name: str) -> str:
        try:
            return parse(name).unit
        except MeasureError:
            return "own"

    units = {name: unit(name) for name in single.index.get_level_values("measure").unique()}
    return [bool(parameter) and units[measure] != "own" for measure, parameter, _ in single.index]
