"""File formats one by one: what is read, and how damage is reported."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from benchmark.errors import CorpusError
from benchmark.formats import carstens, est_track, matlab, mview, ssff, torch_files
from benchmark.types import Segment
from tests.corpora.writers import est_bytes, pos_bytes, save_mview, ssff_bytes, torch_bytes

TIMES = np.arange(20) / 200
VALUES = np.arange(60, dtype=float).reshape(20, 3)
NAMES = ("a_x", "a_y ", "****")


def est(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "track.ema"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("ascii_rows", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_est_tracks_read_alike_however_they_are_written(tmp_path: Path, ascii_rows: bool, order: str) -> None:
    present = np.arange(20) != 7
    path = est(tmp_path, est_bytes(TIMES, VALUES, NAMES, ascii_rows=ascii_rows, order=order, present=present))
    found = est_track.read_track(path)
    np.testing.assert_array_equal(found.values, VALUES)
    np.testing.assert_array_equal(found.present, present)
    assert found.names == ("a_x", "a_y", "****")
    assert est_track.frame_rate(path, found.times) == 200.0
    assert est_track.last_time(path) == pytest.approx(TIMES[-1])


@pytest.mark.parametrize("ascii_rows", [False, True])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b" \n", b" \t\r\n"])
def test_est_headers_end_in_several_ways(tmp_path: Path, ending: bytes, ascii_rows: bool) -> None:
    content = est_bytes(TIMES, VALUES, NAMES, ascii_rows=ascii_rows)
    at = content.index(b"EST_Header_End\n") + len(b"EST_Header_End\n")
    path = est(tmp_path, content[:at].replace(b"\n", ending) + content[at:])
    found = est_track.read_track(path)
    np.testing.assert_array_equal(found.values, VALUES)
    assert est_track.last_time(path) == pytest.approx(TIMES[-1])
    assert est_track.frame_rate(path, found.times) == 200.0


BINARY = est_bytes(TIMES, VALUES, NAMES)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no track"),
        (b"EST_File Tracks", "has no end"),
        (BINARY[:-1], "too short"),
        (BINARY[:60], "has no end"),
        (BINARY.replace(b"Header_End\n", b"Header_End"), "has no end"),
        (BINARY.replace(b"NumFrames 20", b"NumFrames 9999999999"), "too short"),
        (BINARY.replace(b"NumFrames 20", b"NumFrames -1"), "states -1 frames"),
        (BINARY.replace(b"NumFrames 20", b"NumFrames x"), "no whole number NumFrames"),
        (BINARY.replace(b"NumChannels 3", b"NumChannels 0"), "states 0 channels"),
        (BINARY.replace(b"NumChannels 3", b"NumChannels 99999999"), "states 99999999 channels"),
        (BINARY.replace(b"ByteOrder 01", b"ByteOrder 77"), "ByteOrder '77'"),
        (BINARY.replace(b"DataType binary", b"DataType morse"), "DataType 'morse'"),
    ],
)
def test_est_damage_is_one_line_that_names_the_file(tmp_path: Path, content: bytes, message: str) -> None:
    path = est(tmp_path, content)
    with pytest.raises(CorpusError, match=message) as error:
        est_track.read_track(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_est_wrong_byte_order_is_noticed_by_its_times(tmp_path: Path) -> None:
    path = est(tmp_path, BINARY.replace(b"ByteOrder 01", b"ByteOrder 10"))
    with pytest.raises(CorpusError, match=r"byte order|evenly"):
        est_track.frame_rate(path, est_track.read_track(path).times)


def test_est_ascii_damage_names_the_line(tmp_path: Path) -> None:
    content = est_bytes(TIMES, VALUES, NAMES, ascii_rows=True)
    with pytest.raises(CorpusError, match="19 of 20 rows"):
        est_track.read_track(est(tmp_path, content.rsplit(b"\n", 2)[0]))
    broken = content.replace(b"3.000000", b"three")
    line = broken[: broken.index(b"three")].count(b"\n") + 1
    with pytest.raises(CorpusError, match=f"line {line}: 'three' is not a finite number"):
        est_track.read_track(est(tmp_path, broken))


@pytest.mark.parametrize(
    "times", [[0.0], [0.0, 0.0], [0.1, 0.0], [-1.0, -0.9], [0, 0.01, 0.02, 0.5, 0.51], [0, np.nan, 1]]
)
def test_times_that_cannot_be(times: list[float]) -> None:
    with pytest.raises(CorpusError, match="file: "):
        est_track.frame_rate(Path("file"), np.array(times))


@pytest.mark.parametrize("compress", [False, True])
def test_mview_reads_as_scipy_does(tmp_path: Path, compress: bool) -> None:
    path = tmp_path / "F01_B01_S01_R01_N.mat"
    signal = np.random.default_rng(0).standard_normal((30, 6)).astype(np.float32)
    audio = np.linspace(-0.5, 0.5, 13230, dtype=np.float32)[:, None]
    elements = [("TT", 100.0, signal), ("AUDIO", 44100.0, audio), ("UL", 100.0, signal + 1)]
    save_mview(path, path.stem, elements, " The  birch canoe. ", compress)
    listing = mview.list_recording(path)
    assert listing == (0.3, 0.3, "The birch canoe.")
    found = mview.read_sensors(path, 1.0, 2)
    expected = scipy.io.loadmat(path)[path.stem][0, 0]["SIGNAL"][:, [0, 2]]
    np.testing.assert_array_equal(found.select(("TT_x", "TT_y")).values, expected)
    np.testing.assert_array_equal(mview.read_audio(path).samples, audio[:, 0])


def test_mview_phones_are_read_with_their_classes(tmp_path: Path) -> None:
    path = tmp_path / "x.mat"
    audio = np.zeros((100, 1), np.float32)
    elements = [("TT", 100.0, np.ones((30, 3))), ("AUDIO", 100.0, audio)]
    phones = [("sp", 0.0, 0.2), ("CH", 0.2, 0.3), ("OW1", 0.3, 0.45), ("spn", 0.45, 0.5)]
    save_mview(path, "x", elements, "", True, phones)
    assert mview.read_phones(path) == (
        Segment("", "", 0.0, 0.2),
        Segment("CH", "affricate", 0.2, 0.3),
        Segment("OW1", "diphthong", 0.3, 0.45),
        Segment("spn", "", 0.45, 0.5),
    )
    save_mview(path, "x", elements, "", False)
    assert mview.read_phones(path) == ()
    save_mview(path, "x", elements, "", False, [("CH", 0.2)])
    with pytest.raises(CorpusError, match="a start and an end are expected"):
        mview.read_phones(path)


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])
def test_numbers_of_every_type(tmp_path: Path, kind: type) -> None:
    path = tmp_path / "x.mat"
    array = np.arange(12).reshape(3, 4).astype(kind)
    scipy.io.savemat(path, {"x": array})
    np.testing.assert_array_equal(matlab.read_variables(path)["x"], array)


def test_integer_audio_is_scaled_and_nan_sensors_are_invalid(tmp_path: Path) -> None:
    path = tmp_path / "x.mat"
    signal = np.ones((30, 3))
    signal[4, 1] = np.nan
    audio = np.full((100, 1), 16384, np.int16)
    save_mview(path, "x", [("AUDIO", 100.0, audio), ("TT", 100.0, signal)], "", False)
    assert mview.read_audio(path).samples[0] == 0.5
    found = mview.read_sensors(path, 1.0, 1)
    assert not found.valid[4].any()
    assert found.valid.sum() == 58


def test_audio_of_several_channels_is_read_only_where_they_are_alike(tmp_path: Path) -> None:
    path = tmp_path / "x.mat"
    voice = np.linspace(-0.5, 0.5, 100)[:, None]
    sensor = ("TT", 100.0, np.ones((30, 3)))
    save_mview(path, "x", [("AUDIO", 100.0, np.hstack([voice, voice])), sensor], "", False)
    np.testing.assert_allclose(mview.read_audio(path).samples, voice[:, 0], rtol=1e-6)
    save_mview(path, "x", [("AUDIO", 100.0, np.hstack([voice, -voice])), sensor], "", False)
    with pytest.raises(CorpusError, match=r"shape \(100, 2\), 2 channels that differ"):
        mview.read_audio(path)


def test_two_sensors_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.mat"
    save_mview(path, "x", [("TT", 100.0, np.ones((30, 3))), ("tt", 100.0, np.ones((30, 3)))], "", False)
    with pytest.raises(CorpusError, match="several sensors called TT"):
        mview.list_recording(path)


@pytest.mark.parametrize("mark", [b"IM", b"HI"])
def test_mat_73_says_what_to_do(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "x.mat"
    header = b"MATLAB 7.3 MAT-file, Platform: X".ljust(124) + b"\x00\x02" + mark
    path.write_bytes(header + b"\x89HDF\r\n\x1a\n" + b"\0" * 64)
    with pytest.raises(CorpusError, match="save it again with '-v7'"):
        mview.list_recording(path)


def test_a_mat_file_that_is_no_recording_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.mat"
    scipy.io.savemat(path, {"x": np.zeros((4, 4))})
    with pytest.raises(CorpusError, match="no structure array with the fields NAME"):
        mview.list_recording(path)


POSITIONS = np.arange(10 * 16 * 7, dtype=float).reshape(10, 16, 7)


@pytest.mark.parametrize(("rate_hz", "version"), [(None, ""), (250, "V001"), (250, "V002"), (1250, "V003")])
def test_carstens_positions(tmp_path: Path, rate_hz: int | None, version: str) -> None:
    path = tmp_path / "x.pos"
    expected = POSITIONS if rate_hz else POSITIONS[:, :12]
    path.write_bytes(pos_bytes(expected, rate_hz, version))
    np.testing.assert_array_equal(carstens.read_positions(path), expected)
    assert carstens.read_header(path).rate_hz == (rate_hz or 200)


POS = pos_bytes(POSITIONS, 250, "V002")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no whole number of frames"),
        (POS[:-2], "no whole number of frames"),
        (POS[:30], "shorter than the header|header's size|NumberOfChannels"),
        (POS.replace(b"V002", b"V009"), "V009"),
        (POS.replace(b"Channels=16", b"Channels=00"), "NumberOfChannels"),
        (POS.replace(b"Channels=16", b"Channels=xx"), "NumberOfChannels is 'xx'"),
        (POS.replace(b"00000070", b"99999999"), "header's size"),
        (POS.replace(b"Hz=250", b"Hz=-50"), "SamplingFrequencyHz is '-50'"),
        (np.full(84 * 3, np.nan, "<f4").tobytes(), "plausible"),
        (np.linspace(1, 90, 84 * 3).astype(">f4").tobytes(), "plausible"),
    ],
)
def test_carstens_damage(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "x.pos"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=message) as error:
        carstens.read_positions(path)
    assert str(path) in str(error.value)


def test_ssff_of_several_types(tmp_path: Path) -> None:
    path = tmp_path / "x.ema"
    header = (
        "SSFF -- (c) SHLRC\nMachine SPARC\nRecord_Freq 200.0\nStart_Time 0.0025\nColumn tt SHORT 2\n"
        "Column f FLOAT 1\nOriginal_Freq DOUBLE 20000.0\n-----------------\n"
    )
    path.write_bytes(header.encode() + b"".join(struct.pack(">hhf", i, -i, i / 2) for i in range(5)))
    found = ssff.read_header(path)
    assert (found.names, found.rate_hz, found.start_s, found.frames) == (
        ("tt_1", "tt_2", "f"),
        200.0,
        0.0025,
        5,
    )
    np.testing.assert_array_equal(ssff.read_values(path), [[i, -i, i / 2] for i in range(5)])


SSFF = ssff_bytes(VALUES, ("a", "b", "c"), 200.0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an SSFF file"),
        (SSFF[:-3], "no whole number of records"),
        (SSFF[:50], "not an SSFF file"),
        (SSFF.replace(b"IBM-PC", b"PDP-11"), "PDP-11"),
        (SSFF.replace(b"DOUBLE 1", b"DOUBLE 99999999"), "NAME TYPE COUNT"),
        (SSFF.replace(b"DOUBLE 1", b"DOUBLE 0"), "plausible"),
        (SSFF.replace(b"DOUBLE", b"TRIPLE"), "NAME TYPE COUNT"),
        (SSFF.replace(b"Freq 200.0", b"Freq -200"), "plausible"),
        (SSFF.replace(b"Freq 200.0", b"Freq nan"), "plausible"),
    ],
)
def test_ssff_damage(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "x.ssff"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=message):
        ssff.read_values(path)


@pytest.mark.parametrize("tensors", [False, True])
def test_torch_dictionaries(tmp_path: Path, tensors: bool) -> None:
    path = tmp_path / "x.pt"
    content: dict[str, object] = {
        "a": np.arange(6.0).reshape(2, 3),
        "f": np.arange(4, dtype=np.float32),
        "i": np.arange(3),
        "text": ["sil", "aa"],
        "range": (1, -2, 300, 70000, 2**40),
        "nested": {"x": None, "y": True, "z": 0.5},
    }
    path.write_bytes(torch_bytes(dict(content), tensors))
    found = torch_files.read_dictionary(path)
    assert list(found) == list(content)
    for key in ("a", "f", "i"):
        np.testing.assert_array_equal(found[key], content[key])
        assert found[key].dtype == content[key].dtype  # type: ignore[attr-defined]
    assert {key: found[key] for key in ("text", "range", "nested")} == {
        key: content[key] for key in ("text", "range", "nested")
    }


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_numpy_arrays_of_every_pickle_protocol(tmp_path: Path, protocol: int) -> None:
    content = {
        "c": np.arange(6.0).reshape(2, 3),
        "f": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "s": np.float64(2.5),
    }
    path = tmp_path / "x.pt"
    path.write_bytes(zipped(pickle.dumps(content, protocol)))
    found = torch_files.read_dictionary(path)
    for key in ("c", "f"):
        np.testing.assert_array_equal(found[key], content[key])
    assert found["s"] == 2.5


def zipped(data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("archive/data.pkl", data)
    return stream.getvalue()


class Evil:
    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[object, ...]:
        return self.call


def test_nothing_that_a_pickle_names_is_run(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.touch()
    path = tmp_path / "x.pt"
    for evil in (Evil(Path.unlink, victim), Evil(eval, "1+1"), Evil(print, "hello")):
        path.write_bytes(zipped(pickle.dumps({"a": evil})))
        with pytest.raises(CorpusError, match="would call"):
            torch_files.read_dictionary(path)
    assert victim.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        zipped(b""),
        zipped(b"\x80\x02."),
        zipped(b"(((("),
        zipped(pickle.dumps([1, 2])),
        zipped(pickle.dumps({1: 2})),
    ],
)
def test_torch_damage(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.pt"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=r"x\.pt: ") as error:
        torch_files.read_dictionary(path)
    assert "\n" not in str(error.value)


def test_a_tensor_larger_than_its_storage_is_refused(tmp_path: Path) -> None:
    content = torch_bytes({"a": np.arange(6.0).reshape(2, 3)}, True)
    path = tmp_path / "x.pt"
    # The shape (2, 3) is two one-byte integers in the pickle.
    assert content.count(b"K\x02K\x03") == 1
    path.write_bytes(rezipped(content, b"K\x02K\x03", b"K\x7fK\x7f"))
    with pytest.raises(CorpusError, match="not a file of torch, or damaged"):
        torch_files.read_dictionary(path)


def rezipped(content: bytes, old: bytes, new: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(stream, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(old, new))
    return stream.getvalue()
