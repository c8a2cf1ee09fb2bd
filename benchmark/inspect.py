"""`python -m benchmark.inspect`: what a corpus on disk holds, before anything is prepared from it."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark import cli
from benchmark.types import SPLITS

if TYPE_CHECKING:
    from benchmark.articulation.constriction_report import Constrictions
    from benchmark.corpora import Ignored
    from benchmark.corpora.corpus_report import SpeakerSummary
    from benchmark.mixing.plan_summary import NoiseUse
    from benchmark.mixing.recipe import Recipe
    from benchmark.types import Utterance

_EXAMPLE = """  python -m benchmark.inspect --recipe xrmb_noisy --speech-root /data/xrmb --jobs 4
  python -m benchmark.inspect --recipe xrmb_noisy_real --speech-root /data/xrmb --noise-root musan=/data/musan --json
  python -m benchmark.inspect --draft /data/our_recordings"""
_SHOWN = 30
_NAMED = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line and inspects; status 1 if recordings are damaged."""
    parser = cli.parser(
        "inspect",
        "Reads every recording of a recipe's corpora: speakers, hours, rates, missing pellets, suspicious and unread files. "
        "Exit status 1 if any is damaged.",
        _EXAMPLE,
    )
    cli.add_recipe(parser, required=False)
    parser.add_argument(
        "--draft",
        type=Path,
        metavar="DIR",
        help="write a first corpus.toml into a folder of your own recordings, and do nothing else",
    )
    cli.add_roots(parser)
    cli.add_jobs(parser)
    cli.add_limit(parser, "read at most N recordings of each speaker")
    cli.add_json(parser)
    arguments = parser.parse_args(argv)
    if arguments.draft is not None:
        return cli.guarded(_draft, arguments)
    if arguments.recipe is None:
        parser.error("say which --recipe, or --draft DIR to describe recordings of your own")
    return cli.guarded(_inspect, arguments)


def _draft(arguments: argparse.Namespace) -> int:
    from benchmark.corpora.folder_draft import write_draft

    path, undecided = write_draft(arguments.draft)
    lines = [
        f"{path}: a first draft; read it all, and decide on these lines:",
        *(f"  {line}" for line in undecided),
        cli.as_called(
            f"next: python -m benchmark.inspect --recipe folder_noisy --speech-root {arguments.draft}"
        ),
    ]
    cli.report({"file": str(path), "undecided": undecided}, lines, arguments.json)
    return 0


def _inspect(arguments: argparse.Namespace) -> int:
    from benchmark.mixing.recipe import load_recipe

    recipe = load_recipe(arguments.recipe)

    # A misspelt recipe is told before these load.
    from benchmark import corpora
    from benchmark.articulation import plausibility
    from benchmark.corpora.corpus_report import by_speaker, constrictions_by_speaker, examine_all
    from benchmark.mixing.gather import speech_root
    from benchmark.mixing.plan_summary import size

    corpus = corpora.get(recipe.speech.corpus)
    root = speech_root(recipe, corpus, arguments.speech_root)
    listed = corpora.scan(recipe.speech.corpus, root)
    utterances = _with_splits(recipe, listed.utterances)
    chosen = _first_of_each(utterances, arguments.limit)
    findings = examine_all(chosen, jobs=arguments.jobs, progress=cli.progress)
    speakers = by_speaker(chosen, findings)
    known = constrictions_by_speaker(chosen, corpus.sensors, jobs=arguments.jobs, progress=cli.progress)
    implausible = plausibility.implausible(chosen, corpus.sensors, jobs=arguments.jobs, progress=cli.progress)
    damaged = [*listed.problems, *(reason for finding in findings for reason in finding.damaged)]
    noise, remarks = _noise(dict(arguments.noise_root))
    targets = [utterance for utterance in utterances if utterance.split in SPLITS]
    spread, unknown = _noise_use(recipe, targets, listed.utterances, dict(arguments.noise_root))
    remarks += unknown
    facts = {
        "recipe": recipe.name,
        "corpus": corpus.title,
        "root": str(root),
        "found": len(listed.utterances) + len(listed.problems),
        "inspected": len(chosen),
        "hours": round(sum(utterance.duration_s for utterance in utterances) / 3600, 5),
        "splits": _splits(utterances),
        "absent": _absent(recipe, utterances, root),
        "speakers": [_as_json(speaker) for speaker in speakers],
        "opens_with_tone": [finding.utterance_id for finding in findings if finding.tone],
        "sampled": plausibility.SAMPLE,
        "constrictions": {speaker: _as_json(one) for speaker, one in known.items()},
        "implausible": [finding._asdict() for finding in implausible],
        "suspicious": {
            finding.utterance_id: list(finding.suspicions) for finding in findings if finding.suspicions
        },
        "ignored": [file._asdict() for file in listed.ignored],
        "damaged": damaged,
        "size": size(recipe, targets),
        "noise": noise,
        "noise_use": spread,
        "remarks": remarks,
    }
    cli.report(
        facts, _lines(facts, speakers, plausibility.lines(implausible), listed.ignored), arguments.json
    )
    return cli.FOUND_PROBLEMS if damaged else 0


def _noise_use(
    recipe: Recipe, targets: Sequence[Utterance], found: Sequence[Utterance], roots: Mapping[str, Path]
) -> tuple[list[NoiseUse], list[str]]:
    """How the recipe would spread its noise; or none, and why that cannot be told."""
    from benchmark.errors import CorpusError
    from benchmark.mixing.gather import Roots, gather_noise
    from benchmark.mixing.plan import plan_mixtures
    from benchmark.mixing.plan_summary import noise_use

    try:
        sources = gather_noise(recipe, targets, found, Roots(noises=roots))
        return noise_use(plan_mixtures(recipe, targets, sources)), []
    except CorpusError as error:
        return [], [f"how noise would be spread cannot be told: {error}"]


