"""`check_model` finds each fault that it looks for, and nothing in a model without one."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from benchmark import check_model

ZOO = Path(__file__).parent.parent / "runners" / "zoo.py"
HEAD = "import numpy as np\nclass Model:\n    sample_rate = 16000\n"


def findings(capsys, spec, *options):
    status = check_model.main([str(spec), "--json", "--timeout", "20", *options])
    told = json.loads(capsys.readouterr().out)
    assert status == (1 if told["bad"] else 0)
    return [(item["verdict"], item["what"], item["text"]) for item in told["findings"]]


def wrong(found):
    return [(what, text) for verdict, what, text in found if verdict == "bad"]


@pytest.mark.parametrize(
    ("body", "what", "text"),
    [
        (
            "def enhance(self, noisy): return np.roll(noisy, 80)",
            "delay",
            "80 samples (5.0 ms) too late; shift it back",
        ),
        ("def enhance(self, noisy): return np.roll(noisy, -32)", "delay", "32 samples (2.0 ms) too early"),
        ("def enhance(self, noisy): return -noisy", "sign", "upside down"),
        ("def enhance(self, noisy): return 0 * noisy", "delay", "nothing but zeros"),
        ("def enhance(self, noisy): return noisy[:-1600]", "speech", "enhance gave 2.900 s for 3.000 s"),
        ("def enhance(self, noisy): return noisy / np.abs(noisy).max()", "silence", "not finite"),
        ("def enhance(self, noisy): return noisy[:, None]", "noise", "expected one channel"),
        (
            (
                "def enhance(self, noisy):\n"
                "        if len(noisy) < 512: raise ValueError('too short')\n"
                "        return noisy"
            ),
            "10 ms of speech",
            "ValueError: too short",
        ),
        (
            (
                "def enhance(self, noisy): return noisy + 0.01 * "
                "np.random.default_rng().normal(size=len(noisy)).astype('f4')"
            ),
            "started again",
            "seed what is random",
        ),
        (
            "rest = 0.0\n    def enhance(self, noisy):\n        noisy[0] += self.rest\n"
            "        self.rest = float(np.abs(noisy).sum())\n        return noisy",
            "heard twice",
            "state is carried between calls",
        ),
        (
            "def invert(self, noisy): return np.zeros((len(noisy) // 160, 2)), 100, ['LA', 'LP']",
            "movement",
            "LA, LP did not move",
        ),
        (
            "def invert(self, noisy): return np.cumsum(np.ones((len(noisy) // 320, 1)), 0), 100, ['LA']",
            "speech",
            "invert gave 1.500 s for 3.000 s",
        ),
        ("def invert(self, noisy): return [1, 2]", "speech", "invert gave list, expected Trajectories"),
        (
            "def invert(self, noisy): return np.zeros((0, 2)), 100, ['LA', 'LP']",
            "movement",
            "invert gave no frames for three seconds of speech",
        ),
        ("def enhance(self, noisy): return noisy[:0]", "speech", "enhance gave 0.000 s for 3.000 s"),
    ],
)
def test_each_fault_is_named(body, what, text, tmp_path, capsys):
    path = tmp_path / "wrapper.py"
    path.write_text(HEAD + "    " + body + "\n")
    found = wrong(findings(capsys, f"{path}:Model"))
    assert any(item == what and text in told for item, told in found), found


def test_a_model_without_fault_passes_and_people_are_told_so(capsys):
    assert wrong(findings(capsys, f"{ZOO}:Good")) == []
    assert check_model.main(["noisy"]) == 0
    out = capsys.readouterr().out
    assert out.endswith("nothing is wrong; score it\n")
    assert "good  delay: 0 samples at 16000 Hz" in out


@pytest.mark.parametrize("kind", ["class", "command"])
def test_a_model_that_never_ends_is_tried_once(kind, tmp_path, capsys):
    path = tmp_path / ("wrapper.py" if kind == "class" else "run.sh")
    if kind == "class":
        path.write_text(HEAD + "    def enhance(self, noisy):\n        while True: pass\n")
        spec = [f"{path}:Model"]
    else:
        path.write_text("sleep 600\n")
        spec = [f"command:sh {path}", "--does", "enhance"]
    start = time.monotonic()
    found = findings(capsys, *spec, "--timeout", "1")
    assert time.monotonic() - start < 8
    assert [what for what, _ in wrong(found)] == ["speech", "stopped"]
    assert "took longer than 1 s" in wrong(found)[0][1]
    assert "silence" in wrong(found)[1][1]
    assert "mend this first, or allow more with --timeout" in wrong(found)[1][1]


def test_what_was_tried_before_a_hang_is_told(tmp_path, capsys):
    path = tmp_path / "wrapper.py"
    path.write_text(
        HEAD + "    def enhance(self, noisy):\n        while not noisy.any(): pass\n        return noisy\n"
    )
    found = findings(capsys, f"{path}:Model", "--timeout", "2")
    assert ("good", "noise", "an estimate of the right length, finite") in found
    assert [what for what, _ in wrong(found)] == ["silence", "stopped"]


def test_articulation_without_channels_is_named(tmp_path, capsys):
    path = tmp_path / "wrapper.py"
    path.write_text(HEAD + "    def invert(self, noisy): return np.zeros((len(noisy) // 160, 0)), 100, []\n")
    found = wrong(findings(capsys, f"{path}:Model", "--runner", "in-process"))
    assert ("movement", "invert gave no channels for three seconds of speech") in found


def test_another_rate_is_tried_too(tmp_path, capsys):
    path = tmp_path / "wrapper.py"
    path.write_text("class Model:\n    sample_rate = 48000\n    def enhance(self, noisy): return noisy\n")
    found = findings(capsys, f"{path}:Model")
    assert wrong(found) == []
    assert ("good", "delay", "0 samples at 48000 Hz") in found


def test_a_command_is_tried(tmp_path, capsys):
    path = tmp_path / "copy.sh"
    path.write_text('for f in "$1"/*.wav; do cp "$f" "$2/"; done\n')
    assert wrong(findings(capsys, f"command:sh {path}")) == []


def test_odd_names_are_only_odd(tmp_path, capsys):
    path = tmp_path / "wrapper.py"
    path.write_text(
        HEAD
        + "    def invert(self, noisy): return np.cumsum(np.ones((len(noisy) // 160, 1)), 0), 100, ['jaw']\n"
    )
    found = findings(capsys, f"{path}:Model")
    assert wrong(found) == []
    assert any(
        verdict == "odd" and "of the six tract variables it lacks LA" in text for verdict, _, text in found
    )


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("/no/such/file.py:Model", "no such file"),
        ("no_such_name", "There are: noisy, clean"),
        ("ridge_noisy", "learns from a corpus; name a prepared one with --corpus DIR"),
    ],
)
def test_what_cannot_be_tried_is_one_line(spec, message, capsys):
    assert check_model.main([spec]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert message in captured.err
    assert captured.out == ""


def test_predictions_are_nothing_to_try(tmp_path, capsys):
    assert check_model.main([f"predictions:{tmp_path}"]) == 2
    assert "score them" in capsys.readouterr().err


def test_a_model_that_learns_from_a_corpus_asks_for_the_option_that_names_one(capsys):
    for spec in ("ridge_noisy", "logmmse+ridge_noisy"):
        assert check_model.main([spec]) == 2
        assert "--corpus DIR" in capsys.readouterr().err


GIVES = (
    "import numpy as np\nclass Model:\n    sample_rate = 16000\n    def invert(self, noisy):\n"
    "        t = np.arange(len(noisy) // 160)\n"
    "        values = np.stack([np.sin(t / (9 + i)) for i in range({count})], 1)\n"
    "        return values, 100, {names}\n"
)


@pytest.mark.parametrize(
    ("names", "verdict", "told"),
    [
        (
            ["UL_x", "UL_y"],
            "bad",
            "gives the channels UL_x, UL_y; the targets of the corpus are LA, LP, TBCL",
        ),
        (
            ["LA", "LP", "tbcl", "TBCD", "lip_area"],
            "odd",
            "does not give TTCL, TTCD: it is scored on the other",
        ),
        (["la", "Lip_Protrusion", "TBCL", "TBCD", "TTCL", "ttcd"], "good", "all targets: LA, LP"),
        (["LA", "LP", "TBCL", "TBCD", "TTCL", "TTCD", "pitch"], "good", "all targets: LA, LP"),
    ],
)
def test_channels_are_held_against_the_targets_of_a_corpus(small, tmp_path, capsys, names, verdict, told):
    path = tmp_path / "gives.py"
    path.write_text(GIVES.format(count=len(names), names=names))
    found = findings(capsys, f"{path}:Model", "--corpus", str(small))
    assert [(v, told in text) for v, what, text in found if what == "names"] == [(verdict, True)]


def test_without_a_corpus_a_model_that_lacks_a_tract_variable_is_worth_a_look(tmp_path, capsys):
    path = tmp_path / "gives.py"
    path.write_text(GIVES.format(count=5, names=["LA", "LP", "TBCL", "TBCD", "TTCL"]))
    assert check_model.main([f"{path}:Model"]) == 0
    told = capsys.readouterr().out
    assert "it lacks TTCD" in told
    assert "nothing is wrong; score it" not in told
