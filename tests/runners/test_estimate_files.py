"""Files that should be estimates, made by strangers."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import soundfile

from benchmark.errors import ModelError
from benchmark.runners.estimate_files import Channels, channels_of, read_estimates
from benchmark.runners.predictions_runner import PredictionsRunner
from benchmark.types import Clip

HEARD = Clip(np.zeros(12800, np.float32), 16000)
DEFAULT = Channels(("LA", "LP"), 100.0)


def reason(folder, task, name="x"):
    prediction = read_estimates(folder, name, frozenset([task]), HEARD, DEFAULT)
    assert (prediction.enhanced, prediction.trajectories) == (None, None)
    told = prediction.enhance_error if task == "enhance" else prediction.invert_error
    assert told
    assert str(folder) not in told
    return told


def npy(shape="(3, 2)", kind="'<f4'", body=b"\0" * 24, version=1):
    header = f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY" + bytes([version, 0, 118, 0]) + header + body


def test_an_array_without_fault(tmp_path):
    (tmp_path / "x.npy").write_bytes(npy())
    prediction = read_estimates(tmp_path, "x", frozenset(["invert"]), HEARD, DEFAULT)
    assert prediction.trajectories.values.shape == (3, 2)


@pytest.mark.parametrize(
    ("ending", "content", "expected"),
    [
        ("npy", b"", "EOF"),
        ("npy", b"PK\x03\x04 junk", "magic string is not correct"),
        ("npy", npy()[:40], "EOF"),
        (
            "npy",
            npy("(1000000000000, 2)"),
            "its header says float32 of shape (1000000000000, 2), but 24 bytes",
        ),
        ("npy", npy("(0, 10000000000000000000000)", body=b""), "too large"),
        ("npy", npy("(-1, 2)"), "its header says"),
        ("npy", npy("(((((((((("), ""),
        ("npy", npy(kind="'<U99999999'"), "its header says"),
        ("npy", npy(kind="'|O'"), "pickled"),
        ("npy", npy(version=3), "format 3.0"),
        ("npy", npy() + b"more", "28 bytes follow"),
        ("csv", b"", "the first line is empty"),
        ("csv", b"LA,LP\n1,2\n1\n", "columns"),
        ("csv", b",".join(b"c%d" % i for i in range(999)), "999 columns"),
        ("csv", b"LA\n" + b"1\n" * 20000, "12817 frames"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_articulation_that_is_none(ending, content, expected, tmp_path):
    (tmp_path / f"x.{ending}").write_bytes(content)
    assert expected in reason(tmp_path, "invert")


def flac(frames):
    """A file that promises so many samples and has none."""
    head = (16000 << 44 | 15 << 36 | frames).to_bytes(8, "big")
    return b"fLaC\x80\0\0\x22" + b"\x10\0\x10\0" + b"\0" * 6 + head + b"\0" * 16


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", flac(1 << 35), flac(12800), b"RIFF\xff\xff\xff\xffWAVEfmt ", b"NIST_1A\n   1024\n"],
)
def test_speech_that_is_none(content, tmp_path):
    (tmp_path / "x.flac").write_bytes(content)
    reason(tmp_path, "enhance")


def test_speech_of_another_length_is_not_decoded(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "x.flac", np.zeros(60000), 16000)
    monkeypatch.setattr("benchmark.runners.estimate_files.read_clip", None)
    assert reason(tmp_path, "enhance") == "60000 samples where 12800 are expected"


def test_links_are_not_followed(tmp_path):
    """They could lead to the clean speech, which the benchmark may read and the model may not."""
    given, others = tmp_path / "given", tmp_path / "others"
    for folder in (given, others / "babble"):
        folder.mkdir(parents=True)
    for path in (others / "x.npy", others / "babble" / "x.npy"):
        path.write_bytes(npy())
    soundfile.write(others / "x.flac", HEARD.samples, 16000)
    for name in ("x.npy", "x.flac", "babble"):
        (given / name).symlink_to(others / name)
    (given / "gone.npy").symlink_to(others / "gone.npy")
    for task, name in (("invert", "x"), ("enhance", "x"), ("invert", "babble/x"), ("invert", "gone")):
        assert reason(given, task, name) == "a link, which is not followed; write the file itself"
    # The folder itself is named by the user and may lie behind a link.
    (tmp_path / "linked").symlink_to(others)
    prediction = read_estimates(tmp_path / "linked", "x", frozenset(["enhance", "invert"]), HEARD, DEFAULT)
    assert (prediction.enhance_error, prediction.invert_error) == ("", "")


@pytest.mark.parametrize(
    "text", ["[1]", "{", '{"rate_hz": 1' + "0" * 400 + "}", "[" * 100_000, " " * (1 << 20) + "{}"]
)
def test_facts_that_cannot_be_read(text, tmp_path):
    (tmp_path / "trajectories.json").write_text(text)
    with pytest.raises(ModelError, match=r"trajectories\.json: expected"):
        PredictionsRunner(tmp_path, "", DEFAULT)


def test_facts_behind_a_link_are_not_read(tmp_path):
    (tmp_path / "told.json").write_text(json.dumps({"rate_hz": 50}))
    shutil.copy(tmp_path / "told.json", tmp_path / "trajectories.json")
    assert channels_of(tmp_path, DEFAULT) == Channels(("LA", "LP"), 50.0)
    (tmp_path / "trajectories.json").unlink()
    (tmp_path / "trajectories.json").symlink_to("told.json")
    with pytest.raises(ModelError, match="a link, which is not followed"):
        channels_of(tmp_path, DEFAULT)


def table(folder, time, values):
    lines = ["time,LA,LP", *(f"{t:.6g},{a:.9g},{b:.9g}" for t, (a, b) in zip(time, values, strict=True))]
    (folder / "x.csv").write_text("\n".join(lines))
    return read_estimates(folder, "x", frozenset(["invert"]), HEARD, DEFAULT)


def wave(time):
    """Two channels that move; the recording lasts 0.8 s."""
    return np.stack([10 + np.sin(9 * time), np.cos(7 * time)], axis=1)


@pytest.mark.parametrize(("start", "step"), [(0.05, 0.01), (0.005, 0.01), (0.1, 0.02), (-0.03, 0.01)])
def test_the_first_time_of_a_table_says_where_its_first_frame_lies(tmp_path, start, step):
    time = np.arange(start, 0.8, step)
    found = table(tmp_path, time, wave(time)).trajectories
    own = np.arange(len(found.values)) * step
    inside = (own >= max(start, 0)) & (own <= time[-1])
    assert found.rate_hz == pytest.approx(1 / step)
    assert abs(found.duration_s - 0.8) <= step + 1e-9
    # Linear interpolation of what moves at 1.4 Hz.
    assert np.abs(found.values - wave(own))[inside].max() < 0.005


def test_a_table_that_starts_at_zero_is_taken_as_it_is(tmp_path):
    time = np.arange(80) / 100
    found = table(tmp_path, time, wave(time)).trajectories
    np.testing.assert_array_equal(
        found.values, np.float32(np.array([[float(f"{v:.9g}") for v in r] for r in wave(time)]))
    )


@pytest.mark.parametrize("start", [7.2, 1e9, -3.0, np.nan])
def test_times_of_another_recording_are_refused(tmp_path, start):
    time = start + np.arange(80) / 100
    prediction = table(tmp_path, time, wave(np.arange(80) / 100))
    assert prediction.trajectories is None
    assert "the column 'time'" in prediction.invert_error
