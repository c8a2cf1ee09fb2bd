"""The noise suppressor of WebRTC through the package webrtc-noise-gain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.models.contract import Audio
from benchmark.models.declaration import UNTRAINED
from benchmark.models.enhancers.frames import streamed
from benchmark.models.enhancers.packages import module_of
from benchmark.models.enhancers.wrapped import Wrapped

_FRAME = 160
#: Measured: that of its band filters.
_DELAY = 95
#: Of 0 (off) to 4; the one that the package's own example uses.
_LEVEL = 2


class WebRtc:
    """Wiener-like gains, with noise tracked by quantiles; 16 bit, frames of 10 ms, no gain control.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = 16000

    def __init__(self) -> None:
        self._processor = module_of("webrtc-noise-gain", "webrtc_noise_gain").AudioProcessor

    def enhance(self, noisy: Audio) -> Audio:
        """Enhanced speech; see `benchmark.models.contract.Enhancer`."""
        processor = self._processor(0, _LEVEL)

        def process(frame: Audio) -> NDArray[np.float32]:
            pcm = np.clip(np.rint(frame * 32768.0), -32768, 32767).astype("<i2")
            given = processor.Process10ms(pcm.tobytes()).audio
            return np.frombuffer(given, "<i2").astype(np.float32) / np.float32(32768.0)

        return streamed(noisy, _FRAME, _DELAY, process)


ENHANCER = Wrapped(
    name="webrtc",
    title="WebRTC noise suppressor, level 2 of 4",
    source="webrtc-audio-processing; package webrtc-noise-gain",
    licence="Apache-2.0, library BSD-3-Clause",
    package="webrtc-noise-gain",
    factory=WebRtc,
    place=9,
    declared=UNTRAINED,
)
