"""What `sinbad inspect` prints for people."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from benchmark.articulation import plausibility
from benchmark.articulation.constriction_report import Constrictions
from benchmark.corpora import Ignored
from benchmark.corpora.corpus_report import SpeakerSummary
from benchmark.mixing.inspection import Inspection
from benchmark.mixing.plan_summary import noise_lines, size_line

_SHOWN = 30
_NAMED = 3


def inspection_lines(found: Inspection) -> list[str]:
    """What was found, for people."""
    lines = [
        (
            f"{found.corpus} below {found.root}: {len(found.speakers)} speakers, {found.found} recordings, "
            f"{_length(found.hours)}"
        )
    ]
    for name, part in found.splits.items():
        absent = found.absent.get(name, 0)
        lines.append(
            f"  {name:<5} {part['speakers']:>3} speakers {part['utterances']:>6} utterances "
            f"{_length(part['hours']):>10}"
            + (f"   ({absent} more are in the published split and not here)" if absent else "")
        )
    lines.append(f"{found.recipe} makes {size_line(found.size)}")
    lines += ["", *noise_lines(found.noise_use), ""] if found.noise_use else [""]
    lines += [*_speaker_table(found.speakers), "", *_constriction_lines(found.constrictions), ""]
    if found.opens_with_tone:
        lines.append(
            f"{len(found.opens_with_tone)} recordings open with a tone near 1 kHz, "
            f"{found.opens_with_tone[0]} first"
        )
    suspicious = _not_read(found.ignored) + _by_reason(found.suspicious)
    lines += _group("damaged", found.damaged)
    lines += _group(
        f"implausible (of up to {plausibility.SAMPLE} recordings a speaker)",
        plausibility.lines(found.implausible),
    )
    lines += _group("suspicious", suspicious)
    for name, rows in found.noise.items():
        lines += ["", f"noise {name}"]
        lines += [
            (
                f"  {row['split']:<5} {row['kind']:<9} {row['category']:<14} {row['recordings']:>6} "
                f"recordings {_length(row['hours']):>10}"
            )
            + (f" of {row['talkers']} talkers" if row["talkers"] else "")
            for row in rows
        ]
    return lines + [f"note: {line}" for line in found.remarks]


def _by_reason(suspicious: Mapping[str, Sequence[str]]) -> list[str]:
    """One line a recording, or one for many recordings of which the same is said but for the numbers."""
    alike: dict[str, list[str]] = {}
    first: dict[str, str] = {}
    for key, reasons in suspicious.items():
        for reason in reasons:
            kind = _kind(reason)
            alike.setdefault(kind, []).append(key)
            first.setdefault(kind, reason)
    lines = []
    for kind, keys in alike.items():
        if len(keys) > _NAMED:
            lines.append(f"{len(keys)} recordings, {keys[0]} first: {first[kind]}")
        else:
            lines += [
                f"{key}: {reason}" for key in keys for reason in suspicious[key] if _kind(reason) == kind
            ]
    return lines


def _kind(reason: str) -> str:
    return re.sub(r"[-+]?\d+(\.\d+)?", "#", reason)


def _not_read(ignored: Sequence[Ignored]) -> list[str]:
    """One line a reason, with the first few files."""
    by_reason: dict[str, list[str]] = {}
    for file in ignored:
        by_reason.setdefault(file.why, []).append(file.path)
    return [
        f"not read, {why}: {', '.join(paths[:_NAMED])}"
        + (f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else "")
        for why, paths in by_reason.items()
    ]


def _constriction_lines(known: Mapping[str, Constrictions]) -> list[str]:
    """The palate, and how steady constriction locations are: the worst speaker of each, all are in --json."""
    if not known:
        return ["constrictions: none can be computed"]
    palates = [row.palate for row in known.values()]
    kinds = [f"{palates.count(kind)} {kind}" for kind in ("traced", "estimated", "none") if kind in palates]
    error = max(known, key=lambda speaker: known[speaker].smoothing_error_mm)
    lines = [
        f"palates: {', '.join(kinds)}; smoothed by at most {known[error].smoothing_error_mm:.2f} mm ({error})"
    ]
    for name in ("TBCL", "TTCL"):
        having = [speaker for speaker, row in known.items() if name in row.jumps]
        if not having:
            continue
        jumping = max(having, key=lambda speaker: known[speaker].jumps[name])
        sticking = max(having, key=lambda speaker: known[speaker].commonest[name])
        lines.append(
            f"{name}: steps over 5 mm in 10 ms at most {known[jumping].jumps[name]:.1%} ({jumping}), "
            f"commonest value holds at most {known[sticking].commonest[name]:.1%} of the time ({sticking})"
        )
    return lines


def _speaker_table(speakers: Sequence[SpeakerSummary]) -> list[str]:
    """One line a speaker; x and y of a sensor are one column if they are lost together."""
    sensors = _sensors(speakers)
    head = [
        "speaker",
        "split",
        "recordings",
        "minutes",
        "audio Hz",
        "frames/s",
        "palate",
        *(f"{s} %" for s in sensors),
    ]
    rows = [head] + [
        [
            speaker.speaker,
            "/".join(name or "none" for name in speaker.splits),
            str(speaker.utterances),
            f"{speaker.audio_s / 60:.1f}",
            "/".join(map(str, speaker.rates_hz)),
            "/".join(f"{rate:g}" for rate in speaker.frame_rates_hz),
            "yes" if speaker.palate else "no",
            *(_percent(speaker.lost_share, own) for own in sensors.values()),
        ]
        for speaker in speakers
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return ["share of frames missing, by sensor, in the last columns", *lines]


def _percent(lost_share: Mapping[str, float], channels: Sequence[str]) -> str:
    return f"{100 * max(lost_share[channel] for channel in channels):.1f}" if lost_share else "-"


def _length(hours: float) -> str:
    return f"{hours:.2f} h" if hours >= 1 else f"{60 * hours:.2f} min"


def _sensors(speakers: Sequence[SpeakerSummary]) -> dict[str, list[str]]:
    sensors: dict[str, list[str]] = {}
    for speaker in speakers:
        for channel in speaker.lost_share:
            own = sensors.setdefault(channel.removesuffix("_x").removesuffix("_y"), [])
            if channel not in own:
                own.append(channel)
    return sensors


def _group(title: str, items: Sequence[str]) -> list[str]:
    if not items:
        return [f"{title}: none"]
    more = [f"  and {len(items) - _SHOWN} more; --json lists all"] if len(items) > _SHOWN else []
    return [f"{title}: {len(items)}", *(f"  {item}" for item in items[:_SHOWN]), *more]