def _with_splits(recipe: Recipe, found: Sequence[Utterance]) -> list[Utterance]:
    from dataclasses import replace

    from benchmark.mixing.gather import assign_splits

    assigned = {utterance.id: utterance.split for utterance in assign_splits(recipe, found)}
    return [replace(utterance, split=assigned.get(utterance.id)) for utterance in found]


def _first_of_each(utterances: Sequence[Utterance], limit: int | None) -> list[Utterance]:
    taken: dict[str, int] = {}
    chosen = []
    for utterance in utterances:
        taken[utterance.speaker] = taken.get(utterance.speaker, 0) + 1
        if limit is None or taken[utterance.speaker] <= limit:
            chosen.append(utterance)
    return chosen


def _splits(utterances: Sequence[Utterance]) -> dict[str, dict[str, Any]]:
    facts: dict[str, dict[str, Any]] = {}
    for name in (*SPLITS, None):
        members = [utterance for utterance in utterances if utterance.split == name]
        facts[name or "none"] = {
            "speakers": len({utterance.speaker for utterance in members}),
            "utterances": len(members),
            "hours": round(sum(utterance.duration_s for utterance in members) / 3600, 5),
        }
    return facts


def _absent(recipe: Recipe, utterances: Sequence[Utterance], root: Path) -> dict[str, int]:
    """How many utterances of each split the published division counts on and the disk lacks."""
    from benchmark import corpora
    from benchmark.corpora.contract import walk

    if recipe.speech.splits == "corpus":
        return {}
    published = corpora.load_splits(recipe.speech.corpus, recipe.speech.splits).members(walk(root))
    if published is None:
        return {}
    here = {utterance.id for utterance in utterances}
    missing = [split for identity, split in published.items() if identity not in here]
    return {split: missing.count(split) for split in SPLITS}


def _noise(roots: Mapping[str, Path]) -> tuple[dict[str, list[dict[str, Any]]], list[str]]:
    from benchmark import noises
    from benchmark.corpora.corpus_report import noise_summary

    summary, remarks = {}, []
    for name, root in roots.items():
        recordings, problems = noises.scan(name, root)
        summary[name] = noise_summary(recordings)
        remarks += [f"{name}: {line}" for line in (*noises.remarks(recordings), *problems)]
    return summary, remarks


def _as_json(row: SpeakerSummary | Constrictions) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(row)


def _lines(
    facts: Mapping[str, Any],
    speakers: Sequence[SpeakerSummary],
    implausible: Sequence[str],
    ignored: Sequence[Ignored],
) -> list[str]:
    from benchmark.mixing.plan_summary import noise_lines, size_line

    lines = [
        f"{facts['corpus']} below {facts['root']}: {len(speakers)} speakers, {facts['found']} recordings, {_length(facts['hours'])}"
    ]
    for name, part in facts["splits"].items():
        absent = facts["absent"].get(name, 0)
        lines.append(
            f"  {name:<5} {part['speakers']:>3} speakers {part['utterances']:>6} utterances {_length(part['hours']):>10}"
            + (f"   ({absent} more are in the published split and not here)" if absent else "")
        )
    lines.append(f"{facts['recipe']} makes {size_line(facts['size'])}")
    lines += ["", *noise_lines(facts["noise_use"]), ""] if facts["noise_use"] else [""]
    lines += [*_speaker_table(speakers), "", *_constriction_lines(facts["constrictions"]), ""]
    if facts["opens_with_tone"]:
        lines.append(
            f"{len(facts['opens_with_tone'])} recordings open with a tone near 1 kHz, {facts['opens_with_tone'][0]} first"
        )
    suspicious = _not_read(ignored) + _by_reason(facts["suspicious"])
    lines += _group("damaged", facts["damaged"])
    lines += _group(f"implausible (of up to {facts['sampled']} recordings a speaker)", implausible)
    lines += _group("suspicious", suspicious)
    for name, rows in facts["noise"].items():
        lines += ["", f"noise {name}"]
        lines += [
            f"  {row['split']:<5} {row['kind']:<9} {row['category']:<14} {row['recordings']:>6} recordings {_length(row['hours']):>10}"
            + (f" of {row['talkers']} talkers" if row["talkers"] else "")
            for row in rows
        ]
    return lines + [f"note: {line}" for line in facts["remarks"]]


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


def _constriction_lines(known: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The palate, and how steady constriction locations are: the worst speaker of each, all are in --json."""
    if not known:
        return ["constrictions: none can be computed"]
    palates = [row["palate"] for row in known.values()]
    kinds = [f"{palates.count(kind)} {kind}" for kind in ("traced", "estimated", "none") if kind in palates]
    error = max(known, key=lambda speaker: float(known[speaker]["smoothing_error_mm"]))
    lines = [
        f"palates: {', '.join(kinds)}; smoothed by at most {known[error]['smoothing_error_mm']:.2f} mm ({error})"
    ]
    for name in ("TBCL", "TTCL"):
        having = [speaker for speaker, row in known.items() if name in row["jumps"]]
        if not having:
            continue
        jumping = max(having, key=lambda speaker: float(known[speaker]["jumps"][name]))
        sticking = max(having, key=lambda speaker: float(known[speaker]["commonest"][name]))
        lines.append(
            f"{name}: steps over 5 mm in 10 ms at most {known[jumping]['jumps'][name]:.1%} ({jumping}), "
            f"commonest value holds at most {known[sticking]['commonest'][name]:.1%} of the time ({sticking})"
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


if __name__ == "__main__":
    sys.exit(main())
