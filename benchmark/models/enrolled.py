"""A model that is told whom to follow, as an entry of a track of its own.

Its method `enhance(noisy, enrolment)` or `invert(noisy, enrolment)` gets clean speech of the same speaker,
another sentence, at its sample rate. Which one is a rule, see `benchmark.prepared.enrolment`.
"""

from __future__ import annotations

from dataclasses import replace

from benchmark.errors import ModelError
from benchmark.models.entry import TRACKS, Entry

#: Name of the track, and how the names of its models end.
TRACK, ENDING = "enrolment", ",enrolment"
#: Version of the rule that chooses enrolments: raised when it would choose others.
VERSION = "1"


def without_ending(entry: Entry) -> Entry:
    """The entry under the name that it would have in the usual track, to become part of a pair."""
    if entry.track != TRACK:
        return entry
    arguments = {name: value for name, value in entry.arguments.items() if name != TRACK}
    title = entry.title.removesuffix(f"; {TRACKS[TRACK]}")
    name = entry.name.removesuffix(ENDING)
    return replace(entry, name=name, title=title, arguments=arguments, track="")


def enrolled(entry: Entry) -> Entry:
    """The model in the track with enrolment: it also gets clean speech of the speaker.

    Args:
        entry: A model of the usual track.

    Raises:
        ModelError: It stands behind a readout.
    """
    if entry.track == TRACK:
        return entry
    if entry.track:
        raise ModelError(f"{entry.name}: a model takes part in one track only: {TRACKS[entry.track]}")
    return replace(
        entry,
        name=entry.name + ENDING,
        title=f"{entry.title}; {TRACKS[TRACK]}",
        arguments={**entry.arguments, TRACK: f"version {VERSION}"},
        track=TRACK,
    )
