"""Where the files of a prepared corpus lie."""

from __future__ import annotations

from pathlib import Path

MANIFEST, UTTERANCES, RECIPE = "manifest.parquet", "utterances.parquet", "recipe.toml"


def audio_path(folder: Path, mixture_id: str) -> Path:
    """Where the audio of a mixture lies below the folder of its corpus."""
    return folder / "audio" / f"{mixture_id}.flac"


def trajectories_path(folder: Path, speaker: str) -> Path:
    """Where the targets of a speaker lie below the folder of a corpus."""
    return folder / "trajectories" / f"{speaker}.parquet"
