"""Measures against SNR, babble and non-babble side by side, as SVG."""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
from typing import Any

from benchmark.ranking.markdown import printable
from benchmark.ranking.rounding import settled
from benchmark.ranking.standings import Line, Standing

_COLOURS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#000000",
)  # Okabe & Ito, safe for the colour-blind
_MARKERS = "osD^vPX"
_TITLES = {"babble": "babble", "nonbabble": "non-babble"}
#: More curves than this cannot be told apart in a still picture; the page lets readers choose.
_MOST = 7


def shown(standing: Standing) -> list[Line]:
    """The models of a plot: the best ranked ones, then oracles."""
    oracles = [line for line in standing.lines if line.oracle][:2]
    others = [line for line in standing.lines if not line.oracle and not line.lacking]
    return others[: _MOST - len(oracles)] + oracles


def snr_plot(standing: Standing, title: str) -> str:
    """A plot as the text of an SVG file, stamped with the hash of the data that it shows."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    kinds = standing.kinds
    style: Any = {
        "svg.hashsalt": "sinbad",
        "svg.fonttype": "none",
        "font.size": 10,
        # Names are names, even those with dollar signs.
        "text.parse_math": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with matplotlib.rc_context(style):
        figure, axes = pyplot.subplots(
            1, len(kinds), figsize=(4.6 * len(kinds), 3.8), sharey=True, squeeze=False
        )
        for axis, kind in zip(axes[0], kinds, strict=True):
            _draw(axis, standing, kind)
        unit = "" if standing.measure.unit == "1" else f" ({standing.measure.unit})"
        axes[0][0].set_ylabel(f"{standing.measure.name}{unit}")
        handles = [axes[0][0].plot([], [], **_look(i, line))[0] for i, line in enumerate(shown(standing))]
        # Labels are given apart: matplotlib leaves out those that begin with an underscore.
        figure.legend(
            handles,
            [printable(line.card.model) for line in shown(standing)],
            loc="outside lower center",
            ncols=4,
            frameon=False,
        )
        figure.suptitle(title)
        figure.set_layout_engine("constrained")
        stream = io.StringIO()
        figure.savefig(
            stream, format="svg", metadata={"Date": None, "Description": f"data sha256:{data_hash(standing)}"}
        )
        pyplot.close(figure)
    # Trailing blanks in matplotlib's output would make every commit of a plot complain.
    return re.sub(r"[ \t]+$", "", stream.getvalue(), flags=re.MULTILINE)


def data_hash(standing: Standing) -> str:
    """Hash of what a plot shows; equal hashes mean equal curves, whatever drew them."""
    drawn = [
        [
            line.card.model,
            [
                [*key, *(None if math.isnan(x) else settled(x) for x in line.estimates[key])]
                for key in line.values
            ],
        ]
        for line in shown(standing)
    ]
    return hashlib.sha256(json.dumps([standing.measure.name, drawn]).encode()).hexdigest()[:32]


def stamp(svg: str) -> str | None:
    """The hash of the data with which a plot was stamped."""
    found = re.search(r"data sha256:([0-9a-f]{32})", svg)
    return found.group(1) if found else None


def _look(place: int, line: Line) -> dict[str, Any]:
    return {
        "color": _COLOURS[place % len(_COLOURS)],
        "marker": _MARKERS[place % len(_MARKERS)],
        "markersize": 4,
        "linestyle": "--" if line.oracle else "-",
        "linewidth": 1.4,
    }


def _draw(axis: Any, standing: Standing, kind: str) -> None:
    for i, line in enumerate(shown(standing)):
        points = sorted(
            (key[1], line.estimates[key]) for key in line.values if key[0] == kind and key[1] is not None
        )
        if not points:
            continue
        snr = [x for x, _ in points]
        sure = [(x, y) for x, y in points if not math.isnan(y.low)]
        axis.fill_between(
            [x for x, _ in sure],
            [y.low for _, y in sure],
            [y.high for _, y in sure],
            color=_look(i, line)["color"],
            alpha=0.12,
            linewidth=0,
        )
        axis.plot(snr, [y.value for _, y in points], **_look(i, line))
    axis.set_title(_TITLES.get(kind, kind))
    axis.set_xlabel("SNR (dB)")
    axis.grid(visible=True, color="#dddddd", linewidth=0.6)
