"""GE2E speaker embedder from the weights of the package `resemblyzer`, computed by torch.

The package itself is not imported: it needs a voice activity detector that no longer builds everywhere, and
parts of SciPy that are gone. Its network is small. Unlike the package, pauses are not cut out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import MissingExtraError
from benchmark.models.contract import Audio
from benchmark.models.declaration import Declaration
from benchmark.models.enhancers.packages import file_of
from benchmark.models.enhancers.wrapped import Wrapped
from benchmark.models.features import mel_power

_PACKAGE = "resemblyzer"
_LAYERS, _SIZE, _BANDS = 3, 256, 40
#: Of 25 ms every 10 ms.
_WINDOW, _HOP = 400, 160
#: Stretches of 1.6 s, 1.3 a second, whose embeddings are averaged; the last may lack a quarter.
_STRETCH, _STEP, _LEAST = 160, 77, 0.75
#: Quieter recordings are brought to this level, dB re full scale.
_LEVEL_DBFS = -30.0

Array = NDArray[np.float32]


class Resemblyzer:
    """Three LSTM layers over 40 mel bands, trained on 1,800 h of several thousand English speakers.

    Attributes:
        sample_rate: 16000.
    """

    sample_rate = 16000

    def __init__(self) -> None:
        try:
            import torch
        except ImportError as error:
            raise MissingExtraError("torch", "joint", "the embedder resemblyzer") from error
        weights = torch.load(file_of(_PACKAGE, "pretrained.pt"), map_location="cpu", weights_only=True)
        state = weights["model_state"]
        self._lstm = torch.nn.LSTM(_BANDS, _SIZE, _LAYERS, batch_first=True)
        self._lstm.load_state_dict(_part(state, "lstm."))
        self._linear = torch.nn.Linear(_SIZE, _SIZE)
        self._linear.load_state_dict(_part(state, "linear."))

    def embed(self, noisy: Audio) -> Array:
        """The voice of a recording: float32, shape (256,), of length 1."""
        import torch

        samples = _raised(np.asarray(noisy, np.float32))
        count = -(-(len(samples) + 1) // _HOP)
        starts = list(range(0, max(1, count - _STRETCH + _STEP + 1), _STEP))
        if len(starts) > 1 and (len(samples) / _HOP - starts[-1]) / _STRETCH < _LEAST:
            starts.pop()
        samples = np.pad(samples, (0, max(0, (starts[-1] + _STRETCH) * _HOP - len(samples))))
        power = mel_power(samples, fft=_WINDOW, window=_WINDOW, bands=_BANDS)
        mel = power.T.astype(np.float32)
        stretches = np.stack([mel[start : start + _STRETCH] for start in starts])
        with torch.inference_mode():
            _, (hidden, _) = self._lstm(torch.from_numpy(stretches))
            raw = torch.relu(self._linear(hidden[-1])).numpy()
        mean = _unit(raw).mean(axis=0)
        return np.asarray(_unit(mean), np.float32)


def _part(state: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def _raised(samples: Array) -> Array:
    level = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0
    gain = 10 ** (_LEVEL_DBFS / 20) / level if level else 1.0
    return np.asarray(samples * max(1.0, gain), np.float32)


def _unit(vectors: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))


EMBEDDER = Wrapped(
    name="resemblyzer",
    title="GE2E speaker embedder, three LSTM layers, 256 values",
    source="Wan et al., ICASSP 2018; weights of package resemblyzer",
    licence="Apache-2.0",
    package=_PACKAGE,
    factory=Resemblyzer,
    place=1,
    declared=Declaration(("speech",), "LibriSpeech, VoxCeleb 1 and 2", parameters=1_423_616),
    does=("embed",),
    uses=("features",),
)
