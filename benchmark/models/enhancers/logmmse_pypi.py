"""The package logmmse."""

from __future__ import annotations

import numpy as np

from benchmark.models.contract import Audio
from benchmark.models.declaration import UNTRAINED
from benchmark.models.enhancers.packages import module_of
from benchmark.models.enhancers.wrapped import Wrapped

#: It learns the noise from six windows of 20 ms and needs one more to work on.
_SHORTEST = 7 * 320 + 320


class LogMmsePypi:
    """Log-MMSE gains; the noise is what is heard in the first 120 ms, updated where no speech is found.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = 16000

    def __init__(self) -> None:
        # The package makes numpy raise on underflow, for everyone, when it is imported.
        before = np.geterr()
        try:
            self._logmmse = module_of("logmmse", "logmmse").logmmse
        finally:
            np.seterr(**before)

    def enhance(self, noisy: Audio) -> Audio:
        """Enhanced speech; see `benchmark.models.contract.Enhancer`."""
        # Its last windows are not given back: silence after the end moves them out of the recording.
        padded = np.zeros(max(len(noisy), _SHORTEST) + 2 * 320, np.float32)  # it fails on float64
        padded[: len(noisy)] = noisy
        with np.errstate(all="ignore"):
            out = self._logmmse(padded, self.sample_rate)
        return np.asarray(out[: len(noisy)], np.float32)


ENHANCER = Wrapped(
    name="logmmse_pypi",
    title="log-MMSE, noise learned from the first 120 ms",
    source="Ephraim & Malah 1985; package logmmse",
    licence="MIT",
    package="logmmse",
    factory=LogMmsePypi,
    place=7,
    declared=UNTRAINED,
)
