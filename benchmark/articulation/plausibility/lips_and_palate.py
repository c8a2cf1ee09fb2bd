"""Whether the lips meet and part, and the tongue moves below the palate and reaches it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmark.articulation.outline import nearest
from benchmark.articulation.palate_estimate import estimate
from benchmark.articulation.plausibility.finding import Finding, length_text
from benchmark.articulation.plausibility.sample import SpeakerSample
from benchmark.articulation.target_sets import traced_outline
from benchmark.errors import CorpusError
from benchmark.types import Utterance

_LIPS_SPEECH_S = 8.0
_LIPS_MEET_MM = 30.0
_LIPS_MOVE_MM = 1.5
#: Sensors are some mm thick and traces are not exact; further beyond the palate, or never near it, the tongue
#: cannot be.
_BEYOND_MM, _BEYOND_SHARE, _FAR_MM = 4.0, 0.1, 12.0
#: A palate is 40 to 60 mm long; an estimate of less than half tells nothing.
_PALATE_MM = 20.0
#: Traces are no shorter than a piece of palate and no longer than palate, velum and pharynx.
_TRACE_MM = (12.0, 250.0)
_PALATE_POINTS = 2000


def lips_findings(sample: SpeakerSample) -> list[Finding]:
    """Lips that never meet, or never part, in seconds of speech."""
    apart = [
        np.hypot(*(one.xy - other.xy)[one.valid & other.valid].T)
        for one, other in (
            (recording["upper_lip"], recording["lower_lip"])
            for recording in sample.recordings
            if "upper_lip" in recording and "lower_lip" in recording
        )
    ]
    together = np.concatenate(apart) if apart else np.zeros(0)
    if sample.seconds < _LIPS_SPEECH_S or together.size < 2:
        return []
    least, most = (float(value) for value in np.quantile(together, [0.005, 0.98]))
    advice = "make sure that [sensors] names sensors on the lips"
    if least > _LIPS_MEET_MM:
        what = (
            f"the lips never meet: their sensors come no closer than {least:.0f} mm in {sample.seconds:.0f} s"
        )
        return [Finding(sample.speaker, "lips", what, advice)]
    if most - least < _LIPS_MOVE_MM:
        what = (
            f"the lips hardly part: the distance of their sensors changes by {most - least:.1f} mm in "
            f"{sample.seconds:.0f} s"
        )
        return [Finding(sample.speaker, "lips", what, advice)]
    return []


def palate_findings(sample: SpeakerSample, utterances: Sequence[Utterance]) -> list[Finding]:
    """Whether the tongue stays below the palate and reaches it, or whether a palate can be estimated."""
    tongue = [sample.together(role) for role in sample.roles if role.startswith("tongue")]
    if not tongue:
        return []
    points = np.concatenate(tongue)
    points = points[:: max(1, len(points) // _PALATE_POINTS)]
    try:
        wall = traced_outline(utterances)
    except CorpusError:
        return []  # A damaged trace is reported as damage.
    if wall is None:
        wall = estimate(tongue)
        length = 0.0 if wall is None else float(wall.along[-1])
        if length >= _PALATE_MM or sample.seconds < _LIPS_SPEECH_S:
            return []
        what = f"no palate was traced, and the one that the tongue's reach gives is only {length:.0f} mm long"
        return [
            Finding(sample.speaker, "outline", what, "tongue constrictions mean little: trace the palate")
        ]
    long = float(wall.along[-1])
    if not _TRACE_MM[0] < long < _TRACE_MM[1]:
        what = f"the trace of palate and pharynx is {length_text(long)} long"
        return [
            Finding(
                sample.speaker, "outline", what, "the trace seems to have another unit than the trajectories"
            )
        ]
    distance = nearest(wall, points).distance
    beyond, closest = float(np.mean(distance < -_BEYOND_MM)), float(np.quantile(distance, 0.01))
    advice = "the trace seems to have another unit, other axes or another origin than the trajectories"
    if beyond > _BEYOND_SHARE:
        what = (
            f"the tongue lies beyond the palate by more than {_BEYOND_MM:g} mm in {beyond:.0%} of the frames"
        )
        return [Finding(sample.speaker, "outline", what, advice)]
    if closest > _FAR_MM and sample.seconds > _LIPS_SPEECH_S:
        what = f"the tongue comes no closer to the palate than {closest:.0f} mm in {sample.seconds:.0f} s"
        return [Finding(sample.speaker, "outline", what, advice)]
    return []
