"""One utterance drawn so that a phonetician can see whether it is right: palate, pellets, tract variables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmark.articulation.outline import Outline, nearest
from benchmark.articulation.parameters import PARAMETERS, PELLET_NAMES
from benchmark.articulation.tract_variables import body_arc, track
from benchmark.files import replacing
from benchmark.types import Clip, Trajectories

_DOTS_PER_INCH = 110
_LEVEL_S = 0.05


def plot_utterance(
    path: Path,
    title: str,
    clip: Clip,
    pellets: Trajectories,
    targets: Trajectories,
    sensors: Mapping[str, str],
    outline: Outline | None,
    at_s: float | None = None,
) -> None:
    """Draw the midsagittal plane at one moment, and everything in time.

    Args:
        path: Picture to write; its suffix decides the format (.png, .pdf, .svg).
        title: Heading.
        clip: The utterance's audio.
        pellets: Smooth pellets in mm.
        targets: Parameters in time.
        sensors: Role to channel prefix.
        outline: Outer wall, if there is one.
        at_s: The moment; None for `loudest_frame`.
    """
    frame = loudest_frame(clip, pellets, sensors) if at_s is None else _frame_at(pellets, at_s)
    names = [name for i, name in enumerate(targets.names) if targets.valid[:, i].any()]
    figure = Figure(figsize=(15, 1.6 + 1.05 * (1 + len(names))), dpi=_DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    left, right = np.asarray(figure.subfigures(1, 2, width_ratios=(1, 1.4)), dtype=object)
    _draw_head(left.subplots(), pellets, sensors, outline, frame)
    panels = right.subplots(1 + len(names), 1, sharex=True, squeeze=False)[:, 0]
    times = np.arange(len(clip.samples)) / clip.rate_hz
    panels[0].plot(times, clip.samples, linewidth=0.3, color="black")
    panels[0].set_ylabel("audio")
    for panel, name in zip(panels[1:], names, strict=True):
        _draw_parameter(panel, targets, name)
    for panel in panels:
        panel.axvline(frame / pellets.rate_hz, color="tab:red", linewidth=0.8)
    panels[-1].set_xlabel("seconds")
    with replacing(path) as temporary:
        figure.savefig(temporary, format=path.suffix.lstrip(".") or "png")


def loudest_frame(clip: Clip, pellets: Trajectories, sensors: Mapping[str, str]) -> int:
    """A moment worth a picture: speech is certainly going on, and as many pellets are seen as ever.

    Args:
        clip: Audio.
        pellets: Of the same utterance, frame 0 at the first audio sample.
        sensors: Role to channel prefix.

    Returns:
        Of the frames in the middle half of the utterance in which most pellets are valid, the one with the
        highest level over `_LEVEL_S` around it.
    """
    frames = len(pellets.values)
    middle = np.arange(frames // 4, max(frames - frames // 4, frames // 4 + 1))
    tracks = [track(pellets, sensors, role) for role in PELLET_NAMES]
    seen = np.sum([found.valid[middle] for found in tracks if found is not None], axis=0)
    energy = np.concatenate([[0.0], np.cumsum(np.square(clip.samples, dtype=np.float64))])
    edges = np.rint((middle[:, None] / pellets.rate_hz + np.array([-0.5, 0.5]) * _LEVEL_S) * clip.rate_hz)
    first, last = np.clip(edges, 0, len(clip.samples)).astype(np.intp).T
    level = energy[last] - energy[first]
    return int(middle[np.where(seen == np.max(seen), level, -1.0).argmax()])


def _frame_at(pellets: Trajectories, at_s: float) -> int:
    return min(len(pellets.values) - 1, max(0, round(at_s * pellets.rate_hz)))


def _draw_head(
    axes: Axes, pellets: Trajectories, sensors: Mapping[str, str], outline: Outline | None, frame: int
) -> None:
    """Outer wall, where each pellet has been, where it is now, and the constrictions of the moment."""
    if outline is not None:
        style = "--" if outline.estimated else "-"
        label = "outer wall (estimated)" if outline.estimated else "outer wall"
        axes.plot(*outline.points.T, style, color="saddlebrown", linewidth=2, label=label)
    for number, (role, short) in enumerate(PELLET_NAMES.items()):
        pellet = track(pellets, sensors, role)
        if pellet is None or not pellet.valid.any():
            continue
        color = f"C{number}"
        axes.plot(*pellet.xy[pellet.valid].T, color=color, linewidth=0.4, alpha=0.5)
        if pellet.valid[frame]:
            axes.plot(*pellet.xy[frame], "o", color=color)
            axes.annotate(f"{short} ({sensors[role]})", pellet.xy[frame], (4, 4), textcoords="offset points")
            if outline is not None and role == "tongue_tip":
                _draw_constriction(axes, outline, pellet.xy[frame])
    arc = body_arc(pellets, sensors, frame)
    if arc is not None:
        axes.plot(*arc.T, color="tab:red", linewidth=1.5, label="tongue body")
        if outline is not None:
            _draw_constriction(axes, outline, arc[nearest(outline, arc).distance.argmin()])
    axes.set_aspect("equal")
    axes.set_xlabel("mm, towards the lips")
    axes.set_ylabel("mm, upwards")
    axes.set_title(f"{frame / pellets.rate_hz:.2f} s")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower left", fontsize="small")


def _draw_constriction(axes: Axes, outline: Outline, point: NDArray[np.float64]) -> None:
    place = float(nearest(outline, point[None]).place[0])
    along = outline.along
    foot = [float(np.interp(place, along, outline.points[:, axis])) for axis in (0, 1)]
    axes.plot([point[0], foot[0]], [point[1], foot[1]], color="tab:red", linewidth=0.8, linestyle=":")


def _draw_parameter(panel: Axes, targets: Trajectories, name: str) -> None:
    column = targets.names.index(name)
    values = np.where(targets.valid[:, column], targets.values[:, column], np.nan)
    panel.plot(np.arange(len(values)) / targets.rate_hz, values, linewidth=1.2)
    panel.set_ylabel(f"{name}\n{PARAMETERS[name].unit}", fontsize="small")
    panel.grid(alpha=0.3)
