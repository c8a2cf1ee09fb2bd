"""All that cannot be in the articulation of a corpus, speaker by speaker."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from benchmark.articulation.plausibility.finding import KINDS, Finding
from benchmark.articulation.plausibility.head_size import unit_findings
from benchmark.articulation.plausibility.lips_and_palate import lips_findings, palate_findings
from benchmark.articulation.plausibility.sample import read_sample, sampled
from benchmark.articulation.plausibility.sensors import lost_findings, place_findings, same_value_findings
from benchmark.articulation.plausibility.timing import lag_findings, length_findings, one_start
from benchmark.types import Progress, Utterance, silent
from benchmark.workers import share_out


def implausible(
    utterances: Sequence[Utterance],
    sensors: Mapping[str, str],
    *,
    jobs: int = 1,
    progress: Progress = silent,
) -> list[Finding]:
    """What cannot be in the articulation of some speakers, sorted by kind, the worst first, then by speaker.

    Args:
        utterances: Of a corpus; those without trajectories are passed over.
        sensors: Role to channel prefix, as in `Corpus.sensors`.
        jobs: Worker processes.
        progress: Told of every speaker.
    """
    samples = sampled(utterances)
    results = share_out(speaker_findings, ((members, sensors) for members in samples.values()), jobs)
    found = [finding for findings in progress(results, len(samples), "plausibility") for finding in findings]
    return sorted(one_start(found), key=lambda finding: (KINDS.index(finding.kind), finding.speaker))


def lines(findings: Sequence[Finding]) -> list[str]:
    """One line for each kind of finding; speakers who get the same advice share a line.

    What was seen is told of the first of them.
    """
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[finding.kind, finding.advice].append(finding)
    said = []
    for group in groups.values():
        speakers = list(dict.fromkeys(finding.speaker for finding in group))
        others = f" (and {len(speakers) - 1} more speakers: {_some(speakers[1:])})" if speakers[1:] else ""
        said.append(f"{speakers[0]}{others}: {group[0].what}; {group[0].advice}")
    return said


def speaker_findings(utterances: Sequence[Utterance], sensors: Mapping[str, str]) -> list[Finding]:
    """What cannot be in these recordings of one speaker."""
    sample = read_sample(utterances, sensors)
    found = [*lost_findings(sample), *length_findings(sample)]
    if not any(finding.kind == "rate" for finding in found):
        found += lag_findings(sample)
    if wrong_unit := unit_findings(sample):
        return [*found, *wrong_unit]  # Millimetres mean nothing then.
    misplaced_sensors = same_value_findings(sample) or place_findings(sample)
    wall = [] if misplaced_sensors else palate_findings(sample, utterances)
    return [*found, *misplaced_sensors, *lips_findings(sample), *wall]


def _some(names: Sequence[str], most: int = 3) -> str:
    return ", ".join(names[:most]) + (" ..." if len(names) > most else "")
