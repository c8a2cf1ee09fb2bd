"""Stored predictions are used again, changed models are asked anew, interrupted runs are completed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.metrics import parse
from benchmark.models import load
from benchmark.ranking.bootstrap import uniform_integers
from benchmark.runners import prediction_store as store_module
from benchmark.runners.limits import Limits
from benchmark.runners.open_runner import RunOptions
from benchmark.runners.prediction import Item, Prediction
from benchmark.runners.prediction_store import Stored
from benchmark.scoring.evaluate import evaluate
from benchmark.scoring.results import read_result, write_result
from benchmark.types import Clip, Trajectories

MEASURES = [parse(name) for name in ("PPMC", "PPMC(pool='corpus')", "STOI", "SISDR")]
LIMITS = Limits(item_s=10.0, memory_gb=4.0)
TIMES = ("when", "seconds", "real_time_factor")
REPOSITORY = Path(__file__).resolve().parents[2]

COUNTING = """
import pathlib
import numpy as np

COUNTER = pathlib.Path({counter!r})

class Model:
    sample_rate = 16000
    def __init__(self, factor="0.5"):
        self.factor = np.float32(factor)
    def enhance(self, noisy):
        with COUNTER.open("a") as stream:
            stream.write("x")
        if abs(noisy).max() > 0.8:
            raise RuntimeError("too loud")
        return noisy * self.factor
    def invert(self, noisy):
        frames = len(noisy) // 160
        level = np.array([abs(noisy[i * 160 : (i + 1) * 160]).mean() for i in range(frames)])
        return np.outer(level, np.arange(1, 7)), 100.0, ["LA", "LP", "TBCL", "TBCD", "TTCL", "TTCD"]
