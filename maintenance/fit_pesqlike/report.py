"""The page that says how near PESQLike comes to PESQ on pairs it was not fitted to, and where it does not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmark.metrics import PESQLike
from maintenance.fit_pesqlike.material import Material
from maintenance.fit_pesqlike.speech import RATE_HZ

PAGE, PLOT, TABLE = "PESQLIKE.md", "pesqlike.png", "pesqlike.csv"
ROLES = ("held out", "beyond")


class Agreement(NamedTuple):
    """How two columns agree.

    Attributes:
        pairs: How many pairs.
        r: Correlation over pairs.
        mae: Mean absolute difference over pairs.
        bias: Mean difference.
        condition_r: Correlation over condition means.
    """

    pairs: int
    r: float
    mae: float
    bias: float
    condition_r: float


def evaluate(material: Material) -> pd.DataFrame:
    """Rows that no fit has seen, with a column `pesqlike`."""
    measure = PESQLike()
    references = [measure.reference(clip, RATE_HZ) for clip in material.clean]
    table = material.table[material.table["role"].isin(ROLES)].copy()
    table["pesqlike"] = [
        round(measure.score(references[clip], material.degraded[row]), 5)
        for row, clip in zip(table.index.to_numpy(), table["clip"].to_numpy(), strict=True)
    ]
    table["pesq"] = table["pesq"].round(5)
    return table.reset_index(drop=True)


def agreement(table: pd.DataFrame) -> Agreement:
    """Agreement of `pesqlike` with `pesq`."""
    difference = table["pesqlike"] - table["pesq"]
    means = table.groupby("condition")[["pesq", "pesqlike"]].mean()
    return Agreement(
        len(table),
        _correlation(table["pesq"], table["pesqlike"]),
        float(difference.abs().mean()),
        float(difference.mean()),
        _correlation(means["pesq"], means["pesqlike"]) if len(means) > 2 else float("nan"),
    )


def _correlation(a: pd.Series, b: pd.Series) -> float:
    return float(np.corrcoef(a.to_numpy(dtype=np.float64), b.to_numpy(dtype=np.float64))[0, 1])


def write(table: pd.DataFrame, folder: Path) -> None:
    """The table, the plot and the page."""
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / TABLE, index=False)
    _plot(table, folder / PLOT)
    (folder / PAGE).write_text(page(table), encoding="utf-8")


def page(table: pd.DataFrame) -> str:
    """The page, in Markdown."""
    unseen, beyond = (table[table["role"] == role] for role in ROLES)
    kinds = [("all", unseen), *((str(kind), part) for kind, part in unseen.groupby("kind"))]
    talkers = [(str(talker), part) for talker, part in unseen.groupby("talker")]
    return "\n".join(
        [
            "# PESQLike against PESQ",
            "",
            "Rendered by `python -m maintenance.fit_pesqlike report`; rows behind it: `pesqlike.csv`.",
            "",
            (
                "`PESQLike` is written from open psychoacoustics and fitted to scores of the package "
                "`pesq` 0.0.4 (wide band,"
            ),
            (
                "without Corrigendum 2). Nothing below was fitted: other talkers, noises, "
                "enhancers and distortions than"
            ),
            "those of the fit. What happens to a clip: `maintenance/fit_pesqlike/conditions.py`.",
            "",
            f"![PESQLike against PESQ, {len(unseen)} pairs]({PLOT})",
            "",
            *_summary("pairs of", kinds),
            "",
            *_summary("talker (V: embedded virtual voices)", talkers),
            "",
            "## Where it fails",
            "",
            (
                "PESQ realigns in time, piece by piece; PESQLike removes one delay. Where the delay "
                "drifts trust neither its"
            ),
            "value nor its order. Reverberation and lost packets were not fitted either.",
            "",
            *_conditions(beyond),
            "",
            "## All conditions",
            "",
            *_conditions(unseen),
            "",
        ]
    )


def _summary(title: str, parts: Sequence[tuple[str, pd.DataFrame]]) -> list[str]:
    lines = [f"| {title} | pairs | r | MAE | bias | r of condition means |", "|---|---:|---:|---:|---:|---:|"]
    for name, part in parts:
        a = agreement(part)
        lines.append(
            f"| {name} | {a.pairs} | {a.r:.4f} | {a.mae:.3f} | {a.bias:+.3f} | {a.condition_r:.4f} |"
        )
    return lines


def _conditions(table: pd.DataFrame) -> list[str]:
    lines = ["| condition | pairs | PESQ | PESQLike | MAE |", "|---|---:|---:|---:|---:|"]
    for name, part in table.groupby("condition", sort=False):
        mae = (part["pesqlike"] - part["pesq"]).abs().mean()
        means = part[["pesq", "pesqlike"]].mean()
        lines.append(f"| {name} | {len(part)} | {means['pesq']:.2f} | {means['pesqlike']:.2f} | {mae:.3f} |")
    return lines


def _plot(table: pd.DataFrame, path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 6), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    unseen, beyond = (table[table["role"] == role] for role in ROLES)
    for kind, part in unseen.groupby("kind"):
        axes.plot(part["pesq"], part["pesqlike"], ".", markersize=3, label=str(kind))
    axes.plot(beyond["pesq"], beyond["pesqlike"], "x", markersize=4, color="0.6", label="beyond the model")
    axes.plot([1, 4.7], [1, 4.7], color="0.4", linewidth=0.8)
    axes.set(
        xlabel="PESQ (pesq 0.0.4, wide band)",
        ylabel="PESQLike",
        xlim=(0.95, 4.7),
        ylim=(0.95, 4.7),
        aspect="equal",
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left", frameon=False)
    FigureCanvasAgg(figure)
    figure.savefig(path, metadata={"Software": None})
