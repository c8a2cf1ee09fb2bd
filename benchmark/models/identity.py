"""The model that only passes things on."""

from __future__ import annotations

from benchmark.models.contract import Audio


class Identity:
    """Gives back what it hears. On noisy speech it is the floor, on clean speech (as an oracle) the ceiling.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = 16000

    def enhance(self, noisy: Audio) -> Audio:
        """The input; see `benchmark.models.contract.Enhancer`."""
        return noisy.copy()
