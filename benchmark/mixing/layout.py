"""Where the files of a prepared corpus lie."""

from __future__ import annotations

from pathlib import Path

from benchmark.errors import ManifestError

MANIFEST, UTTERANCES, RECIPE = "manifest.parquet", "utterances.parquet", "recipe.toml"
#: The description of a corpus that `python -m benchmark.export --to croissant` leaves in it.
CROISSANT = "croissant.json"


def require_folder(folder: Path) -> None:
    """Raises unless a folder looks like a prepared corpus; reads none of its files.

    Raises:
        ManifestError: It is not, or does not.
    """
    if not folder.is_dir():
        raise ManifestError(
            f"{folder}: not found; prepare it with `python -m benchmark.prepare --recipe NAME --out {folder}`"
        )
    if not (folder / MANIFEST).exists():
        raise ManifestError(
            f"{folder / MANIFEST}: not found; a prepared corpus is made by `python -m benchmark.prepare`"
        )


def refuse_outside(identity: str, what: str) -> None:
    """Makes sure that a name which becomes a path stays inside the corpus on any system.

    Args:
        identity: A mixture id, an utterance id or a speaker.
        what: What it is, for the message.

    Raises:
        ManifestError: It is absolute, goes up, names a drive, or has an empty part.
    """
    parts = identity.split("/")
    if any(part in ("", ".", "..") for part in parts) or set(identity) & set("\\:\0"):
        raise ManifestError(
            f"{what} {identity!r} does not name a place inside the corpus; the table was not written by "
            "this package, do not use it"
        )


def audio_path(folder: Path, mixture_id: str) -> Path:
    """Where the audio of a mixture lies below the folder of its corpus."""
    return folder / "audio" / f"{mixture_id}.flac"


def shard_path(folder: Path, split: str, utterance_id: str) -> Path:
    """Where the audio of all mixtures of an utterance lies in a corpus of shards."""
    return folder / "shards" / split / f"{utterance_id}.parquet"


def trajectories_path(folder: Path, speaker: str) -> Path:
    """Where the targets of a speaker lie below the folder of a corpus."""
    return folder / "trajectories" / f"{speaker}.parquet"


def talkers_path(folder: Path, source: str, speaker: str) -> Path:
    """Where the articulation of a voice that babbles lies below the folder of a corpus, if it is known."""
    return folder / "talkers" / source / f"{speaker}.parquet"
