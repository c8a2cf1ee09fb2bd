"""The rule that divides the X-ray microbeam database; run by `python -m maintenance.make_splits`.

The 48 released speakers are sorted by how much speech of theirs was labelled; the two with least are left
out. The others are taken by sex and, within a sex, by age. Each sex is cut into five groups of neighbouring
ages, and one speaker is drawn of each group: from the women's groups 1, 3, 5 for test and 2, 4 for dev, from
the men's groups 1, 3, 5 for dev and 2, 4 for test. That gives 36 train, 5 dev, 5 test speakers whose ages and
sexes are spread alike.

Tasks that are repetitions of a syllable at the fastest rate (tp102 to tp105) are no speech in the sense of
this benchmark and take no part; neither do tasks that were never labelled (oral-motor manoeuvres).

The strict division adds prompts. Tasks that share three labelled words in a row, in at least five speakers,
are one prompt group, because many tasks repeat sentences of others. The largest group trains. The others are
sorted by the time they take and cut into runs of five; of each run one group is drawn for dev and two for
test. An utterance takes part if its speaker and its prompt fall into the same split.

All draws are hashes (`benchmark.randomness`) with the seed `SEED`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmark.errors import ManifestError
from benchmark.files import replacing
from benchmark.randomness import Randomness

SEED = 2601
LEFT_OUT = 2
GROUPS = 5
SHARED_WORDS = 3
SHARED_BY = 5
SYLLABLE_TASKS = ("tp102", "tp103", "tp104", "tp105")
#: Recordings whose pellet file was never released.
WITHOUT_TRACKS = ("JW34/tp023", "JW43/tp118")
COLUMNS = ("speaker", "sex", "age_years", "recording", "task", "speech_s", "words")
CREDIT = (
    "Compiled from github.com/rsprouse/xray_microbeam_database (BSD-3-Clause, Copyright Regents of the "
    "University of California)."
)


def make_table(index: pd.DataFrame) -> pa.Table:
    """Divide the corpus.

    Args:
        index: One row a recording with the columns `COLUMNS`.

    Returns:
        Columns utterance_id, speaker, prompt, standard, strict (null: takes no part) and note (why not).
    """
    speakers = speaker_splits(index)
    prompts = prompt_splits(index)
    rows = [
        _row(str(speaker), str(recording), str(task), speakers, prompts)
        for speaker, recording, task in zip(index["speaker"], index["recording"], index["task"], strict=True)
    ]
    rows.sort(key=lambda row: str(row["utterance_id"]))
    names = ("utterance_id", "speaker", "prompt", "standard", "strict", "note")
    schema = pa.schema([(name, pa.string()) for name in names], metadata=_metadata())
    return pa.Table.from_pylist(rows, schema=schema)


def speaker_splits(index: pd.DataFrame) -> dict[str, str]:
    """Speaker to "train", "dev", "test" or "left out"."""
    facts = index.groupby("speaker").agg(
        sex=("sex", "first"), age=("age_years", "first"), speech_s=("speech_s", "sum")
    )
    by_speech = facts.sort_values(["speech_s"], kind="stable")
    splits = dict.fromkeys(map(str, by_speech.index), "train")
    for speaker in by_speech.index[:LEFT_OUT]:
        splits[str(speaker)] = "left out"
    stay = by_speech.iloc[LEFT_OUT:].reset_index().sort_values(["age", "speaker"])
    for sex, alternating in (("F", ("test", "dev")), ("M", ("dev", "test"))):
        ordered = [str(speaker) for speaker in stay.loc[stay["sex"] == sex, "speaker"]]
        for group, members in enumerate(np.array_split(np.array(ordered), GROUPS)):
            drawn = Randomness(("xrmb", "speakers", SEED, sex, group)).choice(
                "speaker", sorted(map(str, members))
            )
            splits[drawn] = alternating[group % 2]
    return splits


def prompt_splits(index: pd.DataFrame) -> dict[str, str]:
    """Task to "train", "dev" or "test", such that tasks that share sentences stay together."""
    spoken = index[~index["task"].isin(SYLLABLE_TASKS)]
    groups = sorted(_prompt_groups(spoken), key=lambda group: (-len(group), group))
    seconds = spoken.groupby("task")["speech_s"].median().to_dict()
    splits = dict.fromkeys(groups[0], "train")
    rest = sorted(groups[1:], key=lambda group: (-sum(seconds[task] for task in group), group))
    for start in range(0, len(rest), 5):
        run = rest[start : start + 5]
        lots = ("dev", "test", "test", "train", "train")
        drawn = Randomness(("xrmb", "prompts", SEED, start)).sample("groups", run, len(run))
        for group, split in zip(drawn, lots, strict=False):
            splits.update(dict.fromkeys(group, split))
    return splits


def read_index(path: Path) -> pd.DataFrame:
    """Read the index of recordings.

    Raises:
        ManifestError: The file cannot be read or lacks a column.
    """
    try:
        index = pd.read_csv(path, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise ManifestError(f"{path}: not a CSV file ({error})") from error
    missing = [name for name in COLUMNS if name not in index.columns]
    if missing:
        raise ManifestError(f"{path}: lacks the columns {', '.join(missing)}")
    return index


def write_table(path: Path, table: pa.Table) -> None:
    """Write the table as Parquet, whole or not at all."""
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def _row(
    speaker: str, recording: str, task: str, speakers: Mapping[str, str], prompts: Mapping[str, str]
) -> dict[str, str | None]:
    identity = f"{speaker}/{recording}"
    by_speaker, by_prompt = speakers[speaker], prompts.get(task)
    note = ""
    if by_speaker == "left out":
        note = "speaker left out: one of the two with least labelled speech"
    elif by_prompt is None:
        note = "syllable repetition, no speech"
    elif identity in WITHOUT_TRACKS:
        note = "no pellet file was released"
    standard = None if note else by_speaker
    return {
        "utterance_id": identity,
        "speaker": speaker,
        "prompt": task,
        "standard": standard,
        "strict": standard if standard == by_prompt else None,
        "note": note,
    }


def _prompt_groups(index: pd.DataFrame) -> list[tuple[str, ...]]:
    """Groups of tasks that share `SHARED_WORDS` words in a row in `SHARED_BY` or more recordings each."""
    seen: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for task, words in zip(index["task"], index["words"], strict=True):
        for sequence in set(_sequences(str(words).split())):
            seen[sequence][str(task)] += 1
    tasks = sorted({str(task) for task in index["task"]})
    leader = {task: task for task in tasks}
    for counts in seen.values():
        sharing = sorted(task for task, count in counts.items() if count >= SHARED_BY)
        for task in sharing[1:]:
            _join(leader, sharing[0], task)
    groups: dict[str, list[str]] = defaultdict(list)
    for task in tasks:
        groups[_leader(leader, task)].append(task)
    return [tuple(group) for group in groups.values()]


def _sequences(words: Sequence[str]) -> Iterable[tuple[str, ...]]:
    return (tuple(words[i : i + SHARED_WORDS]) for i in range(len(words) - SHARED_WORDS + 1))


def _leader(leader: dict[str, str], task: str) -> str:
    while leader[task] != task:
        task = leader[task]
    return task


def _join(leader: dict[str, str], one: str, two: str) -> None:
    first, second = sorted((_leader(leader, one), _leader(leader, two)))
    leader[second] = first


def _metadata() -> dict[str, str]:
    return {
        "title": "Speaker and prompt splits of the X-ray microbeam database",
        "rule": "maintenance/xrmb_split_rule.py",
        "seed": str(SEED),
        "source": CREDIT,
    }
