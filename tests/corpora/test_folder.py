"""A lab's own recordings: what stands for lost values, how large a file may grow, what a slip in the
description leads to, and how recordings are divided."""

from __future__ import annotations

import codecs
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmark import corpora
from benchmark.errors import CorpusError
from benchmark.formats import array_files
from tests.corpora import voices, writers


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".csv", "a_x,a_y,a_z\n1,,3\n,,\n4,NA,6\n"),
        (".csv", "1,,3\n,,\n4,nan,6\n"),
        (".csv", 'a_x,a_y,a_z\r\n1,"",3\r\n,,\r\n\r\n4,null,6\r\n'),
        (".tsv", "a_x\ta_y\ta_z\n1\t\t3\n\t\t\n4\t \t6\n"),
        (".txt", "a_x a_y a_z\n1 NA 3\nNA NaN N/A\n4 NA 6\n"),
    ],
)
def test_empty_cells_are_lost_values(tmp_path: Path, suffix: str, text: str) -> None:
    path = tmp_path / f"r1{suffix}"
    path.write_text(text, newline="")
    lost = np.nan
    expected = [[1, lost, 3], [lost, lost, lost], [4, lost, 6]]
    np.testing.assert_array_equal(array_files.read_columns(path).values, expected)


def test_where_nothing_may_be_lost_an_empty_cell_is_damage(tmp_path: Path) -> None:
    writers.write_folder(tmp_path)
    (tmp_path / "palate" / "A.csv").write_text("0.4,0.4\n1.2,\n2.2,1.6\n")
    with pytest.raises(CorpusError, match=r"A\.csv: line 2: '' is not a finite number"):
        corpora.read("folder", tmp_path)[0].anatomy()  # type: ignore[misc]


