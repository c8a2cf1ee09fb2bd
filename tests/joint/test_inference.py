from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmark.joint.encoders.contract import frames_of
from benchmark.joint.inference import Listener, wrapped
from benchmark.joint.model import Hears, context_s
from benchmark.models.contract import Enhancer, Inverter
from tests.joint.models import NAMES, small_model


@pytest.fixture
def sound() -> np.ndarray:
    return np.random.default_rng(1).standard_normal(16000 * 20 + 123).astype(np.float32) * 0.1


@pytest.mark.parametrize("hears", ["encoder", "bottleneck", "enhanced"])
def test_in_pieces_as_at_once(sound: np.ndarray, hears: Hears) -> None:
    model = small_model(hears=hears)
    assert context_s(model) < 10
    whole, pieces = Listener(model, piece_s=1000.0), Listener(model, piece_s=3.7)
    enhanced = whole.enhanced(sound)
    assert np.abs(pieces.enhanced(sound) - enhanced).max() <= 1e-4 * np.abs(enhanced).max()
    values = whole.trajectories(sound).values
    assert np.abs(pieces.trajectories(sound).values - values).max() <= 1e-4 * np.abs(values).max()


@pytest.mark.parametrize("hears", ["encoder", "bottleneck", "enhanced"])
def test_nothing_is_heard_from_beyond_the_context(hears: Hears) -> None:
    model = small_model(hears=hears).eval().double()
    wave = torch.randn(1, 16000 * 16, dtype=torch.float64).requires_grad_()
    trajectories = model.levelled(wave).trajectories
    assert trajectories is not None
    (slope,) = torch.autograd.grad(trajectories[0, 800].sum(), wave)
    heard = torch.nonzero(slope[0]).squeeze()
    reach = max(128000 - int(heard.min()), int(heard.max()) - 128000) / 16000
    assert 0.9 * context_s(model) < reach <= context_s(model)


def test_enhancing_is_not_made_to_wait_for_inversion(sound: np.ndarray) -> None:
    model = small_model(hears="enhanced")
    wave = torch.from_numpy(sound)[None]
    with torch.no_grad():
        cleaned, both = model.eval().cleaned(wave), model.levelled(wave)
    assert cleaned.trajectories is None
    assert cleaned.enhanced is not None
    assert torch.equal(cleaned.enhanced, both.enhanced)


def test_pieces_would_differ_without_their_surroundings(sound: np.ndarray) -> None:
    model = small_model()
    half = len(sound) // 2 // 320 * 320
    listener = Listener(model, piece_s=1000.0)
    apart = np.concatenate([listener.enhanced(sound[:half]), listener.enhanced(sound[half:])])
    assert np.abs(apart - listener.enhanced(sound)).max() > 1e-3 * np.abs(sound).max()


@pytest.mark.parametrize("samples", [1, 159, 320, 1600, 16001, 60 * 16000])
def test_output_has_the_length_of_the_input(samples: int) -> None:
    noisy = np.random.default_rng(0).standard_normal(samples).astype(np.float32)
    model = wrapped(small_model())
    assert isinstance(model, Enhancer)
    assert isinstance(model, Inverter)
    assert model.enhance(noisy).shape == (samples,)
    assert model.enhance(noisy).dtype == np.float32
    found = model.invert(noisy)
    assert found.values.shape == (2 * frames_of(samples), len(NAMES))
    assert found.rate_hz == 100.0
    assert found.names == NAMES


def test_nothing_in_nothing_out() -> None:
    model = wrapped(small_model())
    assert isinstance(model, Enhancer)
    assert model.enhance(np.zeros(0, np.float32)).shape == (0,)


def test_a_model_has_only_the_methods_it_can_serve() -> None:
    enhances, inverts = wrapped(small_model(inverts=False)), wrapped(small_model(enhances=False))
    assert isinstance(enhances, Enhancer)
    assert not isinstance(enhances, Inverter)
    assert isinstance(inverts, Inverter)
    assert not isinstance(inverts, Enhancer)


def test_trajectories_are_in_the_units_of_the_corpus(sound: np.ndarray) -> None:
    model = small_model(enhances=False)
    plain = Listener(model).trajectories(sound).values
    model.target_mean.copy_(torch.arange(len(NAMES)))
    model.target_deviation.fill_(2.0)
    scaled = Listener(model).trajectories(sound).values
    np.testing.assert_allclose(scaled, plain * 2.0 + np.arange(len(NAMES)), atol=1e-5)
