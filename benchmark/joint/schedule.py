"""The learning rate over a run: a linear start, then constant, cosines, or steps on a plateau."""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchmark.joint.config import TrainingConfig


@dataclass(slots=True)
class Schedule:
    """What the learning rate is multiplied with.

    Attributes:
        config: How it is to go.
        factor: What plateaus have left of it.
        waiting: Epochs without a better dev score since the last change.
    """

    config: TrainingConfig
    factor: float = 1.0
    waiting: int = 0

    def at(self, step: int, epochs_done: float) -> float:
        """The multiplier of a step.

        Args:
            step: Steps done before, in the whole run.
            epochs_done: Epochs done before, with the part of the present one.
        """
        start = min(1.0, (step + 1) / self.config.warmup) if self.config.warmup else 1.0
        if self.config.schedule == "plateau":
            return start * self.factor
        if self.config.schedule == "cosine":
            fallen = epochs_done % self.config.cycle_epochs / self.config.cycle_epochs
            return start * 0.5 * (1.0 + math.cos(math.pi * fallen))
        return start

    def after_epoch(self, better: bool) -> None:
        """Notes whether the dev score was better than all before."""
        self.waiting = 0 if better else self.waiting + 1
        if self.waiting >= self.config.patience:
            self.factor *= self.config.plateau_factor
            self.waiting = 0
