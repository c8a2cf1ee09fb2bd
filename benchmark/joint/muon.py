"""Muon for the matrices of blocks (orthogonal momentum), AdamW for the rest: trains in few epochs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

_MOMENTUM, _STEPS = 0.95, 5
# Of an odd polynomial that brings singular values near 1 in five steps (Jordan et al. 2024).
_LINEAR, _CUBIC, _QUINTIC = 3.4445, -4.7750, 2.0315


class Muon(torch.optim.Optimizer):
    """Muon (Jordan et al. 2024) for some matrices, AdamW for all other parameters.

    The momentum of a matrix is replaced by the nearest matrix whose singular values are about 1, so that all
    directions learn equally fast. To a schedule or a checkpoint it is one optimiser, with one list of groups
    and one state; the state is set entry by entry.
    """

    def __init__(self, matrices: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]]) -> None:
        """Prepares.

        Args:
            matrices: Groups of parameters of two dimensions with "params", "lr" and "weight_decay".
            others: Groups for AdamW.
        """
        self._adamw = torch.optim.AdamW(list(others), fused=True)
        super().__init__(list(matrices), {})
        self._matrices = list(self.param_groups)
        self.param_groups += self._adamw.param_groups
        self._adamw.state = self.state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Not supported: it would replace the groups and the state that both halves share."""
        raise TypeError("set the entries of Muon.state one by one")

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Changes every parameter that has a gradient; a `closure` is not called."""
        for group in self._matrices:
            _step(group, self.state)
        self._adamw.step()


def _step(group: dict[str, Any], state: dict[Tensor, Any]) -> None:
    # Matrices of one shape are made orthogonal together.
    alike: dict[torch.Size, list[tuple[Tensor, Tensor]]] = defaultdict(list)
    for parameter in group["params"]:
        if parameter.grad is None:
            continue
        own = state[parameter]
        if "momentum" not in own:
            own["momentum"] = torch.zeros_like(parameter)
        own["momentum"].lerp_(parameter.grad, 1.0 - _MOMENTUM)
        alike[parameter.shape].append((parameter, parameter.grad.lerp(own["momentum"], _MOMENTUM)))
    for (rows, columns), found in alike.items():
        directions = orthogonal(torch.stack([direction for _, direction in found]))
        # A matrix with more outputs than inputs has to move further for the same change of its outputs.
        rate = group["lr"] * max(1.0, rows / columns) ** 0.5
        for (parameter, _), direction in zip(found, directions, strict=True):
            parameter.mul_(1.0 - group["lr"] * group["weight_decay"])
            parameter.add_(direction, alpha=-rate)


def orthogonal(matrices: Tensor) -> Tensor:
    """About the nearest matrices whose singular values are all 1, by five Newton-Schulz steps.

    Args:
        matrices: Shape (count, rows, columns).

    Returns:
        The same shape; singular values between 0.68 and 1.2, but for those that were below 0.0015 of the
        norm.
    """
    tall = matrices.shape[1] > matrices.shape[2]
    found: Tensor = matrices.mT if tall else matrices
    found = found / (found.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(_STEPS):
        product = found @ found.mT
        found = _LINEAR * found + (_CUBIC * product + _QUINTIC * (product @ product)) @ found
    return found.mT if tall else found
