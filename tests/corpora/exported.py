"""A folder of recordings such as a lab has, exported from the embedded corpus."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from benchmark import corpora
from benchmark.files import demo_corpus
from benchmark.types import Utterance

ROLES = ("upper_lip", "lower_lip", "jaw", "tongue_tip", "tongue_mid", "tongue_back")
SPEAKERS = ("VF01", "VF02", "VM01", "VM02")


def recordings(speakers: Sequence[str] = SPEAKERS) -> list[Utterance]:
    """Those of the embedded corpus that have articulation, of some speakers."""
    found = corpora.read("virtual", demo_corpus())
    return [one for one in found if one.speaker in speakers and one.trajectories is not None]


def write(
    root: Path,
    names: Sequence[str],
    *,
    wav: str = "wav/{speaker}/{recording}.wav",
    track: str = "ema/{speaker}/{recording}.csv",
    factors: Sequence[float] = (1.0, 1.0),
    speakers: Sequence[str] = SPEAKERS,
) -> None:
    """Audio and one table a recording.

    Args:
        root: Where to.
        names: Two or three columns for each of `ROLES`; of three the second is sideways, and does not matter.
        wav: Of the audio's file.
        track: Of the table's file.
        factors: By which x and y are multiplied.
        speakers: Of the embedded corpus.
    """
    sensors = corpora.get("virtual").sensors
    for one in recordings(speakers):
        speaker, recording = one.id.split("/")
        sound = root / wav.format(speaker=speaker, recording=recording)
        table = root / track.format(speaker=speaker, recording=recording)
        for path in (sound, table):
            path.parent.mkdir(parents=True, exist_ok=True)
        clip = one.audio()
        soundfile.write(sound, clip.samples, clip.rate_hz)
        assert one.trajectories is not None
        pellets = one.trajectories()
        columns = []
        for role in ROLES:
            x, y = (pellets.select((f"{sensors[role]}_{axis}",)).values[:, 0] for axis in "xy")
            columns.append(x * factors[0])
            if len(names) == 3 * len(ROLES):
                columns.append(np.sin(x))
            columns.append(y * factors[1])
        header = ",".join(names)
        np.savetxt(table, np.stack(columns, axis=1), fmt="%.5g", delimiter=",", header=header, comments="")
