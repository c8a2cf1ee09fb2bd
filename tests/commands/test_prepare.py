"""The way from recipe to verified corpus, as a user walks it."""

from __future__ import annotations

import argparse
import errno
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmark import __main__, cli, inspect, prepare, verify
from benchmark.files import alone_in, demo_corpus, manifests_folder
from benchmark.metrics import active_speech_level
from benchmark.mixing.manifest import read_table
from benchmark.mixing.phone_table import read_labels, write_labels
from benchmark.mixing.recipe_files import recipe_text
from benchmark.prepared.corpus import PreparedCorpus
from tests import recipe_corpora
from tests.noises import corpora as noise_corpora


def prepared(folder, *options):
    return prepare.main(["--recipe", "demo_noisy", "--out", str(folder), *options])


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_workers_and_folder_names_do_not_matter(small, tmp_path):
    other = tmp_path / "another name"
    assert prepared(other, "--limit", "3", "--jobs", "2") == 0
    one, two = PreparedCorpus(small), PreparedCorpus(other)
    assert one.facts["content_sha256"] == two.facts["content_sha256"]
    assert [row["pcm_sha256"] for row in one] == [row["pcm_sha256"] for row in two]
    assert snapshot(small) == snapshot(other)


def test_a_rerun_restores_exactly_what_is_missing_or_damaged(small, tmp_path, capsys):
    folder = tmp_path / "corpus"
    shutil.copytree(small, folder)
    before = snapshot(folder)
    files = sorted((folder / "audio").rglob("*.flac"))
    for path in files[5:15]:
        path.unlink()
    for path in files[40:43]:
        path.write_bytes(path.read_bytes()[:1500])
    untouched = {path: path.stat().st_mtime_ns for path in files[50:]}
    capsys.readouterr()
    assert verify.main(["--corpus", str(folder), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (len(found["missing"]), len(found["changed"]), found["unexpected"]) == (10, 3, [])
    assert prepared(folder, "--limit", "3", "--json") == 0
    done = json.loads(capsys.readouterr().out)
    assert (done["rendered"], done["kept"]) == (13, len(files) - 13)
    assert snapshot(folder) == before
    assert {path: path.stat().st_mtime_ns for path in untouched} == untouched


def test_verify_finds_what_does_not_belong_there(small, tmp_path, capsys):
    folder = tmp_path / "corpus"
    shutil.copytree(small, folder)
    assert verify.main(["--corpus", str(folder), "--replan"]) == 0
    assert "is the same" in capsys.readouterr().out
    (folder / "audio" / "notes.txt").write_text("mine")
    swapped = sorted((folder / "audio" / "babble").rglob("*.flac"))[:2]
    first, second = (path.read_bytes() for path in swapped)
    swapped[0].write_bytes(second)
    swapped[1].write_bytes(first)
    assert verify.main(["--corpus", str(folder)]) == 1
    out = capsys.readouterr().out
    assert out.count("changed: ") == 2
    assert "unexpected: audio/notes.txt" in out


def test_verify_finds_phones_that_were_changed(small, tmp_path, capsys):
    folder = tmp_path / "corpus"
    shutil.copytree(small, folder)
    phones = read_labels(folder / "phones.parquet")
    write_labels(folder / "phones.parquet", {**phones, "VX01/U001": phones["VF02/U001"]})
    assert verify.main(["--corpus", str(folder)]) == 1
    assert "changed: phones.parquet" in capsys.readouterr().out
    (folder / "phones.parquet").write_bytes(b"PAR1")
    assert verify.main(["--corpus", str(folder)]) == 1
    assert "changed: phones.parquet" in capsys.readouterr().out


def test_verify_says_when_the_plan_is_not_that_of_the_recipe(small, tmp_path, capsys):
    folder = tmp_path / "corpus"
    shutil.copytree(small, folder)
    recipe = folder / "recipe.toml"
    recipe.write_text(recipe.read_text().replace("seed = 2601", "seed = 2602"))
    assert verify.main(["--corpus", str(folder), "--replan"]) == 1
    assert "DIFFERENT" in capsys.readouterr().out


def test_every_snr_is_as_nominal_and_nothing_clips(small):
    corpus = PreparedCorpus(small)
    for row in corpus:
        pcm, rate = soundfile.read(small / "audio" / f"{row['mixture_id']}.flac", dtype="int16")
        assert rate == 16000
        assert np.abs(pcm.astype(int)).max() < 32767
        if row["snr_db"] is None:
            continue
        clean_row = corpus.mixtures[f"clean/{row['utterance_id']}"]
        clean = soundfile.read(small / "audio" / f"{clean_row['mixture_id']}.flac")[0]
        speech = clean * 10 ** ((row["speech_gain_db"] - clean_row["speech_gain_db"]) / 20)
        noise = pcm / 32768 - speech
        snr_db = active_speech_level(speech, 16000).level_db - 10 * np.log10(np.mean(noise**2))
        assert abs(snr_db - row["snr_db"]) < 0.05
        assert abs(row["snr_p56_db"] - row["snr_db"]) < 0.05


def test_splits_share_no_speaker_sentence_noise_or_talker():
    rows = read_table(manifests_folder() / "demo_noisy" / "manifest.parquet", "mixtures").rows
    utterances = read_table(manifests_folder() / "demo_noisy" / "utterances.parquet", "utterances").rows
    seen: dict[str, dict[str, set[str]]] = {"speaker": {}, "prompt": {}, "noise": {}}
    for row in utterances:
        seen["speaker"].setdefault(row["split"], set()).add(row["speaker"])
        seen["prompt"].setdefault(row["split"], set()).add(row["prompt"])
    for row in rows:
        for piece in row["pieces"]:
            talker = piece["noise_id"].rsplit("/", 1)[0]
            seen["noise"].setdefault(row["split"], set()).add(talker)
    for by_split in seen.values():
        train, dev, test = (by_split[name] for name in ("train", "dev", "test"))
        assert not train & dev
        assert not train & test
        assert not dev & test
    targets = {row["speaker"] for row in utterances}
    talkers = {
        item.split(":")[1]
        for found in seen["noise"].values()
        for item in found
        if not item.startswith("synthetic")
    }
    assert not targets & talkers


def test_the_committed_manifest_is_what_preparing_gives(small):
    whole = read_table(manifests_folder() / "demo_noisy" / "manifest.parquet", "mixtures")
    by_id = {row["mixture_id"]: row for row in whole.rows}
    for row in PreparedCorpus(small):
        assert by_id[row["mixture_id"]] == row
    committed = read_table(manifests_folder() / "demo_noisy" / "utterances.parquet", "utterances").rows
    targets = {row["utterance_id"]: row for row in committed}
    for key, row in PreparedCorpus(small).utterances.items():
        assert targets[key] == row


def test_the_committed_phones_are_those_that_preparing_writes(small):
    whole = PreparedCorpus(manifests_folder() / "demo_noisy")
    assert whole.phones.keys() == whole.utterances.keys()
    part = PreparedCorpus(small)
    assert part.phones == {key: whole.phones[key] for key in part.utterances}
    for key, row in whole.utterances.items():
        assert whole.phones[key][-1].end_s == pytest.approx(row["samples"] / 16000)


def test_a_split_first_and_the_rest_later_is_the_same_corpus(small, tmp_path):
    folder = tmp_path / "corpus"
    assert prepared(folder, "--limit", "3", "--split", "test") == 0
    part = PreparedCorpus(folder)
    assert part.splits == ["test"]
    assert part.split_hash("test") == PreparedCorpus(small).split_hash("test")
    assert prepared(folder, "--limit", "3") == 0
    assert snapshot(folder) == snapshot(small)


def test_an_interrupted_run_goes_on_where_it_was(small, tmp_path):
    folder = tmp_path / "corpus"
    command = [
        sys.executable,
        "-m",
        "benchmark.prepare",
        "--recipe",
        "demo_noisy",
        "--out",
        str(folder),
        "--limit",
        "3",
    ]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    journal = folder / "journal.jsonl"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (journal.is_file() and journal.read_text().count("\n") > 30):
        time.sleep(0.01)
    running.kill()
    running.wait()
    assert not (folder / "manifest.parquet").exists()
    done = {path: path.stat().st_mtime_ns for path in folder.rglob("*.flac")}
    assert prepared(folder, "--limit", "3") == 0
    kept = sum(path.stat().st_mtime_ns == when for path, when in done.items())
    assert kept >= 26
    assert snapshot(folder) == snapshot(small)


def test_a_plan_needs_no_audio_and_is_the_plan(small, tmp_path):
    folder = tmp_path / "plan"
    assert prepared(folder, "--limit", "3", "--plan-only") == 0
    assert not (folder / "audio").exists()
    assert PreparedCorpus(folder).facts["plan_sha256"] == PreparedCorpus(small).facts["plan_sha256"]
    assert verify.main(["--corpus", str(folder), "--replan"]) == 0
    assert prepared(folder, "--limit", "3") == 0
    assert snapshot(folder) == snapshot(small)


def test_another_recipe_is_not_mixed_in(small, tmp_path, capsys):
    before = snapshot(small)
    other = tmp_path / "other.toml"
    other.write_text(recipe_text("demo_noisy").replace("seed = 2601", "seed = 1"))
    assert prepare.main(["--recipe", str(other), "--out", str(small)]) == 2
    assert "was prepared from another recipe" in capsys.readouterr().err
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("mine")
    assert prepared(tmp_path / "full") == 2
    assert "holds other files" in capsys.readouterr().err
    assert snapshot(small) == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--recipe", "demo_nosy"], "did you mean 'demo_noisy'?"),
        (["--recipe", "xrmb_noisy"], "X-ray microbeam"),
        (["--recipe", "xrmb_noisy", "--speech-root", "/no/such/folder"], "/no/such/folder: does not exist"),
        (["--recipe", "/no/such/recipe.toml"], "/no/such/recipe.toml: not found"),
    ],
)
def test_bad_input_is_one_clear_message_and_nothing_is_written(options, message, tmp_path, capsys):
    out = tmp_path / "out"
    assert prepare.main([*options, "--out", str(out)]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.startswith("error: ")
    assert captured.out == ""
    assert not out.exists()


def test_without_data_xrmb_says_what_it_is_who_gives_it_and_where_files_go(capsys, tmp_path):
    assert prepare.main(["--recipe", "xrmb_noisy", "--out", str(tmp_path / "x")]) == 2
    text = capsys.readouterr().err
    for part in ("get it from:", "licence:", "cite:", "expected:", ".txy", "--speech-root DIR"):
        assert part in text


def copy_of_demo(folder: Path) -> Path:
    shutil.copytree(demo_corpus(), folder)
    return folder


def test_a_damaged_recording_stops_before_anything_is_written(tmp_path, capsys):
    root = copy_of_demo(tmp_path / "speech")
    victim = next(iter(sorted((root / "audio").rglob("*.flac"))))
    victim.write_bytes(b"")
    out = tmp_path / "out"
    assert prepared(out, "--speech-root", str(root)) == 2
    assert victim.name in capsys.readouterr().err
    assert not out.exists()


def test_an_empty_or_unreadable_root_is_named(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    for root, message in (("empty", "is empty"), ("file", "is a file")):
        assert prepared(tmp_path / "out", "--speech-root", str(tmp_path / root)) == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_help_comes_at_once():
    # Processor time: on a busy machine the clock tells of others.
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "benchmark.prepare", "--help"], capture_output=True, text=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0
    assert "example:" in done.stdout


def test_a_folder_that_cannot_be_written_is_named(tmp_path, capsys):
    (tmp_path / "taken").write_text("a file")
    assert prepared(tmp_path / "taken" / "out", "--limit", "1") == 2
    assert "cannot be written" in capsys.readouterr().err


def test_json_is_json(small, capsys):
    assert prepared(small, "--limit", "3", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["recipe"] == "demo_noisy"
    assert facts["rendered"] == 0


def damage_articulation(root: Path) -> str:
    """Makes the articulation of the first target speaker unreadable."""
    victim = sorted((root / "trajectories").glob("V*.parquet"))[0]
    victim.write_bytes(victim.read_bytes()[:200])
    return victim.stem


def test_unreadable_articulation_stops_before_anything_is_written(tmp_path, capsys):
    root = copy_of_demo(tmp_path / "speech")
    speaker = damage_articulation(root)
    out = tmp_path / "out"
    assert prepared(out, "--speech-root", str(root)) == 2
    assert f"{speaker}.parquet" in capsys.readouterr().err
    assert not out.exists()


def recipe_that_skips(folder: Path) -> Path:
    path = folder / "skips.toml"
    path.write_text(recipe_text("demo_noisy").replace("level_dbfs", 'on_damage = "skip"\nlevel_dbfs'))
    return path


def test_unreadable_articulation_is_left_out_where_the_recipe_allows_it(tmp_path, capsys):
    root, out = copy_of_demo(tmp_path / "speech"), tmp_path / "out"
    speaker = damage_articulation(root)
    options = ["--recipe", str(recipe_that_skips(tmp_path)), "--speech-root", str(root), "--out", str(out)]
    assert prepare.main([*options, "--split", "train", "--limit", "8", "--plan-only"]) == 0
    assert "left out: " in capsys.readouterr().err
    speakers = {row["speaker"] for row in PreparedCorpus(out).utterances.values()}
    assert speakers
    assert speaker not in speakers


def folder_with_a_damaged_palate(root: Path) -> None:
    recipe_corpora.WRITERS["folder"](root)
    (root / "palate" / "A.csv").write_text("no palate\n")


def test_a_damaged_palate_leaves_out_its_speaker_where_the_recipe_allows_it(tmp_path, capsys):
    root, out = tmp_path / "speech", tmp_path / "out"
    folder_with_a_damaged_palate(root)
    options = ["--recipe", "folder_noisy", "--speech-root", str(root), "--out", str(out)]
    assert prepare.main([*options, "--plan-only"]) == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("left out: ")]
    assert len(lines) == 2
    assert lines[0].startswith("left out: A/r1: ")
    assert "palate/A.csv: line 1: 1 columns where 2 are expected" in lines[0]
    assert {row["speaker"] for row in PreparedCorpus(out).utterances.values()} == {"B", "C"}


def test_a_damaged_palate_stops_before_anything_is_written(tmp_path, capsys):
    root, out, recipe = tmp_path / "speech", tmp_path / "out", tmp_path / "strict.toml"
    folder_with_a_damaged_palate(root)
    recipe.write_text(recipe_text("folder_noisy").replace('on_damage = "skip"', 'on_damage = "stop"'))
    options = ["--recipe", str(recipe), "--speech-root", str(root), "--out", str(out)]
    assert prepare.main(options) == 2
    assert "palate/A.csv: line 1" in capsys.readouterr().err
    assert not out.exists()
    recipe.write_text(recipe.read_text().replace('targets = "tv6"', 'targets = "pellets"'))
    assert prepare.main([*options, "--plan-only"]) == 0, "pellets are not measured from a palate"


def test_a_corpus_of_silence_is_no_corpus(tmp_path, capsys):
    root, out = copy_of_demo(tmp_path / "speech"), tmp_path / "out"
    for path in (root / "audio").glob("V*/*.flac"):
        pcm, rate_hz = soundfile.read(path, dtype="int16")
        soundfile.write(path, np.zeros_like(pcm), rate_hz)
    options = ["--recipe", str(recipe_that_skips(tmp_path)), "--speech-root", str(root), "--out", str(out)]
    assert prepare.main([*options, "--limit", "1"]) == 2
    assert "no other recording can be used" in capsys.readouterr().err
    assert list(out.iterdir()) == []


def test_an_interrupted_run_of_another_recipe_is_not_mixed_in(tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "journal.jsonl").write_text(json.dumps({"recipe_sha256": "of another"}) + "\n")
    assert prepared(out, "--limit", "1") == 2
    assert "interrupted run of another recipe" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ["journal.jsonl"]
    assert "of another" in (out / "journal.jsonl").read_text()


def test_two_runs_do_not_share_a_folder(tmp_path, capsys):
    with alone_in(tmp_path / "out"):
        assert prepared(tmp_path / "out", "--limit", "1") == 2
    assert "another process is writing there" in capsys.readouterr().err
    assert list((tmp_path / "out").iterdir()) == []


def test_damaged_tables_say_how_to_go_on(small, tmp_path, capsys):
    folder = tmp_path / "corpus"
    shutil.copytree(small, folder)
    table = folder / "utterances.parquet"
    table.write_bytes(table.read_bytes()[:100])
    assert prepared(folder, "--limit", "3", "--split", "test") == 2
    assert "delete it and prepare again" in capsys.readouterr().err
    table.unlink()
    assert prepared(folder, "--limit", "3", "--split", "test") == 2
    assert "prepare all splits again" in capsys.readouterr().err
    assert prepared(folder, "--limit", "3") == 0
    assert snapshot(folder) == snapshot(small)


def test_verify_finds_an_edited_or_damaged_recipe(small, tmp_path, capsys):
    folder = tmp_path / "corpus"
    shutil.copytree(small, folder)
    recipe = folder / "recipe.toml"
    recipe.write_text(recipe.read_text().replace("talkers = 8", "talkers = 5"))
    assert verify.main(["--corpus", str(folder)]) == 1
    assert "changed: recipe.toml" in capsys.readouterr().out
    recipe.write_bytes(b"\xff\xfe")
    assert verify.main(["--corpus", str(folder)]) == 1
    assert verify.main(["--corpus", str(folder), "--replan"]) == 2
    assert "recipe.toml: is damaged" in capsys.readouterr().err


def test_a_full_disk_is_one_line(tmp_path, monkeypatch, capsys):
    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("benchmark.files._take_name", full)
    assert prepared(tmp_path / "out", "--limit", "1", "--split", "test") == 2
    assert "is the disk full?" in capsys.readouterr().err
    assert list((tmp_path / "out").rglob("*.part")) == []

    def no_space(_arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    assert cli.guarded(no_space, argparse.Namespace()) == 2
    assert capsys.readouterr().err.startswith("error: no space is left")


def test_an_unknown_command_is_named(capsys):
    assert __main__.main(["prepar"]) == 2
    assert "there is no command 'prepar'" in capsys.readouterr().err
    assert __main__.main(["-h"]) == 0
    assert "commands:" in capsys.readouterr().out


def with_recorded_noise(folder: Path, damage, damaged=slice(None, None, 2)) -> tuple[list[str], list[Path]]:
    """A command that mixes with a folder of noise, some files of which are damaged; and those files."""
    noise, recipe = folder / "noise", folder / "recorded.toml"
    files = [
        noise_corpora.write(noise / split / f"rain/{number}.flac", 20.0)
        for split in ("train", "dev", "test")
        for number in range(4)
    ]
    for path in files[damaged]:
        damage(path)
    text = recipe_that_skips(folder).read_text().replace('sources = ["synthetic"]', 'sources = ["folder"]')
    text = re.sub(r"(?m)^(categories|snr_db) = .*$", "", text).replace("[mixing]", "[mixing]\nsnr_db = [0.0]")
    recipe.write_text(text)
    command = ["--recipe", str(recipe), "--noise-root", f"folder={noise}", "--out", str(folder / "out")]
    return [*command, "--limit", "2"], files[damaged]


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 8])


