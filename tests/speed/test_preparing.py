"""A corpus prepared by us, and the same clean files mixed by others: processor time, in one process."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import scipy.interpolate
import scipy.ndimage
import scipy.signal
import soundfile

from benchmark import corpora, prepare
from tests.corpora import writers
from tests.speed import peers

#: Clean files of 4 s; fewer give the same ratios about.
FILES = int(os.environ.get("SINBAD_SPEED_FILES", "200"))
#: Of peers that take long, so large a part of the files is mixed, and the time is multiplied.
PART = 10
SNRS = (-5.0, 0.0, 5.0, 10.0, 15.0, 20.0)
NOISES = ("babble", "kitchen")
RECIPE = """
name = "speed"
version = 1
seed = 1
title = "Speed"
[speech]
corpus = "xrmb"
splits = "standard"
[mixing]
snr_db = [-5.0, 0.0, 5.0, 10.0, 15.0, 20.0]
clean = false
[babble]
sources = ["folder"]
[nonbabble]
sources = ["folder"]
categories = ["kitchen"]
"""


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    """Speech of four speakers and a minute of noise of each kind and split, all at 48 kHz.

    XRMB has about a hundred recordings of each: what is found out once a speaker costs as much for few.
    """
    return written(tmp_path_factory.mktemp("speed"), {"train": 2, "dev": 1, "test": 1}, FILES)


@pytest.fixture(scope="module")
def large_material(tmp_path_factory):
    """Four times as many files, of ten speakers."""
    return written(tmp_path_factory.mktemp("large"), {"train": 6, "dev": 2, "test": 2}, 4 * FILES)


def written(root: Path, per_split: Mapping[str, int], files: int) -> Path:
    """Writes speech of so many speakers of each split, and noise, with a recipe."""
    table = corpora.load_splits("xrmb", "standard").members(())
    speakers: list[str] = []
    for split, most in per_split.items():
        speakers += sorted({key.split("/")[0] for key, value in table.items() if value == split})[:most]
    shared = set.intersection(
        *({key.split("/")[1] for key in table if key.startswith(f"{one}/")} for one in speakers)
    )
    tasks = sorted(shared)[: max(1, files // len(speakers))]
    writers.write_xrmb(root / "speech", speakers, tasks, seconds=4.0, rate_hz=48000)
    draw = np.random.default_rng(1).standard_normal
    for split in ("train", "dev", "test"):
        for category in NOISES:
            samples = 0.02 * scipy.signal.lfilter([1.0], [1.0, -0.9], draw(60 * 48000))
            path = root / "noise" / split / category / "one.wav"
            path.parent.mkdir(parents=True)
            soundfile.write(path, samples, 48000, subtype="PCM_16")
    (root / "speed.toml").write_text(RECIPE)
    return root


def ours(root: Path, cache: Path, out: Path, monkeypatch, jobs: int = 1) -> None:
    monkeypatch.setenv("SINBAD_CACHE", str(cache))
    monkeypatch.setenv("SINBAD_AT_16K_GB", "1")
    command = [
        "--recipe",
        str(root / "speed.toml"),
        "--speech-root",
        str(root / "speech"),
        "--jobs",
        str(jobs),
    ]
    assert prepare.main([*command, "--noise-root", f"folder={root / 'noise'}", "--out", str(out)]) == 0


def theirs(root: Path, mix, part: int, out: Path) -> None:
    clean = sorted((root / "speech").rglob("*.wav"))
    noises = {kind: sorted((root / "noise").glob(f"*/{kind}/*.wav")) for kind in NOISES}
    mix(clean[::part], noises, SNRS, out)


COMPARISONS = {
    "preparing, noise brought to 16 kHz before (bare loop)": (1.2, "kept", peers.bare_loop, 1),
    "preparing, noise brought to 16 kHz now (bare loop)": (1.2, "new", peers.bare_loop, 1),
    "preparing, noise brought to 16 kHz now (lhotse)": (2.0, "new", peers.lhotse, 1),
    "preparing, noise brought to 16 kHz now (as LibriMix)": (2.0, "new", peers.librimix, PART),
    "preparing, noise brought to 16 kHz now (as the DNS Challenge)": (5.0, "new", peers.dns_challenge, PART),
}


@pytest.mark.parametrize("role", ["ours", "peer"])
@pytest.mark.parametrize("what", list(COMPARISONS))
def test_preparing_against_a_peer(benchmark, material, monkeypatch, what, role):
    goal, cache, mix, part = COMPARISONS[what]
    benchmark.group = what
    benchmark.extra_info.update(what=what, role=role, goal=goal, times=part if role == "peer" else 1)

    kept = material / "kept"
    if role == "ours" and cache == "kept" and not kept.exists():
        ours(material, kept, material / "before", monkeypatch)
    # A new folder each time: for seconds after thousands of files were deleted, ext4 makes new ones slowly.
    numbers = count()

    def work() -> None:
        out = material / f"{benchmark.name}_{next(numbers)}"
        if role == "ours":
            ours(material, kept if cache == "kept" else out / "cache", out / "corpus", monkeypatch)
        else:
            theirs(material, mix, part, out)

    benchmark.pedantic(work, rounds=2, iterations=1)


@pytest.mark.skipif(os.cpu_count() == 1, reason="one processor: two jobs share it")
@pytest.mark.parametrize("role", ["ours", "peer"])
def test_two_jobs_against_one(benchmark, large_material, monkeypatch, role):
    """By the clock, because processor time is that of this process alone."""
    what = f"preparing {4 * FILES} files with two jobs, by the clock (one job)"
    benchmark.extra_info.update(what=what, role=role, goal=1.8)
    kept = large_material / "kept"
    if not kept.exists():
        ours(large_material, kept, large_material / "before", monkeypatch, jobs=2)
    taken = []

    def work() -> None:
        started = time.perf_counter()
        out = large_material / f"{role}_{len(taken)}"
        ours(large_material, kept, out, monkeypatch, jobs=2 if role == "ours" else 1)
        taken.append(time.perf_counter() - started)

    benchmark.pedantic(work, rounds=2, iterations=1)
    benchmark.extra_info["seconds"] = min(taken)
