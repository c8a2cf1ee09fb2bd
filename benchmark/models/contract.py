"""What a model is: any object with `sample_rate` and at least one of four methods.

Nothing has to be inherited.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from benchmark.types import Features, Trajectories

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
            noisy: float32, shape (samples,), full scale 1.0, at `sample_rate`. Nothing else is told to a
                model.

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
            noisy: float32, shape (samples,), full scale 1.0, at `sample_rate`. Nothing else is told to a
                model.

        Returns:
            Trajectories that bear the names of the corpus' targets (others are ignored), at any frame rate,
            frame 0 at the first sample.
        """


@runtime_checkable
class Representer(Protocol):
    """A model that turns speech into features, from which a readout estimates the articulation.

    Attributes:
        sample_rate: Rate in Hz at which it wants its input.
    """

    sample_rate: int

    def represent(self, noisy: Audio) -> Features:
        """Features of one recording.

        Args:
            noisy: float32, shape (samples,), full scale 1.0, at `sample_rate`. Nothing else is told to a
                model.

        Returns:
            Features of any number of channels (up to 4096) at any frame rate, frame 0 at the first sample.
        """


@runtime_checkable
class Embedder(Protocol):
    """A model that turns a recording into one vector, which tells who speaks.

    Attributes:
        sample_rate: Rate in Hz at which it wants its input.
    """

    sample_rate: int

    def embed(self, noisy: Audio) -> NDArray[np.float32]:
        """The vector of one recording.

        Args:
            noisy: float32, shape (samples,), full scale 1.0, at `sample_rate`. Nothing else is told to a
                model.

        Returns:
            Shape (dimensions,), the same number for every recording, up to 8192. Vectors are compared by
            their cosine.
        """


class EnrolledEnhancer(Protocol):
    """An enhancer that is told whom to follow; it belongs to a track of its own.

    Attributes:
        sample_rate: Rate in Hz at which it wants its input and gives its output.
    """

    sample_rate: int

    def enhance(self, noisy: Audio, enrolment: Audio) -> Audio:
        """Cleans one recording.

        Args:
            noisy: As for `Enhancer`.
            enrolment: Clean speech of the same speaker, another sentence, at the same rate.

        Returns:
            As for `Enhancer`.
        """


class EnrolledInverter(Protocol):
    """An inverter that is told whom to follow; it belongs to a track of its own.

    Attributes:
        sample_rate: Rate in Hz at which it wants its input.
    """

    sample_rate: int

    def invert(self, noisy: Audio, enrolment: Audio) -> Trajectories:
        """Estimates the trajectories behind one recording.

        Args:
            noisy: As for `Inverter`.
            enrolment: Clean speech of the same speaker, another sentence, at the same rate.

        Returns:
            As for `Inverter`.
        """


Model = Enhancer | Inverter | Representer | Embedder | EnrolledEnhancer | EnrolledInverter