def test_a_table_of_empty_cells_does_not_swell(tmp_path: Path) -> None:
    path = tmp_path / "r1.csv"
    path.write_bytes((b"," * 19 + b"\n") * 50_000)
    tracemalloc.start()
    with pytest.raises(CorpusError, match=r"r1\.csv: holds hardly anything but empty cells"):
        array_files.read_columns(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak <= 10 * path.stat().st_size


def test_parquet_columns_of_any_number_and_of_text(tmp_path: Path) -> None:
    path = tmp_path / "r1.parquet"
    columns = {
        "n": pa.array([1, None, 3], pa.int64()),
        "word": pa.array(["a", "b", "c"]),
        "x.y": pa.array([1.5, 2, 3]),
    }
    pq.write_table(pa.table(columns), path, row_group_size=2)
    found = array_files.read_columns(path)
    assert found.names == ("n", "x.y")
    np.testing.assert_array_equal(found.values, [[1, 1.5], [np.nan, 2], [3, 3]])


def edited(root: Path, old: str, new: str) -> None:
    """The folder of the writers, with a change of its description."""
    writers.write_folder(root)
    path = root / "corpus.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def with_headers(root: Path, change: Callable[[list[str]], list[str]]) -> None:
    for path in root.glob("ema/*/*.csv"):
        header, rest = path.read_text().split("\n", 1)
        path.write_text(",".join(change(header.split(","))) + "\n" + rest)


@pytest.mark.parametrize(
    "style",
    [
        lambda name: name.replace("_", "").upper(),
        lambda name: name.replace("_", "."),
        lambda name: name[::-1],
    ],
)
def test_names_that_are_stated_go_before_a_header(tmp_path: Path, style: Callable[[str], str]) -> None:
    writers.write_folder(tmp_path)
    before = corpora.read("folder", tmp_path)[0].trajectories()  # type: ignore[misc]
    with_headers(tmp_path, lambda names: [style(name) for name in names])
    after = corpora.read("folder", tmp_path)[0].trajectories()  # type: ignore[misc]
    assert after.names == before.names
    np.testing.assert_array_equal(after.values, before.values)


def test_a_header_of_the_same_names_in_another_order_is_right(tmp_path: Path) -> None:
    writers.write_folder(tmp_path)
    before = corpora.read("folder", tmp_path)[0].trajectories()  # type: ignore[misc]
    with_headers(tmp_path, lambda names: names[2:] + names[:2])
    after = corpora.read("folder", tmp_path)[0].trajectories()  # type: ignore[misc]
    np.testing.assert_array_equal(after.select(("LL_x",)).values, before.select(("UL_x",)).values)


def test_a_header_that_contradicts_the_stated_names_is_refused(tmp_path: Path) -> None:
    writers.write_folder(tmp_path)
    with_headers(tmp_path, lambda names: [names[1], "other", *names[2:]])
    with pytest.raises(CorpusError, match=r"r1\.csv: has 'ul_y' in another column than trajectories\.names"):
        corpora.read("folder", tmp_path)[0].trajectories()  # type: ignore[misc]


def test_a_missing_channel_says_how_columns_are_named(tmp_path: Path) -> None:
    edited(tmp_path, "names = [", 'names = ["time", ')
    with_headers(tmp_path, lambda names: [name.replace("_", "") for name in names])
    with pytest.raises(
        CorpusError, match=r"no channel 'ul_x'; there are ulx, .*name all 10 columns in trajectories\.names"
    ):
        corpora.read("folder", tmp_path)


def test_a_sensor_that_one_speaker_lacks_is_lost_there_alone(tmp_path: Path) -> None:
    writers.write_folder(tmp_path)
    for path in (tmp_path / "ema" / "A").glob("*.csv"):
        rows = [line.split(",") for line in path.read_text().splitlines()]
        kept = [i for i, name in enumerate(rows[0]) if not name.startswith("td_")]
        path.write_text("".join(",".join(row[i] for i in kept) + "\n" for row in rows))
    config = tmp_path / "corpus.toml"
    config.write_text(
        "".join(line for line in config.read_text().splitlines(True) if not line.startswith("names"))
    )
    found = {item.speaker: item.trajectories() for item in corpora.read("folder", tmp_path)}
    assert found["A"].names == found["B"].names
    lacking = [not valid for valid in found["A"].valid.any(axis=0)]
    assert [name for name, lost in zip(found["A"].names, lacking, strict=True) if lost] == ["TB_x", "TB_y"]
    assert found["B"].valid.any(axis=0).all()


def test_a_column_of_text_matters_only_where_it_is_wanted(tmp_path: Path) -> None:
    writers.write_folder(tmp_path)
    path = tmp_path / "ema" / "A" / "r1.csv"
    before = corpora.read("folder", tmp_path)[0].trajectories()  # type: ignore[misc]
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([f"{header},phone", *(f"{row},a" for row in rows)]))
    after = corpora.read("folder", tmp_path)[0].trajectories()  # type: ignore[misc]
    np.testing.assert_array_equal(after.values, before.values)
    rows[4] = "lost" + rows[4]
    path.write_text("\n".join([header, *rows]))
    with pytest.raises(CorpusError, match=r"r1\.csv: column 'ul_x': line 6: 'lost.*' is not a finite number"):
        corpora.read("folder", tmp_path)[0].trajectories()  # type: ignore[misc]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "palate/",
            "palates/",
            r"palate\.files = 'palates/\{speaker\}\.csv' fits no file below .*; correct it, or take it out",
        ),
        (
            "[palate]",
            '[palate]\npharynx = "wall/{speaker}.csv"',
            r"palate\.pharynx = 'wall/\{speaker\}\.csv' fits no file",
        ),
        (
            "[splits]",
            '[phones]\nfiles = "{speaker}.csv"\n[splits]',
            r"phones\.files = '\{speaker\}\.csv' fits no file",
        ),
        ("ema/", "emma/", r"trajectories\.files = 'emma/\{speaker\}/\{recording\}\.csv' fits no file below "),
        (
            "ema/{speaker}/{recording}",
            "ema/{speaker}/*",
            r"trajectories\.files = .* fits no file below .*all else for itself",
        ),
    ],
)
def test_a_template_that_fits_nothing_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    edited(tmp_path, old, new)
    with pytest.raises(CorpusError, match=rf"corpus\.toml: {message}"):
        corpora.scan("folder", tmp_path)


def test_a_speaker_without_a_palate_has_a_note_where_others_have_one(tmp_path: Path) -> None:
    writers.write_folder(tmp_path)
    (tmp_path / "palate" / "B.csv").rename(tmp_path / "palate" / "b.csv")
    notes = {u.id: u.extra.get("notes") for u in corpora.read("folder", tmp_path)}
    note = "speaker B has no palate like palate/{speaker}.csv; it is estimated"
    assert notes == {"A/r1": None, "A/r2": None, "B/r1": note, "B/r2": None}


def test_the_note_on_the_palate_stands_beside_that_on_the_length(tmp_path: Path) -> None:
    writers.write_folder(tmp_path, ".ssff")
    (tmp_path / "palate" / "B.csv").unlink()
    writers.write_wav(tmp_path / "wav" / "B" / "r1.wav", voices.speech(1, 1.8, 16000), 16000)
    utterance = corpora.read("folder", tmp_path)[2]
    assert str(utterance.extra["notes"]).startswith(
        "articulation 0.30 s shorter than audio; speaker B has no palate"
    )


