from __future__ import annotations

import re

import pytest

from benchmark.errors import RecipeError
from benchmark.files import trained_models
from benchmark.joint.card import read_card
from benchmark.joint.config import JointConfig
from benchmark.joint.config_files import config_names, load_config
from tests.joint.runs import config_file


@pytest.mark.parametrize("name", config_names())
def test_shipped_configurations_are_valid_and_called_by_their_file(name):
    config = load_config(name)
    assert config.name == name
    assert config.title


def test_rungs_of_the_ladder_differ_from_the_joint_model_in_what_they_say_and_nothing_else():
    joint = load_config("joint").model_dump()
    rungs = {
        "si_noisy": {"name", "title", "inverter", "enhancer"},
        "si_clean": {"name", "title", "inverter", "enhancer", "data"},
        "si_enhanced": {"name", "title", "inverter", "enhancer", "data"},
        "se_alone": {"name", "title", "inverter"},
        "joint_no_se": {"name", "title", "losses"},
        "joint_enrolled": {"name", "title", "enrolment", "data"},
    }
    for name, allowed in rungs.items():
        rung = load_config(name).model_dump()
        assert {key for key in joint if joint[key] != rung[key]} == allowed
        # The same budget and the same seeds, or the ladder compares nothing.
        assert rung["training"] == joint["training"]
    assert load_config("si_clean").data.kinds == ["clean"]
    assert load_config("si_enhanced").data.heard == "enhanced"
    assert load_config("joint_no_se").losses.enhancement == 0.0


#: The weights are older than these two settings: what they were trained with. See docs/reference.md.
SINCE = ("encoder.front_norm=true", "training.matrix_learning_rate=0.02")


@pytest.mark.parametrize("folder", sorted(trained_models().glob("*/")), ids=lambda folder: folder.name)
def test_what_comes_with_the_package_was_trained_by_its_configuration(folder):
    card = read_card(folder)
    trained = JointConfig.model_validate(card["config"])
    assert card["epochs"] == trained.training.epochs
    # How long, and in which cycles, is for whoever trains to say, and the card tells.
    length = [f"training.epochs={trained.training.epochs}"]
    if trained.training.cycle is not None:
        length.append(f"training.cycle={trained.training.cycle}")
    assert trained == load_config(folder.name, [*length, *SINCE])


def test_a_file_may_build_on_another_and_go_without_a_part_of_it(tmp_path):
    config_file(tmp_path)
    path = tmp_path / "less.toml"
    path.write_text('base = "minute.toml"\nwithout = ["enhancer"]\n[training]\nepochs = 9\n')
    config = load_config(str(path))
    assert (config.name, config.enhancer, config.training.epochs) == ("less", None, 9)
    assert config.training.batch_s == 2.0  # of the file that it builds on
    assert config.inverter is not None


