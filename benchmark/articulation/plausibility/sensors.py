"""Whether sensors are alive, different from each other, and lie as they do in a head."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from benchmark.articulation.orientation import misplaced
from benchmark.articulation.plausibility.finding import Finding, mend, said
from benchmark.articulation.plausibility.head_size import length_mm, middle
from benchmark.articulation.plausibility.sample import SpeakerSample

#: Tract variables that cannot be known without a sensor.
_NEEDED_FOR: Mapping[str, tuple[str, ...]] = {
    "upper_lip": ("LA",),
    "lower_lip": ("LA", "LP"),
    "tongue_tip": ("TTCL", "TTCD"),
    "tongue_front": ("TBCL", "TBCD"),
    "tongue_mid": ("TBCL", "TBCD"),
    "tongue_back": ("TBCL", "TBCD"),
}
_FEWEST_CODED = 3
_CODE_APART_MM = 3.0
_CODE_RANGES = 5.0
_SAME_SHARE = 0.99


def lost_findings(sample: SpeakerSample) -> list[Finding]:
    """Sensors that never move, and values that stand for lost ones. Both are taken out of the sample."""
    found = []
    rest = (
        'take its role out of [sensors], or write it as "" in the [speakers] table of one speaker, or name '
        "its channel rightly"
    )
    dead = f"the coil is dead or not connected{mend(sample, ': ' + rest, '')}"
    for role in sorted(sample.never_seen):
        what = f"{said(role)} is lost in all frames of {_recordings(len(sample.recordings))}"
        what += f", so that {', '.join(_NEEDED_FOR[role])} are never valid" if role in _NEEDED_FOR else ""
        found.append(Finding(sample.speaker, "lost", what, dead))
    for role in sample.roles:
        tracks, together = sample.tracks(role), sample.together(role)
        if not any(np.ptp(one.xy[one.valid], axis=0).any() for one in tracks):
            what = f"{said(role)} never moves: it is always at {_pair(together[0])}"
            found.append(Finding(sample.speaker, "lost", what, dead))
            sample.without(role)
        elif (code := lost_code(together)) is not None:
            frames = int((together == code).all(axis=1).sum())
            value = float(np.abs(code).max()) / length_mm(sample.unit)
            what = f"{said(role)} is at exactly {_pair(code)} in {frames} frames, far from its other places"
            rest = f"write missing = {value:g} in [trajectories] of corpus.toml"
            advice = mend(sample, f"if that stands for lost values, {rest}", "it may stand for lost values")
            found.append(Finding(sample.speaker, "lost", what, advice))
            sample.without(role, code)
    return found


def lost_code(xy: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The pair of values that stands for lost ones: repeated exactly, and far from all the others."""
    # One complex number a pair, because those are counted fast; 0 is added so that there is no -0.
    pairs, counts = np.unique(xy[:, 0] + 0.0 + 1j * (xy[:, 1] + 0.0), return_counts=True)
    for i in np.argsort(-counts, kind="stable")[:3]:
        if counts[i] < _FEWEST_CODED or counts[i] > len(xy) - _FEWEST_CODED:
            continue
        pair = np.array([pairs[i].real, pairs[i].imag])
        others = xy[(xy != pair).any(axis=1)]
        low, middle, high = np.quantile(others, [0.05, 0.5, 0.95], axis=0)
        # (0, 0) is what most recorders write; any other pair must lie where the sensor cannot get.
        least = _CODE_APART_MM if not pair.any() else _CODE_RANGES * float(np.hypot(*(high - low)))
        if float(np.hypot(*(pair - middle))) > least:
            return pair
    return None


def same_value_findings(sample: SpeakerSample) -> list[Finding]:
    """Roles that were given one and the same channel."""
    found = []
    for one, other in combinations(sample.roles, 2):
        both = [recording for recording in sample.recordings if one in recording and other in recording]
        same = [float((recording[one].xy == recording[other].xy).all(axis=1).mean()) for recording in both]
        if same and float(np.mean(same)) > _SAME_SHARE:
            what = f"{said(one)} and {said(other)} have the very same values"
            advice = (
                "one of the two is given the other's "
                f"channel{mend(sample, ': correct [sensors] of corpus.toml', '')}"
            )
            found.append(Finding(sample.speaker, "sensors", what, advice))
    return found


def place_findings(sample: SpeakerSample) -> list[Finding]:
    """Whether the sensors lie as they do in a head."""
    places = {role: middle(sample.together(role)) for role in sample.roles}
    advice = mend(sample, "correct [sensors] or [axes] of corpus.toml")
    return [Finding(sample.speaker, "axes", what, advice) for what in misplaced(places)]


def _recordings(number: int) -> str:
    return "one recording" if number == 1 else f"{number} recordings"


def _pair(xy: NDArray[np.float64]) -> str:
    return f"({xy[0]:g}, {xy[1]:g})"