def test_templates_may_begin_with_the_folder_itself(tmp_path: Path) -> None:
    writers.write_folder(tmp_path)
    path = tmp_path / "corpus.toml"
    path.write_text(path.read_text().replace('files = "', 'files = "./'))
    found = corpora.scan("folder", tmp_path)
    assert len(found.utterances) == 4
    assert found.problems == []
    assert found.ignored == []
    assert all(utterance.anatomy is not None for utterance in found.utterances)


def test_a_description_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    writers.write_folder(tmp_path)
    path = tmp_path / "corpus.toml"
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())
    assert len(corpora.read("folder", tmp_path)) == 4


@pytest.mark.parametrize("name", ["r 1", "ü1"])
def test_a_name_that_is_no_id_costs_its_recording_alone(tmp_path: Path, name: str) -> None:
    writers.write_folder(tmp_path)
    for folder, suffix in (("ema", ".csv"), ("wav", ".wav")):
        (tmp_path / folder / "A" / f"r1{suffix}").rename(tmp_path / folder / "A" / f"{name}{suffix}")
    found = corpora.scan("folder", tmp_path)
    assert [utterance.id for utterance in found.utterances] == ["A/r2", "B/r1", "B/r2"]
    (problem,) = found.problems
    assert f"{name}.csv: the name gives the id 'A/{name}'; use letters, digits" in problem


def test_a_folder_without_recordings_is_told_in_plain_words(tmp_path: Path) -> None:
    writers.write_mocha(tmp_path)
    with pytest.raises(
        CorpusError, match=r"holds no recording of a folder described by corpus\.toml; this looks like MOCHA"
    ):
        corpora.scan("folder", tmp_path)


def with_splits(root: Path, splits: str) -> dict[str, str | None]:
    writers.write_folder(root)
    path = root / "corpus.toml"
    path.write_text(path.read_text().split("[splits]")[0] + "[splits]\n" + splits)
    return {utterance.id: utterance.split for utterance in corpora.read("folder", root)}


def test_a_recording_that_is_named_goes_before_its_speaker(tmp_path: Path) -> None:
    found = with_splits(tmp_path, 'train = ["A"]\ntest = ["A/r2", "B/r1"]\n')
    assert found == {"A/r1": "train", "A/r2": "test", "B/r1": "test", "B/r2": None}


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ('train = ["A/r1"]\ntest = ["A/r1"]\n', r"A/r1 is in more than one split"),
        ('train = ["A/r1"]\nbabble = ["A"]\n', r"A/r1: who babbles does nothing else"),
        ('train = ["A"]\nbabble = ["B/r1"]\n', r"B/r1: who babbles does nothing else"),
    ],
)
def test_recordings_in_two_splits_are_refused(tmp_path: Path, splits: str, message: str) -> None:
    with pytest.raises(CorpusError, match=rf"corpus\.toml: splits: .*{message}"):
        with_splits(tmp_path, splits)


@pytest.mark.parametrize("splits", ['train = ["A", "C"]\n', 'train = ["A/r7"]\n', 'babble = ["a"]\n'])
def test_a_split_that_names_whom_no_recording_is_of_is_refused(tmp_path: Path, splits: str) -> None:
    with pytest.raises(
        CorpusError, match=r"corpus\.toml: \[splits\] names (C|A/r7|a), of whom there is no recording"
    ):
        with_splits(tmp_path, splits)


def test_fields_of_a_name_that_run_together_are_refused(tmp_path: Path) -> None:
    edited(tmp_path, '"wav/{speaker}/{recording}.wav"', '"wav/{speaker}{recording}.wav"')
    with pytest.raises(
        CorpusError, match=r"audio\.files: .*put something between them, such as 'wav/\{speaker\}_"
    ):
        corpora.read("folder", tmp_path)


@pytest.mark.parametrize(
    ("unit", "factor"), [('"inch"', 2.54), ("1.0", 0.1), ("0.01", 0.001), ('"dm"', 10.0)]
)
def test_a_unit_is_a_name_or_its_length_in_millimetres(tmp_path: Path, unit: str, factor: float) -> None:
    writers.write_folder(tmp_path)
    before = corpora.read("folder", tmp_path)[0].trajectories()  # type: ignore[misc]
    edited(tmp_path, 'unit = "cm"', f"unit = {unit}")
    after = corpora.read("folder", tmp_path)[0].trajectories()  # type: ignore[misc]
    np.testing.assert_allclose(after.values, before.values * factor, rtol=1e-5)


