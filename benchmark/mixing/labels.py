"""Writes the phones of a prepared corpus, where its recordings are labelled."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmark.errors import CorpusError, ManifestError
from benchmark.formats.phones import checked
from benchmark.mixing.phone_table import FILE_NAME, read_labels, write_labels
from benchmark.types import Progress, Segment, Utterance
from benchmark.workers import share_out

#: Labels may end so much after the recording.
_LATEST_S = 0.1


def write_phones(
    folder: Path, chosen: Sequence[Utterance], kept: set[str], jobs: int, progress: Progress
) -> list[str]:
    """Writes the labels of `chosen`, and keeps those of an earlier run.

    Args:
        folder: The prepared corpus.
        chosen: Utterances that were prepared now.
        kept: Ids of all utterances that the corpus holds.
        jobs: Worker processes.
        progress: Told of every finished utterance.

    Returns:
        A line for each thing about the labels that the user should know. Labels that cannot be used are left
        out: a corpus is complete without them.
    """
    path = folder / FILE_NAME
    labelled = [utterance for utterance in chosen if utterance.phones is not None]
    results = share_out(_labels, ((utterance,) for utterance in labelled), jobs)
    labels = {key: value for key, value in _earlier(path).items() if key in kept}
    remarks: list[str] = []
    unknown: set[str] = set()
    read = progress(results, len(labelled), "reading phones") if labelled else ()
    for utterance, (segments, problem) in zip(labelled, read, strict=True):
        labels[utterance.id] = segments
        remarks += [problem] if problem else []
        unknown |= {item.phone for item in segments if item.phone and not item.phone_class}
    if any(labels.values()):
        write_labels(path, labels)
    else:
        path.unlink(missing_ok=True)
    if unknown:
        remarks.append(
            "labels without a class of phones, left out of the breakdown by phone class: "
            f"{' '.join(sorted(unknown))}"
        )
    return remarks


def _labels(utterance: Utterance) -> tuple[tuple[Segment, ...], str]:
    """The segments of an utterance; or none, and why."""
    try:
        segments = checked(utterance.phones() if utterance.phones else (), utterance.id)
        _refuse_other_times(segments, utterance)
        return segments, ""
    except (CorpusError, ManifestError) as error:
        return (), f"without phones: {error}"


def _refuse_other_times(segments: Sequence[Segment], utterance: Utterance) -> None:
    """Labels in milliseconds or of another recording must not give a breakdown without a frame in it."""
    end_s = max((item.end_s for item in segments), default=0.0)
    if end_s > utterance.duration_s + _LATEST_S:
        raise ManifestError(
            f"{utterance.id}: its labels end at {end_s:g} s, the recording at {utterance.duration_s:g} "
            "s; times must be seconds"
        )


def _earlier(path: Path) -> dict[str, tuple[Segment, ...]]:
    return read_labels(path) if path.is_file() else {}
