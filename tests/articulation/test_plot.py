from __future__ import annotations

from pathlib import Path

import pytest

from benchmark import plot_utterance
from tests.corpora.writers import WRITERS

SIGNATURES = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml"}


@pytest.mark.parametrize(("corpus", "suffix"), [("xrmb", ".png"), ("hprc", ".pdf"), ("folder", ".svg")])
def test_a_picture_is_drawn(
    corpus: str, suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    WRITERS[corpus](tmp_path / "corpus")
    out = tmp_path / f"picture{suffix}"
    arguments = [
        "--corpus",
        corpus,
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
    arguments = ["--corpus", "xrmb", "--speech-root", str(tmp_path), "--out", str(tmp_path / "x.png")]
    assert plot_utterance.main([*arguments, *extra]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
