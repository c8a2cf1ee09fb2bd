"""`python -m maintenance.few_speakers`: a small corpus in which speakers are known and prompts are not.

It holds some train voices of a virtual corpus as a folder of recordings with a `corpus.toml`, as a laboratory
would have it: a few people, minutes of each, and other sentences of the same people to test on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from benchmark import cli
from benchmark.audio import pcm16, read_clip
from benchmark.files import write_text
from benchmark.randomness import Randomness
from benchmark.virtual import store
from benchmark.virtual.pellets import CHANNELS, RATE_HZ
from maintenance.folder_corpus import description, tell

_EXAMPLE = """  python -m maintenance.few_speakers --speech-root ~/.cache/sinbad/virtual --out few
  python -m benchmark.prepare --recipe folder_noisy --speech-root few --out prepared/few_noisy"""
#: Of ten prompts: how many train and how many are dev; the rest is tested on.
_TRAIN, _DEV = 7, 1
_SENSORS = {
    "upper_lip": "UL",
    "lower_lip": "LL",
    "tongue_tip": "T1",
    "tongue_front": "T2",
    "tongue_mid": "T3",
    "tongue_back": "T4",
    "jaw": "MNI",
    "f0": "F0",
}


def write(source: Path, target: Path, speakers: int) -> dict[str, list[str]]:
    """Writes the corpus.

    Args:
        source: A virtual corpus.
        target: Folder to write to.
        speakers: How many of its train voices.

    Returns:
        Recordings of each split.
    """
    rows = store.read_rows(source / store.UTTERANCE_TABLE, store.UTTERANCES)
    voices = {row["speaker"]: row for row in store.read_rows(source / store.SPEAKER_TABLE, store.SPEAKERS)}
    order = Randomness(("few speakers",))
    chosen = sorted({row["speaker"] for row in rows if row["split"] == "train"}, key=order.token)[:speakers]
    splits: dict[str, list[str]] = {"train": [], "dev": [], "test": []}
    for row in rows:
        if row["speaker"] not in chosen:
            continue
        lot = Randomness(("few speakers", "prompts", row["text"])).integer("split", 0, 10)
        split = "train" if lot < _TRAIN else "dev" if lot < _TRAIN + _DEV else "test"
        splits[split].append(row["id"])
        _write_recording(source, target, row["speaker"], row["id"])
    for speaker in chosen:
        palate = pd.DataFrame(voices[speaker]["palate"])
        (target / "palate").mkdir(exist_ok=True)
        palate.to_csv(target / "palate" / f"{speaker}.csv", index=False, header=False)
    write_text(
        target / "corpus.toml",
        description('title = "A few virtual speakers"', "ema", RATE_HZ, _SENSORS, splits, palate=True),
    )
    return splits


def _write_recording(source: Path, target: Path, speaker: str, utterance: str) -> None:
    clip = read_clip(store.audio_path(source, utterance))
    track = store.read_track(store.tracks_path(source, speaker), utterance)
    (target / "wav" / speaker).mkdir(parents=True, exist_ok=True)
    (target / "ema" / speaker).mkdir(parents=True, exist_ok=True)
    soundfile.write(target / "wav" / f"{utterance}.wav", pcm16(clip.samples), clip.rate_hz)
    values = np.where(track.valid, track.values, np.nan)
    table = pd.DataFrame(values, columns=list(CHANNELS))
    table.to_csv(target / "ema" / f"{utterance}.csv", index=False, float_format="%.4f")


def main(argv: Sequence[str] | None = None) -> int:
    """Parses the command line and writes the corpus."""
    parser = cli.parser(
        "few_speakers",
        "Writes a few virtual speakers as a folder of recordings.",
        _EXAMPLE,
        package="maintenance",
    )
    parser.add_argument("--speech-root", required=True, type=Path, metavar="DIR", help="a virtual corpus")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="where to")
    parser.add_argument("--speakers", type=cli.positive, default=3, metavar="N", help="default: 3")
    cli.add_json(parser)
    return cli.guarded(_write, parser.parse_args(argv))


def _write(arguments: argparse.Namespace) -> int:
    tell(arguments, write(arguments.speech_root, arguments.out, arguments.speakers))
    return 0


if __name__ == "__main__":
    sys.exit(main())
