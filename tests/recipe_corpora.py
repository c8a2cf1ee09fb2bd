"""Small synthetic corpora that fill every split of every shipped recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from benchmark import corpora
from tests.corpora import voices, writers

#: First sentence of files of USC-TIMIT: two prompts of each split.
_USC_TIMIT = (1, 6, 16, 26, 36, 61)


def xrmb(root: Path) -> None:
    """Five speakers of each split and a left-out one; of each two tasks of every split by prompt."""
    table = corpora.load_splits("xrmb", "standard").members(())
    assert table is not None
    speakers: list[str] = []
    for split in ("train", "dev", "test"):
        speakers += sorted({key.split("/")[0] for key, value in table.items() if value == split})[:5]
    writers.write_xrmb(root, speakers, ("tp002", "tp005", "tp006", "tp008", "tp001", "tp003"), seconds=0.9)


def hprc(root: Path) -> None:
    """All but one speaker: five train when F01 and M01 are left out."""
    writers.write_hprc(root, ("F01", "F02", "F03", "F04", "M01", "M02", "M03"), sentences=11, seconds=0.9)


def mngu0(root: Path) -> None:
    writers.write_mngu0(root, (1, 2, 10, 20, 30, 40), seconds=0.9)


def mocha(root: Path) -> None:
    writers.write_mocha(root, sentences=12, seconds=0.9)


def usc_timit(root: Path) -> None:
    """The four speakers; files of five sentences each."""
    names = {"TD": "T4", "TB": "T3", "TT": "T1", "UL": "UL", "LL": "LL", "JAW": "MNI"}
    for number, speaker in enumerate(("f1", "m1", "f5", "m3")):
        for first in _USC_TIMIT:
            seed = 2000 * (number + 1) + first
            paths = voices.pellet_paths(seed, 0.9, 100.0)
            stem = f"usctimit_ema_{speaker}_{first:03d}_{first + 4:03d}"
            base = root / "EMA" / "Data" / speaker.upper()
            (base / "mat").mkdir(parents=True, exist_ok=True)
            elements = [(name, 100.0, writers._six_columns(paths[own])[:, :3]) for name, own in names.items()]
            writers.save_mview(base / "mat" / f"{stem}.mat", stem, elements, "", True)
            writers.write_wav(base / "wav" / f"{stem}.wav", voices.speech(seed, 0.9, 20000), 20000)


def spire(root: Path) -> None:
    speakers = (
        "spk1",
        "spk2",
        "spk3",
        "spk4",
        "spk14",
        "spk19",
        "spk29",
        "spk33",
        "spk6",
        "spk28",
        "spk32",
        "spk37",
    )
    writers.write_spire(root, speakers, sentences=6, seconds=0.9)


def folder(root: Path) -> None:
    writers.write_folder(root, speakers=("A", "B", "C"), seconds=0.9)
    description = root / "corpus.toml"
    description.write_text(description.read_text().replace('train = ["A"]', 'train = ["A"]\ndev = ["C"]'))


#: Name of a corpus to what writes it.
WRITERS: Mapping[str, Callable[[Path], None]] = {
    "xrmb": xrmb,
    "hprc": hprc,
    "mngu0": mngu0,
    "mocha": mocha,
    "usc_timit": usc_timit,
    "spire": spire,
    "folder": folder,
}
