"""Whether pellets lie where a head has them: read with an axis turned round, a corpus would be mirrored in silence."""

from __future__ import annotations

from collections.abc import Mapping

Place = tuple[float, float]

_LIPS = ("upper_lip", "lower_lip")
_TONGUE = ("tongue_tip", "tongue_front", "tongue_mid", "tongue_back")


def misplaced(places: Mapping[str, Place]) -> list[str]:
    """What cannot be if x grows towards the lips and y upwards, as every reader promises.

    Args:
        places: Role (see `Corpus.sensors`) to where its pellet mostly is, mm; roles that are not there are not judged.

    Returns:
        A line each for a tongue in front of the lips, a tongue whose tip is behind its rearmost pellet, and an upper lip below
        the lower lip; empty if all is in order.
    """
    lips = [places[role][0] for role in _LIPS if role in places]
    tongue = [places[role][0] for role in _TONGUE if role in places]
    found = []
    if lips and tongue and (ahead := max(tongue) - max(lips)) > 0:
        found.append(f"the tongue lies {ahead:.0f} mm in front of the lips: does x grow towards the throat?")
    if "tongue_tip" in places and len(tongue) > 1 and (behind := tongue[-1] - tongue[0]) > 0:
        found.append(
            f"the tip of the tongue lies {behind:.0f} mm behind its back: does x grow towards the throat, or are sensors exchanged?"
        )
    if all(role in places for role in _LIPS):
        below = places["lower_lip"][1] - places["upper_lip"][1]
        if below > 0:
            found.append(
                f"the upper lip lies {below:.0f} mm below the lower: does y grow downwards, or are sensors exchanged?"
            )
    return found
