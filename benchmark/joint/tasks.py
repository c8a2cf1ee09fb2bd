"""What a network is trained for: joint enhancement and inversion, or masked prediction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Protocol

import torch
from torch import Tensor, nn

from benchmark.joint.batch import Batch
from benchmark.joint.config import LossConfig
from benchmark.joint.losses import agreement, si_sdr_db, total_loss
from benchmark.joint.model import JointModel, Output, level, without_padding
from benchmark.joint.pretraining import MaskedPrediction
from benchmark.joint.processes import Processes

_DEV_MASKS = 20


class Task(Protocol):
    """What the loop needs to know.

    Attributes:
        model: What is trained; its part `encoder` may have a learning rate of its own.
    """

    model: nn.Module

    def loss(self, batch: Batch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """What is minimised, and its parts by name.

        The gradients of all processes, summed, are those of one process that had the whole batch.

        Args:
            batch: The share of this process.
            generator: Whatever is drawn must come from it, or from torch's own generator of the device.
        """

    def scores(self, batches: Iterable[Batch], device: torch.device) -> dict[str, float]:
        """How good the model is on whole recordings; of "loss", "ppmc" and "si_sdr_db" those that apply."""


class JointTask:
    """Enhancement and inversion.

    Attributes:
        model: What is trained.
    """

    def __init__(
        self,
        model: JointModel,
        weights: LossConfig,
        *,
        processes: Processes | None = None,
        enhancer: JointModel | None = None,
        bfloat16: bool = False,
    ) -> None:
        """A task.

        Args:
            model: What is trained.
            weights: Weights of the losses.
            processes: Those that share a batch; None: this one alone.
            enhancer: A trained model through which everything goes before it is heard.
            bfloat16: Whether the network computes in half precision (losses never do).
        """
        self.model: nn.Module = model
        self._joint, self._weights, self._bfloat16 = model, weights, bfloat16
        self._processes = processes or Processes()
        self._enhancer = enhancer.eval().requires_grad_(False) if enhancer is not None else None

    def loss(self, batch: Batch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """See `Task.loss`; computed on the whole batch, with a gradient for this process's share only."""
        output = self._output(batch)
        features = None
        if self._weights.consistency > 0 and output.features is not None:
            features = self._processes.joined(
                self._joint.features_of(batch.clean, batch.lengths, batch.enrolment)
            )
        return total_loss(
            _each(output, self._processes.joined), _joined(batch, self._processes), self._weights, features
        )

    @torch.inference_mode()
    def scores(self, batches: Iterable[Batch], device: torch.device) -> dict[str, float]:
        """Mean loss, mean correlation and mean SI-SDR of recordings; each recording counts alike."""
        self.model.eval()
        found: dict[str, list[float]] = defaultdict(list)
        for cpu_batch in batches:
            batch = cpu_batch.to(device)
            output = self._output(batch)
            loss, _ = total_loss(output, batch, self._weights)
            found["loss"] += [float(loss)] * len(batch.ids)
            if output.enhanced is not None:
                found["si_sdr_db"] += si_sdr_db(output.enhanced, batch.clean, batch.lengths).tolist()
            if output.trajectories is not None:
                correlation, _ = agreement(output.trajectories, batch.targets, batch.valid)
                found["ppmc"] += correlation[batch.has_targets].tolist()
        return {name: sum(values) / len(values) for name, values in found.items()}

    def _output(self, batch: Batch) -> Output:
        noisy = batch.noisy
        if self._enhancer is not None:
            with torch.no_grad():
                enhanced = self._enhancer(noisy, batch.lengths).enhanced
            noisy = without_padding(enhanced, batch.lengths)
        with _autocast(noisy.device, self._bfloat16):
            output: Output = self._joint(noisy, batch.lengths, batch.enrolment)
        return _each(output, Tensor.float)


class PretrainingTask:
    """Masked prediction, by the encoder alone.

    Attributes:
        model: What is trained.
    """

    def __init__(
        self, model: MaskedPrediction, *, processes: Processes | None = None, bfloat16: bool = False
    ) -> None:
        self.model: nn.Module = model
        self._processes, self._bfloat16 = processes or Processes(), bfloat16

    def loss(self, batch: Batch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        """See `Task.loss`; where processes share a batch, each counts by its recordings."""
        own = self._loss(batch, generator)
        share = len(batch.ids) / self._processes.total(len(batch.ids), own.device)
        return own * share, {"cross_entropy": float(own.detach())}

    @torch.inference_mode()
    def scores(self, batches: Iterable[Batch], device: torch.device) -> dict[str, float]:
        """Mean loss of recordings, under masks that are the same every time."""
        self.model.eval()
        generator = torch.Generator().manual_seed(_DEV_MASKS)
        losses, counts = [], []
        for batch in batches:
            losses.append(float(self._loss(batch.to(device), generator)))
            counts.append(len(batch.ids))
        weighted = sum(loss * count for loss, count in zip(losses, counts, strict=True))
        return {"loss": weighted / sum(counts)}

    def _loss(self, batch: Batch, generator: torch.Generator) -> Tensor:
        scale = level(batch.noisy, batch.lengths)[:, None]
        with _autocast(batch.noisy.device, self._bfloat16):
            loss: Tensor = self.model(batch.noisy / scale, batch.clean / scale, batch.lengths, generator)
        return loss


def _each(output: Output, change: Callable[[Tensor], Tensor]) -> Output:
    """The same output with each of its tensors changed."""
    parts = (output.enhanced, output.trajectories, output.mask, output.features)
    return Output(*(None if part is None else change(part) for part in parts))


def _autocast(device: torch.device, bfloat16: bool) -> AbstractContextManager[object]:
    if not bfloat16 or device.type == "cpu":
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


def _joined(batch: Batch, processes: Processes) -> Batch:
    if processes.count == 1:
        return batch
    join = processes.joined
    return replace(
        batch,
        noisy=join(batch.noisy),
        clean=join(batch.clean),
        lengths=join(batch.lengths),
        targets=join(batch.targets),
        valid=join(batch.valid),
        has_targets=join(batch.has_targets),
        ids=processes.all_names(batch.ids),
    )
