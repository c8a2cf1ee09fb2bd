from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmark.joint.muon import Muon, orthogonal


@pytest.mark.parametrize("shape", [(3, 16, 16), (2, 32, 8), (1, 8, 32)])
def test_singular_values_become_about_one_and_directions_stay(shape: tuple[int, int, int]) -> None:
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    found = orthogonal(matrices)
    for one, other in zip(matrices.double().numpy(), found.double().numpy(), strict=True):
        left, sizes, right = np.linalg.svd(one, full_matrices=False)
        inside = np.diag(left.T @ other @ right.T)
        assert (np.linalg.svd(other, compute_uv=False) < 1.25).all()
        large = sizes > 0.05 * sizes.max()
        assert (inside[large] > 0.6).all()


def test_nothing_in_nothing_out() -> None:
    assert not orthogonal(torch.zeros(1, 4, 8)).any()


def test_matrices_of_one_shape_do_not_mix() -> None:
    both = torch.randn(2, 6, 5, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(orthogonal(both)[1:], orthogonal(both[1:]))


def test_a_matrix_and_its_bias_are_learnt() -> None:
    generator = torch.Generator().manual_seed(3)
    inputs = torch.randn(256, 32, generator=generator)
    outputs = inputs @ torch.randn(32, 32, generator=generator) + 1.0
    weight, bias = torch.nn.Parameter(torch.zeros(32, 32)), torch.nn.Parameter(torch.zeros(32))
    matrices, others = ({"params": [part], "lr": 0.1, "weight_decay": 0.0} for part in (weight, bias))
    optimiser = Muon([matrices], [others])
    losses = []
    for step in range(300):
        optimiser.zero_grad()
        loss = (inputs @ weight + bias - outputs).square().mean()
        loss.backward()
        for group in optimiser.param_groups:
            group["lr"] = 0.1 * (1.0 - step / 300)
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 1e-3 * losses[0]
