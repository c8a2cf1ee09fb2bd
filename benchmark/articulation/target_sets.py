"""What a model has to predict.

Named sets of parameters, made speaker by speaker from raw articulation and clean audio.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from benchmark.articulation import outline as outlines
from benchmark.articulation import tract_variables
from benchmark.articulation.gaps import fill_short_gaps, screen_spikes
from benchmark.articulation.outline import Outline
from benchmark.articulation.smooth import frames_covered, low_pass, to_rate
from benchmark.errors import CorpusError
from benchmark.speech import Trajectories, Utterance

RATE_HZ = 100.0


class Parameter(NamedTuple):
    """One thing to predict.

    Attributes:
        unit: "mm", "Hz", "1" for a share between 0 and 1, ...
        description: One line.
    """

    unit: str
    description: str


_TONGUE_ROLES = ("tongue_tip", "tongue_front", "tongue_mid", "tongue_back")
#: Short names of pellets by role, front to back; the same in every corpus.
PELLET_NAMES: Mapping[str, str] = {
    "upper_lip": "UL",
    "lower_lip": "LL",
    "jaw": "LI",
    "tongue_tip": "TT",
    "tongue_front": "TF",
    "tongue_mid": "TM",
    "tongue_back": "TB",
}

PARAMETERS: Mapping[str, Parameter] = {
    "LA": Parameter("mm", "lip aperture: distance between upper and lower lip"),
    "LP": Parameter("mm", "lip protrusion: lower lip forward of the speaker's median"),
    "TBCL": Parameter("mm", "tongue body constriction location, along the outer wall from the front"),
    "TBCD": Parameter("mm", "tongue body constriction degree: least distance to the outer wall"),
    "TTCL": Parameter("mm", "tongue tip constriction location, along the outer wall from the front"),
    "TTCD": Parameter("mm", "tongue tip constriction degree: least distance to the outer wall"),
    **{
        f"{short}_{axis}": Parameter("mm", f"{role.replace('_', ' ')}, {direction}")
        for role, short in PELLET_NAMES.items()
        for axis, direction in (("x", "forward"), ("y", "upward"))
    },
}

_TV6 = tract_variables.NAMES
TARGET_SETS: Mapping[str, tuple[str, ...]] = {
    "tv6": _TV6,
    "pellets": tuple(f"{short}_{axis}" for short in PELLET_NAMES.values() for axis in "xy"),
}


def target_names(target_set: str, sensors: Mapping[str, str]) -> tuple[str, ...]:
    """Parameters of a set in their declared order; of `pellets`, those that the corpus has sensors for.

    Raises:
        CorpusError: No set is called so.
    """
    if target_set not in TARGET_SETS:
        raise CorpusError(f"no target set is called '{target_set}'; there are {', '.join(TARGET_SETS)}")
    if target_set != "pellets":
        return TARGET_SETS[target_set]
    present = [short for role, short in PELLET_NAMES.items() if role in sensors]
    return tuple(f"{short}_{axis}" for short in present for axis in "xy")


def speaker_targets(
    utterances: Sequence[Utterance], target_set: str, sensors: Mapping[str, str], rate_hz: float = RATE_HZ
) -> dict[str, Trajectories]:
    """Targets of all utterances of one speaker.

    Spikes are screened, gaps up to 50 ms are bridged, pellets are low-passed at 20 Hz without delay and
    resampled; then the parameters are computed. Lip protrusion is relative to the median over the
    utterances given here, and a palate that was not recorded is estimated from them: give all that the
    speaker said.

    Args:
        utterances: Of one speaker, each with trajectories.
        target_set: A key of `TARGET_SETS`.
        sensors: Role to channel prefix, as in `Corpus.sensors`.
        rate_hz: Frames per second of the targets. Frame k is at k / rate_hz seconds of the audio.

    Returns:
        Utterance id to trajectories of the set's parameters in declared order; units are in `PARAMETERS`. A
        parameter whose pellet is missing is invalid, and the others stay.

    Raises:
        CorpusError: The set is not known, the speakers differ, or an utterance has no trajectories or is
            damaged.
    """
    names = target_names(target_set, sensors)
    _refuse_mixed_speakers(utterances)
    pellets = {utterance.id: smooth_pellets(utterance, rate_hz) for utterance in utterances}
    if target_set == "pellets":
        return {key: _named_by_role(value, sensors, names) for key, value in pellets.items()}
    wall = speaker_outline(utterances, list(pellets.values()), sensors)
    rest = _lip_rest(list(pellets.values()), sensors)
    return {
        key: tract_variables.tract_variables(value, sensors, wall, rest).select(names)
        for key, value in pellets.items()
    }


def smooth_pellets(utterance: Utterance, rate_hz: float = RATE_HZ) -> Trajectories:
    """Screened, bridged, smoothed and resampled channels of one utterance, cut to the end of its audio.

    Raises:
        CorpusError: The utterance has no trajectories, or their file is damaged.
    """
    if utterance.trajectories is None:
        raise CorpusError(f"{utterance.id}: has no articulation to make targets from")
    raw = utterance.trajectories()
    covered = frames_covered(len(raw.values), raw.rate_hz, rate_hz)
    heard = max(1, int(np.ceil(utterance.duration_s * rate_hz - 1e-6)))
    clean = fill_short_gaps(screen_spikes(raw))
    return to_rate(low_pass(clean), rate_hz, min(covered, heard))


def speaker_outline(
    utterances: Sequence[Utterance], pellets: Sequence[Trajectories], sensors: Mapping[str, str]
) -> Outline | None:
    """The speaker's outer wall: as traced, else estimated from the tongue's reach (`Outline.estimated`).

    Args:
        utterances: Of one speaker; the first that has an anatomy gives it.
        pellets: Smooth pellets of the same utterances.
        sensors: Role to channel prefix.

    Returns:
        None where there is neither a trace nor a tongue.
    """
    read_anatomy = next((utterance.anatomy for utterance in utterances if utterance.anatomy), None)
    if read_anatomy is not None:
        return outlines.from_anatomy(read_anatomy())
    tracks = (tract_variables.track(p, sensors, role) for p in pellets for role in _TONGUE_ROLES)
    return outlines.estimate([track.xy[track.valid] for track in tracks if track is not None])


def _lip_rest(pellets: Sequence[Trajectories], sensors: Mapping[str, str]) -> float | None:
    tracks = (tract_variables.track(p, sensors, "lower_lip") for p in pellets)
    seen = [track.xy[track.valid, 0] for track in tracks if track is not None]
    together = np.concatenate(seen) if seen else np.zeros(0)
    return float(np.median(together)) if together.size else None


def _named_by_role(pellets: Trajectories, sensors: Mapping[str, str], names: tuple[str, ...]) -> Trajectories:
    prefix = {short: sensors[role] for role, short in PELLET_NAMES.items() if role in sensors}
    own = tuple(f"{prefix[name[:-2]]}{name[-2:]}" for name in names)
    present = [i for i, name in enumerate(own) if name in pellets.names]
    picked = pellets.select(tuple(own[i] for i in present))
    values = np.zeros((len(pellets.values), len(names)), np.float32)
    valid = np.zeros(values.shape, bool)
    values[:, present], valid[:, present] = picked.values, picked.valid
    return Trajectories(values, pellets.rate_hz, names, valid)


def _refuse_mixed_speakers(utterances: Sequence[Utterance]) -> None:
    speakers = sorted({utterance.speaker for utterance in utterances})
    if len(speakers) > 1:
        raise CorpusError(f"targets are made speaker by speaker, got {', '.join(speakers)} together")
