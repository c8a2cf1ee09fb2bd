"""Whatever a model does, the table is complete, failures have reasons, and nothing is left behind."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmark.errors import ModelError
from benchmark.metrics import parse
from benchmark.models import load
from benchmark.runners.limits import Limits
from benchmark.runners.open_runner import RunOptions
from benchmark.scoring.evaluate import evaluate
from tests.runners.zoo import NAMES
from tests.scoring.conftest import left_processes

ZOO = Path(__file__).with_name("zoo.py")
LIMITS = Limits(item_s=2.0, start_s=20.0, memory_gb=2.0)
ENHANCING = [parse(name) for name in ("STOI", "SISDR")]
INVERTING = [parse(name) for name in ("PPMC", "RMSE")]
HARD = {"babble/-5/S1/U001", "babble/-5/S1/U002"}


def run(name, corpus, measures=ENHANCING, **options):
    chosen = RunOptions(limits=options.pop("limits", LIMITS), **options)
    return evaluate(corpus, load(f"{ZOO}:{name}"), measures, options=chosen)


def failed(result):
    return {(row["mixture_id"], row["reason"]) for row in result.scores if row["status"] == "failed"}


BAD = {
    "LoopsForever": "took longer than 2 s",
    "SleepsTooLong": "took longer than 2 s",
    "IgnoresSignals": "took longer than 2 s",
    "LeavesAtOnce": "exited with status 3",
    "LeavesPolitely": "SystemExit: no more",
    "LeavesSayingWhy": "exited with status 1; its last words: CUDA out of memory",
    "Segfaults": "killed by signal 11 (SIGSEGV)",
    "Aborts": "killed by signal 6 (SIGABRT)",
    "AllocatesFiftyGigabytes": "MemoryError: Unable to allocate 50.0 GiB",
    "FillsTheDisk": "OSError: [Errno 27] File too large",
    "GivesNone": "enhance gave NoneType of shape (), expected one channel (12800,)",
    "GivesNan": "ValueError: enhance gave samples that are not finite",
    "GivesInfinity": "ValueError: enhance gave samples that are not finite",
    "GivesIntegers": "TypeError: enhance gave int16, expected floats with full scale 1.0",
    "GivesText": "ValueError: enhance gave str of shape ()",
    "GivesObjects": "TypeError: enhance gave object",
    "GivesHalf": "6400 samples",
    "GivesTenTimes": "ValueError: enhance gave 128000 samples for 12800",
    "GivesGigabytes": "ValueError: enhance gave 268435456 samples for 12800",
    "GivesTwoChannels": "ValueError: enhance gave an array of shape (2, 12800)",
    "Raises": "RuntimeError: a tensor is on another device",
    "RaisesWhatCannotBeShown": "ShyError: (its message cannot be made)",
    "RecursesForever": "RecursionError: maximum recursion depth exceeded",
    "ClosesItsPipes": "exited with status 1",
    "WritesIntoItsPipes": "broke the protocol",
    "KillsItsParent": "ended the process that watches it",
    "RemovesItsFolder": "OSError: my folder is gone",
    "OpensTheCorpus": "FileNotFoundError: [Errno 2] No such file or directory: 'audio/clean/S1/U001.flac'",
    "Connects": "ConnectionRefusedError: [Errno 111] Connection refused",
}


@pytest.mark.parametrize("name", BAD)
def test_a_failure_is_counted_with_its_reason_and_scoring_goes_on(
    name, corpus, scratch, tmp_path, monkeypatch
):
    # Whoever scores stands in the folder of the corpus; a model must not.
    clean = tmp_path / "audio/clean/S1/U001.flac"
    clean.parent.mkdir(parents=True)
    clean.write_bytes(b"clean speech")
    monkeypatch.chdir(tmp_path)
    result = run(name, corpus)
    card = result.card
    assert (card.expected, card.failed, card.ok, card.left_out) == (12, 4, 8, 0)
    assert {mixture for mixture, _ in failed(result)} == HARD
    assert all(BAD[name] in reason for _, reason in failed(result)), failed(result)
    assert sum(card.reasons.values()) == 4
    for row in result.scores:
        if row["status"] == "failed":
            assert row["value"] == parse(row["measure"]).worst
    assert left_processes(scratch) == []


@pytest.mark.parametrize(
    "name",
    [
        "Good",
        "Prints",
        "ReadsStandardInput",
        "ForksAndForgets",
        "ForksAndBothReturn",
        "StartsADaemon",
        "LeavesThreads",
        "WritesFiles",
        "WorksInPlace",
        "KeepsState",
        "LooksAround",
    ],
)
def test_bad_manners_do_not_cost_the_score(name, corpus, scratch):
    result = run(name, corpus)
    assert (result.card.expected, result.card.failed, result.card.ok) == (12, 0, 12)


def test_the_memory_limit_holds_for_all_processes_together(corpus, scratch):
    result = run("ForksAndAllocates", corpus, limits=Limits(item_s=60.0, memory_gb=0.8))
    assert {mixture for mixture, _ in failed(result)} == HARD
    reason = "its processes together took more memory than 0.8 GiB"
    assert result.card.reasons == {f"killed by signal 9 (SIGKILL); its last words: {reason}": 4}
    assert left_processes(scratch) == []


def test_memory_that_processes_share_counts_once(corpus, scratch):
    result = run("SharesMemory", corpus, limits=Limits(item_s=60.0, memory_gb=0.8))
    assert (result.card.failed, result.card.ok) == (0, 12)


def test_what_raises_every_third_time_fails_every_third_time(corpus, scratch):
    result = run("RaisesEveryThird", corpus)
    assert result.card.reasons == {"ValueError: every third": 4}


@pytest.mark.parametrize(
    ("name", "reason", "count"),
    [
        ("Inverts", "", 0),
        ("InvertsToMapping", "", 0),
        ("InvertsToNothing", "TypeError: invert gave NoneType", 24),
        ("InvertsWithoutNames", "ValueError: invert gave 6 channels but 1 names", 24),
        ("InvertsTooShort", "invert gave 0.050 s of trajectories for 0.800 s of speech", 24),
        ("InvertsToNan", "not finite", 24),
        ("InvertsToConstants", "the prediction does not move", 12),
        ("InvertsToMillionsOfFrames", "ValueError: invert gave 5000000 frames of 6 channels", 24),
        ("InvertsAtNoRate", "ValueError: invert gave a frame rate of nan", 24),
    ],
)
def test_inverters_need_nothing_of_ours_and_fail_alike(name, reason, count, corpus, scratch):
    result = run(name, corpus, INVERTING)
    assert result.card.expected == 6 * 2 * len(NAMES)
    assert result.card.failed == count
    assert {mixture for mixture, _ in failed(result)} == (HARD if count else set())
    assert all(reason in told for _, told in failed(result)), failed(result)


def test_a_limit_for_the_whole_run_fails_the_rest(corpus, scratch):
    start = time.monotonic()
    result = run("SleepsTooLong", corpus, limits=Limits(item_s=1.0, total_s=0.5))
    assert time.monotonic() - start < 10
    told = dict(failed(result))
    assert result.card.expected == 12
    assert "took longer than 1 s" in told["babble/-5/S1/U001"]
    assert told["clean/S1/U001"] == "the time limit of 0.5 s for the whole run was reached"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (
            "import nothing_of_this_name",
            "cannot be imported: ModuleNotFoundError: No module named 'nothing_of_this_name'",
        ),
        ("class Other: pass", "defines no 'Model'; its classes are: Other"),
        (
            "class Model:\n    sample_rate = 16000",
            r"needs at least one of the methods enhance\(noisy\), invert\(noisy\), represent",
        ),
        ("class Model:\n    def enhance(self, noisy): return noisy", "needs an attribute sample_rate"),
        (
            "class Model:\n    sample_rate = 16000.0\n    def enhance(self, noisy): return noisy",
            "found 16000.0",
        ),
        (
            "class Model:\n    def __init__(self): raise OSError('no weights')",
            "could not be made: OSError: no weights",
        ),
        ("import os\nos._exit(7)", "exited with status 7, while the model was being made"),
        ("import time\ntime.sleep(60)", "took longer than 1 s, while the model was being made"),
    ],
)
def test_a_model_that_cannot_be_made_is_an_error_not_a_score(code, reason, corpus, tmp_path, scratch):
    path = tmp_path / "bad.py"
    path.write_text(code + "\n")
    options = RunOptions(limits=Limits(start_s=1.0 if "sleep" in code else 20.0))
    with pytest.raises(ModelError, match=reason):
        evaluate(corpus, load(f"{path}:Model"), ENHANCING, options=options)


def test_what_cannot_be_made_twice_fails_without_trying_for_ever(corpus, tmp_path, scratch):
    marker = tmp_path / "made"
    path = tmp_path / "once.py"
    path.write_text(
        f"import os, pathlib\nmarker = pathlib.Path({str(marker)!r})\n"
        "class Model:\n    sample_rate = 16000\n"
        "    def __init__(self):\n        marker.open('a').write('x')\n"
        "        if len(marker.read_text()) > 1: raise OSError('licence in use')\n"
        "    def enhance(self, noisy): os._exit(9)\n"
    )
    result = evaluate(corpus, load(f"{path}:Model"), ENHANCING, options=RunOptions(limits=LIMITS))
    assert result.card.failed == result.card.expected == 12
    assert len(marker.read_text()) == 4
    assert {reason.split(":")[0] for _, reason in failed(result)} == {
        "exited with status 9",
        "the model could not be made again",
    }
