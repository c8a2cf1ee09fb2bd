"""A command that hangs or fails costs only the time of its own recordings, which count as failures."""

from __future__ import annotations

import time

import pytest
import soundfile

from benchmark.errors import ModelError
from benchmark.metrics import parse
from benchmark.models import load
from benchmark.models.entry import Command
from benchmark.runners.command_runner import CommandRunner
from benchmark.runners.estimate_files import Channels
from benchmark.runners.limits import Limits
from benchmark.runners.open_runner import RunOptions
from benchmark.runners.prediction import Item
from benchmark.scoring.evaluate import evaluate

AUDIO = [parse("STOI"), parse("SISDR")]
COPY = 'for f in "$1"/*.wav; do cp "$f" "$2/"; done\n'
LIMITS = Limits(item_s=1.5, start_s=300.0, memory_gb=4.0)


def command(folder, text):
    path = folder / "run.sh"
    path.write_text(text)
    return load(f"command:sh {path}")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "sleep 600\n",
            r"took longer than 1.5 s, in a trial on two seconds of noise; mend it, or say with --does",
        ),
        ("exit 1\n", "exited with status 1, in a trial on two seconds of noise; mend it, or say with --does"),
    ],
)
def test_a_command_that_never_gives_anything_is_found_out_in_the_time_of_one_recording(
    text, reason, corpus, scratch, tmp_path
):
    start = time.monotonic()
    with pytest.raises(ModelError, match=reason):
        evaluate(corpus, command(tmp_path, text), AUDIO, options=RunOptions(limits=LIMITS))
    assert time.monotonic() - start < 30


@pytest.mark.parametrize(
    ("text", "does", "reason"),
    [
        ("sleep 600\n", ("enhance",), "took longer than 1.5 s"),
        ("exit 1\n", ("enhance",), "exited with status 1"),
        (COPY + "sleep 600\n", (), "took longer than 1.5 s"),
        (COPY + "exit 1\n", (), "exited with status 1"),
    ],
)
def test_what_it_gives_being_known_all_its_failures_are_scored(text, does, reason, corpus, scratch, tmp_path):
    options = RunOptions(limits=LIMITS, does=does, batch=2)
    result = evaluate(corpus, command(tmp_path, text), AUDIO, options=options)
    assert (result.card.expected, result.card.failed) == (12, 12)
    assert result.card.reasons == {reason: 12}


def runs(folder, text, clips, batch):
    """How many recordings each run of a command got, and the predictions."""
    told = folder / "told.txt"
    path = folder / "run.sh"
    path.write_text(f'ls "$1" | wc -l >> {told}\n' + text)
    made = Command(("/bin/sh", str(path), "{in}", "{out}"))
    runner = CommandRunner(made, "", Channels((), 100.0), LIMITS, batch=batch, does=("enhance",))
    predictions = list(runner.run([Item(f"{i}", clip) for i, clip in enumerate(clips)]))
    return list(map(int, told.read_text().split())), predictions


def test_after_a_hang_recordings_come_one_by_one(corpus, scratch, tmp_path):
    quiet, loud = corpus.noisy("clean/S1/U001"), corpus.noisy("babble/-5/S1/U001")
    soundfile.write(tmp_path / "bad.wav", loud.samples, 16000, subtype="PCM_16")
    text = (
        f'for f in "$1"/*.wav; do if cmp -s "$f" {tmp_path}/bad.wav; then sleep 600; '
        'fi; cp "$f" "$2/"; done\n'
    )
    counts, predictions = runs(tmp_path, text, [quiet, loud, quiet, quiet, quiet, quiet], 4)
    assert counts == [4, 1, 1, 1, 1, 1, 1]
    assert [prediction.enhance_error for prediction in predictions] == [
        "",
        "took longer than 1.5 s",
        "",
        "",
        "",
        "",
    ]


def test_a_status_other_than_0_is_looked_for_in_halves(corpus, scratch, tmp_path):
    clip = corpus.noisy("clean/S1/U001")
    counts, predictions = runs(tmp_path, '[ "$(ls "$1" | wc -l)" -lt 4 ] || exit 1\n' + COPY, [clip] * 5, 5)
    assert counts == [5, 3, 2]
    assert all(prediction.enhance_error == "" for prediction in predictions)
