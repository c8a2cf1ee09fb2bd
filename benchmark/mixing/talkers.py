"""The articulation of babbling talkers, as far as it is known; a prediction may have followed it.

    DIR/talkers/SOURCE/SPEAKER.parquet    the corpus' targets, by the talker's own anatomy

It is no part of the corpus' content: a corpus is the same corpus with and without it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from benchmark import corpora
from benchmark.articulation.target_sets import speaker_targets
from benchmark.articulation.tract_variables import CONVENTION_VERSION
from benchmark.errors import CorpusError
from benchmark.mixing.layout import talkers_path
from benchmark.mixing.rows import PlanRow
from benchmark.mixing.sources import Sources
from benchmark.mixing.targets import Targets
from benchmark.mixing.trajectory_table import write_trajectories
from benchmark.types import RATE_HZ, Progress, Trajectories, Utterance
from benchmark.workers import share_out


def write_talkers(
    folder: Path,
    targets: Targets,
    sources: Sources,
    rows: Iterable[PlanRow],
    jobs: int,
    progress: Progress,
) -> list[str]:
    """Writes the targets of all voices in the babble of `rows` whose articulation is known.

    Args:
        folder: The prepared corpus.
        targets: The corpus' own; a talker whose targets are among them is not computed again.
        sources: Where the voices are.
        rows: Mixtures.
        jobs: Worker processes.
        progress: Told of every voice.

    Returns:
        A line for each voice whose articulation is there and cannot be used.
    """
    used = {
        piece["noise_id"].partition(":")[::2] for row in rows if row["talkers"] for piece in row["pieces"]
    }
    known: list[tuple[Path, str]] = []
    tasks = []
    for source, voices in sorted(sources.voices.items()):
        sensors = corpora.get("virtual").sensors if source == "shipped_voices" else sources.sensors
        speakers = {voices[name].speaker for origin, name in used if origin == source and name in voices}
        said: dict[str, list[Utterance]] = defaultdict(list)
        for voice in voices.values():
            if voice.speaker in speakers and voice.trajectories is not None:
                said[voice.speaker].append(voice)
        for speaker, own in sorted(said.items()):
            path = talkers_path(folder, source, speaker)
            if source == "corpus" and speaker in targets.by_speaker:
                known.append((path, speaker))
            else:
                tasks.append((path, own, targets.names, sensors))
    facts = {"convention": CONVENTION_VERSION}
    ready = ((path, targets.by_speaker[speaker], facts) for path, speaker in known)
    written = share_out(write_trajectories, ready, jobs)
    computed = share_out(_write, tasks, jobs)
    done = progress(chain(written, computed), len(known) + len(tasks), "talkers") if known or tasks else ()
    return [line for line in done if line]


def _write(
    path: Path, utterances: Sequence[Utterance], names: Sequence[str], sensors: Mapping[str, str]
) -> str:
    try:
        made = speaker_targets(utterances, names, sensors)
    except CorpusError as error:
        return f"without the articulation of a talker: {error}"
    write_trajectories(path, made, {"convention": CONVENTION_VERSION})
    return ""


def talker_tracks(
    row: PlanRow, known: Callable[[str], Trajectories | None], like: Trajectories
) -> list[Trajectories]:
    """The articulation of every talker of a mixture on the time axis of the mixture.

    Args:
        row: A mixture.
        known: Noise id to the articulation of that whole recording; None where it is not known.
        like: Targets of the row's utterance: rate, parameters and number of frames.

    Returns:
        One a talker, in the order of the pieces; a piece of unknown articulation, or of other parameters, is
        not valid.
    """
    tracks: list[Trajectories] = []
    for piece in row["pieces"]:
        if piece["at"] == 0:  # the next talker begins
            blank = np.zeros_like(like.values)
            tracks.append(Trajectories(blank, like.rate_hz, like.names, np.zeros(blank.shape, dtype=bool)))
        found = known(piece["noise_id"])
        if found is None or found.rate_hz != like.rate_hz or not set(like.names) <= set(found.names):
            continue
        found = found.select(like.names)
        first = -(-piece["at"] * like.rate_hz // RATE_HZ)
        last = (piece["at"] + piece["frames"] - 1) * like.rate_hz // RATE_HZ
        here = np.arange(int(first), min(int(last) + 1, len(like.values)))
        there = here + round((piece["offset"] - piece["at"]) * like.rate_hz / RATE_HZ)
        inside = (there >= 0) & (there < len(found.values))
        tracks[-1].values[here[inside]] = found.values[there[inside]]
        tracks[-1].valid[here[inside]] = found.valid[there[inside]]
    return tracks
