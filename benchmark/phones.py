"""Phones in time: the classes that scores are broken down by, and the table of them in a prepared corpus.

    DIR/phones.parquet      one row a segment: utterance, phone, class, start and end in seconds

The table is optional and stands beside the manifest: a corpus is the same corpus with and without it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmark.errors import ManifestError
from benchmark.files import replacing
from benchmark.manifest import content_hash, open_parquet
from benchmark.speech import Segment

APPROXIMANT = "approximant"
#: Manners of articulation, in the order of tables. Laterals, glides and rhotics without friction are approximants.
CLASSES = ("vowel", "diphthong", "plosive", "affricate", "fricative", "nasal", APPROXIMANT)

FILE_NAME = "phones.parquet"
TABLE = pa.schema(
    [
        pa.field("utterance_id", pa.string(), nullable=False),
        pa.field("phone", pa.string(), nullable=False),  # in the symbols of the corpus; "" for silence
        pa.field("phone_class", pa.string(), nullable=False),  # of CLASSES; "" for none
        pa.field("start_s", pa.float64(), nullable=False),
        pa.field("end_s", pa.float64(), nullable=False),
    ]
)
Labels = Mapping[str, Sequence[Segment]]

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
    """A segment labelled in ARPAbet, as forced aligners of American English write it, with or without digits of stress.

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
                f"{where}: the phone '{item.phone}' lasts from {item.start_s} s to {item.end_s} s; its labels are damaged"
            )
    ordered = sorted(found, key=lambda item: (item.start_s, item.end_s))
    for one, other in pairwise(ordered):
        if other.start_s < one.end_s - _OVERLAP_S:
            raise ManifestError(
                f"{where}: the phones '{one.phone}' and '{other.phone}' overlap at {other.start_s} s; its labels are damaged"
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


def labels_hash(labels: Labels) -> str:
    """SHA-256 of the content; it does not depend on order or on what wrote the file."""
    return content_hash([{"key": key, "segments": labels[key]} for key in sorted(labels)], "key")


def write_labels(path: Path, labels: Labels) -> None:
    """Writes the phones of utterances, whole or not at all.

    Args:
        path: Usually FILE_NAME in a prepared corpus.
        labels: Utterance id to segments.

    Raises:
        ManifestError: Segments cannot be right.
    """
    whole = {key: checked(labels[key], f"{path}: {key}") for key in sorted(labels) if labels[key]}
    table = pa.Table.from_pylist(list(_rows(whole)), schema=TABLE)
    facts = {"sinbad.kind": "phones", "sinbad.content_sha256": labels_hash(whole)}
    with replacing(path) as temporary:
        pq.write_table(table.replace_schema_metadata(facts), temporary, compression="zstd")


def read_labels(path: Path) -> dict[str, tuple[Segment, ...]]:
    """Utterance id to segments, in the order in which they were written.

    Raises:
        ManifestError: The table is missing, damaged, edited or of another kind.
    """
    table = open_parquet(path)
    facts = table.schema.metadata or {}
    if facts.get(b"sinbad.kind") != b"phones" or not table.schema.equals(TABLE):
        raise ManifestError(f"{path}: is not a table of phones of this version; delete it and prepare again")
    found: dict[str, list[Segment]] = {}
    for row in table.to_pylist():
        found.setdefault(row.pop("utterance_id"), []).append(Segment(**row))
    labels = {key: tuple(segments) for key, segments in found.items()}
    if labels_hash(labels) != facts.get(b"sinbad.content_sha256", b"").decode():
        raise ManifestError(
            f"{path}: its content does not match its stored hash; it was edited or damaged; delete it and prepare again"
        )
    return {key: checked(segments, f"{path}: {key}") for key, segments in labels.items()}


def _rows(labels: Labels) -> Iterator[dict[str, Any]]:
    for key, segments in labels.items():
        for item in segments:
            yield {"utterance_id": key, **item._asdict()}
