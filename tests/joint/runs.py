"""Runs that take seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from benchmark import prepare
from benchmark.joint.build import build_model
from benchmark.joint.config import JointConfig
from benchmark.joint.data import TrainingData
from benchmark.joint.model import JointModel
from benchmark.joint.processes import Processes
from benchmark.joint.tasks import JointTask
from benchmark.joint.training import Training
from benchmark.joint.training_corpus import TrainingCorpus

CONFIG = """
[encoder]
layers = 1
width = 16

[inverter]
blocks = 1
width = 16
heads = 2

[enhancer]
width = 16
blocks = 1

[data]
crop_s = 1.0

[training]
epochs = 3
batch_s = 2.0
warmup = 2
learning_rate = 3e-3
"""


def planned_corpus(folder: Path, limit: int) -> Path:
    """`demo_noisy` with at most `limit` utterances of each split, its audio not rendered."""
    options = ["--plan-only", "--limit", str(limit), "--json"]
    assert prepare.main(["--recipe", "demo_noisy", "--out", str(folder), *options]) == 0
    return folder


def config_file(folder: Path, extra: str = "") -> Path:
    """A configuration of a joint model that a batch takes some hundredths of a second."""
    path = folder / "minute.toml"
    path.write_text(CONFIG + extra)
    return path


def tiny_config(
    *, inverts: bool = True, enhances: bool = True, enrolment: str = "none", **sections: dict[str, Any]
) -> JointConfig:
    values: dict[str, Any] = {
        "name": "minute",
        "enrolment": enrolment,
        "encoder": {"layers": 1, "width": 16},
        "data": {"crop_s": 1.0},
        "training": {"epochs": 3, "batch_s": 2.0, "warmup": 2, "learning_rate": 3e-3},
    }
    if inverts:
        values["inverter"] = {"blocks": 1, "width": 16, "heads": 2}
    if enhances:
        values["enhancer"] = {"width": 16, "blocks": 1}
    for name, section in sections.items():
        values[name] = {**values.get(name, {}), **section}
    return JointConfig.model_validate(values)


def data_of(training_corpus: TrainingCorpus, config: JointConfig, **options: Any) -> TrainingData:
    training = config.training
    return TrainingData(training_corpus, config.data, training.batch_s, training.seed, **options)


def model_of(training_corpus: TrainingCorpus, config: JointConfig) -> JointModel:
    """A model of the configuration, with the same first weights every time."""
    torch.manual_seed(1)
    return build_model(config, training_corpus.scales.names)


def training_of(
    training_corpus: TrainingCorpus, config: JointConfig, folder: Path, data: Any = None, **options: Any
) -> Training:
    """A run of a small model from the same first weights."""
    task = JointTask(
        model_of(training_corpus, config), config.losses, processes=options.get("processes") or Processes()
    )
    return Training(
        task, data or data_of(training_corpus, config), config, folder, device=torch.device("cpu"), **options
    )


def weights_of(training: Training) -> dict[str, torch.Tensor]:
    return {key: value.clone() for key, value in training.model.state_dict().items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)
