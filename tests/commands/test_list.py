from __future__ import annotations

import json
import shutil

import pytest

from benchmark import list as command
from benchmark.cli import inventory as overview
from benchmark.corpora import CORPORA
from benchmark.files import demo_corpus, recipes_folder
from benchmark.joint.config_files import config_names
from benchmark.mixing.recipe_files import recipe_names
from benchmark.models.published_inverters import PUBLISHED
from benchmark.models.registry import REGISTERED
from benchmark.noises import NOISES


def listed(capsys, *what):
    assert command.main([*what, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_everything_is_listed_with_one_line_each(capsys):
    found = listed(capsys)
    assert list(found) == ["recipes", "corpora", "noises", "models", "encoders", "configs", "measures"]
    names = {section: [item["name"] for item in items] for section, items in found.items()}
    assert names["recipes"] == recipe_names()
    assert names["corpora"] == list(CORPORA)
    assert names["noises"] == ["synthetic", *NOISES]
    assert names["models"] == [*REGISTERED, *PUBLISHED]
    assert {"small", "whisper-tiny.en"} <= set(names["encoders"])
    assert names["configs"] == config_names()
    assert {"PPMC", "STOI", "SISDR(zero_mean=True)"} <= set(names["measures"])
    for item in (item for items in found.values() for item in items):
        assert item["title"]
        assert "\n" not in item["title"] + "".join(item["needs"])
        assert item["ready"] == (not item["needs"])


def test_what_is_missing_is_said_as_it_would_be_typed(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("SINBAD_CACHE", str(tmp_path))
    recipes = {item["name"]: item for item in listed(capsys, "recipes")["recipes"]}
    assert recipes["demo_noisy"]["ready"]
    assert recipes["virtual_noisy"]["needs"] == ["python -m benchmark.synthesise virtual"]
    assert recipes["xrmb_noisy"]["needs"] == ["--speech-root DIR"]
    real = recipes["hprc_noisy_real"]["needs"]
    assert real == ["--speech-root DIR", "--noise-root musan=DIR", "--noise-root demand=DIR"]
    (tmp_path / "virtual").mkdir()
    assert not {item["name"]: item["ready"] for item in listed(capsys, "recipes")["recipes"]}["virtual_noisy"]
    (tmp_path / "virtual").rmdir()
    shutil.copytree(demo_corpus(), tmp_path / "virtual")
    assert {item["name"]: item["ready"] for item in listed(capsys, "recipes")["recipes"]}["virtual_noisy"]


def test_a_missing_package_is_named(monkeypatch, capsys):
    from importlib import metadata

    from benchmark.metrics.providers import provided

    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(provided, "version", absent)
    measures = {item["name"]: item for item in listed(capsys, "measures")["measures"]}
    assert measures["PESQ"]["needs"] == ["pip install 'sinbad-bench[measures]'"]
    assert measures["STOI"]["ready"]


def test_an_unreadable_recipe_does_not_hide_the_others(monkeypatch, tmp_path, capsys):
    (tmp_path / "broken.toml").write_text("name = [")
    (tmp_path / "xrmb_noisy.toml").write_text((recipes_folder() / "xrmb_noisy.toml").read_text())
    monkeypatch.setattr("benchmark.mixing.recipe_files.recipes_folder", lambda: tmp_path)
    broken, sound = listed(capsys, "recipes")["recipes"]
    assert broken["title"] == "cannot be read"
    assert "broken: is not valid TOML" in broken["needs"][0]
    assert sound["name"] == "xrmb_noisy"


def test_lines_for_people(capsys):
    assert command.main(["noises"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "noises"
    assert lines[1].startswith("  synthetic    generated: white, pink")
    assert lines[1].endswith("[ready]")
    assert "  musan        MUSAN  [needs --noise-root musan=DIR (https://www.openslr.org/17/)]" in lines


def test_an_unknown_section_names_the_known_ones(capsys):
    with pytest.raises(SystemExit) as stop:
        command.main(["noise"])
    assert stop.value.code == 2
    assert (
        "there are recipes, corpora, noises, models, encoders, configs, measures" in capsys.readouterr().err
    )


def test_sections_of_the_command_and_of_the_library_agree():
    assert tuple(overview.SECTIONS) == command._WHAT
