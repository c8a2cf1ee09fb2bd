"""Files that look like recordings and are not read are listed with a reason, whatever the corpus."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark import corpora
from tests.corpora import writers

Damage = Callable[[Path], object]


def copied(old: str, new: str) -> Damage:
    def copy(root: Path) -> None:
        (root / new).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / old, root / new)

    return copy


def removed(name: str) -> Damage:
    return lambda root: (root / name).unlink()


XRMB = "not named like JW11/tp005.txy"
MNGU0 = "mngu0_s1_ema_basic_1.1.0"


@pytest.mark.parametrize(
    ("name", "change", "path", "why"),
    [
        ("xrmb", copied("JW11/tp005.txy", "JW11/tp008a.txy"), "JW11/tp008a.txy", XRMB),
        ("xrmb", copied("JW11/tp005.txy", "tp008.txy"), "tp008.txy", XRMB),
        ("xrmb", copied("JW11/tp005.wav", "JW11/tp 5.WAV"), "JW11/tp 5.WAV", XRMB),
        ("xrmb", removed("JW12/tp005.txy"), "JW12/tp005.wav", "no .txy file of that name"),
        (
            "xrmb",
            copied("JW11/tp005.wav", "x/JW11/TP005.wav"),
            "x/JW11/TP005.wav",
            "second file of one recording",
        ),
        (
            "mocha",
            copied("fsew0/fsew0_001.ema", "fsew0/fsew_001.ema"),
            "fsew0/fsew_001.ema",
            "not named like fsew0_001.ema",
        ),
        ("mocha", removed("msak0/msak0_002.ema"), "msak0/msak0_002.wav", "no .ema file of that name"),
        (
            "mocha",
            copied("fsew0/fsew0_001.wav", "wav16/fsew0_001.wav"),
            "wav16/fsew0_001.wav",
            "second file of one recording",
        ),
        (
            "mngu0",
            copied(f"{MNGU0}/mngu0_s1_0001.ema", "mngu0_0001.ema"),
            "mngu0_0001.ema",
            "not named like mngu0_s1_0001.ema",
        ),
        (
            "mngu0",
            copied(f"{MNGU0}/mngu0_s1_0001.ema", "a_norm/mngu0_s1_0001.ema"),
            "a_norm/mngu0_s1_0001.ema",
            "second file of one recording",
        ),
        (
            "usc_timit",
            copied("EMA/Data/F1/mat/usctimit_ema_f1_001_005.mat", "EMA/f1_001_005.mat"),
            "EMA/f1_001_005.mat",
            "not named like usctimit_ema_f1_001_005.mat",
        ),
        (
            "spire",
            removed("processed/spk1/spk1f0002.pt"),
            "audios/spk1/spk1f0002.wav",
            "no .pt file of that name",
        ),
        (
            "spire",
            copied("processed/spk1/spk1f0002.pt", "spk1f0002.pt"),
            "spk1f0002.pt",
            "not named like spk1/NAME0001.pt",
        ),
        (
            "folder",
            copied("ema/A/r1.csv", "ema/r1.csv"),
            "ema/r1.csv",
            "not named like ema/{speaker}/{recording}.csv",
        ),
        (
            "folder",
            copied("ema/A/r1.csv", "ema/A/r9.CSV"),
            "ema/A/r9.CSV",
            "not named like ema/{speaker}/{recording}.csv",
        ),
        (
            "folder",
            copied("wav/A/r1.wav", "wav/A/r9.WAV"),
            "wav/A/r9.WAV",
            "not named like wav/{speaker}/{recording}.wav",
        ),
        ("folder", removed("ema/A/r1.csv"), "wav/A/r1.wav", "no trajectories"),
        (
            "folder",
            copied("wav/A/r1.wav", "r1.wav"),
            "r1.wav",
            "not named like wav/{speaker}/{recording}.wav",
        ),
        ("ag50x", removed("pos/S1/0001.pos"), "wav/S1/0001.wav", "no trajectories"),
    ],
)
def test_each_is_named_with_its_reason(
    name: str, change: Damage, path: str, why: str, tmp_path: Path
) -> None:
    writers.WRITERS[name](tmp_path)
    assert corpora.scan(name, tmp_path).ignored == []
    change(tmp_path)
    found = corpora.scan(name, tmp_path)
    assert found.ignored == [(path, why)]
    assert found.problems == []


def test_palates_of_hprc_are_known_not_to_be_speech(tmp_path: Path) -> None:
    writers.write_hprc(tmp_path)
    assert list(tmp_path.rglob("*palate*"))
    assert corpora.scan("hprc", tmp_path).ignored == []


def test_articulation_without_audio_is_damage_and_not_passed_over(tmp_path: Path) -> None:
    writers.write_mocha(tmp_path)
    (tmp_path / "fsew0" / "fsew0_001.wav").unlink()
    found = corpora.scan("mocha", tmp_path)
    assert found.ignored == []
    assert len(found.problems) == 1
