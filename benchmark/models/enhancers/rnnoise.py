"""RNNoise through the C library of the package pyrnnoise."""

from __future__ import annotations

import ctypes

from benchmark.errors import ModelError
from benchmark.models.contract import Audio
from benchmark.models.declaration import Declaration
from benchmark.models.enhancers.frames import streamed
from benchmark.models.enhancers.native import FLOATS, frame_function, library
from benchmark.models.enhancers.packages import file_of
from benchmark.models.enhancers.wrapped import Wrapped

_LIBRARIES = ("librnnoise.so", "librnnoise.dylib", "rnnoise.dll")
#: Measured: half of the 20-ms window and one frame of look-ahead.
_DELAY = 960


class RnNoise:
    """Recurrent gains on bands and a comb filter, in frames of 10 ms.

    Attributes:
        sample_rate: 48000.
    """

    sample_rate = 48000

    def __init__(self) -> None:
        folder = file_of("pyrnnoise", "pyrnnoise/rnnoise.py").parent
        path = next((folder / name for name in _LIBRARIES if (folder / name).is_file()), None)
        if path is None:
            raise ModelError(f"{folder}: holds no library for this machine; install pyrnnoise from a wheel")
        self._library = library(path)
        self._library.rnnoise_create.argtypes = self._library.rnnoise_destroy.argtypes = [ctypes.c_void_p]
        self._library.rnnoise_create.restype = ctypes.c_void_p
        self._library.rnnoise_process_frame.argtypes = [ctypes.c_void_p, FLOATS, FLOATS]
        self._library.rnnoise_process_frame.restype = ctypes.c_float

    def enhance(self, noisy: Audio) -> Audio:
        """Enhanced speech; see `benchmark.models.contract.Enhancer`."""
        state = self._library.rnnoise_create(None)
        try:
            call = frame_function(self._library.rnnoise_process_frame, state, 32768.0)
            return streamed(noisy, int(self._library.rnnoise_get_frame_size()), _DELAY, call)
        finally:
            self._library.rnnoise_destroy(state)


ENHANCER = Wrapped(
    name="rnnoise",
    title="RNNoise, recurrent band gains, full band",
    source="Valin, MMSP 2018; package pyrnnoise",
    licence="BSD-3-Clause, binding Apache-2.0",
    package="pyrnnoise",
    factory=RnNoise,
    place=4,
    # Counted in the symbols of the package's library: biases, weights and diagonals in floats.
    declared=Declaration(("speech",), parameters=2_888_225),
)
