"""The loop: epochs of steps, a dev score and a checkpoint after each, until nothing gets better."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from benchmark.errors import ModelError
from benchmark.joint import checkpoint
from benchmark.joint.batch import Batch
from benchmark.joint.checkpoint import Progressed
from benchmark.joint.config import JointConfig, TrainingConfig
from benchmark.joint.layers import ConformerBlock, DilatedBlock
from benchmark.joint.log import add_to_board, write_log
from benchmark.joint.muon import Muon
from benchmark.joint.processes import Processes
from benchmark.joint.schedule import Schedule
from benchmark.joint.tasks import Task
from benchmark.randomness import Randomness
from benchmark.types import Progress, silent

_DEV_COLUMNS = {"ppmc": "dev_ppmc", "si_sdr": "dev_si_sdr_db", "loss": "dev_loss"}


class Batches(Protocol):
    """Where batches come from; see `benchmark.joint.data.TrainingData`."""

    @property
    def dev_batches(self) -> list[Batch]:
        """The dev split, the same every time."""

    def plan(self, epoch: int, count: int = 1) -> list[Any]:
        """As many items as an epoch has batches."""

    def batches(self, epoch: int, rank: int = 0, count: int = 1) -> Iterator[Batch]:
        """The batches of an epoch, or the share of one process in each."""


class Training:
    """One run of training.

    Attributes:
        model: What is trained.
        progressed: How far it has come.
    """

    def __init__(
        self,
        task: Task,
        data: Batches,
        config: JointConfig,
        folder: Path,
        *,
        device: torch.device,
        processes: Processes | None = None,
        run: Mapping[str, Any] | None = None,
        progress: Progress = silent,
    ) -> None:
        """Prepares a run.

        Args:
            task: What is trained; its model is moved to `device`.
            data: What it is trained on.
            config: How.
            folder: Where checkpoints and the log go.
            device: Where it computes.
            processes: Those that train together; None: this one alone.
            run: What must be the same for a run to go on; None: the configuration, but for the number of
                epochs.
            progress: Told of every step.
        """
        self._task, self._data, self._config, self._folder = task, data, config, folder
        self._device, self._processes, self._progress = device, processes or Processes(), progress
        self._run = run if run is not None else resumable(config)
        self.model = task.model.to(device)
        self._processes.same_weights(self.model)
        self._optimiser = optimiser_of(self.model, config.training)
        self._schedule = Schedule(config.training)
        self.progressed = Progressed()

    def resume(self) -> bool:
        """Goes back to the last checkpoint; False if there is none.

        Raises:
            ModelError: It is damaged, or of another run.
        """
        if not checkpoint.stands(self._folder):
            return False
        done = checkpoint.restore(self._folder, self.model, self._optimiser, self._run)
        self.progressed = done
        self._schedule.factor, self._schedule.waiting = done.factor, done.waiting
        return True

    def train(self) -> None:
        """Trains until the epochs are over or nothing has got better for long.

        Raises:
            ModelError: A loss or gradient is not finite; the last checkpoint stays.
        """
        while not self._finished():
            self._epoch()

    def _finished(self) -> bool:
        done, wanted = self.progressed, self._config.training
        stale = done.epochs - done.best_epoch
        return done.epochs >= wanted.epochs or (wanted.early_stop is not None and stale >= wanted.early_stop)

    def _epoch(self) -> None:
        started, done = time.perf_counter(), self.progressed
        epoch = done.epochs
        generator = self._seeded(epoch)
        self.model.train()
        means = self._steps(epoch, generator)
        dev: dict[str, float] = {}
        if self._processes.leads:
            dev = self._task.scores(self._data.dev_batches, self._device)
        dev = self._processes.from_first(dev)
        done.epochs = epoch + 1
        done.seconds += time.perf_counter() - started
        self._judge(
            {f"dev_{name}": value for name, value in dev.items()}, means, time.perf_counter() - started
        )
        if self._processes.leads:
            checkpoint.save(self._folder, self.model, self._optimiser, done, self._run)
            write_log(self._folder, done.history)
            add_to_board(self._folder, done.history[-1])

    def _seeded(self, epoch: int) -> torch.Generator:
        """Draws of an epoch depend on nothing that came before, so that a run may be taken up again."""
        randomness = Randomness(("training", self._config.training.seed, epoch, self._processes.rank))
        torch.manual_seed(randomness.integer("torch", 0, 2**63))
        return torch.Generator().manual_seed(randomness.integer("masks", 0, 2**63))

    def _steps(self, epoch: int, generator: torch.Generator) -> dict[str, float]:
        """Trains on every batch of an epoch; returns means over them."""
        processes = self._processes
        total = len(self._data.plan(epoch, processes.count))
        batches = self._data.batches(epoch, processes.rank, processes.count)
        what = f"epoch {epoch + 1} of {self._config.training.epochs}"
        sums: dict[str, float] = defaultdict(float)
        rate = 0.0
        for number, batch in enumerate(self._progress(batches, total, what)):
            factor = self._schedule.at(self.progressed.steps, epoch + number / total)
            rate = set_rate(self._optimiser, factor)
            for name, value in self._step(batch, generator, f"epoch {epoch + 1}, batch {number + 1}").items():
                sums[name] += value
            self.progressed.steps += 1
        return {
            **{name: value / total for name, value in sums.items()},
            "steps": self.progressed.steps,
            "learning_rate": rate,
        }

    def _step(self, batch: Batch, generator: torch.Generator, where: str) -> dict[str, float]:
        self._optimiser.zero_grad(set_to_none=True)
        loss, parts = self._task.loss(batch.to(self._device), generator)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise self._not_finite("loss", value, batch, where)
        loss.backward()  # type: ignore[no-untyped-call]
        self._processes.add_gradients(self.model)
        norm = float(nn.utils.clip_grad_norm_(self.model.parameters(), self._config.training.clip_norm))
        if not math.isfinite(norm):
            raise self._not_finite("gradient", norm, batch, where)
        self._optimiser.step()
        return {"loss": value, **parts, "gradient_norm": norm}

    def _not_finite(self, what: str, value: float, batch: Batch, where: str) -> ModelError:
        names = ", ".join(self._processes.all_names(batch.ids))
        return ModelError(
            f"{self._folder}: the {what} became {value} at {where} ({names}); {self._left}. "
            f"Listen to these recordings; if they are sound, lower {self._rates}"
        )

    @property
    def _left(self) -> str:
        before = "the checkpoint of the epoch before is left"
        return before if checkpoint.stands(self._folder) else "no epoch was finished"

    @property
    def _rates(self) -> str:
        return "training.learning_rate" + (
            " and training.matrix_learning_rate" if self._config.training.optimiser == "muon" else ""
        )

    def _judge(self, dev: Mapping[str, float], means: Mapping[str, float], seconds: float) -> None:
        """Notes an epoch, and whether it was the best so far."""
        done, watched = self.progressed, self._config.watched
        column = _DEV_COLUMNS[watched]
        score = dev[column]
        if not math.isfinite(score):
            raise ModelError(
                f"{self._folder}: {column} became {score} in epoch {done.epochs}; {self._left}. "
                f"Lower {self._rates}"
            )
        sign = -1.0 if watched == "loss" else 1.0
        better = done.best_score is None or sign * score > sign * done.best_score
        if better:
            done.best_epoch, done.best_score = done.epochs, score
        self._schedule.after_epoch(better)
        done.factor, done.waiting = self._schedule.factor, self._schedule.waiting
        done.history.append(
            {
                "epoch": done.epochs,
                "seconds": round(seconds, 2),
                **means,
                **dev,
                "best_epoch": done.best_epoch,
            }
        )


def optimiser_of(model: nn.Module, config: TrainingConfig) -> torch.optim.Optimizer:
    """AdamW for all that is trained, or Muon for matrices of our blocks; vectors do not decay.

    Weights of encoders that others pretrained were not made by Muon, and stay with AdamW.
    """
    by_muon = {
        id(parameter)
        for block in model.modules()
        if config.optimiser == "muon" and isinstance(block, ConformerBlock | DilatedBlock)
        for parameter in block.parameters()
        if parameter.ndim == 2
    }
    groups: dict[tuple[bool, float, float], list[nn.Parameter]] = defaultdict(list)
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        rate = config.learning_rate
        if name.startswith("encoder.") and config.encoder_learning_rate is not None:
            rate = config.encoder_learning_rate
        matrix = id(parameter) in by_muon
        if matrix:
            rate *= config.matrix_learning_rate / config.learning_rate
        decay = config.weight_decay if parameter.ndim > 1 else 0.0
        groups[(matrix, rate, decay)].append(parameter)
    matrices, others = (
        [
            {"params": members, "lr": rate, "initial_rate": rate, "weight_decay": decay}
            for (matrix, rate, decay), members in groups.items()
            if matrix is wanted
        ]
        for wanted in (True, False)
    )
    return Muon(matrices, others) if matrices else torch.optim.AdamW(others, fused=True)


def set_rate(optimiser: torch.optim.Optimizer, factor: float) -> float:
    """Multiplies all learning rates as configured with `factor`; returns the largest."""
    for group in optimiser.param_groups:
        group["lr"] = factor * group["initial_rate"]
    return max(float(group["lr"]) for group in optimiser.param_groups)


def resumable(config: JointConfig) -> dict[str, Any]:
    """What of a configuration may not change in the middle of a run: all but how long it may last."""
    values = config.model_dump(mode="json")
    del values["training"]["epochs"], values["training"]["cycle"], values["training"]["early_stop"]
    values["init"] = None  # what it began with is known by the hash of its weights, wherever it lies now
    if config.enrolment == "none":
        del values["enrolment"]  # runs that were begun before there was one can go on
    for name, usual in (("speeds", [1.0]), ("microphone_db", 0.0)):
        if values["data"][name] == usual:
            del values["data"][name]
    # A cosine that fell once over the epochs wanted at first is the first cycle of those to come.
    if config.training.schedule == "cosine":
        values["training"]["epochs"] = config.training.cycle_epochs
    return values
