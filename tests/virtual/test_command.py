from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmark import synthesise
from benchmark.virtual import synth


def test_help_answers_at_once_and_loads_no_heavy_library() -> None:
    code = (
        "import sys\nfrom benchmark.synthesise import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "sys.exit(bool({'numpy', 'scipy', 'pyarrow', 'vocaltractlab_cython'} & set(sys.modules)))"
    )
    start = time.monotonic()
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "example:" in result.stdout
    assert time.monotonic() - start < 1.0


@pytest.mark.parametrize("argv", [[], ["demo", "--check", "demo"], ["huge"], ["demo", "--jobs", "0"]])
def test_a_wrong_command_line_is_status_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        synthesise.main(argv)
    assert caught.value.code == 2
    assert "error" in capsys.readouterr().err


def test_a_missing_synthesiser_is_one_line_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(synth.importlib.util, "find_spec", lambda name: None)
    assert synthesise.main(["demo", "--out", str(tmp_path / "out"), "--limit", "1"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: making virtual speakers needs the package 'vocaltractlab-cython'")
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_the_default_folder_is_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def building(name: str, root: Path, *_: object) -> None:
        seen.append((name, root))
        raise synth.MissingExtraError("a", "b", "c")

    monkeypatch.setenv("SINBAD_CACHE", str(tmp_path))
    monkeypatch.setattr("benchmark.virtual.build.build", building)
    assert synthesise.main(["virtual"]) == 2
    assert seen == [("virtual", tmp_path / "virtual")]
