from __future__ import annotations

import socket

import pytest
import torch
from safetensors.torch import load_file

from benchmark.joint.processes import Processes, started
from tests.joint.runs import same
from tests.joint.shared_run import gradients, work

COUNT = 2


@pytest.fixture(scope="module")
def shared(planned, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shared")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torch.multiprocessing.start_processes(work, (COUNT, port, planned, folder), COUNT, start_method="spawn")
    return folder


def test_gradients_are_those_of_one_process_that_had_the_whole_batch(shared, planned, one_thread):
    alone = gradients(planned, Processes())
    largest = max(float(value.abs().max()) for name, value in alone.items() if name != "loss")
    for rank in range(COUNT):
        found = load_file(shared / f"gradients{rank}.safetensors")
        assert found.keys() == alone.keys()
        for name, value in alone.items():
            assert float((found[name] - value).abs().max()) <= 1e-6 * max(1.0, largest), name


def test_all_processes_end_with_the_same_weights_and_one_of_them_writes(shared):
    one, two = (load_file(shared / f"weights{rank}.safetensors") for rank in range(COUNT))
    assert same(one, two)
    kept = load_file(shared / "run" / "checkpoint" / "epoch-0002.safetensors")
    assert same(
        one, {key.removeprefix("model."): value for key, value in kept.items() if key.startswith("model.")}
    )


def test_one_process_alone_needs_no_others(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with started(torch.device("cpu")) as processes:
        assert processes == Processes(0, 1)
    value = torch.ones(2, 3)
    assert processes.joined(value) is value
    assert processes.total(3, torch.device("cpu")) == 3
    assert processes.all_names(["a"]) == ["a"]
