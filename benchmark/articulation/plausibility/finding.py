"""What was found that no head and no recording can be."""

from __future__ import annotations

from typing import NamedTuple

from benchmark.articulation.plausibility.sample import SpeakerSample

#: Kinds of finding, the worst first.
KINDS = ("unit", "sensors", "axes", "rate", "lag", "lost", "lips", "lengths", "outline")


class Finding(NamedTuple):
    """Something that cannot be, or hardly.

    Attributes:
        speaker: Whose recordings.
        kind: One of `KINDS`.
        what: What was seen.
        advice: What to do about it.
        lag_s: By how much the articulation comes late in all recordings, where that is what was found.
    """

    speaker: str
    kind: str
    what: str
    advice: str
    lag_s: float | None = None


def mend(
    sample: SpeakerSample,
    described: str,
    published: str = "these files differ from the corpus as it is published",
) -> str:
    """Chooses the advice: `described` for a folder with a `corpus.toml`, `published` for a known corpus."""
    return described if sample.unit else published


def said(role: str) -> str:
    """What people call the sensor that plays a role."""
    return f"the {role.replace('_', ' ')}"


def length_text(mm: float) -> str:
    """A length for people, in mm or m."""
    return f"{mm:.3g} mm" if mm < 1000 else f"{mm / 1000:,.3g} m"
