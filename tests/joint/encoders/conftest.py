"""Tests of encoders never ask the network, and print no progress."""

from __future__ import annotations

import os

import pytest

# Read once, when huggingface_hub is imported.
os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture(scope="session")
def wavlm(tmp_path_factory):
    """A checkpoint of WavLM, not to be changed."""
    from tests.joint.encoders.checkpoints import write

    return write(tmp_path_factory.mktemp("wavlm"), "wavlm")


@pytest.fixture
def copy(wavlm, tmp_path):
    """The same, to be changed."""
    for path in wavlm.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path
