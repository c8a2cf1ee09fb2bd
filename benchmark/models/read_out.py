"""A model behind a readout, as an entry of its own."""

from __future__ import annotations

from dataclasses import replace

from benchmark.errors import ModelError
from benchmark.models.entry import FITTED_ON, TRACKS, Entry, FittedOn, ThroughReadout

#: Version of the readout: raised whenever scores through it could change.
VERSION = "1"
#: Track of a model behind a readout, and how its name ends.
READOUTS = {f"readout_{fitted_on}": f",readout={fitted_on}" for fitted_on in FITTED_ON}


def read_out(entry: Entry, fitted_on: FittedOn | str) -> Entry:
    """The model behind a readout (see `benchmark.models.readout`), in a track of its own.

    Args:
        entry: A model that represents, or inverts.
        fitted_on: "clean": the readout is fitted on the clean speech of the train split. "noisy": on all its
            mixtures.

    Raises:
        ModelError: It is neither.
    """
    protocol = next((known for known in FITTED_ON if known == fitted_on), None)
    if protocol is None:
        raise ModelError(f"a readout is fitted on {' or '.join(FITTED_ON)}, not on '{fitted_on}'")
    track = f"readout_{protocol}"
    return replace(
        entry,
        name=entry.name + READOUTS[track],
        title=f"{entry.title}; {TRACKS[track]}",
        how=ThroughReadout(entry, protocol, VERSION),
        arguments={**entry.arguments, "readout": f"{protocol}, version {VERSION}"},
        track=track,
    )
