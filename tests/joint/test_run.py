from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from benchmark import prepare
from benchmark.errors import CorpusError, ModelError, SinbadError
from benchmark.files import alone_in, demo_corpus
from benchmark.joint.card import read_trained_card
from benchmark.joint.config_files import load_config
from benchmark.joint.inference import wrapped
from benchmark.joint.run import Place, _anywhere, run
from benchmark.joint.trained import load_trained
from tests.joint.runs import config_file

REPOSITORY = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def whole(planned, tmp_path_factory):
    """A run that nothing disturbed, and its configuration."""
    folder = tmp_path_factory.mktemp("whole")
    path = config_file(folder)
    torch.set_num_threads(1)
    card = run(load_config(str(path)), Place(planned, folder / "out"), device="cpu")
    return path, folder / "out", card


def started(module: str, *arguments: object) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.Popen(command, cwd=REPOSITORY, env=environment, stderr=subprocess.PIPE)


def history(folder: Path) -> list[dict[str, float]]:
    state = json.loads((folder / "checkpoint" / "state.json").read_text())
    return [{**row, "seconds": 0} for row in state["progressed"]["history"]]


def same_run(one: Path, other: Path) -> bool:
    weights = [(folder / "model.safetensors").read_bytes() for folder in (one, other)]
    return weights[0] == weights[1] and history(one) == history(other)


@pytest.mark.parametrize(
    "moment",
    [
        "step:4",
        "torn:2",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("step:1", "write:2", "write:3")),
    ],
)
def test_a_killed_run_ends_with_the_same_bits(planned, whole, tmp_path, moment):
    path, reference, _ = whole
    child = started("tests.joint.killed_run", planned, path, tmp_path / "out", moment)
    _, errors = child.communicate(timeout=900)
    assert child.returncode == -signal.SIGKILL, errors.decode()
    assert not (tmp_path / "out" / "model.safetensors").exists()
    run(load_config(str(path)), Place(planned, tmp_path / "out"), resume=True, device="cpu")
    assert same_run(reference, tmp_path / "out")
    # What the killed process had begun to write does not stay.
    assert not list((tmp_path / "out").rglob("*.part"))


@pytest.mark.slow
def test_a_run_that_is_killed_at_random_again_and_again_ends_with_the_same_bits(planned, tmp_path):
    path = config_file(tmp_path)
    changes = ["--set", "training.epochs=40", "--set", "training.early_stop=40", "--threads", "1"]
    common = ["--config", path, "--corpus", planned, "--device", "cpu", *changes]
    reference = started("benchmark.train", *common, "--out", tmp_path / "whole")
    assert reference.wait(600) == 0
    moments = random.Random(5)
    kills = 0
    while True:
        child = started("benchmark.train", *common, "--out", tmp_path / "parts", "--resume")
        try:
            assert child.wait(moments.uniform(4.0, 12.0) * (1 + kills / 10)) == 0, (
                child.stderr.read().decode()
            )
            break
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.wait()
            kills += 1
    assert kills > 0
    assert same_run(tmp_path / "whole", tmp_path / "parts")


def test_a_run_leaves_weights_card_log_and_curve(planned, whole):
    path, folder, card = whole
    assert {entry.name for entry in folder.iterdir()} >= {
        "model.safetensors",
        "card.json",
        "log.csv",
        "curve.png",
        "checkpoint",
    }
    assert json.loads((folder / "card.json").read_text()) == card
    assert card["config"] == load_config(str(path)).model_dump(mode="json")
    assert card["encoder"]["origin"] == "untrained"
    assert card["parameters"]["total"] > sum(
        card["parameters"][name] for name in ("encoder", "enhancer", "inverter")
    )
    assert card["recipe"] == "demo_noisy"
    assert card["speech_s"] > 0
    assert card["device"] == "cpu"
    assert {"dev_loss", "dev_si_sdr_db", "dev_ppmc"} == card["dev"].keys()
    assert card["dev_split"] == "of the corpus"
    assert str(folder) not in json.dumps(card)
    model = load_trained(folder)
    assert list(model.names) == card["targets"]["names"]
    estimate = wrapped(model).invert(torch.randn(16000).numpy() * 0.1)
    # In the units of the corpus: around the mean of the speakers, in millimetres.
    assert abs(estimate.values.mean(axis=0) - card["targets"]["mean"]).max() < 30.0


def test_a_finished_run_may_be_resumed_to_more_epochs(planned, whole, tmp_path):
    path, _, _ = whole
    place = Place(planned, tmp_path / "out")
    run(load_config(str(path), ["training.epochs=1"]), place, device="cpu")
    card = run(load_config(str(path)), place, resume=True, device="cpu")
    assert card["epochs"] == 3
    assert same_run(whole[1], tmp_path / "out")


