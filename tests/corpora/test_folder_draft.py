"""A first corpus.toml for the ways in which labs name their channels and files."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from benchmark import corpora, inspect
from benchmark.articulation.plausibility import implausible
from benchmark.corpora import folder_draft, sensor_names
from benchmark.corpora.folder_tracks import PREFIXES
from benchmark.errors import CorpusError
from tests.corpora import exported, writers

UNDERSCORES = [f"{name}_{axis}" for name in ("UL", "LL", "LI", "TT", "TB", "TD") for axis in "xy"]
RUN_TOGETHER = [f"{name}{axis}" for name in ("UL", "LL", "JAW", "TT", "TM", "TB") for axis in "xy"]
WORDS = [
    f"{name}_{axis}"
    for name in ("upper_lip", "lower_lip", "jaw", "tongue_tip", "tongue_body", "tongue_dorsum")
    for axis in "xy"
]
POSITIONS = [f"{name}_pos{axis}" for name in ("ulip", "llip", "jaw", "tt", "tm", "tb") for axis in "xy"]
SPACE = [f"{name}_{axis}" for name in ("UL", "LL", "JAW", "TT", "TB", "TR") for axis in "xyz"]


def drafted(root: Path) -> dict[str, Any]:
    path, _ = folder_draft.write_draft(root)
    return tomllib.loads(path.read_text())


@pytest.mark.parametrize(
    ("names", "options", "axes", "unit"),
    [
        (UNDERSCORES, {}, ("x", "y"), "mm"),
        (RUN_TOGETHER, {"factors": (-0.1, 0.1)}, ("-x", "y"), "cm"),
        (WORDS, {"factors": (100, -100)}, ("x", "-y"), 0.01),
        (POSITIONS, {"factors": (1 / 25.4, 1 / 25.4)}, ("x", "y"), "inch"),
        (SPACE, {"factors": (-1000, 1000)}, ("-x", "z"), "um"),
    ],
    ids=["underscores", "run together", "words", "positions", "space"],
)
def test_channels_axes_and_unit_are_guessed_whatever_their_names(
    tmp_path: Path, names: list[str], options: dict[str, Any], axes: tuple[str, str], unit: str | float
) -> None:
    exported.write(tmp_path, names, **options)
    written = drafted(tmp_path)
    assert set(written["sensors"]) == set(exported.ROLES)
    assert (written["axes"]["x"], written["axes"]["y"]) == axes
    assert written["trajectories"]["unit"] == unit
    assert written["trajectories"]["rate_hz"] == 100
    found = corpora.read("folder", tmp_path)
    assert implausible(found, PREFIXES) == []
    before = {one.id: one for one in exported.recordings()}
    assert {one.id for one in found} == set(before)
    pellets = before[found[0].id].trajectories().select(("T4_x", "T4_y")).values  # type: ignore[misc]
    read = found[0].trajectories().select(("TB_x", "TB_y")).values  # type: ignore[misc]
    np.testing.assert_allclose(read, pellets[: len(read)], atol=0.01)


@pytest.mark.parametrize(
    ("wav", "track"),
    [
        ("{speaker}/wav/{recording}.wav", "{speaker}/ema/{recording}.csv"),
        ("wav/{speaker}_{recording}.wav", "pos/{speaker}_{recording}.csv"),
        ("{speaker}/{speaker}_{recording}.wav", "{speaker}/{speaker}_{recording}_ema.csv"),
        ("audio/{speaker}-{recording}.wav", "tracks/{speaker}/{recording}.csv"),
    ],
)
def test_speakers_and_recordings_are_found_in_folders_and_in_names(
    tmp_path: Path, wav: str, track: str
) -> None:
    exported.write(tmp_path, UNDERSCORES, wav=wav, track=track)
    written = drafted(tmp_path)
    assert (written["audio"]["files"], written["trajectories"]["files"]) == (wav, track)
    assert {one.id for one in corpora.read("folder", tmp_path)} == {one.id for one in exported.recordings()}
    assert written["splits"] == {"train": ["VF01", "VF02"], "dev": ["VM01"], "test": ["VM02"]}


def test_recordings_of_one_speaker_are_divided(tmp_path: Path) -> None:
    exported.write(tmp_path, UNDERSCORES, wav="{recording}.wav", track="{recording}.csv", speakers=["VF01"])
    written = drafted(tmp_path)
    assert written["audio"]["files"] == "{recording}.wav"
    named = [name for names in written["splits"].values() for name in names]
    assert sorted(named) == [one.id for one in corpora.read("folder", tmp_path)]
    assert all(written["splits"].values())


@pytest.mark.parametrize("suffix", [".csv", ".npz", ".parquet"])
def test_other_kinds_of_file_and_palates_are_found(tmp_path: Path, suffix: str) -> None:
    writers.write_folder(tmp_path, suffix, speakers=("A", "B", "C"))
    (tmp_path / "corpus.toml").unlink()
    written = drafted(tmp_path)
    assert written["trajectories"]["files"] == f"ema/{{speaker}}/{{recording}}{suffix}"
    assert written["palate"]["files"] == "palate/{speaker}.csv"
    assert written["trajectories"]["unit"] == "cm"
    assert written["axes"]["x"] == "-x"
    assert all(one.anatomy for one in corpora.read("folder", tmp_path))


def test_columns_without_names_are_left_to_a_person(tmp_path: Path) -> None:
    writers.write_folder(tmp_path, ".npy")
    (tmp_path / "corpus.toml").unlink()
    _, undecided = folder_draft.write_draft(tmp_path)
    assert any("the files name no columns; name all 10 in their order" in line for line in undecided)


def test_files_that_hold_articulation_and_its_audio_are_drafted(tmp_path: Path) -> None:
    writers.write_hprc(tmp_path)
    for palate in tmp_path.rglob("*_palate.mat"):
        palate.unlink()
    written = drafted(tmp_path)
    assert written["audio"]["files"] == written["trajectories"]["files"]
    assert written["sensors"]["tongue_back"] == "TR"
    found = corpora.read("folder", tmp_path)
    assert {one.speaker for one in found} == {"F01", "M01"}
    assert all(one.audio().rate_hz == 44100 for one in found)


@pytest.mark.parametrize("suffix", [".au", ".w64", ".rf64"])
def test_audio_of_every_suffix_that_is_read_is_drafted(tmp_path: Path, suffix: str) -> None:
    exported.write(tmp_path, UNDERSCORES)
    for sound in tmp_path.rglob("*.wav"):
        samples, rate_hz = soundfile.read(sound)
        kind = suffix[1:].upper()
        soundfile.write(sound.with_suffix(suffix), samples, rate_hz, format=kind, subtype="PCM_16")
        sound.unlink()
    assert drafted(tmp_path)["audio"]["files"].endswith(suffix)


def test_a_description_that_is_there_is_never_overwritten(tmp_path: Path, capsys) -> None:
    writers.write_folder(tmp_path)
    before = (tmp_path / "corpus.toml").read_bytes()
    assert inspect.main(["--draft", str(tmp_path)]) == 2
    assert "is there already and is left as it is" in capsys.readouterr().err
    assert (tmp_path / "corpus.toml").read_bytes() == before


def test_a_folder_without_pairs_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="is no folder"):
        folder_draft.write_draft(tmp_path / "absent")
    (tmp_path / "a.csv").write_text("x\n1\n")
    with pytest.raises(CorpusError, match="holds no audio"):
        folder_draft.write_draft(tmp_path)
    writers.write_wav(tmp_path / "a.wav", np.zeros(1600), 16000)
    with pytest.raises(CorpusError, match="no file of articulation that can be read"):
        folder_draft.write_draft(tmp_path)
    assert not (tmp_path / "corpus.toml").exists()


@pytest.mark.parametrize("name", ["time", "max", "index", "Audio", "x", "rate_hz"])
def test_what_is_no_coordinate_is_none(name: str) -> None:
    assert sensor_names.channel(name) is None


def test_tongue_sensors_are_taken_in_their_order() -> None:
    assert sensor_names.roles(["T4", "T3", "T2", "T1"]) == {
        "tongue_tip": "T1",
        "tongue_front": "T2",
        "tongue_mid": "T3",
        "tongue_back": "T4",
    }
    assert sensor_names.roles(["TD", "TT"]) == {"tongue_tip": "TT", "tongue_back": "TD"}
