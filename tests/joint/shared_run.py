"""What each of several processes does in the test of training together."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from safetensors.torch import save_file

from benchmark.joint.config import JointConfig
from benchmark.joint.processes import Processes, started
from benchmark.joint.tasks import JointTask
from benchmark.joint.training_corpus import collect
from benchmark.mixing.gather import Roots, gather
from benchmark.prepared.corpus import PreparedCorpus
from tests.joint.runs import data_of, model_of, tiny_config, training_of, weights_of


def shared_config() -> JointConfig:
    """Without dropout, which no two ways of sharing a batch draw alike."""
    return tiny_config(
        encoder={"dropout": 0.0},
        inverter={"dropout": 0.0, "hears": "enhanced"},
        data={"crop_s": None, "extra_speech": True},
        training={"epochs": 2, "batch_s": 60.0, "optimiser": "muon"},
    )


def gradients(planned: Path, processes: Processes) -> dict[str, torch.Tensor]:
    """Gradients of the first batch of training, in double precision of the sum."""
    config = shared_config()
    corpus = PreparedCorpus(planned)
    training_corpus = collect(corpus, gather(corpus.recipe, Roots()), own_extra=True)
    model = model_of(training_corpus, config)
    if processes.rank > 0:  # whatever a process begins with, it takes the weights of the first
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(1.0)
    processes.same_weights(model)
    model.train()
    task = JointTask(model, config.losses, processes=processes)
    (batch,) = data_of(training_corpus, config).batches(0, processes.rank, processes.count)
    loss, _ = task.loss(batch, torch.Generator())
    loss.backward()
    processes.add_gradients(model)
    found = {name: value.grad.clone() for name, value in model.named_parameters() if value.grad is not None}
    return {"loss": loss.detach().clone(), **found}


def work(rank: int, count: int, port: int, planned: Path, folder: Path) -> None:
    """Computes gradients, then trains; leaves both on disk."""
    os.environ.update(RANK=str(rank), WORLD_SIZE=str(count), MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    torch.set_num_threads(1)
    with started(torch.device("cpu")) as processes:
        assert (processes.rank, processes.count) == (rank, count)
        save_file(gradients(planned, processes), folder / f"gradients{rank}.safetensors")
        corpus = PreparedCorpus(planned)
        training_corpus = collect(corpus, gather(corpus.recipe, Roots()), own_extra=True)
        training = training_of(training_corpus, shared_config(), folder / "run", processes=processes)
        training.train()
        save_file(weights_of(training), folder / f"weights{rank}.safetensors")
