"""Models as objects: loaded by their name, asked to enhance and to invert."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import benchmark
from benchmark.errors import ModelError
from tests.runners.zoo import NAMES

ZOO = Path(__file__).with_name("zoo.py")
NOISY = (0.1 * np.sin(np.arange(16000) ** 1.3 / 50)).astype(np.float32)


def test_an_enhancer_and_a_class_of_ones_own_are_loaded():
    model = benchmark.load_model("logmmse")
    assert model.sample_rate == 16000
    assert model.enhance(NOISY).shape == NOISY.shape
    assert isinstance(model, benchmark.Enhancer)
    assert not isinstance(model, benchmark.Inverter)
    assert "logmmse" in repr(model)
    own = benchmark.load_model(f"{ZOO}:Inverts")
    assert own.invert(NOISY)


def test_a_pair_inverts_what_it_has_enhanced():
    pair = benchmark.load_model(f"logmmse+{ZOO}:Inverts")
    assert pair.enhance(NOISY).shape == NOISY.shape
    assert pair.invert(NOISY)


def test_a_model_that_learns_asks_for_its_corpus_and_what_is_no_object_is_named(tmp_path):
    with pytest.raises(
        ModelError, match="ridge_noisy: learns from a corpus; name a prepared one: corpus=DIR"
    ):
        benchmark.load_model("ridge_noisy")
    with pytest.raises(ModelError, match="is a command and cannot be loaded"):
        benchmark.load_model("command:cat")


def test_a_loaded_model_is_scored_as_it_is(corpus):
    model = benchmark.load_model(f"{ZOO}:Inverts")
    result = benchmark.evaluate(model, corpus, ["PPMC"])
    assert result.card.model == "zoo.Inverts"
    assert result.card.runner == "in process"
    assert len(result.scores) == 6 * len(NAMES)
