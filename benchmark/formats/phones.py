"""Phones in time, and the classes of phones by which scores are broken down."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import ManifestError
from benchmark.types import Segment

APPROXIMANT = "approximant"
#: Manners of articulation, in the order of tables. Laterals, glides and rhotics without friction are
#: approximants.
CLASSES = ("vowel", "diphthong", "plosive", "affricate", "fricative", "nasal", APPROXIMANT)

_ARPABET = {
    "vowel": "AA AE AH AO EH ER IH IY UH UW AX AXR IX",
    "diphthong": "AW AY EY OW OY",
    "plosive": "B D G K P T",
    "affricate": "CH JH",
    "fricative": "DH F HH S SH TH V Z ZH",
    "nasal": "M N NG EM EN",
    APPROXIMANT: "L R W Y EL",
}
_PAUSES = ("sp", "sil", "pau")
# Segments may overlap by so much where times were rounded.
_OVERLAP_S = 1e-3
_CLASS_OF = {phone: name for name, phones in _ARPABET.items() for phone in phones.split()}


def arpabet_segment(symbol: str, start_s: float, end_s: float) -> Segment:
    """A segment labelled in ARPAbet, with or without stress digits, as forced aligners write it.

    Example:
        >>> arpabet_segment("AH0", 0.24, 0.27)
        Segment(phone='AH0', phone_class='vowel', start_s=0.24, end_s=0.27)
        >>> arpabet_segment("sp", 0.0, 0.2)
        Segment(phone='', phone_class='', start_s=0.0, end_s=0.2)
    """
    phone = symbol.strip()
    if phone.lower() in _PAUSES:
        phone = ""
    return Segment(phone, _CLASS_OF.get(phone.rstrip("012").upper(), ""), start_s, end_s)


def checked(segments: Iterable[Segment], where: str) -> tuple[Segment, ...]:
    """The same segments, if they can be those of one utterance.

    Raises:
        ManifestError: A class is not known, a segment has no finite start before its end, or two overlap.
    """
    found = tuple(segments)
    for item in found:
        if item.phone_class not in (*CLASSES, ""):
            raise ManifestError(
                f"{where}: '{item.phone_class}' is no class of phones; there are {', '.join(CLASSES)}"
            )
        if not (0.0 <= item.start_s <= item.end_s and math.isfinite(item.end_s)):
            raise ManifestError(
                f"{where}: the phone '{item.phone}' lasts from {item.start_s} s to {item.end_s} s; "
                "its labels are damaged"
            )
    ordered = sorted(found, key=lambda item: (item.start_s, item.end_s))
    for one, other in pairwise(ordered):
        if other.start_s < one.end_s - _OVERLAP_S:
            raise ManifestError(
                f"{where}: the phones '{one.phone}' and '{other.phone}' overlap at {other.start_s} s; "
                "its labels are damaged"
            )
    return found


def classes_in(segments: Iterable[Segment]) -> list[str]:
    """The classes that occur, in the order of `CLASSES`."""
    there = {item.phone_class for item in segments}
    return [name for name in CLASSES if name in there]


def frames_of(
    segments: Iterable[Segment], phone_class: str, frames: int, rate_hz: float
) -> NDArray[np.bool_]:
    """Which frames of trajectories lie in phones of a class.

    Args:
        segments: Of one utterance.
        phone_class: One of `CLASSES`.
        frames: Length of the trajectories.
        rate_hz: Their frame rate; frame 0 is at 0 s.

    Returns:
        bool, shape (frames,). A frame belongs to the segment with `start_s` <= its time < `end_s`.
    """
    chosen = np.zeros(frames, dtype=np.bool_)
    for item in segments:
        if item.phone_class == phone_class:
            # Times are decimal fractions: without slack 0.29 s would miss frame 29.
            first, end = (math.ceil(edge * rate_hz - 1e-6) for edge in (item.start_s, item.end_s))
            chosen[first:end] = True
    return chosen