def blank_the_middle(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:2000] + bytes(len(content) - 12000) + content[-10000:])


def test_noise_that_was_cut_off_is_left_out_where_the_recipe_allows_it(tmp_path, capsys):
    command, damaged = with_recorded_noise(tmp_path, cut_off)
    assert prepare.main(command) == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if "left out" in line]
    assert lines == [
        f"note: folder: left out, {path}: truncated, its last sample cannot be read; copy the file again"
        for path in sorted(damaged)
    ]


def test_noise_that_is_damaged_inside_stops_and_can_be_taken_away(tmp_path, capsys):
    command, (damaged,) = with_recorded_noise(tmp_path, blank_the_middle, slice(2, 3))
    recipe = tmp_path / "recorded.toml"
    recipe.write_text(recipe.read_text().replace('on_damage = "skip"', 'on_damage = "stop"'))
    assert prepare.main(command) == 2
    error = capsys.readouterr().err
    assert f"\nerror: {damaged}: damaged audio" in f"\n{error}"
    assert "mend it, or take it away and run the same command again" in error
    assert (tmp_path / "out" / "journal.jsonl").read_text().count("\n") > 1, "something was rendered before"
    damaged.unlink()
    damaged.with_name("0.flac").unlink()  # which had served already
    assert prepare.main(command) == 0
    check = ["--corpus", str(tmp_path / "out"), "--noise-root", f"folder={tmp_path / 'noise'}", "--replan"]
    assert verify.main(check) == 0
    (tmp_path / "noise" / "train" / "rain" / "1.flac").unlink()
    assert prepare.main(command) == 2
    assert "was planned from other speech or noise than is given now" in capsys.readouterr().err


