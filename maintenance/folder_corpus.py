"""A corpus of the reader `folder` that a command of maintenance writes: its description, and what is told."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from benchmark import cli

Splits = Mapping[str, Sequence[str]]


def description(
    about: str, folder: str, rate_hz: float, sensors: Mapping[str, str], splits: Splits, palate: bool
) -> str:
    """The text of `corpus.toml` where audio lies in `wav/SPEAKER` and trajectories in `FOLDER/SPEAKER`.

    Args:
        about: Lines at its top, such as `title = "..."`.
        folder: Where the tables of trajectories lie, in mm.
        rate_hz: Frames a second.
        sensors: Role to the sensor's name.
        splits: Recordings of each split, as SPEAKER/RECORDING.
        palate: Whether there is a `palate/SPEAKER.csv`.
    """
    roles = "\n".join(f'{role} = "{sensor}"' for role, sensor in sensors.items())
    listed = "\n".join(f"{split} = {list(ids)!r}".replace("'", '"') for split, ids in splits.items())
    traced = '\n[palate]\nfiles = "palate/{speaker}.csv"\n' if palate else ""
    return f"""{about}

[audio]
files = "wav/{{speaker}}/{{recording}}.wav"

[trajectories]
files = "{folder}/{{speaker}}/{{recording}}.csv"
rate_hz = {rate_hz:g}
unit = "mm"

[sensors]
{roles}
{traced}
[splits]
{listed}
"""


def tell(arguments: argparse.Namespace, splits: Splits) -> None:
    """Reports how many recordings of each split lie in `arguments.out` now."""
    counts = {split: len(ids) for split, ids in splits.items()}
    lines = [f"{arguments.out}: {', '.join(f'{split} {count}' for split, count in counts.items())}"]
    cli.report({"folder": str(arguments.out), **counts}, lines, arguments.json)
