"""The two distributions of MNGU0 are told apart, and cut silence is put back in the normalised one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark import corpora
from benchmark.errors import CorpusError
from benchmark.types import Trajectories
from tests.corpora import writers

NORMALISED = "mngu0_s1_ema_norm_1.0.1"
BASIC = "mngu0_s1_ema_basic_1.1.0"
LABEL = "mngu0_s1_lab_1.1.1/mngu0_s1_0001.lab"
HEADER = "separator ;\nnfields 1\n#\n"


def first(root: Path) -> Trajectories:
    found = corpora.read("mngu0", root)[0].trajectories
    assert found is not None
    return found()


@pytest.fixture
def truth(tmp_path: Path) -> Trajectories:
    writers.write_mngu0(tmp_path / "truth")
    return first(tmp_path / "truth")


@pytest.mark.parametrize("folder", ["ema", "mngu0_s1_ema_basic_1.1.0", "Norman/tracks", NORMALISED])
def test_the_normalised_copy_is_known_in_a_folder_of_any_name(
    tmp_path: Path, truth: Trajectories, folder: str
) -> None:
    writers.write_mngu0(tmp_path / "root", normalised=True)
    (tmp_path / "root" / folder).parent.mkdir(exist_ok=True)
    (tmp_path / "root" / NORMALISED).rename(tmp_path / "root" / folder)
    found = first(tmp_path / "root")
    assert not found.valid[:40].any()
    np.testing.assert_allclose(found.select(truth.names).values[40:], truth.values[40:], atol=1e-3)


@pytest.mark.parametrize("folder", ["ema", "ema_norm"])
@pytest.mark.parametrize("above", ["norm", "normalised"])
def test_the_copy_in_centimetres_is_known_in_a_folder_of_any_name(
    tmp_path: Path, truth: Trajectories, above: str, folder: str
) -> None:
    root = tmp_path / above
    writers.write_mngu0(root)
    (root / BASIC).rename(root / folder)
    np.testing.assert_array_equal(first(root).values, truth.values)
    if folder == "ema":
        # With the tracks right in the root that is named so, too.
        for sound in sorted((root / "mngu0_s1_wav_16kHz_1.1.0").iterdir()):
            sound.rename(root / folder / sound.name)
        np.testing.assert_array_equal(first(root / folder).values, truth.values)


def without_names(root: Path) -> None:
    for path in (root / NORMALISED).glob("*.ema"):
        head, end, rows = path.read_bytes().partition(b"EST_Header_End")
        lines = [line for line in head.split(b"\n") if not line.startswith(b"Channel_")]
        path.write_bytes(b"\n".join(lines) + end + rows)


@pytest.mark.parametrize("parameters", ["norm_parms", "."])
def test_channels_without_names_are_known_by_the_parameters_beside_them(
    tmp_path: Path, truth: Trajectories, parameters: str
) -> None:
    root = tmp_path / "root"
    writers.write_mngu0(root, normalised=True)
    without_names(root)
    for path in (root / NORMALISED / "norm_parms").iterdir():
        path.rename(root / NORMALISED / parameters / path.name)
    (root / NORMALISED).rename(root / "ema")
    np.testing.assert_allclose(first(root).select(truth.names).values[40:], truth.values[40:], atol=1e-3)


def test_of_both_distributions_in_folders_of_any_name_centimetres_are_read(
    tmp_path: Path, truth: Trajectories
) -> None:
    root = tmp_path / "root"
    writers.write_mngu0(root, normalised=True)
    (root / NORMALISED).rename(root / "a")
    writers.write_mngu0(root)
    found = corpora.scan("mngu0", root)
    np.testing.assert_array_equal(found.utterances[0].trajectories().values, truth.values)
    assert ("a/mngu0_s1_0001.ema", "second file of one recording") in found.ignored
    assert len(found.ignored) == 3


def test_normalised_channels_are_found_by_name_and_a_missing_one_is_told(
    tmp_path: Path, truth: Trajectories
) -> None:
    writers.write_mngu0(tmp_path / "root", normalised=True)
    path = tmp_path / "root" / NORMALISED / "mngu0_s1_0001.ema"
    content = path.read_bytes()
    path.write_bytes(content.replace(b"_0 T3_x", b"_0 T9_x"))
    with pytest.raises(CorpusError, match=r"mngu0_s1_0001\.ema: twelve normalised channels, T3_x to LL_y"):
        first(tmp_path / "root")
    # Derivatives that bear the names of their positions follow them.
    path.write_bytes(content.replace(b"_dd\n", b"\n").replace(b"_d\n", b"\n"))
    np.testing.assert_allclose(
        first(tmp_path / "root").select(truth.names).values[40:], truth.values[40:], atol=1e-3
    )


@pytest.mark.parametrize(
    ("text", "silent_frames"),
    [
        (HEADER + "0.2000 26 #\n0.5000 26 dh\n", 40),
        (HEADER.replace("\n", "\r\n") + "    0.2000 121 #\r\n 0.5 26 dh\r\n", 40),
        (HEADER + "0.2000 26 # ;\n0.5000 26 dh ;\n", 40),
        (HEADER + "0.2000 26 #; a second field\n", 40),
        ("separator ;\nnfields 1\n# \n0.2000 26 #\n", 40),
        ("0.2000 26 #\n0.5000 26 dh\n", 40),
        (HEADER + "\n0.2000 26 #\n", 40),
        (HEADER + "0.2000 26 dh\n0.5000 26 #\n", 0),
    ],
)
def test_the_first_silence_is_read_however_labels_are_written(
    tmp_path: Path, truth: Trajectories, text: str, silent_frames: int
) -> None:
    writers.write_mngu0(tmp_path / "root", normalised=True)
    (tmp_path / "root" / LABEL).write_text(text, newline="")
    found = first(tmp_path / "root").select(truth.names)
    assert found.valid.all(axis=1).argmax() == silent_frames
    np.testing.assert_allclose(
        found.values[silent_frames : silent_frames + 200], truth.values[40:240], atol=1e-3
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEADER,
        "separator ;\nnfields 1\n0.2 26 #\n",
        HEADER + "0.2 26\n",
        HEADER + "# 26 0.2\n",
        HEADER + "-1 26 #\n",
        HEADER + "nan 26 #\n",
        HEADER + "61 26 #\n",
    ],
)
def test_a_label_that_cannot_be_read_is_a_problem_of_its_recording_and_not_a_start_at_zero(
    tmp_path: Path, text: str
) -> None:
    writers.write_mngu0(tmp_path, normalised=True)
    (tmp_path / LABEL).write_text(text)
    found = corpora.scan("mngu0", tmp_path)
    assert len(found.utterances) == 2
    (problem,) = found.problems
    assert "mngu0_s1_0001.lab: its first label, '" in problem
    assert "\n" not in problem


def test_a_label_that_is_a_broken_link_is_a_problem_of_its_recording(tmp_path: Path) -> None:
    writers.write_mngu0(tmp_path, normalised=True)
    (tmp_path / LABEL).unlink()
    (tmp_path / LABEL).symlink_to(tmp_path / "nowhere.lab")
    (problem,) = corpora.scan("mngu0", tmp_path).problems
    assert "mngu0_s1_0001.lab: cannot be opened (No such file or directory)" in problem