def test_a_finished_cosine_is_the_first_cycle_of_a_longer_run(planned, whole, tmp_path):
    path, _, _ = whole
    cosine = ["training.schedule=cosine", "training.early_stop=10"]
    once = [*cosine, "training.epochs=1"]
    twice = [*cosine, "training.epochs=2", "training.cycle=1"]
    parts, together = (Place(planned, tmp_path / name) for name in ("parts", "together"))
    run(load_config(str(path), once), parts, device="cpu")
    with pytest.raises(ModelError, match=r"was started with config.training.epochs = 1, now 2"):
        run(load_config(str(path), [*cosine, "training.epochs=2"]), parts, resume=True, device="cpu")
    run(load_config(str(path), twice), parts, resume=True, device="cpu")
    run(load_config(str(path), twice), together, device="cpu")
    assert same_run(tmp_path / "parts", tmp_path / "together")


def test_a_folder_with_a_run_is_not_begun_again_by_mistake(planned, whole):
    path, folder, _ = whole
    with pytest.raises(ModelError, match="holds a run; add --resume to go on with it"):
        run(load_config(str(path)), Place(planned, folder), device="cpu")
    with pytest.raises(ModelError, match=r"was started with config.training.seed = 1, now 2"):
        run(load_config(str(path), ["training.seed=2"]), Place(planned, folder), resume=True, device="cpu")
    with alone_in(folder), pytest.raises(SinbadError, match="another process is writing there"):
        run(load_config(str(path)), Place(planned, folder), resume=True, device="cpu")


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        (["data.heard=enhanced"], {}, "hears enhanced speech .* name the enhancer with --enhancer DIR"),
        ([], {"enhancer": Path("x")}, "does not hear enhanced speech; leave out --enhancer"),
        ([], {"extra_speech": [Path("x")]}, "uses no extra speech; leave out --extra-speech"),
        (["init=nowhere"], {}, "init = 'nowhere': is neither a folder nor shipped"),
        (["encoder.spec=unknown"], {}, "no encoder 'unknown'"),
        (["encoder.trained=last:7"], {}, "has 1 layers; N is from 1 to 1"),
    ],
)
def test_what_does_not_fit_together_is_said_before_training(planned, tmp_path, changes, options, message):
    config = load_config(str(config_file(tmp_path)), changes)
    with pytest.raises(ModelError, match=message):
        run(config, Place(planned, tmp_path / "out", **options), device="cpu")
    assert not (tmp_path / "out" / "checkpoint").exists()


def test_speech_of_the_corpus_itself_is_no_extra_speech(planned, tmp_path):
    config = load_config(str(config_file(tmp_path)), ["data.extra_speech=true"])
    for folder in (demo_corpus(), demo_corpus().parent, demo_corpus() / "audio", planned):
        with pytest.raises(CorpusError, match="the corpus that the model is tested on"):
            run(config, Place(planned, tmp_path / "out", extra_speech=[folder]), device="cpu")


def test_extra_speech_that_nobody_has_given_is_asked_for_but_not_by_pretraining(
    planned, tmp_path, monkeypatch
):
    monkeypatch.setattr("benchmark.joint.training_corpus._own_voices", lambda sources: [])
    config = load_config(str(config_file(tmp_path)), ["data.extra_speech=true"])
    with pytest.raises(CorpusError, match="no voices that only babble; give a folder with --extra-speech"):
        run(config, Place(planned, tmp_path / "out"), device="cpu")
    text = 'base = "minute.toml"\ntask = "pretraining"\nwithout = ["inverter", "enhancer"]\n'
    pretraining = load_config(str(_written(tmp_path, text)), ["training.epochs=1", "data.extra_speech=true"])
    assert run(pretraining, Place(planned, tmp_path / "pre"), device="cpu")["extra_speech_s"] == 0.0


def test_a_corpus_that_lies_anywhere_is_asked_for(tmp_path):
    recipe = (REPOSITORY / "recipes" / "demo_noisy.toml").read_text()
    assert 'root = "shipped:demo"\n' in recipe
    (tmp_path / "own.toml").write_text(recipe.replace('root = "shipped:demo"\n', ""))
    corpus = tmp_path / "corpus"
    options = [
        "--speech-root",
        str(demo_corpus()),
        "--plan-only",
        "--limit",
        "3",
        "--out",
        str(corpus),
        "--json",
    ]
    assert prepare.main(["--recipe", str(tmp_path / "own.toml"), *options]) == 0
    config = load_config(str(config_file(tmp_path)))
    with pytest.raises(CorpusError, match="say where the corpus itself lies with --speech-root DIR"):
        run(config, Place(corpus, tmp_path / "out"), device="cpu")


