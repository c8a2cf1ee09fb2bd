"""Which targets a model gives, whatever it calls them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmark.articulation.parameters import ALL_PELLETS, PARAMETERS
from benchmark.corpora.sensor_names import channel, roles
from benchmark.errors import ModelError
from benchmark.types import Trajectories

#: Other names of targets that are no pellets, without case.
_OTHER_NAMES: Mapping[str, str] = {
    "lip_aperture": "LA",
    "lip_protrusion": "LP",
    "f0": "pitch",
    **{name.lower(): name for name in PARAMETERS},
}
#: Axes of the midsagittal plane as labs name them: forward, then upward.
_PLANES = (("x", "y"), ("x", "z"), ("y", "z"))


def refuse_other_channels(model: str, given: Sequence[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """The targets that a model gives, in their order; what it gives besides is not looked at.

    Args:
        model: Its name.
        given: Names of the channels that it gives.
        wanted: Names of the targets.

    Raises:
        ModelError: None of them is a target, or two are the same one.
    """
    if fault := channel_fault(given, wanted):
        raise ModelError(f"{model}: {fault}")
    found = matched(given, wanted)
    return tuple(name for name in wanted if name in found)


def channel_fault(given: Sequence[str], wanted: Sequence[str]) -> str:
    """What is wrong with the channels of a model, or "" if some of the targets are among them."""
    try:
        found = matched(given, wanted)
    except ModelError as error:
        return str(error)
    if found:
        return ""
    return (
        f"gives the channels {', '.join(given) or '(none)'}; the targets of the corpus are "
        f"{', '.join(wanted)}: none of them. Rename its channels (usual names such as TDx, tongue_dorsum_x "
        "or UL_x are known), score it on a corpus that was prepared with the targets that it gives, or "
        "score what can be read out of them: --readout clean"
    )


def matched(given: Sequence[str], wanted: Sequence[str]) -> dict[str, str]:
    """Target to the channel that is it.

    A channel is taken by its name, by its name in other case, or by the usual names of sensors: TDx,
    tongue_dorsum_x, T3_pz. Of a tongue with body (TB) and dorsum (TD) the body is the pellet in the middle.

    Raises:
        ModelError: Two channels are the same target.

    Example:
        >>> matched(["TDX", "TDY", "TBX", "TTX"], ["TT_x", "TM_x", "TB_x", "TB_y"])
        {'TB_x': 'TDX', 'TB_y': 'TDY', 'TM_x': 'TBX', 'TT_x': 'TTX'}
        >>> matched(["la", "TBCD"], ["LA", "LP"])
        {'LA': 'la'}
    """
    pellets = _pellets(given)
    found: dict[str, str] = {}
    for name in given:
        target = pellets.get(name) or _OTHER_NAMES.get(name.strip().lower().replace(" ", "_"), name)
        if target not in wanted:
            continue
        if target in found:
            raise ModelError(f"gives {target} twice, as {found[target]} and as {name}; leave one of them out")
        found[target] = name
    return found


def renamed(moved: Trajectories, wanted: Sequence[str]) -> Trajectories:
    """An estimate with channels named as the targets; unchanged if none fits, or one fits twice."""
    try:
        found = matched(moved.names, wanted)
    except ModelError:
        return moved
    targets = tuple(name for name in wanted if name in found)
    if not targets or targets == moved.names:
        return moved
    picked = moved.select(tuple(found[name] for name in targets))
    return Trajectories(np.ascontiguousarray(picked.values), picked.rate_hz, targets, picked.valid)


def _pellets(given: Sequence[str]) -> dict[str, str]:
    """The common name of each channel that is a coordinate of a sensor, by the channel's own name."""
    parsed = {name: found for name in given if name not in PARAMETERS and (found := channel(name))}
    own = {
        name: name.rpartition("_")[::2] for name in given if name in PARAMETERS and name[-2:] in ("_x", "_y")
    }
    # Where all sensors bear the names that they have here, names mean what they mean here.
    if all(found.sensor.upper() in ALL_PELLETS.values() for found in parsed.values()):
        kinds = {found.sensor: found.sensor.upper() for found in parsed.values()}
    else:
        sensors = [found.sensor for found in parsed.values()] + [sensor for sensor, _ in own.values()]
        by_role = roles(list(dict.fromkeys(sensors)))
        kinds = {sensor: ALL_PELLETS[role] for role, sensor in by_role.items()}
    axes = {found.axis for found in parsed.values()} | {axis for _, axis in own.values()}
    plane = next((plane for plane in _PLANES if axes <= set(plane)), None)
    if plane is None:
        return {}
    direction = dict(zip(plane, ("x", "y"), strict=True))
    named = {name: (found.sensor, found.axis) for name, found in parsed.items()} | own
    return {
        name: f"{kinds[sensor]}_{direction[axis]}"
        for name, (sensor, axis) in named.items()
        if sensor in kinds
    }
