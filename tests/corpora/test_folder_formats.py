"""The kinds of files that labs keep, as `folder` reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.io
from numpy.typing import NDArray

from benchmark import corpora
from benchmark.errors import CorpusError
from benchmark.types import Trajectories
from tests.corpora import voices
from tests.corpora.writers import save_mview, ssff_bytes, write_wav

RATE_HZ, SECONDS = 200.0, 1.0
ROLES = {"upper_lip": "UL", "lower_lip": "LL", "tongue_tip": "T1"}
PATHS = voices.pellet_paths(1, SECONDS, RATE_HZ)
FRAMES = len(PATHS["UL"])


def described(
    root: Path, files: str, sensors: dict[str, str | int], more: str = "", axes: str = "xy"
) -> None:
    audio = files.rpartition("/")[0] or "."
    write_wav(root / audio / "r1.wav", voices.speech(1, SECONDS, 16000), 16000)
    shown = "\n".join(f"{role} = {name!r}" for role, name in sensors.items())
    (root / "corpus.toml").write_text(
        "[audio]\n"
        f'files = "{audio}/{{recording}}.wav"\n'
        "[trajectories]\n"
        f'files = "{files}"\n'
        f"{more}\n"
        "[sensors]\n"
        f"{shown}\n"
        "[axes]\n"
        f'x = "{axes[0]}"\n'
        f'y = "{axes[1]}"\n'
        "[splits]\n"
        'train = ["speaker"]\n'
    )


def read(root: Path) -> Trajectories:
    (utterance,) = corpora.read("folder", root)
    assert utterance.trajectories is not None
    return utterance.trajectories()


def positions(name: str) -> NDArray[np.float64]:
    """x, y (to the side) and z of one sensor."""
    return np.column_stack([PATHS[name][:, 0], np.full(FRAMES, 0.5), PATHS[name][:, 1]])


def expect(found: Trajectories, lost: tuple[int, ...] = ()) -> None:
    assert found.rate_hz == pytest.approx(RATE_HZ, rel=1e-3)
    wanted = np.concatenate([PATHS[name] for name in ROLES.values()], axis=1)[: len(found.values)]
    assert found.names == ("UL_x", "UL_y", "LL_x", "LL_y", "TT_x", "TT_y")
    assert set(np.flatnonzero(~found.valid.all(axis=1))) == set(lost)
    np.testing.assert_allclose(found.values[found.valid], wanted[found.valid], atol=1e-3)


def test_one_ssff_file_a_sensor_and_a_palate_of_ssff(tmp_path: Path) -> None:
    for role, name in ROLES.items():
        kinds = [f"{name}{axis}_{kind}" for kind in ("raw", "filt") for axis in "xyz"]
        content = ssff_bytes(np.hstack([positions(name), positions(name) + 99]), kinds, RATE_HZ)
        (tmp_path / f"r1.{name}").write_bytes(content)
        assert role
    palate = np.column_stack([voices.PALATE[:, 0], np.zeros(len(voices.PALATE)), voices.PALATE[:, 1]])
    (tmp_path / "r1.PAL").write_bytes(ssff_bytes(palate, ("PALx", "PALy", "PALz"), RATE_HZ))
    more = 'channel = "{sensor}{axis}_raw"\n[palate]\nfiles = "{recording}.PAL"'
    described(tmp_path, "{recording}.{sensor}", ROLES, more, "xz")
    expect(read(tmp_path))
    (utterance,) = corpora.read("folder", tmp_path)
    assert utterance.anatomy is not None
    found = utterance.anatomy().palate
    np.testing.assert_allclose(
        found[np.argsort(found[:, 0])], voices.PALATE[np.argsort(voices.PALATE[:, 0])], atol=1e-4
    )


def test_columns_of_a_file_a_sensor_are_found_by_their_axis(tmp_path: Path) -> None:
    for name in ROLES.values():
        columns = ("s_posx", "s_posy", "s_posz")
        (tmp_path / f"r1.{name}").write_bytes(ssff_bytes(positions(name), columns, RATE_HZ))
    described(tmp_path, "{recording}.{sensor}", ROLES, axes="xz")
    expect(read(tmp_path))
    (tmp_path / "r1.LL").write_bytes(
        ssff_bytes(positions("LL")[:-3], ("s_posx", "s_posy", "s_posz"), RATE_HZ)
    )
    with pytest.raises(CorpusError, match=r"r1\.\w+: has another length, rate or start than"):
        read(tmp_path)


def test_a_sensor_without_files_is_named(tmp_path: Path) -> None:
    (tmp_path / "r1.UL").write_bytes(ssff_bytes(positions("UL"), ("x", "y", "z"), RATE_HZ))
    described(tmp_path, "{recording}.{sensor}", {"upper_lip": "UL", "tongue_tip": "TX"})
    with pytest.raises(CorpusError, match=r"\[sensors\] names TX, of which there is no file like"):
        read(tmp_path)


@pytest.mark.parametrize("late", [0.0, 0.05])
def test_ndi_tables_count_only_what_their_state_calls_ok(tmp_path: Path, late: float) -> None:
    block = ["Frame", "State", "Q0", "Qx", "Qy", "Qz", "Tx", "Ty", "Tz"]
    lines = ["\t".join(["Wav Time", *(cell for name in ROLES.values() for cell in (f"B5-{name}", *block))])]
    for frame in range(FRAMES):
        cells = [f"{frame / RATE_HZ + late * (frame == FRAMES - 1):.6f}"]
        for name in ROLES.values():
            state = (
                "Bad Fit"
                if (name, frame) == ("T1", 7)
                else "Tool Missing"
                if (name, frame) == ("UL", 9)
                else "OK"
            )
            place = [-3.697314e28] * 3 if state == "Tool Missing" else positions(name)[frame]
            cells += [f"B5-{name}", str(frame), state, *["0"] * 4, *(f"{value:.4f}" for value in place)]
        lines.append("\t".join(cells))
    (tmp_path / "r1.tsv").write_text("\n".join(lines) + "\n")
    described(tmp_path, "{recording}.tsv", {role: f"B5-{name}" for role, name in ROLES.items()}, axes="xz")
    found = read(tmp_path)
    assert len(found.values) == FRAMES - (late > 0)
    assert bool(found.note) == (late > 0)
    expect(found, lost=(7, 9))


@pytest.mark.parametrize("heading", [True, False])
def test_text_exports_of_an_ag501_with_and_without_a_heading(tmp_path: Path, heading: bool) -> None:
    names = ["X", "Y", "Z", "phi", "theta", "RMS", "Extra"]
    table = np.zeros((FRAMES, 4, 7))
    for channel, name in ((1, "LL"), (2, "T1"), (3, "UL")):
        table[:, channel, :3] = positions(name)
    lines = ["\t".join(f"Ch{channel}_{name}" for channel in range(1, 5) for name in names)] if heading else []
    lines += ["\t".join(f"{value:.5f}" for value in row) for row in table.reshape(FRAMES, -1)]
    (tmp_path / "r1.txt").write_text("\n".join(lines) + "\n")
    sensors: dict[str, str | int] = {"upper_lip": 4, "lower_lip": 2, "tongue_tip": 3}
    described(tmp_path, "{recording}.txt", sensors, "rate_hz = 200", "xz")
    expect(read(tmp_path))
    described(tmp_path, "{recording}.txt", {**sensors, "jaw": 1}, "rate_hz = 200", "xz")
    found = read(tmp_path)
    assert not found.select(("LI_x", "LI_y")).valid.any(), "zeros of an unused coil are lost, not data"


def test_matlab_matrices_and_structures(tmp_path: Path) -> None:
    names = [f"{name}_{axis}" for name in ROLES.values() for axis in "xyz"]
    table = np.hstack([positions(name) for name in ROLES.values()])
    scipy.io.savemat(tmp_path / "r1.mat", {"ema": table, "fs": 200.0}, do_compression=True)
    stated = f"rate_hz = 200\nnames = {names}"
    described(tmp_path, "{recording}.mat", ROLES, stated, "xz")
    expect(read(tmp_path))
    scipy.io.savemat(tmp_path / "r1.mat", {"ema": table.T, "palate": np.ones((5, 2))})
    with pytest.raises(
        CorpusError, match=r"several matrices \(ema, palate\); say which .* trajectories\.variable"
    ):
        read(tmp_path)
    described(tmp_path, "{recording}.mat", ROLES, f'variable = "ema"\n{stated}', "xz")
    expect(read(tmp_path))
    elements = [(name, RATE_HZ, positions(name)) for name in ROLES.values()]
    elements.append(("AUDIO", 16000.0, voices.speech(1, SECONDS, 16000)[:, None]))
    save_mview(tmp_path / "r1.mat", "r1", elements, "Words.", False)
    described(tmp_path, "{recording}.mat", ROLES, axes="xz")
    expect(read(tmp_path))
    text = (tmp_path / "corpus.toml").read_text().replace("{recording}.wav", "{recording}.mat")
    (tmp_path / "corpus.toml").write_text(text)
    (tmp_path / "r1.wav").unlink()
    expect(read(tmp_path))


def csv_table(heading: str, index: bool = False) -> str:
    table = np.concatenate([PATHS[name] for name in ROLES.values()], axis=1)
    rows = [",".join([str(i)] * index + [f"{value:.5f}" for value in row]) for i, row in enumerate(table)]
    return "\n".join([heading, *rows]) + "\n"


NAMES = [f"{name}_{axis}" for name in ROLES.values() for axis in "xy"]


@pytest.mark.parametrize("index", [False, True])
def test_a_heading_of_integers_is_a_heading(tmp_path: Path, index: bool) -> None:
    (tmp_path / "r1.csv").write_text(csv_table("," * index + "0,1,2,3,4,5", index))
    stated = ["frame", *NAMES] if index else NAMES
    described(tmp_path, "{recording}.csv", ROLES, f"rate_hz = 200\nnames = {stated}")
    found = read(tmp_path)
    expect(found)
    assert len(found.values) == FRAMES


def test_words_with_underscores_are_no_numbers(tmp_path: Path) -> None:
    (tmp_path / "r1.csv").write_text(csv_table("1_1,1_2,2_1,2_2,3_1,3_2"))
    described(tmp_path, "{recording}.csv", ROLES, f"rate_hz = 200\nnames = {NAMES}")
    expect(read(tmp_path))
    (tmp_path / "r1.csv").write_text(csv_table("a,b,c,d,e,f") + "1_1,1,1,1,1,1\n")
    with pytest.raises(CorpusError, match=rf"line {FRAMES + 2}: '1_1' is not a finite number"):
        read(tmp_path)


def test_lost_frames_coded_as_zeros_and_a_coil_that_never_moves_are_lost(tmp_path: Path) -> None:
    rows = csv_table(",".join(NAMES)).splitlines()
    for frame in range(20, 50):
        cells = rows[frame + 1].split(",")
        rows[frame + 1] = ",".join([*cells[:4], "0", "0"])
    (tmp_path / "r1.csv").write_text("\n".join(rows) + "\n")
    described(tmp_path, "{recording}.csv", ROLES, "rate_hz = 200")
    expect(read(tmp_path), lost=tuple(range(20, 50)))
    still = [",".join([*row.split(",")[:4], "3.5", "4.5"]) for row in rows[1:]]
    (tmp_path / "r1.csv").write_text("\n".join([rows[0], *still]) + "\n")
    found = read(tmp_path)
    assert found.valid[:, :4].all()
    assert not found.valid[:, 4:].any()


def test_a_late_time_at_the_end_costs_that_frame_alone(tmp_path: Path) -> None:
    rows = csv_table("t," + ",".join(NAMES), index=True).splitlines()
    timed = [rows[0], *(f"{i / RATE_HZ},{row.split(',', 1)[1]}" for i, row in enumerate(rows[1:]))]
    timed[-1] = f"{(FRAMES + 9) / RATE_HZ},{timed[-1].split(',', 1)[1]}"
    (tmp_path / "r1.csv").write_text("\n".join(timed) + "\n")
    described(tmp_path, "{recording}.csv", ROLES, 'time = "t"')
    found = read(tmp_path)
    assert len(found.values) == FRAMES - 1
    assert found.note == f"frame {FRAMES}, the last, comes 0.055 s after the one before and is left out"
    expect(found)


@pytest.mark.parametrize("suffix", [".xlsx", ".json"])
def test_a_kind_of_file_that_is_not_read_is_said_to_be_that(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"r1{suffix}").write_bytes(b"PK\x03\x04 or something else")
    described(tmp_path, f"{{recording}}{suffix}", ROLES, "rate_hz = 200")
    with pytest.raises(
        CorpusError, match=r"is not a kind of file that is read here; there are \.mat, \.npy, .* and SSFF"
    ):
        read(tmp_path)
