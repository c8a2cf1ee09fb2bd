"""The package noisereduce."""

from __future__ import annotations

import numpy as np

from benchmark.models.contract import Audio
from benchmark.models.declaration import UNTRAINED
from benchmark.models.enhancers.packages import module_of
from benchmark.models.enhancers.wrapped import Wrapped

#: One window of its transform.
_SHORTEST = 1024


class SpectralGate:
    """A gate in every band whose threshold follows the level; the package's defaults.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = 16000

    def __init__(self) -> None:
        self._reduce = module_of("noisereduce", "noisereduce").reduce_noise

    def enhance(self, noisy: Audio) -> Audio:
        """Enhanced speech; see `benchmark.models.contract.Enhancer`."""
        padded = np.zeros(max(len(noisy), _SHORTEST), np.float32)
        padded[: len(noisy)] = noisy
        with np.errstate(all="ignore"):
            out = self._reduce(y=padded, sr=self.sample_rate)
        return np.nan_to_num(np.asarray(out[: len(noisy)], np.float32))


ENHANCER = Wrapped(
    name="noisereduce",
    title="spectral gating with a moving threshold",
    source="Sainburg et al., PLOS Comput. Biol. 2020; package noisereduce",
    licence="MIT",
    package="noisereduce",
    factory=SpectralGate,
    place=8,
    declared=UNTRAINED,
)
