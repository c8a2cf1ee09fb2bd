"""What lies in a corpus on disk, recording by recording: behind `python -m benchmark.inspect`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.articulation.constriction_report import Constrictions, constrictions
from benchmark.articulation.plausibility import sampled
from benchmark.articulation.target_sets import traced_outline
from benchmark.audio import pcm_sha256
from benchmark.corpora.contract import NOTED_S
from benchmark.corpora.sync_tone import tone_hz
from benchmark.errors import CorpusError
from benchmark.noises.contract import Recording
from benchmark.types import Progress, Trajectories, Utterance, silent
from benchmark.workers import share_out

_SILENT_PEAK = 1e-3
_SHORT_S = 0.3
_OFFSET = 0.02
_FULL_SCALE = 0.999
_CLIPPED_RUN = 4
_MOSTLY_LOST = 0.5
_STUCK_FRAMES = 50


@dataclass(frozen=True, slots=True)
class RecordingReport:
    """What one recording turned out to be.

    Attributes:
        utterance_id: Its id.
        audio_s: Length of its audio.
        rate_hz: Sampling rate; 0 if the audio cannot be read.
        frame_rate_hz: Of the articulation as recorded; 0 if it cannot be read.
        frames: Of the articulation.
        lost: Channel to how many of its frames are missing.
        sha256: Of the decoded audio.
        tone: Whether the audio opens with a tone near 1 kHz (a synchronisation signal).
        damaged: Why audio or articulation cannot be read; empty if they can.
        suspicions: What is odd about it.
    """

    utterance_id: str
    audio_s: float
    rate_hz: int = 0
    frame_rate_hz: float = 0.0
    frames: int = 0
    lost: Mapping[str, int] = field(default_factory=dict)
    sha256: str = ""
    tone: bool = False
    damaged: tuple[str, ...] = ()
    suspicions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SpeakerSummary:
    """What there is of one speaker.

    Attributes:
        speaker: Label.
        splits: Split ("" for none) to number of utterances.
        utterances: How many.
        audio_s: How long together.
        rates_hz: Sampling rates.
        frame_rates_hz: Rates of the articulation, to a tenth.
        palate: Whether the palate was traced.
        lost_share: Channel to the share of its frames that is missing; 1 for a channel that only other
            speakers have.
    """

    speaker: str
    splits: Mapping[str, int]
    utterances: int
    audio_s: float
    rates_hz: tuple[int, ...]
    frame_rates_hz: tuple[float, ...]
    palate: bool
    lost_share: Mapping[str, float]


def examine(utterance: Utterance) -> RecordingReport:
    """Reads audio and articulation of one recording and reports what is odd or damaged about them."""
    damaged: list[str] = []
    suspicions: list[str] = []
    facts: dict[str, Any] = {}
    try:
        clip = utterance.audio()
        facts |= {
            "rate_hz": clip.rate_hz,
            "sha256": _sha256(clip.samples),
            "tone": tone_hz(clip.samples, clip.rate_hz) is not None,
        }
        suspicions += _heard(clip.samples, clip.rate_hz)
    except CorpusError as error:
        damaged.append(str(error))
    try:
        if utterance.trajectories is not None:
            moved = utterance.trajectories()
            facts |= {
                "frame_rate_hz": moved.rate_hz,
                "frames": len(moved.values),
                "lost": {
                    name: int(n) for name, n in zip(moved.names, (~moved.valid).sum(axis=0), strict=True)
                },
            }
            suspicions += _moved(moved, utterance)
    except CorpusError as error:
        damaged.append(str(error))
    if notes := str(utterance.extra.get("notes", "")):
        suspicions.append(notes)
    return RecordingReport(
        utterance.id, utterance.duration_s, **facts, damaged=tuple(damaged), suspicions=tuple(suspicions)
    )


def examine_all(
    utterances: Sequence[Utterance], *, jobs: int = 1, progress: Progress = silent
) -> list[RecordingReport]:
    """`examine` for all, in their order; recordings with the very same audio are told of each other.

    What is wrong with the traced palate of a speaker is damage of the speaker's first recording.
    """
    found = share_out(examine, ((utterance,) for utterance in utterances), jobs, batch_size=16)
    findings = list(progress(found, len(utterances), "inspecting"))
    outlines = _damaged_outlines(utterances)
    findings = [
        replace(finding, damaged=(*finding.damaged, *outlines.get(finding.utterance_id, ())))
        for finding in findings
    ]
    first: dict[str, str] = {}
    for finding in findings:
        if finding.sha256:
            first.setdefault(finding.sha256, finding.utterance_id)
    return [_told_of_twin(finding, first.get(finding.sha256, finding.utterance_id)) for finding in findings]


def by_speaker(utterances: Sequence[Utterance], findings: Sequence[RecordingReport]) -> list[SpeakerSummary]:
    """Sums up by speaker, sorted.

    Args:
        utterances: With `split` set, or None for those that take no part.
        findings: Of the same, in the same order.
    """
    channels = list(dict.fromkeys(channel for finding in findings for channel in finding.lost))
    grouped: dict[str, list[tuple[Utterance, RecordingReport]]] = defaultdict(list)
    for utterance, finding in zip(utterances, findings, strict=True):
        grouped[utterance.speaker].append((utterance, finding))
    return [_summary(speaker, pairs, channels) for speaker, pairs in sorted(grouped.items())]


def constrictions_by_speaker(
    utterances: Sequence[Utterance],
    sensors: Mapping[str, str],
    *,
    jobs: int = 1,
    progress: Progress = silent,
) -> dict[str, Constrictions]:
    """How well the constrictions of each speaker are defined, judged from a sample of recordings.

    Speakers of whom this cannot be said are left out.
    """
    samples = sampled(utterances)
    results = share_out(constrictions, ((members, sensors) for members in samples.values()), jobs)
    found = progress(results, len(samples), "constrictions")
    return {speaker: one for speaker, one in zip(samples, found, strict=True) if one is not None}


def noise_summary(recordings: Iterable[Recording]) -> list[dict[str, Any]]:
    """How many recordings, talkers and hours there are of each split, kind and category."""
    count: Counter[tuple[str, str, str]] = Counter()
    seconds: dict[tuple[str, str, str], float] = defaultdict(float)
    talkers: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for recording in recordings:
        key = (recording.split, recording.kind, recording.category)
        count[key] += 1
        seconds[key] += recording.duration_s
        if recording.talker:
            talkers[key].add(recording.talker)
    return [
        {
            "split": split,
            "kind": kind,
            "category": category,
            "recordings": count[split, kind, category],
            "talkers": len(talkers[split, kind, category]),
            "hours": round(seconds[split, kind, category] / 3600, 5),
        }
        for split, kind, category in sorted(count)
    ]


def _damaged_outlines(utterances: Iterable[Utterance]) -> dict[str, tuple[str]]:
    """Damage to the outlines of speakers, keyed by the first recording of each such speaker."""
    by_speaker: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in utterances:
        by_speaker[utterance.speaker].append(utterance)
    damaged: dict[str, tuple[str]] = {}
    for members in by_speaker.values():
        try:
            traced_outline(members)
        except CorpusError as error:
            damaged[members[0].id] = (str(error),)
    return damaged


def _summary(
    speaker: str, pairs: Sequence[tuple[Utterance, RecordingReport]], channels: Sequence[str]
) -> SpeakerSummary:
    findings = [finding for _, finding in pairs]
    frames = sum(finding.frames for finding in findings)
    lost = {
        channel: sum(finding.lost.get(channel, finding.frames) for finding in findings)
        for channel in channels
    }
    return SpeakerSummary(
        speaker=speaker,
        splits=dict(sorted(Counter(str(utterance.split or "") for utterance, _ in pairs).items())),
        utterances=len(pairs),
        audio_s=round(sum(finding.audio_s for finding in findings), 2),
        rates_hz=tuple(sorted({finding.rate_hz for finding in findings if finding.rate_hz})),
        frame_rates_hz=tuple(sorted({round(f.frame_rate_hz, 1) for f in findings if f.frame_rate_hz})),
        palate=any(utterance.anatomy is not None for utterance, _ in pairs),
        lost_share={channel: round(number / frames, 4) for channel, number in lost.items()} if frames else {},
    )


def _heard(samples: NDArray[np.floating], rate_hz: int) -> list[str]:
    magnitude = np.abs(samples)
    peak = float(magnitude.max()) if len(samples) else 0.0
    if peak < _SILENT_PEAK:
        return [f"silent: the audio never passes {20 * np.log10(_SILENT_PEAK):.0f} dB re full scale"]
    odd = []
    if len(samples) < _SHORT_S * rate_hz:
        odd.append(f"only {len(samples) / rate_hz:.2f} s of audio")
    if clipped := _in_runs(magnitude >= _FULL_SCALE):
        odd.append(f"clipped: {clipped} samples in flat tops at full scale")
    offset = float(np.mean(samples, dtype=np.float64))
    if abs(offset) > _OFFSET:
        odd.append(f"constant offset of {offset:+.3f} re full scale")
    return odd


def _moved(moved: Trajectories, utterance: Utterance) -> list[str]:
    odd = [moved.note] if moved.note else []
    recorded_s = moved.duration_s if moved.recorded_s is None else moved.recorded_s
    apart = recorded_s - utterance.duration_s
    if abs(apart) > NOTED_S and "articulation_s" not in utterance.extra:  # else the notes have it
        odd.append(f"articulation {abs(apart):.2f} s {'longer' if apart > 0 else 'shorter'} than audio")
    seen = moved.valid.mean() if moved.valid.size else 0.0
    if seen < _MOSTLY_LOST:
        odd.append(f"{100 * (1 - seen):.0f} % of the articulation is missing")
    stuck = [
        name
        for i, name in enumerate(moved.names)
        if np.count_nonzero(moved.valid[:, i]) > _STUCK_FRAMES
        and np.ptp(moved.values[moved.valid[:, i], i]) == 0
    ]
    if stuck:
        odd.append(f"never moves: {', '.join(stuck)}")
    return odd


def _in_runs(at_limit: NDArray[np.bool_]) -> int:
    """How many samples lie in runs of at least `_CLIPPED_RUN`."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], at_limit.astype(np.int8), [0]])))
    lengths = edges[1::2] - edges[::2]
    return int(lengths[lengths >= _CLIPPED_RUN].sum())


def _sha256(samples: NDArray[np.floating]) -> str:
    return pcm_sha256(np.clip(np.rint(samples * 32768.0), -32768, 32767).astype(np.int16))


def _told_of_twin(finding: RecordingReport, twin: str) -> RecordingReport:
    if twin == finding.utterance_id:
        return finding
    return replace(finding, suspicions=(*finding.suspicions, f"has the very same audio as {twin}"))
