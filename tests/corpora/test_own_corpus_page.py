"""The page on corpora of one's own: its example is whole, and its commands lead from a folder to a plan."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from benchmark import inspect, prepare
from benchmark.corpora.contract import ROLES
from benchmark.corpora.folder_config import FolderConfig
from tests.corpora import exported

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "own_corpus.md").read_text(encoding="utf-8")
NAMES = [f"{name}_{axis}" for name in ("UL", "LL", "LI", "TT", "TB", "TD") for axis in "xy"]


def test_the_example_is_valid_and_has_every_key() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    written = tomllib.loads(example)
    FolderConfig.model_validate(written)
    assert set(written) == set(FolderConfig.model_fields)
    assert set(written["sensors"]) == set(ROLES)
    for table in ("audio", "trajectories", "axes", "palate", "phones"):
        annotation = FolderConfig.model_fields[table].annotation
        model = next(
            (part for part in getattr(annotation, "__args__", ()) if part is not type(None)), annotation
        )
        assert set(written[table]) == set(model.model_fields), table  # type: ignore[union-attr]
    assert set(written["speakers"]["S03"]) == {"sensors", "rotation_deg", "start_s"}


def test_the_commands_of_the_page_lead_from_a_folder_to_a_plan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exported.write(tmp_path / "our_recordings", NAMES, factors=(-0.1, 0.1))
    commands = re.search(r"```sh\n(.*?)```", PAGE, flags=re.DOTALL)[1].splitlines()  # type: ignore[index]
    draft, look, plan = (line.split()[3:] for line in commands)

    assert inspect.main(draft) == 0
    assert "decide on these lines" in capsys.readouterr().out
    description = tmp_path / "our_recordings" / "corpus.toml"
    description.write_text(description.read_text().replace('title = "our recordings"', 'title = "Ours"'))

    assert inspect.main([*look, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["corpus"], found["implausible"], found["damaged"]) == (
        "a folder described by corpus.toml",
        [],
        [],
    )

    assert prepare.main(plan) == 0
    assert "implausible" not in capsys.readouterr().err
    assert (tmp_path / "prepared" / "folder_noisy" / "manifest.parquet").is_file()
