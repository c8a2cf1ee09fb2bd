from __future__ import annotations

import io
import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmark import inspect
from benchmark.corpora.corpus_report import by_speaker, examine
from benchmark.types import Clip, Trajectories, Utterance
from tests import recipe_corpora
from tests.corpora import voices, writers
from tests.noises import corpora as noise_corpora

SPEAKERS = ("JW11", "JW12", "JW13")
TASKS = ("tp002", "tp005", "tp006")


@pytest.fixture(scope="module")
def xrmb(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("inspect") / "xrmb"
    writers.write_xrmb(root, SPEAKERS, TASKS, seconds=1.0)
    (root / "JW13" / "PAL.DAT").unlink()
    return root


def inspected(capsys, root, *options, code=0, recipe="xrmb_noisy"):
    arguments = ["--recipe", recipe, "--speech-root", str(root), "--json", *options]
    assert inspect.main(arguments) == code
    return json.loads(capsys.readouterr().out)


def test_speakers_hours_rates_and_losses(xrmb, capsys):
    found = inspected(capsys, xrmb)
    assert found["found"] == found["inspected"] == 9
    assert found["hours"] == pytest.approx(9 / 3600, abs=1e-5)
    assert found["splits"]["test"] == {"speakers": 2, "utterances": 6, "hours": 0.00167}
    assert found["splits"]["train"]["speakers"] == 1
    assert found["absent"]["dev"] > 100
    first, _, third = found["speakers"]
    assert (first["speaker"], first["utterances"], first["rates_hz"], first["palate"]) == (
        "JW11",
        3,
        [22050],
        True,
    )
    assert first["frame_rates_hz"] == [145.6]
    assert not third["palate"]
    frames = len(voices.pellet_paths(0, 0.98, 1e6 / writers.XRMB_STEP_US)["UL"])
    assert first["lost_share"]["UL_x"] == pytest.approx(3 / frames, abs=1e-3)
    assert first["lost_share"]["T1_y"] == pytest.approx(7 / frames, abs=1e-3)
    assert (found["implausible"], found["suspicious"], found["ignored"], found["damaged"]) == ([], {}, [], [])


def test_workers_change_nothing(xrmb, capsys):
    assert inspected(capsys, xrmb, "--jobs", "2") == inspected(capsys, xrmb)


def test_a_part_can_be_read(xrmb, capsys):
    found = inspected(capsys, xrmb, "--limit", "1")
    assert (found["found"], found["inspected"]) == (9, 3)
    assert [speaker["utterances"] for speaker in found["speakers"]] == [1, 1, 1]


def test_damage_is_listed_and_is_the_exit_status(xrmb, tmp_path, capsys):
    root = tmp_path / "xrmb"
    shutil.copytree(xrmb, root)
    writers.truncate(root / "JW11/tp002.wav")
    (root / "JW12/tp005.txy").write_text("0\t1\t2\n")
    found = inspected(capsys, root, code=1)
    assert len(found["damaged"]) == 2
    assert any("JW11/tp002.wav: truncated" in line for line in found["damaged"])
    assert any("JW12/tp005.txy" in line for line in found["damaged"])
    assert found["found"] == 9


def test_a_damaged_palate_is_damage_and_told_once(xrmb, tmp_path, capsys):
    root = tmp_path / "xrmb"
    shutil.copytree(xrmb, root)
    (root / "JW12/PAL.DAT").write_text("no palate\n")
    found = inspected(capsys, root, code=1)
    assert len(found["damaged"]) == 1
    assert "JW12/PAL.DAT: line 1: 'no' is not a finite number (outline of JW12; " in found["damaged"][0]


def test_odd_audio_is_suspicious(xrmb, tmp_path, capsys):
    root = tmp_path / "xrmb"
    shutil.copytree(xrmb, root)
    shutil.copy(root / "JW11/tp002.wav", root / "JW13/tp006.wav")
    path = root / "JW12/tp006.wav"
    samples, rate_hz = soundfile.read(str(path))
    soundfile.write(str(path), np.clip(20 * samples, -1, 1), rate_hz, subtype="PCM_16")
    soundfile.write(str(root / "JW12/tp002.wav"), np.zeros(rate_hz), rate_hz, subtype="PCM_16")
    found = inspected(capsys, root)["suspicious"]
    assert found["JW13/tp006"] == ["has the very same audio as JW11/tp002"]
    assert found["JW12/tp006"][0].startswith("clipped: ")
    assert found["JW12/tp002"] == ["silent: the audio never passes -60 dB re full scale"]
    assert len(found) == 3


def test_files_that_are_not_read_are_suspicious_and_take_a_line_a_reason(xrmb, tmp_path, capsys):
    root = tmp_path / "xrmb"
    shutil.copytree(xrmb, root)
    for letter in "abcde":
        shutil.copy(root / "JW11/tp002.txy", root / f"JW11/tp002{letter}.txy")
    (root / "JW12/tp005.txy").unlink()
    found = inspected(capsys, root)
    assert found["found"] == 8
    assert [row["path"] for row in found["ignored"]] == [
        *(f"JW11/tp002{letter}.txy" for letter in "abcde"),
        "JW12/tp005.wav",
    ]
    assert inspect.main(["--recipe", "xrmb_noisy", "--speech-root", str(root)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3:] == [
        "suspicious: 2",
        (
            "  not read, not named like JW11/tp005.txy: JW11/tp002a.txy, JW11/tp002b.txy, "
            "JW11/tp002c.txy and 2 more"
        ),
        "  not read, no .txy file of that name: JW12/tp005.wav",
    ]


def test_a_table_for_people(xrmb, capsys):
    assert inspect.main(["--recipe", "xrmb_noisy", "--speech-root", str(xrmb)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("3 speakers, 9 recordings, 0.15 min")
    assert "more are in the published split and not here" in lines[1]
    head = next(line for line in lines if line.strip().startswith("speaker"))
    assert head.split()[:5] == ["speaker", "split", "recordings", "minutes", "audio"]
    assert "T1 %" in head
    assert next(line for line in lines if line.strip().startswith("JW13")).split()[1:7] == [
        "train",
        "3",
        "0.1",
        "22050",
        "145.6",
        "no",
    ]
    assert lines[-3:] == [
        "damaged: none",
        "implausible (of up to 12 recordings a speaker): none",
        "suspicious: none",
    ]


def test_noise_corpora_are_counted_and_remarked_on(xrmb, tmp_path, capsys):
    noise = noise_corpora.everywhere(tmp_path, ["demand", "folder"])
    options = [option for name, root in noise.items() for option in ("--noise-root", f"{name}={root}")]
    found = inspected(capsys, xrmb, *options)
    assert sum(row["recordings"] for row in found["noise"]["demand"]) == 18
    assert {row["kind"]: row["talkers"] for row in found["noise"]["folder"] if row["split"] == "train"}[
        "talker"
    ] > 0
    assert found["remarks"] == [
        "folder: babble/pub/0.wav and 11 more: sampled at 8000 Hz, so it holds nothing above 4000 Hz"
    ]


def test_a_damaged_noise_file_is_told_and_the_others_are_counted(xrmb, tmp_path, capsys):
    (root,) = noise_corpora.everywhere(tmp_path, ["demand"]).values()
    damaged = sorted(root.rglob("ch01.wav"))[0]
    damaged.write_bytes(b"RIFF")
    found = inspected(capsys, xrmb, "--noise-root", f"demand={root}")
    assert sum(row["recordings"] for row in found["noise"]["demand"]) == 17
    (remark,) = found["remarks"]
    assert remark.startswith("demand: ")
    assert str(damaged) in remark


def test_a_name_that_is_not_utf8_is_printed_escaped(xrmb, tmp_path, monkeypatch):
    root = tmp_path / "xrmb"
    shutil.copytree(xrmb, root)
    shutil.copy(root / "JW11/tp002.wav", root / "JW11" / os.fsdecode(b"caf\xe9.wav"))
    printed = io.TextIOWrapper(io.BytesIO(), "utf-8", errors="strict")
    monkeypatch.setattr("sys.stdout", printed)
    assert inspect.main(["--recipe", "xrmb_noisy", "--speech-root", str(root)]) == 0
    printed.flush()
    assert rb"JW11/caf\udce9.wav" in printed.buffer.getvalue()


def test_a_wrong_root_is_one_line(tmp_path, capsys):
    writers.write_mocha(tmp_path)
    assert inspect.main(["--recipe", "xrmb_noisy", "--speech-root", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "this looks like MOCHA-TIMIT" in error
    assert error.count("\n") == 1
    assert inspect.main(["--recipe", "xrmb_noisy"]) == 2
    assert "get it from" in capsys.readouterr().err


def turned(axis):
    """Reads positions with one axis the other way round."""

    def change(root):
        text = (root / "corpus.toml").read_text()
        (root / "corpus.toml").write_text(text.replace(*axis))

    return change


def other_way(root):
    """A copy of MOCHA whose x grows towards the lips, as the reader does not expect."""
    for path in root.rglob("*.ema"):
        times, values = writers.mocha_table(int(path.stem[-3:]), 0.9)
        values[:, [i for i, name in enumerate(writers.MOCHA_CHANNELS) if "_x" in name]] *= -1
        path.write_bytes(writers.est_bytes(times, values, writers.MOCHA_CHANNELS))


@pytest.mark.parametrize(
    ("corpus", "change", "speaker", "reason"),
    [
        ("mocha", other_way, "fsew0", "x points backwards"),
        ("folder", turned(('x = "-x"', 'x = "x"')), "A", "x points backwards"),
        ("folder", turned(('y = "y"', 'y = "-y"')), "A", "y points downwards"),
    ],
)
def test_an_axis_that_points_the_other_way_is_implausible(tmp_path, capsys, corpus, change, speaker, reason):
    recipe_corpora.WRITERS[corpus](tmp_path)
    before = inspected(capsys, tmp_path, recipe=f"{corpus}_noisy")["implausible"]
    assert {finding["kind"] for finding in before} <= {"lengths", "lost"}  # the coil on the velum is dead
    change(tmp_path)
    found = inspected(capsys, tmp_path, recipe=f"{corpus}_noisy")["implausible"]
    assert (found[0]["speaker"], found[0]["kind"]) == (speaker, "axes")
    assert found[0]["what"].endswith(reason)


def made(samples, moved=None, rate_hz=16000, **extra):
    return Utterance(
        "A/1",
        "A",
        "",
        len(samples) / rate_hz,
        lambda: Clip(samples, rate_hz),
        moved and (lambda: moved),
        extra=extra,
    )


def moving(valid=1.0, still=False, seconds=1.0):
    frames = round(100 * seconds)
    values = np.cumsum(np.ones((frames, 2), np.float32), axis=0)
    if still:
        values[:, 1] = 3.0
    mask = np.arange(frames)[:, None] < valid * frames
    return Trajectories(values, 100.0, ("T1_x", "T1_y"), np.repeat(mask, 2, axis=1))


SPEECH = voices.speech(1, 1.0, 16000).astype(np.float32)


@pytest.mark.parametrize(
    ("utterance", "reason"),
    [
        (made(SPEECH, moving()), None),
        (made(SPEECH[:3000]), "only 0.19 s of audio"),
        (made(SPEECH + np.float32(0.05)), r"constant offset of \+0.050"),
        (made(SPEECH, moving(valid=0.3)), "70 % of the articulation is missing"),
        (made(SPEECH, moving(still=True)), "never moves: T1_y"),
        (made(SPEECH, moving(seconds=2.0)), "articulation 1.00 s longer than audio"),
        (made(SPEECH, moving(), notes="cut at 3 s"), "cut at 3 s"),
    ],
)
def test_what_is_odd(utterance, reason):
    found = examine(utterance).suspicions
    if reason is None:
        assert found == ()
    else:
        assert len(found) == 1
        assert re.search(reason, found[0])


@pytest.mark.parametrize(("hertz", "tone"), [(920, True), (1000, True), (600, False), (2000, False)])
def test_a_tone_at_the_start_is_told_from_speech(hertz, tone):
    noise = 0.001 * np.random.default_rng(1).standard_normal(16000)
    samples = (0.01 * np.sin(2 * np.pi * hertz * np.arange(16000) / 16000) + noise).astype(np.float32)
    assert examine(made(samples)).tone is tone
    assert examine(made(SPEECH)).tone is False


@pytest.mark.real
def test_the_tone_of_the_real_recording_is_silenced_when_it_is_read(real_samples, capsys):
    found = inspected(capsys, real_samples / "xrmb")
    assert found["opens_with_tone"] == []
    assert found["suspicious"] == {}
    assert found["implausible"] == []
    assert all(
        share == pytest.approx(6 / 730, abs=1e-4) for share in found["speakers"][0]["lost_share"].values()
    )


def test_a_channel_that_only_others_have_counts_as_lost():
    one = made(SPEECH, moving())
    other = Utterance(
        "B/1",
        "B",
        "",
        1.0,
        one.audio,
        lambda: Trajectories(moving().values[:, :1], 100.0, ("T1_x",), moving().valid[:, :1]),
    )
    first, second = by_speaker([one, other], [examine(one), examine(other)])
    assert first.lost_share == {"T1_x": 0.0, "T1_y": 0.0}
    assert second.lost_share == {"T1_x": 0.0, "T1_y": 1.0}


def test_what_many_recordings_share_takes_one_line(tmp_path, capsys):
    recipe_corpora.WRITERS["folder"](tmp_path)
    for path in tmp_path.rglob("ema/*/*.csv"):
        lines = path.read_text().splitlines()
        path.write_text("\n".join(lines[:-40]) + "\n")  # 0.2 s at 200 Hz
    found = inspected(capsys, tmp_path, recipe="folder_noisy")
    assert set(found["suspicious"]) == {f"{speaker}/{name}" for speaker in "ABC" for name in ("r1", "r2")}
    assert found["suspicious"]["A/r1"] == ["articulation 0.20 s shorter than audio"]
    assert inspect.main(["--recipe", "folder_noisy", "--speech-root", str(tmp_path)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[-2:] == [
        "suspicious: 1",
        "  6 recordings, A/r1 first: articulation 0.20 s shorter than audio",
    ]


def test_the_report_says_how_well_constrictions_are_defined(xrmb, capsys):
    found = inspected(capsys, xrmb)["constrictions"]
    assert {speaker: row["palate"] for speaker, row in found.items()} == {
        "JW11": "traced",
        "JW12": "traced",
        "JW13": "estimated",
    }
    assert set(found["JW11"]["jumps"]) == set(found["JW11"]["commonest"]) == {"TBCL", "TTCL"}
    assert inspect.main(["--recipe", "xrmb_noisy", "--speech-root", str(xrmb)]) == 0
    printed = capsys.readouterr().out
    assert "palates: 2 traced, 1 estimated; smoothed by at most" in printed
    assert "TBCL: steps over 5 mm in 10 ms at most" in printed


def test_a_recipe_or_a_draft_is_needed(capsys):
    with pytest.raises(SystemExit):
        inspect.main([])
    assert "say which --recipe, or --draft DIR" in capsys.readouterr().err