def test_an_encoder_on_disk_is_known_by_its_whole_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wavlm").mkdir()
    for spec, expected in {
        "hf:wavlm": f"hf:{tmp_path / 'wavlm'}",
        "torchaudio:WAVLM_BASE=wavlm": f"torchaudio:WAVLM_BASE={tmp_path / 'wavlm'}",
        "hf:microsoft/wavlm-large": "hf:microsoft/wavlm-large",
        "small": "small",
    }.items():
        config = load_config("joint", [f"encoder.spec={spec}"])
        assert _anywhere(config).encoder.spec == expected


def test_what_a_model_begins_with_has_learnt_to_enhance(planned, whole, tmp_path):
    path, folder, card = whole
    # At such a rate nothing is learnt, so that what it began with is still there at the end.
    standing = ["training.epochs=1", "training.learning_rate=1e-12", "training.seed=5"]
    begun = run(load_config(str(path), [f"init={folder}", *standing]), Place(planned, tmp_path / "out"))
    assert begun["init"] == {
        "name": card["name"],
        **{key: card[key] for key in ("weights_sha256", "seconds", "device")},
        **{key: card[key] for key in ("extra_speech_s", "extra_speech_sha256")},
        "epochs": [card["epochs"]],
    }
    before, after = (load_file(place / "model.safetensors") for place in (folder, tmp_path / "out"))
    taken = {key for key in after if key.startswith(("encoder.", "enhancer.", "for_enhancer."))}
    assert all(torch.allclose(before[key], after[key], atol=1e-6) for key in taken)
    matrix = "inverter.wide.weight"
    assert not torch.allclose(before[matrix], after[matrix], atol=1e-3)
    read = read_trained_card(tmp_path / "out")
    assert read.seconds == pytest.approx(begun["seconds"] + card["seconds"])
    assert read.epochs == (card["epochs"], 1)


def test_what_a_model_cannot_begin_with_is_told(planned, whole, tmp_path):
    path, folder, _ = whole

    def refused(match, changes=(), init=folder):
        with pytest.raises(ModelError, match=match):
            run(load_config(str(path), [f"init={init}", *changes]), Place(planned, tmp_path / "out"))

    refused("has another encoder or enhancer .* here", ["enhancer.width=24"])
    refused("has another encoder or enhancer .* here", ["encoder.layers=2"])
    refused("has another encoder or enhancer .* and missing here", ["encoder.front_norm=false"])
    refused("has enrolment = 'none', and the configuration 'film'", ["enrolment=film"])
    refused(
        "has the encoder 'small', and the configuration 'whisper-tiny.en'", ["encoder.spec=whisper-tiny.en"]
    )
    refused(
        "was trained on other speech or noise",
        init=_changed_card(folder, tmp_path, train_dev_sha256="0" * 64),
    )
    refused(
        "was trained on other speech or noise", init=_changed_card(folder, tmp_path, recipe_sha256="0" * 64)
    )
    refused(
        "does not say what speech it was trained on",
        init=_changed_card(folder, tmp_path, train_dev_sha256=None),
    )
    refused("is no card of a trained model", init=_changed_card(folder, tmp_path, seconds=None))
    refused("is no card of a trained model", init=_changed_card(folder, tmp_path, epochs=None))
    refused("is not the file that", init=_changed_card(folder, tmp_path, weights_sha256="0" * 64))
    config = json.loads((folder / "card.json").read_text())["config"]
    untold = {**config, "losses": {**config["losses"], "enhancement": 0.0}}
    refused("nor a model that enhances", init=_changed_card(folder, tmp_path, config=untold))


def test_a_pretrained_encoder_has_a_card_that_says_so(planned, whole, tmp_path):
    path, folder, _ = whole
    for encoder in (None, [1], {"layers": 2, "width": 16}):
        changed = _changed_card(folder, tmp_path, task="pretraining", encoder=encoder)
        with pytest.raises(ModelError, match="does not describe a pretrained encoder"):
            run(load_config(str(path), [f"init={changed}"]), Place(planned, tmp_path / "out"))


def test_a_run_goes_on_when_what_it_began_with_has_moved(planned, whole, tmp_path):
    path, folder, _ = whole
    here, there = tmp_path / "here", tmp_path / "there"
    shutil.copytree(folder, here)
    place = Place(planned, tmp_path / "out")
    run(load_config(str(path), [f"init={here}", "training.epochs=1"]), place)
    here.rename(there)
    longer = run(load_config(str(path), [f"init={there}", "training.epochs=2"]), place, resume=True)
    assert longer["epochs"] == 2
    assert Path(longer["config"]["init"]) == there.resolve()