def silence_all_of_it(path: Path) -> None:
    soundfile.write(path, np.random.default_rng(1).integers(-1, 2, 20 * 16000).astype(np.int16), 16000)


@pytest.mark.parametrize("damage", [blank_the_middle, silence_all_of_it])
def test_noise_that_turns_out_unusable_is_left_out_where_the_recipe_allows_it(tmp_path, capsys, damage):
    command, (damaged,) = with_recorded_noise(tmp_path, damage, slice(2, 3))
    assert prepare.main(command) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("left out: ")]
    assert len(told) == 1
    assert damaged.name in told[0]
    corpus = PreparedCorpus(tmp_path / "out")
    used = {piece["noise_id"] for row in corpus for piece in row["pieces"]}
    assert f"folder:train/rain/{damaged.name}" not in used
    check = ["--corpus", str(tmp_path / "out"), "--noise-root", f"folder={tmp_path / 'noise'}", "--replan"]
    assert verify.main(check) == 0
    capsys.readouterr()
    assert prepare.main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rendered"] == 0
    damaged.unlink()
    assert prepare.main(command) == 0, "as if it had never been there"


def test_where_no_noise_is_left_the_error_names_what_was_left_out(tmp_path, capsys):
    command, _ = with_recorded_noise(tmp_path, silence_all_of_it, slice(None))
    assert prepare.main(command) == 2
    (error,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert "no recording of folder belongs to the split" in error
    assert re.search(r"left out before: .*silent.*\.flac", error)


def test_a_silent_talker_is_left_out_where_the_recipe_allows_it(tmp_path, capsys):
    root, out = copy_of_demo(tmp_path / "speech"), tmp_path / "out"
    recipe = recipe_that_skips(tmp_path)
    recipe.write_text(re.sub(r"talkers = \d+", "talkers = 3", recipe.read_text()))
    options = ["--recipe", str(recipe), "--speech-root", str(root), "--limit", "1"]
    assert prepare.main([*options, "--out", str(tmp_path / "first"), "--plan-only"]) == 0
    first = PreparedCorpus(tmp_path / "first")
    talker = next(row for row in first if row["talkers"])["pieces"][0]["noise_id"]
    source, _, name = talker.partition(":")
    assert source == "corpus_voices"
    path = root / "audio" / f"{name}.flac"
    pcm, rate_hz = soundfile.read(path, dtype="int16")
    soundfile.write(path, np.zeros_like(pcm), rate_hz)
    capsys.readouterr()
    assert prepare.main([*options, "--out", str(out)]) == 0
    assert f"left out: {talker}: cannot serve as a talker" in capsys.readouterr().err
    assert talker not in {piece["noise_id"] for row in PreparedCorpus(out) for piece in row["pieces"]}
    assert verify.main(["--corpus", str(out), "--speech-root", str(root), "--replan"]) == 0


def test_permission_lost_midway_is_named(tmp_path, monkeypatch, capsys):
    def refused(*_args, **_options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(tempfile, "mkstemp", refused)
    assert prepared(tmp_path / "out", "--limit", "1", "--split", "test") == 2
    error = capsys.readouterr().err
    assert "cannot be written (Permission denied)" in error
    assert "disk full" not in error


def test_a_folder_of_noise_whose_name_is_not_utf8_is_told(tmp_path, capsys):
    command, (first, *_) = with_recorded_noise(tmp_path, lambda path: None)
    odd = tmp_path / "noise" / os.fsdecode(b"caf\xe9")
    odd.mkdir()
    shutil.copy(first, odd / "1.flac")
    assert prepare.main([*command, "--plan-only"]) == 0
    assert "its name below the folder of noise is not UTF-8; rename" in capsys.readouterr().err


def test_plan_only_and_inspect_say_first_how_much_and_how_noise_is_spread(tmp_path, capsys):
    options = ["--out", str(tmp_path / "plan"), "--limit", "2", "--plan-only"]
    assert prepare.main(["--recipe", "demo_noisy", *options, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    rows = list(PreparedCorpus(tmp_path / "plan"))
    assert told["size"]["mixtures"] == len(rows)
    assert told["size"]["hours"] == pytest.approx(
        sum(row["samples"] for row in rows) / 16000 / 3600, abs=0.001
    )
    noisy = [row for row in rows if row["snr_db"] is not None]
    assert sum(use["mixtures"] * use["snrs"] for use in told["noise"]) == len(noisy)
    assert prepare.main(["--recipe", "demo_noisy", *options]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"{len(rows)} mixtures (6 utterances in 13 conditions)")
    assert said.err.startswith(f"demo_noisy: {len(rows)} mixtures")
    assert inspect.main(["--recipe", "demo_noisy", "--limit", "1", "--json"]) == 0
    seen = json.loads(capsys.readouterr().out)
    assert seen["size"]["conditions"] == 13
    assert {use["split"] for use in seen["noise_use"]} == {"train", "dev", "test"}
