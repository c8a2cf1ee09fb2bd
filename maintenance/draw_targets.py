"""`python -m maintenance.draw_targets DIR`: draws one picture for each target.

The pictures show a moment of the embedded corpus.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmark import corpora
from benchmark.articulation.arc import Gaps, arcs_through, gaps_to_arcs, gaps_to_points, nearest_to_arcs
from benchmark.articulation.outline import Nearest, Outline, nearest_around
from benchmark.articulation.parameters import PARAMETERS, PELLET_NAMES
from benchmark.articulation.target_sets import smooth_pellets, speaker_outline, speaker_targets
from benchmark.articulation.tract_variables import LOCATION_SPREAD_MM, body_arc, location, track
from benchmark.files import demo_corpus, replacing
from benchmark.types import Trajectories

_SPEAKER, _FRAME = "VF01", 60


class Head:
    """One moment of one speaker of the embedded corpus."""

    def __init__(self) -> None:
        self.members = [
            item
            for item in corpora.scan("virtual", demo_corpus()).utterances
            if item.speaker == _SPEAKER and item.trajectories is not None
        ]
        self.sensors = dict(corpora.get("virtual").sensors)
        pellets = [smooth_pellets(item) for item in self.members]
        wall = speaker_outline(self.members, pellets, self.sensors)
        assert wall is not None, "the embedded corpus has palates"
        self.wall: Outline = wall
        self.pellets: Trajectories = pellets[0]
        self.targets = speaker_targets(self.members, "tv10", self.sensors)[self.members[0].id]

    def place(self, role: str) -> np.ndarray:
        """Where the pellet of a role is, mm."""
        found = track(self.pellets, self.sensors, role)
        assert found is not None, role
        return np.asarray(found.xy[_FRAME])

    def draw(self, axes: Axes) -> None:
        """Wall, pellets and tongue body."""
        axes.plot(*self.wall.points.T, color="saddlebrown", linewidth=2)
        for role in PELLET_NAMES:
            axes.plot(*self.place(role), "o", color="0.4", markersize=4)
        arc = body_arc(self.pellets, self.sensors, _FRAME)
        if arc is not None:
            axes.plot(*arc.T, color="tab:red", linewidth=1.5)
        axes.set_aspect("equal")
        axes.set_axis_off()


def draw_targets(folder: Path) -> list[Path]:
    """Writes NAME.svg for each target that has a picture of its own and returns the paths.

    Args:
        folder: Where to; made if it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    head = Head()
    pictures: dict[str, Callable[[Axes], None]] = {
        "LA": lambda axes: _line(axes, head.place("upper_lip"), head.place("lower_lip"), "LA"),
        "LP": lambda axes: _protrusion(axes, head),
        "TBCD": lambda axes: _degree(axes, head, "TBCD"),
        "TTCD": lambda axes: _degree(axes, head, "TTCD"),
        "TBCL": lambda axes: _location(axes, head, "TBCL"),
        "TTCL": lambda axes: _location(axes, head, "TTCL"),
        "pellets": lambda axes: _pellets(axes, head),
    }
    paths = []
    for name, add in pictures.items():
        figure = Figure(figsize=(5, 3.4), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        head.draw(axes)
        add(axes)
        paths.append(_saved(figure, folder / f"{name}.svg"))
    in_time = ("aperiodicity", "periodicity", "pitch", "velum")
    return paths + [_in_time(head, name, folder / f"{name}.svg") for name in in_time]


class _Wall(NamedTuple):
    """How far the wall is in the frame drawn, and where it is nearest."""

    gaps: Gaps
    nearest: Nearest


def _seen(head: Head, name: str) -> _Wall:
    if name.startswith("TT"):
        tip = head.place("tongue_tip")[None]
        (gaps,) = gaps_to_points(head.wall, tip)
        return _Wall(gaps, nearest_around(head.wall, tip, gaps.closest[:, 0]))
    circle = np.stack([head.place(role) for role in ("tongue_front", "tongue_mid", "tongue_back")])[None]
    arc = arcs_through(circle, circle[:, [0, 2]])
    (gaps,) = gaps_to_arcs(head.wall, arc)
    return _Wall(gaps, nearest_to_arcs(head.wall, arc, gaps.closest))


def _degree(axes: Axes, head: Head, name: str) -> None:
    found = _seen(head, name).nearest
    foot = _on_wall(head.wall, float(found.place[0]))
    arc = body_arc(head.pellets, head.sensors, _FRAME)
    assert arc is not None, "all tongue pellets are seen"
    own = head.place("tongue_tip")[None] if name == "TTCD" else arc
    _line(axes, own[np.hypot(*(own - foot).T).argmin()], foot, f"{name} {found.distance[0]:.1f} mm")


def _location(axes: Axes, head: Head, name: str) -> None:
    to_wall = _seen(head, name).gaps.to_wall
    place = float(location(head.wall, to_wall)[0])
    weight = np.exp((to_wall[0].min() - to_wall[0]) / LOCATION_SPREAD_MM)
    x, y = head.wall.samples.xy[::2][::4].T
    axes.scatter(x, y, s=30 * weight[::4], color="tab:blue", alpha=0.3, linewidths=0)
    axes.plot(*_on_wall(head.wall, place), "v", color="tab:blue", markersize=9)
    axes.annotate(
        f"{name} {place:.1f} mm", tuple(_on_wall(head.wall, place)), (4, 10), textcoords="offset points"
    )
    axes.annotate("0", tuple(head.wall.points[0]), (4, 4), textcoords="offset points")


def _protrusion(axes: Axes, head: Head) -> None:
    lip = head.place("lower_lip")
    rest = lip[0] - float(head.targets.values[_FRAME, head.targets.names.index("LP")])
    axes.axvline(rest, color="tab:blue", linestyle=":", linewidth=1)
    _line(axes, np.array([rest, lip[1]]), lip, "LP")


def _pellets(axes: Axes, head: Head) -> None:
    for role, short in PELLET_NAMES.items():
        axes.annotate(short, tuple(head.place(role)), (4, 4), textcoords="offset points")


def _line(axes: Axes, start: np.ndarray, end: np.ndarray, text: str) -> None:
    axes.plot([start[0], end[0]], [start[1], end[1]], color="tab:blue", linewidth=2)
    axes.annotate(text, tuple((start + end) / 2), (6, -2), textcoords="offset points", color="tab:blue")


def _on_wall(wall: Outline, place: float) -> np.ndarray:
    return np.array([np.interp(place, wall.samples.place, wall.samples.xy[:, axis]) for axis in (0, 1)])


def _in_time(head: Head, name: str, path: Path) -> Path:
    figure = Figure(figsize=(5, 2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    column = head.targets.names.index(name)
    values = np.where(head.targets.valid[:, column], head.targets.values[:, column], np.nan)
    axes.plot(np.arange(len(values)) / head.targets.rate_hz, values)
    axes.set_xlabel("seconds")
    axes.set_ylabel(f"{name}, {PARAMETERS[name].unit}")
    return _saved(figure, path)


def _saved(figure: Figure, path: Path) -> Path:
    with replacing(path) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None})
    return path


if __name__ == "__main__":
    for written in draw_targets(Path(sys.argv[1])):
        sys.stdout.write(f"{written}\n")
