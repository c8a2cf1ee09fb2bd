"""Carstens AG500 and AG501 articulographs: `.pos` files, with a map of sensors in `corpus.toml`."""

from __future__ import annotations

from pathlib import Path

from benchmark.corpora import contract, folder, folder_config
from benchmark.errors import CorpusError
from benchmark.types import Utterance


def read(root: Path) -> list[Utterance]:
    """List all recordings.

    Raises:
        CorpusError: The description is missing, wrong, or names other files than `.pos`.
    """
    if not folder_config.load(root).trajectories.files.lower().endswith(".pos"):
        where = root / folder_config.FILE_NAME
        raise CorpusError(f"{where}: trajectories.files: should end in .pos for this corpus")
    return folder.read(root)


def looks_like(root: Path) -> bool:
    """Whether position files lie below `root`."""
    return contract.holds(root, r".+\.pos")


CORPUS = contract.Corpus(
    name="ag50x",
    title="Carstens AG500/AG501 recordings",
    home="your own recordings",
    licence="yours",
    citation="yours",
    layout="corpus.toml (sensors by number, axes x and z as a rule), pos/{speaker}/{recording}.pos, "
    "wav/{speaker}/{recording}.wav",
    sensors=folder.CORPUS.sensors,
    read=read,
    looks_like=looks_like,
    ignored=folder.ignored,
    notes="AG500 files have no header: 12 sensors at 200 Hz. AG501 files state sensors and "
    "rate. Positions are in mm.",
)
