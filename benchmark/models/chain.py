"""The two models that only pass things on."""

from __future__ import annotations

from benchmark.audio import resample
from benchmark.models.contract import Audio, Enhancer, Inverter
from benchmark.speech import Clip, Trajectories


class Identity:
    """Gives back what it hears. On noisy speech it is the floor, on clean speech (as an oracle) the ceiling.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = 16000

    def enhance(self, noisy: Audio) -> Audio:
        """The input; see `benchmark.models.contract.Enhancer`."""
        return noisy.copy()


class Chain:
    """An enhancer, then an inverter on what it gives.

    Attributes:
        sample_rate: That of the enhancer.
    """

    def __init__(self, enhancer: Enhancer, inverter: Inverter) -> None:
        self._enhancer, self._inverter = enhancer, inverter
        self.sample_rate = enhancer.sample_rate

    def enhance(self, noisy: Audio) -> Audio:
        """What the enhancer gives; see `benchmark.models.contract.Enhancer`."""
        return self._enhancer.enhance(noisy)

    def invert(self, noisy: Audio) -> Trajectories:
        """What the inverter makes of it; see `benchmark.models.contract.Inverter`."""
        enhanced = Clip(self._enhancer.enhance(noisy), self.sample_rate)
        return self._inverter.invert(resample(enhanced, self._inverter.sample_rate).samples.astype("float32"))