def replaced(root: Path, frames: slice, value: float) -> None:
    """One sensor of the first recording is at (value, value) for some frames."""
    path = root / "ema" / "A" / "r1.csv"
    values = np.genfromtxt(path, delimiter=",", skip_header=1)
    values[frames, 4:6] = value
    header = path.read_text().split("\n", 1)[0]
    np.savetxt(path, values, delimiter=",", header=header, comments="")


@pytest.mark.parametrize(
    ("value", "missing"), [(0.0, "0"), (-999.0, "999"), (0.0, "[0, 1000]"), (5000.0, "[0, 1000]")]
)
def test_what_stands_for_lost_values_is_declared_and_honoured(
    tmp_path: Path, value: float, missing: str
) -> None:
    edited(tmp_path, 'unit = "cm"', f'unit = "cm"\nmissing = {missing}')
    replaced(tmp_path, slice(10, 40), value)
    found = corpora.read("folder", tmp_path)[0].trajectories().select(("TT_x", "TT_y"))  # type: ignore[misc]
    assert not found.valid[10:40].any()
    assert found.valid[40:90].all()


def test_zero_alone_is_a_place_unless_both_coordinates_are_zero(tmp_path: Path) -> None:
    edited(tmp_path, 'unit = "cm"', 'unit = "cm"\nmissing = 0')
    path = tmp_path / "ema" / "A" / "r1.csv"
    lines = path.read_text().split("\n")
    lines[5] = ",".join(["0", *lines[5].split(",")[1:]])
    path.write_text("\n".join(lines))
    assert corpora.read("folder", tmp_path)[0].trajectories().valid[:5].all()  # type: ignore[misc]


def test_a_rotation_turns_pellets_and_palate_alike(tmp_path: Path) -> None:
    writers.write_folder(tmp_path)
    before = corpora.read("folder", tmp_path)[0]
    edited(tmp_path, 'y = "y"', 'y = "y"\nrotation_deg = 90')
    after = corpora.read("folder", tmp_path)[0]
    old, new = before.trajectories(), after.trajectories()  # type: ignore[misc]
    np.testing.assert_allclose(new.select(("UL_y",)).values, old.select(("UL_x",)).values, atol=1e-4)
    np.testing.assert_allclose(new.select(("UL_x",)).values, -old.select(("UL_y",)).values, atol=1e-4)
    palate, turned = before.anatomy().palate, after.anatomy().palate  # type: ignore[misc]
    ends = {tuple(np.round((-y, x), 6)) for x, y in palate[[0, -1]]}
    assert {tuple(np.round(point, 6)) for point in turned[[0, -1]]} == ends


def test_one_speaker_may_have_other_sensors_another_rotation_and_another_start(tmp_path: Path) -> None:
    writers.write_folder(tmp_path)
    first, second = (u.trajectories() for u in corpora.read("folder", tmp_path)[1:3])  # type: ignore[misc]
    own = (
        "[speakers.B]\n"
        'sensors = { tongue_tip = "tb", tongue_mid = "tt", lower_lip = "" }\n'
        "rotation_deg = 180\n"
        "start_s = 0.1\n"
    )
    edited(tmp_path, "[splits]", f"{own}[splits]")
    same, other = (u.trajectories() for u in corpora.read("folder", tmp_path)[1:3])  # type: ignore[misc]
    np.testing.assert_array_equal(same.values, first.values)
    assert "LL_x" not in other.names
    late = 20  # 0.1 s at 200 Hz
    assert not other.valid[:late].any()
    moved = other.select(("TT_x", "TT_y")).values[late : late + 50]
    np.testing.assert_allclose(moved, -second.select(("TM_x", "TM_y")).values[:50], atol=1e-4)


def test_a_speaker_of_whom_there_is_no_recording_is_refused(tmp_path: Path) -> None:
    edited(tmp_path, "[splits]", "[speakers.b]\nstart_s = 0.1\n[splits]")
    with pytest.raises(
        CorpusError, match=r"corpus\.toml: \[speakers\] names b, of whom there is no recording"
    ):
        corpora.read("folder", tmp_path)


def test_articulation_may_begin_before_the_audio(tmp_path: Path) -> None:
    writers.write_folder(tmp_path)
    before = corpora.read("folder", tmp_path)[0].trajectories()  # type: ignore[misc]
    edited(tmp_path, "rate_hz = 200", "rate_hz = 200\nstart_s = -0.1")
    after = corpora.read("folder", tmp_path)[0].trajectories()  # type: ignore[misc]
    np.testing.assert_array_equal(after.values[:50], before.values[20:70])