"""


@pytest.fixture
def counting(tmp_path):
    counter = tmp_path / "counter"
    counter.write_text("")
    path = tmp_path / "counting.py"
    path.write_text(COUNTING.format(counter=str(counter)))
    return path, lambda: len(counter.read_text())


def score(corpus, path, folder, arguments=None, measures=MEASURES, limits=LIMITS, **options):
    entry = load(f"{path}:Model", arguments)
    return evaluate(corpus, entry, measures, options=RunOptions(limits=limits, **options), store=folder)


def comparable(result):
    return [{**asdict(result.card), **dict.fromkeys(TIMES)}, sorted(result.scores, key=str)]


def test_a_second_run_asks_nothing_and_gives_the_same_times_too(corpus, counting, scratch, tmp_path):
    path, asked = counting
    first = score(corpus, path, tmp_path / "store")
    assert asked() == 6
    second = score(corpus, path, tmp_path / "store")
    assert asked() == 6
    assert second == first
    assert second.card.seconds > 0
    assert comparable(score(corpus, path, None)) == comparable(first)


def test_another_measure_needs_no_model(corpus, counting, scratch, tmp_path):
    path, asked = counting
    score(corpus, path, tmp_path / "store")
    more = score(corpus, path, tmp_path / "store", measures=[*MEASURES, parse("RMSE"), parse("ESTOI")])
    assert asked() == 6
    assert more.card.expected == 6 * 12 + 3 * 6 + 6 * 3


def test_scores_are_not_computed_twice_unless_the_measure_has_another_version(
    corpus, counting, scratch, tmp_path, monkeypatch
):
    path, _ = counting
    first = score(corpus, path, tmp_path / "store")
    monkeypatch.setattr(type(parse("SISDR")), "compare", lambda *_: 1.0)
    assert score(corpus, path, tmp_path / "store").scores == first.scores
    monkeypatch.setattr(type(parse("SISDR")), "version", "another")
    again = score(corpus, path, tmp_path / "store")
    changed = {
        row["measure"] for row, before in zip(again.scores, first.scores, strict=True) if row != before
    }
    assert changed == {"SISDR"}


@pytest.mark.parametrize("change", ["source", "arguments", "fresh", "python"])
def test_another_model_is_asked_anew(change, corpus, counting, scratch, tmp_path):
    path, asked = counting
    score(corpus, path, tmp_path / "store")
    if change == "source":
        path.write_text(path.read_text() + "\n# changed\n")
    python = tmp_path / "python"
    python.symlink_to(sys.executable)
    arguments = {"factor": "0.25"} if change == "arguments" else None
    options = {"fresh": True} if change == "fresh" else {"python": str(python)} if change == "python" else {}
    score(corpus, path, tmp_path / "store", arguments, **options)
    assert asked() == 12


def test_other_audio_is_asked_anew(corpus, counting, scratch, tmp_path):
    path, asked = counting
    score(corpus, path, tmp_path / "store")
    heard = corpus.noisy
    corpus.noisy = lambda key: replace(
        heard(key), samples=heard(key).samples * np.float32(0.5 if "/5/" in key else 1)
    )
    score(corpus, path, tmp_path / "store")
    assert asked() == 8


def test_a_failure_by_a_limit_is_tried_again_under_another(corpus, scratch, tmp_path):
    path = tmp_path / "slow.py"
    path.write_text(
        "import time\nclass Model:\n    sample_rate = 16000\n    def enhance(self, noisy):\n"
        "        if abs(noisy).max() > 0.8: time.sleep(1.0)\n        return noisy\n"
    )
    measures = [parse("SISDR")]
    strict, patient = Limits(item_s=0.3), Limits(item_s=10.0)
    failed = [
        score(corpus, path, tmp_path / "store", measures=measures, limits=limits).card.failed
        for limits in (strict, patient, strict)
    ]
    assert failed == [2, 0, 0]


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", None])
def test_a_damaged_prediction_is_made_again(damage, corpus, counting, scratch, tmp_path):
    path, asked = counting
    first = score(corpus, path, tmp_path / "store")
    files = sorted((tmp_path / "store").rglob("*.npz"))
    files[0].write_bytes(files[0].read_bytes()[:-100] if damage is None else damage)
    for file in (tmp_path / "store" / "scores").glob("*.json"):
        file.write_text(file.read_text()[:-7])
    again = score(corpus, path, tmp_path / "store")
    assert asked() == 7
    assert comparable(again) == comparable(first)


class _Fixed:
    identity, batch = "f" * 64, 1

    def __init__(self, prediction):
        self.prediction = prediction

    def tasks(self):
        return frozenset({"enhance"})

    def facts(self):
        return {}

    def run(self, items):
        return (self.prediction for _ in items)

    def close(self):
        pass


def test_numbers_are_stored_as_they_are(tmp_path):
    """Beyond full scale, below 16 bits, negative zero: what a codec of 16 bits would change."""
    samples = np.array([3.7, -2.0, 1e-30, -0.0, 0.1, np.nextafter(np.float32(1), np.float32(2))], np.float32)
    values = np.array([[np.nan, 1e20]], np.float32)
    moved = Trajectories(values, 48.7, ("LA", "ä"), np.ones(values.shape, bool))
    given = Prediction(Clip(samples, 44100), moved, "", "why", 1.5)
    item = Item("x", Clip(np.ones(3, np.float32), 16000))
    list(Stored(_Fixed(given), tmp_path, LIMITS).run([item]))
    (read,) = Stored(_Fixed(None), tmp_path, LIMITS).run([item])
    assert read.sha256() == given.sha256()
    assert read.enhanced.samples.tobytes() == samples.tobytes()
    assert (read.trajectories.names, read.seconds, read.invert_error) == (("LA", "ä"), 1.5, "why")


def test_rests_of_killed_runs_are_swept(tmp_path, monkeypatch):
    old, new = tmp_path / ".a.npz.1.part", tmp_path / ".b.npz.2.part"
    for path in (old, new):
        path.write_text("x")
    os.utime(old, (time.time() - 7200,) * 2)
    store_module.sweep(tmp_path)
    assert (old.exists(), new.exists()) == (False, True)


def test_a_result_folder_holds_two_files_whatever_was_killed(corpus, scratch, tmp_path):
    result = evaluate(corpus, load("noisy"), [parse("SISDR")])
    folder = write_result(tmp_path, result)
    (folder / ".scores.parquet.abc.part").write_text("half")
    before = (folder / "scores.parquet").read_bytes()
    write_result(tmp_path, result)
    assert sorted(path.name for path in folder.iterdir()) == ["card.json", "scores.parquet"]
    assert (folder / "scores.parquet").read_bytes() == before
    assert read_result(folder).card.licence == "MIT"


RUN = """
import sys
from pathlib import Path
from benchmark.scoring.evaluate import evaluate
from benchmark.runners.open_runner import RunOptions
from benchmark.scoring.results import write_result
from benchmark.metrics import parse
from benchmark.models import load
from tests.scoring.conftest import SmallCorpus
from tests.runners.test_prediction_store import LIMITS, MEASURES
entry = load(sys.argv[1] + ":Model")
options, store = RunOptions(limits=LIMITS), Path(sys.argv[2], "store")
result = evaluate(SmallCorpus(), entry, MEASURES, options=options, store=store)
write_result(Path(sys.argv[2], "results"), result)
print("done")
"""


def start(path, folder):
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(path), str(folder)], cwd=REPOSITORY, stdout=subprocess.DEVNULL
    )


def kill(running):
    running.send_signal(signal.SIGKILL)
    running.wait()


def finished_alike(path, broken, whole):
    """Finishes a broken run and compares its files with those of an unbroken one."""
    assert start(path, broken).wait() == 0
    one, two = (folder / "results" / "toy" / "counting.Model" for folder in (whole, broken))
    assert (one / "scores.parquet").read_bytes() == (two / "scores.parquet").read_bytes()
    assert sorted(item.name for item in two.iterdir()) == ["card.json", "scores.parquet"]
    cards = [json.loads((folder / "card.json").read_text()) for folder in (one, two)]
    assert {name for name in cards[0] if cards[0][name] != cards[1][name]} <= {*TIMES, "card_sha256"}
    assert cards[0]["failed"] == 4
    shutil.rmtree(broken)


def test_killed_at_any_moment_and_resumed_it_is_the_same_result(counting, tmp_path):
    """Kills in turn at each stage: predictions under way, all made, scores under way, result written."""
    path, _ = counting
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert start(path, whole).wait() == 0
    stages = [("**/*.npz", 2), ("scores/*.json", 1), ("../results/*/*/.*.part", 1)]
    for pattern, count in stages:
        running = start(path, broken)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and running.poll() is None:
            if len(list((broken / "store").glob(pattern))) >= count:
                break
            time.sleep(0.001)
        kill(running)
    finished_alike(path, broken, whole)


@pytest.mark.slow
def test_killed_at_twenty_random_moments_and_resumed_it_is_the_same_result(counting, tmp_path):
    """Four runs, each killed five times at a random moment of its length."""
    path, _ = counting
    begin = time.monotonic()
    assert start(path, tmp_path / "whole").wait() == 0
    lasts = time.monotonic() - begin
    moments = uniform_integers("kills", 20, 1000) / 1000 * lasts
    for number, own in enumerate(moments.reshape(4, 5)):
        broken = tmp_path / f"broken{number}"
        for moment in own:
            running = start(path, broken)
            time.sleep(moment)
            kill(running)
        finished_alike(path, broken, tmp_path / "whole")
