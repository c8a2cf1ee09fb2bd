"""How exact constriction degrees are and how constriction locations move, speaker by speaker.

`python -m maintenance.target_figures demo` or `python -m maintenance.target_figures xrmb DIR` prints a table
for `docs/targets.md`: the smooth wall's error against the trace, the largest difference of TBCD and TTCD from
a search in steps of 0.01 mm, and for TBCL and TTCL the share of time that the commonest value (to 0.01 mm)
holds, the share of steps over 5 mm in 10 ms, and how much of the variance is a linear function of the
pellets. "Nearest" is the nearest place on the smooth wall, which version 1 gave on the wall as drawn.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmark import corpora
from benchmark.articulation.arc import (
    Arcs,
    gaps_to_arcs,
    gaps_to_points,
    nearest_to_arcs,
)
from benchmark.articulation.outline import Outline, nearest, nearest_around
from benchmark.articulation.target_sets import smooth_pellets, speaker_outline
from benchmark.articulation.tract_variables import _arcs, _body, _seen, track
from benchmark.files import demo_corpus
from benchmark.types import Utterance

Array = NDArray[np.float64]
_STEP_MM, _JUMP_MM = 0.01, 5.0
_HEADING = (
    "| speaker | frames | wall error | off by | of | nearest: "
    "commonest | jumps | linear | mean: commonest | jumps | linear |\n"
    f"|{11 * '---|'}\n"
)


def main() -> None:
    """Prints the table of a corpus."""
    name = sys.argv[1]
    corpus, root = ("virtual", demo_corpus()) if name == "demo" else (name, Path(sys.argv[2]))
    by_speaker: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in corpora.scan(corpus, root).utterances:
        if utterance.trajectories is not None:
            by_speaker[utterance.speaker].append(utterance)
    sys.stdout.write(_HEADING)
    for speaker, members in sorted(by_speaker.items()):
        for line in _speaker(speaker, members, dict(corpora.get(corpus).sensors)):
            sys.stdout.write(f"{line}\n")


def _speaker(speaker: str, members: list[Utterance], sensors: dict[str, str]) -> list[str]:
    pellets = [smooth_pellets(item) for item in members]
    wall = speaker_outline(members, pellets, sensors)
    if wall is None:
        return []
    tree = cKDTree(_stepped(wall))
    rows: dict[str, list[tuple[Array, Array, Array]]] = {"TB": [], "TT": []}
    worst = {"TB": 0.0, "TT": 0.0}
    for own in pellets:
        tip, body = track(own, sensors, "tongue_tip"), _body(own, sensors)
        if tip is not None:
            points = tip.xy[tip.valid]
            located, closest = _seen(wall, gaps_to_points(wall, points))
            nearest = nearest_around(wall, points, closest[:, 0])
            worst["TT"] = max(worst["TT"], _off(nearest.distance, tree.query(points)[0]))
            rows["TT"].append((np.round(located, 4), nearest.place, points))
        if body is not None:
            arcs = _arcs(body)
            located, closest = _seen(wall, gaps_to_arcs(wall, arcs))
            nearest = nearest_to_arcs(wall, arcs, closest)
            worst["TB"] = max(worst["TB"], _off_arcs(wall, arcs, nearest.distance, tree))
            circle = body.circle[body.valid].reshape(len(arcs.radius), -1)
            rows["TB"].append((np.round(located, 4), nearest.place, circle))
    return [
        f"| {speaker} {name}CL | {sum(len(part[0]) for part in parts)} | {wall.error_mm:.2f} | "
        f"{worst[name]:.4f} | {name}CD | {_moves([part[1] for part in parts], parts)} | "
        f"{_moves([part[0] for part in parts], parts)} |"
        for name, parts in rows.items()
        if parts
    ]


def _moves(values: list[Array], parts: list[tuple[Array, Array, Array]]) -> str:
    together = np.concatenate(values)
    _, counts = np.unique(np.round(together, 2), return_counts=True)
    steps = np.concatenate([np.abs(np.diff(value)) for value in values])
    places = np.column_stack([np.concatenate([part[2] for part in parts]), np.ones(len(together))])
    rest = together - places @ np.linalg.lstsq(places, together, rcond=None)[0]
    return (
        f"{100 * counts.max() / len(together):.1f} % | {100 * (steps > _JUMP_MM).mean():.2f} % "
        f"| {1 - rest.var() / together.var():.2f}"
    )


def _stepped(wall: Outline) -> Array:
    places = np.arange(0.0, wall.along[-1], _STEP_MM)
    return np.stack([np.interp(places, wall.along, wall.points[:, axis]) for axis in (0, 1)], axis=1)


def _off(found: Array, true: Array) -> float:
    return float(np.abs(np.abs(found) - true).max(initial=0.0))


def _off_arcs(wall: Outline, arcs: Arcs, found: Array, tree: cKDTree) -> float:
    """Against the arc's points: 0.1 mm apart everywhere, 0.01 mm apart around the nearest of these."""
    worst = 0.0
    for frame in range(len(found)):
        one = arcs.some(slice(frame, frame + 1))
        length = float(np.hypot(*(one.ends[0, 1] - one.ends[0, 0]))) * 1.2
        shares = np.linspace(0, 1, int(length / (10 * _STEP_MM)) + 2)
        points = one.points(shares)[0]
        signed = nearest(wall, points).distance if found[frame] < 0.2 else tree.query(points)[0]
        best = shares[signed.argmin()]
        step = shares[1]
        near = one.points(np.clip(np.linspace(best - step, best + step, 23), 0, 1))[0]
        signed = nearest(wall, near).distance if found[frame] < 0.2 else tree.query(near)[0]
        worst = max(worst, abs(float(signed.min()) - float(found[frame])))
    return worst


if __name__ == "__main__":
    main()
