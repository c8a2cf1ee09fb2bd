"""Several processes that train one model, started by `torchrun`: they share batches and gradients."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn

from benchmark.errors import ModelError


@dataclass(frozen=True, slots=True)
class Processes:
    """This process among those that train together.

    Attributes:
        rank: Which one this is, from 0.
        count: How many there are.
    """

    rank: int = 0
    count: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the one that writes and validates."""
        return self.rank == 0

    def same_weights(self, model: nn.Module) -> None:
        """Gives every process the weights of the first."""
        if self.count > 1:
            for tensor in model.state_dict().values():
                distributed.broadcast(tensor, 0)

    def add_gradients(self, model: nn.Module) -> None:
        """Sums gradients over processes."""
        if self.count == 1:
            return
        gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
        together = torch.cat([gradient.reshape(-1) for gradient in gradients])
        distributed.all_reduce(together)
        start = 0
        for gradient in gradients:
            gradient.copy_(together[start : start + gradient.numel()].view_as(gradient))
            start += gradient.numel()

    def joined(self, own: Tensor) -> Tensor:
        """The tensors of all processes one after the other; only the own part carries a gradient.

        Args:
            own: Shape (items, ...); all processes have the same shape but for the number of items.
        """
        if self.count == 1:
            return own
        sizes = [torch.zeros(1, dtype=torch.int64, device=own.device) for _ in range(self.count)]
        distributed.all_gather(sizes, torch.tensor([len(own)], device=own.device))
        counts = [int(size) for size in sizes]
        padded = own.new_zeros((max(counts), *own.shape[1:]))
        padded[: len(own)] = own.detach()
        # Truth values do not travel everywhere.
        sent = padded.to(torch.uint8) if own.dtype == torch.bool else padded
        received = [torch.empty_like(sent) for _ in range(self.count)]
        distributed.all_gather(received, sent)
        parts = [part[:count].to(own.dtype) for part, count in zip(received, counts, strict=True)]
        parts[self.rank] = own
        return torch.cat(parts)

    def total(self, number: int, device: torch.device) -> int:
        """The sum of a number over processes."""
        if self.count == 1:
            return number
        summed = torch.tensor([number], dtype=torch.int64, device=device)
        distributed.all_reduce(summed)
        return int(summed)

    def all_names(self, names: list[str]) -> list[str]:
        """Names of all processes, those of the first in front."""
        if self.count == 1:
            return names
        found: list[Any] = [None] * self.count
        distributed.all_gather_object(found, names)
        return [name for part in found for name in part]

    def from_first(self, facts: Mapping[str, float]) -> dict[str, float]:
        """What the first process knows, told to all."""
        if self.count == 1:
            return dict(facts)
        told: list[Any] = [dict(facts)]
        distributed.broadcast_object_list(told, 0)
        return dict(told[0])


@contextmanager
def started(device: torch.device) -> Iterator[Processes]:
    """The processes that `torchrun` started with this one, or this one alone.

    Raises:
        ModelError: They cannot be reached.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Processes()
        return
    try:
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    except (RuntimeError, ValueError) as error:
        raise ModelError(
            f"the other processes cannot be reached: {error}; start all with torchrun"
        ) from error
    try:
        yield Processes(distributed.get_rank(), count)
    finally:
        distributed.destroy_process_group()
