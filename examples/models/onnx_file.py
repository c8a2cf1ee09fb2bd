"""An ONNX file as a model: it takes a waveform and gives one.

    python -m benchmark.check_model examples/models/onnx_file.py:OnnxEnhancer --model-arg weights=model.onnx

Its Python needs onnxruntime and numpy.
"""

from __future__ import annotations

import os

import numpy as np
import onnxruntime


class OnnxEnhancer:
    """A graph with one input of shape (1, samples) or (1, 1, samples) and one output of the same kind.

    Args:
        weights: The file.
        rate: Its sampling rate; arguments from the command line come as text.
        delay: By how many samples its output lags; `check_model` tells you.
        shortest: Fewest samples that it takes.
        gain: What its output is multiplied by, for graphs that keep neither level nor sign.
    """

    def __init__(
        self, weights: str, rate: str = "16000", delay: str = "0", shortest: str = "1024", gain: str = "1"
    ) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
        self.session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
        self.sample_rate, self.delay, self.shortest = int(rate), int(delay), int(shortest)
        self.gain = np.float32(gain)

    def enhance(self, noisy: np.ndarray) -> np.ndarray:
        """Float32 samples in, as many out, the delay taken off."""
        given = self.session.get_inputs()[0]
        padded = np.zeros(max(len(noisy) + self.delay, self.shortest), np.float32)
        padded[: len(noisy)] = noisy
        shaped = padded.reshape((1,) * (len(given.shape) - 1) + (-1,))
        enhanced = self.session.run(None, {given.name: shaped})[0].reshape(-1)
        return self.gain * enhanced[self.delay : self.delay + len(noisy)]
