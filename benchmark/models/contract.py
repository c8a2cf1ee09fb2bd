"""What a model is: any object with `sample_rate` and one or both of two methods. Nothing has to be inherited."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from benchmark.types import Trajectories

Audio = NDArray[np.float32]


@runtime_checkable
class Enhancer(Protocol):
    """A model that removes noise.

    Attributes:
        sample_rate: Rate in Hz at which it wants its input and gives its output.
    """

    sample_rate: int

    def enhance(self, noisy: Audio) -> Audio:
        """Cleans one recording.

        Args:
            noisy: float32, shape (samples,), full scale 1.0, at `sample_rate`. Nothing else is told to a model.

        Returns:
            Estimate of the clean speech, same shape, same rate, without delay.
        """


@runtime_checkable
class Inverter(Protocol):
    """A model that recovers articulation.

    Attributes:
        sample_rate: Rate in Hz at which it wants its input.
    """

    sample_rate: int

    def invert(self, noisy: Audio) -> Trajectories:
        """Estimates the trajectories behind one recording.

        Args:
            noisy: float32, shape (samples,), full scale 1.0, at `sample_rate`. Nothing else is told to a model.

        Returns:
            Trajectories that bear the names of the corpus' targets (others are ignored), at any frame rate, frame 0 at the first
            sample.
        """


Model = Enhancer | Inverter
