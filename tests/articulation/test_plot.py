from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark import plot_utterance
from benchmark.articulation.plot import loudest_frame
from benchmark.types import Clip, Trajectories
from tests.corpora.writers import WRITERS

SIGNATURES = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml"}


@pytest.mark.parametrize(("corpus", "suffix"), [("xrmb", ".png"), ("hprc", ".pdf"), ("folder", ".svg")])
def test_a_picture_is_drawn(
    corpus: str, suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    WRITERS[corpus](tmp_path / "corpus")
    out = tmp_path / f"picture{suffix}"
    arguments = [
        "--recipe",
        f"{corpus}_noisy",
        "--speech-root",
        str(tmp_path / "corpus"),
        "--out",
        str(out),
        "--targets",
        "tv10",
    ]
    assert plot_utterance.main(arguments) == 0
    assert out.read_bytes().startswith(SIGNATURES[suffix])
    assert "drew" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--utterance", "JW11/tp999"], "no utterance is called 'JW11/tp999'"),
        (["--out", "x.bmp"], "x.bmp: pictures are"),
    ],
)
def test_a_mistake_is_one_line(
    extra: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    WRITERS["xrmb"](tmp_path)
    arguments = ["--recipe", "xrmb_noisy", "--speech-root", str(tmp_path), "--out", str(tmp_path / "x.png")]
    assert plot_utterance.main([*arguments, *extra]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


SENSORS = {"upper_lip": "UL", "tongue_tip": "T1"}


def two_pellets(frames: int) -> Trajectories:
    """The tongue tip is highest at both ends, where nobody speaks."""
    values = np.zeros((frames, 4), np.float32)
    values[[0, -1], 3] = 20.0
    return Trajectories(values, 100.0, ("UL_x", "UL_y", "T1_x", "T1_y"), np.ones((frames, 4), bool))


def test_the_picture_is_of_a_moment_in_speech_in_which_all_pellets_are_seen() -> None:
    times = np.arange(32000) / 16000
    level = np.where(abs(times - 0.9) < 0.1, 0.3, np.where(abs(times - 1.3) < 0.1, 0.2, 1e-4))
    level[times > 1.9] = 0.9
    clip = Clip(level * np.sin(2 * np.pi * 200 * times), 16000)
    pellets = two_pellets(200)
    assert 82 <= loudest_frame(clip, pellets, SENSORS) <= 98
    pellets.valid[75:105, 2:] = False
    assert 122 <= loudest_frame(clip, pellets, SENSORS) <= 138


@pytest.mark.parametrize("frames", [1, 2, 3, 5])
def test_the_shortest_recordings_and_those_without_pellets_have_a_moment(frames: int) -> None:
    pellets = two_pellets(frames)
    clip = Clip(np.ones(160 * frames, np.float32), 16000)
    assert 0 <= loudest_frame(clip, pellets, SENSORS) < frames
    assert 0 <= loudest_frame(clip, pellets, {}) < frames