def test_changes_from_the_command_line_are_read_as_toml_or_as_words(tmp_path):
    path = str(config_file(tmp_path))
    changes = ["training.epochs=7", "data.kinds=['babble']", "encoder.trained=last:1", "init=some/folder"]
    config = load_config(path, changes)
    assert (config.training.epochs, config.data.kinds) == (7, ["babble"])
    assert (config.encoder.trained, config.init) == ("last:1", "some/folder")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[training]\nepocs = 3\n",
            r"bad.toml: unknown key 'training.epocs'; did you mean 'epochs'\? allowed here: batch_s",
        ),
        ("[trainig]\nepochs = 3\n", r"unknown key 'trainig'; did you mean 'training'\?"),
        ("[training]\nepochs = '3'\n", r"'training.epochs' = '3': input should be a valid integer"),
        ("[training]\nepochs = 0\n", r"'training.epochs' = 0: input should be greater than or equal to 1"),
        ("[training]\nschedule = 'stairs'\n", r"'plateau', 'cosine' or 'constant'"),
        ("[encoder]\ntrained = 'some'\n", r"'encoder.trained' = 'some'"),
        (
            "[training]\nschedule = 'constant'\ncycle = 3\n",
            r"training has cycle = 3, which needs schedule = 'cosine'",
        ),
        ("[data]\nkinds = ['babble', 'babble']\n", r"data lists one of its kinds twice"),
        (
            "task = 'pretraining'\n",
            r"has a table \[inverter\], but task = 'pretraining' trains the encoder alone",
        ),
        ("without = ['inverter', 'enhancer']\n", r"needs a table \[inverter\], \[enhancer\] or both"),
        ("without = ['decoder']\n", r"goes without 'decoder', which what it builds on does not have"),
        (
            "without = ['enhancer']\n[data]\nextra_speech = true\n",
            r"data.extra_speech needs a table \[enhancer\]",
        ),
        (
            "without = ['enhancer']\n[inverter]\nhears = 'bottleneck'\n",
            r"inverter.hears = 'bottleneck' needs a table \[enhancer\]",
        ),
        ("[inverter]\nheads = 3\n", r"inverter has width = 16, which 3 heads cannot share"),
        (
            "without = ['enhancer']\n[training]\nwatch = 'si_sdr'\n",
            r"training.watch = 'si_sdr': the model has no such score",
        ),
        ("[losses]\nenhancement = 0.0\ninversion = 0.0\n", r"are both 0: nothing would be learnt"),
        (
            "task = 'pretraining'\nwithout = ['inverter', 'enhancer']\n[encoder]\ntrained = 'none'\n",
            r"needs encoder.trained = 'all': what is not trained has not learnt from speech",
        ),
        (
            "task = 'pretraining'\nwithout = ['inverter', 'enhancer']\n[data]\nheard = 'enhanced'\n",
            r"cannot take data.heard = 'enhanced'",
        ),
        ("training = 3\n", r"'training' = 3: input should be a valid dictionary"),
        ("name = 'No Name'\n", r"'name' = 'No Name': string should match pattern"),
        ("= 3\n", r"bad.toml: is not valid TOML"),
        ("without = 'enhancer'\n", r"'base' must be a name or a path, 'without' a list of tables"),
    ],
)
def test_mistakes_are_named_with_file_key_and_what_is_allowed(tmp_path, text, message):
    config_file(tmp_path)
    path = tmp_path / "bad.toml"
    path.write_text(f'base = "minute.toml"\n{text}')
    with pytest.raises(RecipeError, match=message) as caught:
        load_config(str(path))
    assert "bad.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_mistake_is_blamed_on_the_file_in_which_it_stands(tmp_path):
    base = config_file(tmp_path, "clip_norm = -1.0\n")
    path = tmp_path / "child.toml"
    path.write_text('base = "minute.toml"\n[training]\nepochs = 2\n')
    with pytest.raises(RecipeError, match=f"^{re.escape(str(base))}: 'training.clip_norm' = -1.0"):
        load_config(str(path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("training.epochs", r"--set training.epochs: is not of the form KEY=VALUE"),
        ("training.epochs.x=3", r"--set training.epochs.x=3: 'epochs' is no table"),
        ("training.epochs=many", r"--set training.epochs=many: 'training.epochs' = 'many'"),
    ],
)
def test_changes_that_do_not_fit_are_named(tmp_path, change, message):
    with pytest.raises(RecipeError, match=message):
        load_config(str(config_file(tmp_path)), [change])


def test_what_a_model_begins_with_may_be_gone_without():
    assert load_config("joint", ["init=runs/pretrain"]).init == "runs/pretrain"
    assert load_config("joint", ["init=none"]).init is None


def test_files_that_build_on_one_another_are_an_error(tmp_path):
    (tmp_path / "a.toml").write_text('base = "b.toml"\n')
    (tmp_path / "b.toml").write_text('base = "a.toml"\n')
    with pytest.raises(RecipeError, match="builds on itself"):
        load_config(str(tmp_path / "a.toml"))


def test_unknown_names_and_missing_files_are_an_error(tmp_path):
    with pytest.raises(RecipeError, match=r"no configuration 'jont'; did you mean 'joint'\?"):
        load_config("jont")
    with pytest.raises(RecipeError, match="cannot be read"):
        load_config(str(tmp_path / "none.toml"))