def _changed_card(folder: Path, tmp_path: Path, **changes) -> Path:
    """A copy of a run, of whose card some entries are others; None takes one away."""
    copy = Path(tempfile.mkdtemp(dir=tmp_path)) / "run"
    shutil.copytree(folder, copy)
    card = json.loads((copy / "card.json").read_text()) | changes
    (copy / "card.json").write_text(
        json.dumps({key: value for key, value in card.items() if value is not None})
    )
    return copy


def test_devices_that_are_not_there_are_named(planned, tmp_path, monkeypatch):
    config = load_config(str(config_file(tmp_path)))
    with pytest.raises(ModelError, match="--device abacus: is no device"):
        run(config, Place(planned, tmp_path / "out"), device="abacus")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ModelError, match="there is no GPU that torch can use here"):
        run(config, Place(planned, tmp_path / "out"), device="cuda")


def test_a_pretrained_encoder_is_where_a_model_begins(planned, tmp_path):
    path = config_file(tmp_path)
    pretraining = load_config(
        str(
            _written(
                tmp_path, 'base = "minute.toml"\ntask = "pretraining"\nwithout = ["inverter", "enhancer"]\n'
            )
        ),
        ["training.epochs=1"],
    )
    card = run(pretraining, Place(planned, tmp_path / "pre"), device="cpu")
    assert card["encoder"]["origin"] == "self-supervised"
    frozen = load_config(str(path), ["training.epochs=1", f"init={tmp_path / 'pre'}", "encoder.trained=none"])
    card = run(frozen, Place(planned, tmp_path / "out"), device="cpu")
    assert card["encoder"]["origin"] == "self-supervised"
    assert card["init"]["name"] == pretraining.name
    one, two = (load_file(tmp_path / name / "model.safetensors") for name in ("pre", "out"))
    shared = [key for key in two if key.startswith("encoder.")]
    assert shared
    assert all(torch.equal(one[key], two[key]) for key in shared)
    wider = load_config(str(path), [f"init={tmp_path / 'pre'}", "encoder.width=32"])
    with pytest.raises(
        ModelError,
        match=r"is an encoder of 2 hidden states of width 16, the configuration has 2 of width 32; .* "
        "set init = 'none'",
    ):
        run(wider, Place(planned, tmp_path / "wider"), device="cpu")
    louder = load_config(str(path), [f"init={tmp_path / 'pre'}", "encoder.front_norm=false"])
    with pytest.raises(ModelError, match=r"has another encoder .*front\.norm.* and missing here"):
        run(louder, Place(planned, tmp_path / "louder"))
    whisper = load_config(str(path), [f"init={tmp_path / 'pre'}", "encoder.spec=whisper-tiny.en"])
    with pytest.raises(
        ModelError, match=r"holds the encoder 'small', and the configuration has 'whisper-tiny.en'"
    ):
        run(whisper, Place(planned, tmp_path / "foreign"), device="cpu")
    card = json.loads((tmp_path / "pre" / "card.json").read_text())
    (tmp_path / "pre" / "card.json").write_text(json.dumps({**card, "weights_sha256": "0" * 64}))
    with pytest.raises(ModelError, match=r"is not the file that card\.json describes"):
        run(frozen, Place(planned, tmp_path / "changed"), device="cpu")


def test_an_inverter_may_hear_enhanced_speech(planned, whole, tmp_path):
    path, folder, card = whole
    inverter = _written(tmp_path, f'base = "{path}"\nwithout = ["enhancer"]\n[data]\nheard = "enhanced"\n')
    config = load_config(str(inverter), ["training.epochs=1"])
    enhanced = run(config, Place(planned, tmp_path / "out", enhancer=folder), device="cpu")
    assert enhanced["enhancer"] == {"name": "minute", "weights_sha256": card["weights_sha256"]}
    noisy = run(
        load_config(str(inverter), ["training.epochs=1", "data.heard=noisy"]),
        Place(planned, tmp_path / "noisy"),
        device="cpu",
    )
    assert enhanced["weights_sha256"] != noisy["weights_sha256"]
    with pytest.raises(ModelError, match="holds a model that does not enhance"):
        run(config, Place(planned, tmp_path / "again", enhancer=tmp_path / "noisy"), device="cpu")


def test_a_render_cache_changes_nothing(planned, whole, tmp_path):
    path, folder, _ = whole
    for name in ("first", "second"):
        place = Place(planned, tmp_path / name, render_cache=tmp_path / "cache")
        run(load_config(str(path)), place, device="cpu")
        assert same_run(folder, tmp_path / name)
    assert list((tmp_path / "cache").rglob("*.npz"))


def _written(folder: Path, text: str) -> Path:
    path = folder / "other.toml"
    path.write_text(text)
    return path
