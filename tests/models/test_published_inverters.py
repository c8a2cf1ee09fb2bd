"""Inverters of other people, on stubs of their interfaces: found, run in their own process, and scored."""

from __future__ import annotations

import json

import pytest

from benchmark.errors import ModelError
from benchmark.models import load
from benchmark.models.published_inverters import PUBLISHED
from benchmark.runners.open_runner import RunOptions, open_runner
from benchmark.runners.prediction import Item
from benchmark.scoring.evaluate import evaluate
from tests.runners.test_readout import ThreeSplits
from tests.speechlike import NAMES

OPTIONS = RunOptions(passed=("PYTHONPATH",))
#: What the stubs hear: frames of the file that they are given, in so many channels.
HEARD = """
import wave
import numpy as np


def frames(path, hop, channels):
    with wave.open(path) as stream:
        assert (stream.getframerate(), stream.getnchannels(), stream.getsampwidth()) == (16000, 1, 2)
        samples = np.frombuffer(stream.readframes(stream.getnframes()), "<i2") / 32768
    rows = np.pad(samples, (0, -len(samples) % hop)).reshape(-1, hop)
    levels = np.stack([rows.std(axis=1), rows.max(axis=1), rows.min(axis=1)], axis=1)
    return np.tanh(levels @ np.linspace(-9, 9, 3 * channels).reshape(3, channels)), samples
"""
SPARC = """
from heard import frames


def load_model(model_name=None, config=None, ckpt=None, device="cuda", use_penn=False):
    if model_name != "feature_extraction" and ckpt != "/weights":
        raise OSError("cannot connect to the hub")
    assert device == "cpu"
    return Coder()


class Coder:
    def encode(self, path):
        ema, _ = frames(path, 320, 12)
        return {"ema": ema, "pitch": ema[:, :1], "loudness": ema[:, :1], "spk_emb": ema[0]}
"""
TENSORTRACT2 = """
import pandas as pd
from heard import frames


class TensorTract2:
    def __init__(self, cfg_path="", auto_load_weights=True, hf_token=None):
        if auto_load_weights:
            raise RuntimeError("no network")

    def load_weights(self, p):
        assert p == "/weights"

    def speech_to_motor(self, x, msrs_type="vtl"):
        assert msrs_type == "tt2"
        values, _ = frames(x, 320, 4)
        series = pd.DataFrame(values, columns=["HX", "JA", "LP", "TTX"])
        return [type("MotorSeries", (), {"series": series})()]
"""
FEATURE_EXTRACT = """
from heard import frames


class feature_extract:
    def __init__(self, path, feats):
        assert feats == "hubert"
        self.path = path

    def run_extraction(self):
        values, samples = frames(self.path, 160, 6)
        return values, 1, len(samples)
"""
RUN_SAVED_MODEL = """
from pathlib import Path
import numpy as np


def run_model(features, name, length, model, out_format="mat"):
    assert Path("saved_models/best.h5").is_file()
    Path("TV_output_today").mkdir(exist_ok=True)
    values = features.T[:, : int(length / 16000 * 100)]
    if model == "hprc":
        values = np.concatenate([values, values])
    np.save(f"TV_output_today/{name}_{model}_tv_predict.npy", values)
"""


@pytest.fixture
def stubs(tmp_path, monkeypatch):
    files = {
        "heard.py": HEARD,
        "sparc/__init__.py": SPARC,
        "tensortract2/__init__.py": TENSORTRACT2,
        "tool/feature_extract.py": FEATURE_EXTRACT,
        "tool/run_saved_model.py": RUN_SAVED_MODEL,
        "tool/saved_models/best.h5": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def splits():
    return ThreeSplits()


def given(name, arguments, splits):
    runner = open_runner(load(name, arguments), OPTIONS, None)
    try:
        return next(iter(runner.run([Item("x", splits.clean("S1/U001"))])))
    finally:
        runner.close()


def test_pellets_of_another_speaker_are_refused_directly_and_read_out(stubs, splits):
    moved = given("sparc", {}, splits).trajectories
    assert (moved.names[:3], moved.values.shape, moved.rate_hz) == (("TDX", "TDY", "TBX"), (40, 12), 50.0)
    with pytest.raises(ModelError) as refused:
        evaluate("sparc", splits, ["PPMC"], options=OPTIONS)
    for told in (", ".join(moved.names), ", ".join(NAMES), "--readout clean"):
        assert told in str(refused.value)
    result = evaluate("sparc", splits, ["PPMC"], options=OPTIONS, readout="clean")
    assert (result.card.model, result.card.track) == ("sparc,readout=clean", "readout_clean")
    assert (result.card.failed, result.card.environment["readout channels"]) == (0, "12")
    assert result.card.trained_on == ["mngu0", "speech"]
    assert result.card.runner == "child process"


def test_tract_variables_under_their_names_are_scored_directly(stubs, splits):
    result = evaluate(load("ssl_si_tool", {"folder": str(stubs / "tool")}), splits, ["PPMC"], options=OPTIONS)
    assert (result.card.failed, result.card.lacks) == (0, [])
    assert result.card.model == "ssl_si_tool,folder=tool"
    hprc = given("ssl_si_tool", {"folder": str(stubs / "tool"), "model": "hprc"}, splits).trajectories
    assert (len(hprc.names), hprc.names[0], hprc.rate_hz) == (12, "hprc_1", 100.0)


def test_controls_of_a_synthesiser_are_not_taken_for_pellets(stubs, splits):
    entry = load("tensortract2", {"weights": "/weights"})
    with pytest.raises(ModelError, match=r"VTL_HX, VTL_JA, VTL_LP, VTL_TTX; the targets .* none of them"):
        evaluate(entry, splits, ["PPMC"], options=OPTIONS)
    assert evaluate(entry, splits, ["PPMC"], options=OPTIONS, readout="clean").card.failed == 0


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("sparc", {}, "sparc cannot be imported .* pip install speech-articulatory-coding"),
        ("tensortract2", {}, "tensortract2 cannot be imported .* pip install tensortract2"),
        ("ssl_si_tool", {}, "git clone github.com/Yashish92/SSL-SI-tool.*--model-arg folder=DIR"),
    ],
)
def test_what_is_missing_is_said_with_how_to_get_it(name, arguments, told, splits, monkeypatch):
    monkeypatch.delenv("PYTHONPATH", raising=False)
    with pytest.raises(ModelError, match=told):
        evaluate(load(name, arguments), splits, ["PPMC"], readout="clean")


@pytest.mark.parametrize(
    ("name", "arguments"), [("sparc", {"model": "en+"}), ("tensortract2", {})], ids=["sparc", "tensortract2"]
)
def test_missing_weights_are_said_with_how_to_get_them(name, arguments, stubs, splits):
    with pytest.raises(ModelError, match=r"its weights cannot be loaded \(.*--env HF_HOME"):
        evaluate(load(name, arguments), splits, ["PPMC"], options=OPTIONS, readout="clean")


def test_they_are_listed_and_may_follow_an_enhancer(capsys):
    from benchmark import list as listing

    assert listing.main(["models", "--json"]) == 0
    listed = json.dumps(json.loads(capsys.readouterr().out))
    assert all(name in listed for name in PUBLISHED)
    assert load("logmmse+sparc").name == "logmmse+sparc"
    with pytest.raises(ModelError, match="did you mean 'sparc'"):
        load("sparcs")
